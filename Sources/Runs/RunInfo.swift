import Foundation

/// What a run is: `run.json`. Runs that differ in nothing but their seed form an *arm* of a comparison.
public struct RunInfo: Codable, Sendable, Equatable {
    public enum Role: String, Codable, Sendable {
        case teacher, student
    }

    public enum Status: String, Codable, Sendable {
        /// Training, or killed while it was.
        case running
        /// Stopped by the user, to be resumed.
        case interrupted
        case finished
    }

    /// One of the trainings that a recipe of stages consists of.
    public struct Stage: Codable, Sendable, Equatable, CustomStringConvertible {
        public var name: String
        /// From 1.
        public var number: Int
        public var count: Int
        /// The methods of this stage and of those that its student comes from; nil where there is none.
        public var method: String?

        public init(name: String, number: Int, count: Int, method: String? = nil) {
            (self.name, self.number, self.count, self.method) = (name, number, count, method)
        }

        /// The last one's network is the whole run's.
        public var isLast: Bool { number == count }
        public var description: String { "stage \(number) of \(count), \(name)" }
    }

    /// Names the arm in tables and charts: `teacher`, `plain`, `kd`, `cwd + kd` ….
    public var arm: String
    public var role: Role
    /// The distillation methods, joined by `+`; nil for supervised training.
    public var method: String?
    public var seed: Int
    public var dataset: String
    public var model: String
    /// Numbers in the trained model's weights, without the teacher's and the projectors'.
    public var parameters: Int?
    /// The optimiser steps that the whole run takes.
    public var steps: Int
    /// Images of the training split; nil in older runs, as the next two.
    public var trainingImages: Int?
    /// Tells whether two runs read the same training data: a hash of classes, names, and the files' sizes and dates.
    public var trainingData: String?
    /// What the trained network computed in: `bf16`, `float32`.
    public var precision: String?
    /// Nil for a run that is no stage of another.
    public var stage: Stage?
    public var status: Status
    public var created: Date
    public var finished: Date?

    public init(
        arm: String, role: Role, method: String? = nil, seed: Int, dataset: String, model: String,
        parameters: Int? = nil, steps: Int, status: Status = .running, created: Date = .now, finished: Date? = nil
    ) {
        self.arm = arm
        self.role = role
        self.method = method
        self.seed = seed
        self.dataset = dataset
        self.model = model
        self.parameters = parameters
        self.steps = steps
        self.status = status
        self.created = created
        self.finished = finished
    }

    /// A student that was trained without a teacher.
    public var isPlainStudent: Bool { role == .student && method == nil }

    /// The fields that must not change when a run is resumed, in words.
    func differences(from other: RunInfo) -> [String] {
        var found: [String] = []
        func compare(_ name: String, _ mine: String?, _ theirs: String?) {
            if mine != theirs { found.append("\(name) was \(theirs ?? "none"), now \(mine ?? "none")") }
        }
        compare("role", role.rawValue, other.role.rawValue)
        compare("method", method, other.method)
        compare("seed", String(seed), String(other.seed))
        compare("dataset", dataset, other.dataset)
        compare("model", model, other.model)
        compare("stage", stage?.name, other.stage?.name)
        compare("schedule.steps", String(steps), String(other.steps))
        return found
    }
}
