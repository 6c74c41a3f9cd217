import Foundation
import Runs
import Support
import Train

/// Draws a progress bar from what a trainer tells; several trainings may share one bar.
final class TrainingDisplay {
    private let label: String
    private let shared: SharedBar?
    private var own: ProgressBar?
    private var filling: ProgressBar?
    private var last: StepEvent?
    /// As last measured.
    private var shares: [String: Double] = [:]

    /// One bar over several trainings.
    final class SharedBar {
        let bar: ProgressBar
        /// Steps of the trainings that are done.
        private(set) var done = 0

        init(_ label: String, total: Int) { bar = ProgressBar(label, total: total) }

        /// A training of that many steps is over.
        func advance(by steps: Int) { done += steps }
    }

    init(_ label: String, shared: SharedBar? = nil) {
        self.label = label
        self.shared = shared
    }

    func note(_ line: String) {
        guard let bar = shared?.bar ?? own else { return FileHandle.standardError.write(Data("\(line)\n".utf8)) }
        bar.note(line)
    }

    var observer: TrainingObserver {
        var observer = TrainingObserver()
        observer.note = note
        observer.cached = { self.filled("teacher cache", $0, $1) }
        observer.pseudoLabelled = { self.filled("pseudo-labels", $0, $1) }
        observer.stepped = stepped
        observer.logged = { event in
            self.last = event
            self.shares = event.gradientShares ?? self.shares
        }
        observer.validated = validated
        observer.tested = tested
        observer.testedObjects = tested
        return observer
    }

    /// A bar of its own: training begins when it is full.
    private func filled(_ label: String, _ images: Int, _ total: Int) {
        let bar = filling ?? ProgressBar(label, total: total, completed: images - 1)
        filling = images == total ? nil : bar
        if images == total { bar.finish(images) } else { bar.update(images) }
    }

    private func stepped(_ step: Int, _ steps: Int) {
        let rate = last.map { "\(significant($0.imagesPerSecond)) images/s" }
        if let shared { return shared.bar.update(shared.done + step, rate: rate, values: values) }
        let bar = own ?? ProgressBar(label, total: steps, completed: step - 1)
        own = bar
        if step == steps { bar.finish(step, rate: rate, values: values) } else { bar.update(step, rate: rate, values: values) }
    }

    /// The losses, the part of the time that went into waiting for data, and the learning rate.
    private var values: [(name: String, value: Double)] {
        guard let last else { return [] }
        let losses = last.losses.filter { $0.key != "total" }.sorted { $0.key < $1.key }
        var values = [(name: "loss", value: last.losses["total"] ?? .nan)]
        if losses.count > 1 {
            for (name, value) in losses {
                values.append((name: name, value: value))
                if let share = shares[name] { values.append((name: "grad %", value: 100 * share)) }
            }
        }
        if let wait = last.seconds["data"], let step = last.seconds["step"], wait + step > 0 {
            values.append((name: "wait %", value: 100 * wait / (wait + step)))
        }
        return values + [(name: "lr", value: last.learningRate)]
    }

    private func tested(_ metrics: Metrics) {
        note("\(label): test mIoU \(percentage(metrics.meanIoU)) over \(metrics.images.count) images")
        guard let domains = metrics.domains, domains.source != nil else { return }
        let scores = domains.domains.map { "\($0.name) \($0.meanIoU.map { percentage($0) } ?? "–")" }.joined(separator: ", ")
        note("\(label): on the targets \(domains.meanIoU.map { percentage($0) } ?? "–") (\(scores))")
    }

    private func tested(_ metrics: InstanceMetrics) {
        let (masks, boundaries) = (metrics.masks.summary, metrics.boundaries.summary)
        let text = "mask \(precision(masks.averagePrecision, masks.averagePrecision50)), boundary AP \(score(boundaries.averagePrecision))"
        let city = metrics.cityscapes.map { "Cityscapes \(precision($0.averagePrecision, $0.averagePrecision50)), " } ?? ""
        note("\(label): test \(city)\(text) over \(metrics.images) images")
    }

    private func precision(_ mean: Double?, _ half: Double?) -> String { "AP \(score(mean)), AP50 \(score(half))" }

    private func score(_ value: Double?) -> String { value.map { percentage($0) } ?? "–" }

    private func validated(_ event: EvaluationEvent) {
        let pixels = event.meanIoU.map { "mIoU \(percentage($0))" }
        let objects = event.averagePrecision.map { "mask \(precision($0, event.averagePrecision50))" }
        let score = pixels ?? objects ?? event.loss.map { "distillation loss \(significant($0))" } ?? ""
        note("\(label): step \(event.step), validation \(score)\(event.best ? ", the best so far" : "")")
    }
}
