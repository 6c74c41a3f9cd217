import Runs

/// Who is told how training goes. The command line draws a progress bar from it; tests collect.
public struct TrainingObserver {
    /// A line about what was built, loaded or resumed.
    public var note: (String) -> Void = { _ in }
    /// While the teacher's cache is filled: the images that are in it, and all.
    public var cached: (_ images: Int, _ of: Int) -> Void = { _, _ in }
    /// While a teacher looks for the objects of unlabelled images: those that are done, and all.
    public var pseudoLabelled: (_ images: Int, _ of: Int) -> Void = { _, _ in }
    /// After each step: the number of steps done, and of all.
    public var stepped: (_ step: Int, _ steps: Int) -> Void = { _, _ in }
    /// After each logged line.
    public var logged: (StepEvent) -> Void = { _ in }
    /// During an evaluation: the number of images done.
    public var evaluated: (Int) -> Void = { _ in }
    public var validated: (EvaluationEvent) -> Void = { _ in }
    /// The best checkpoint's score on the test split.
    public var tested: (Metrics) -> Void = { _ in }
    /// The same where objects are learnt.
    public var testedObjects: (InstanceMetrics) -> Void = { _ in }
    public var finished: () -> Void = {}

    public init() {}

    public static var silent: TrainingObserver { TrainingObserver() }

    func stepped(_ step: Int, of steps: Int) { stepped(step, steps) }
}
