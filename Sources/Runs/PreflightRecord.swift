/// What was found out before training started: `preflight.json`.
public struct PreflightRecord: Codable, Sendable, Equatable {
    /// Nil in plain training.
    public var teacher: Teacher?
    public var taps: [Tap]
    public var losses: [Loss]
    /// Trained parameters that no loss reaches, at full weights.
    public var unreached: [ParameterSet]
    /// Those whose gradient is exactly 0 at the first step, though a loss reaches them.
    public var idle: [ParameterSet]
    public var cost: Cost
    /// What the user should know before training, in words.
    public var warnings: [String]

    public init(
        teacher: Teacher? = nil, taps: [Tap] = [], losses: [Loss], unreached: [ParameterSet] = [], idle: [ParameterSet] = [], cost: Cost,
        warnings: [String] = []
    ) {
        self.teacher = teacher
        self.taps = taps
        self.losses = losses
        self.unreached = unreached
        self.idle = idle
        self.cost = cost
        self.warnings = warnings
    }

    public struct Teacher: Codable, Sendable, Equatable {
        public var model: String
        /// How it is fed, as it was checked: `(x / 255 − mean) / std, …`.
        public var normalization: String
        /// Whether the student is fed in the same way.
        public var sharesNormalization: Bool
        /// Nil for a network without classes, and where the recipe does without.
        public var score: Score?

        public init(model: String, normalization: String, sharesNormalization: Bool, score: Score? = nil) {
            self.model = model
            self.normalization = normalization
            self.sharesNormalization = sharesNormalization
            self.score = score
        }
    }

    /// Fractions, not per cent.
    public struct Score: Codable, Sendable, Equatable {
        /// What was scored on what: the score is used again as long as this is the same.
        public var key: String
        public var meanIoU: Double
        /// Of the better of two that know nothing: the commonest class everywhere, and a class drawn for every pixel.
        public var chance: Double
        /// Of the student before its first step, where it starts from a trained network.
        public var student: Double?
        /// How many images were looked at, and how many the split has.
        public var images: Int
        public var available: Int

        public init(key: String, meanIoU: Double, chance: Double, student: Double? = nil, images: Int, available: Int) {
            self.key = key
            self.meanIoU = meanIoU
            self.chance = chance
            self.student = student
            self.images = images
            self.available = available
        }
    }

    /// A pair of maps that a method compares.
    public struct Tap: Codable, Sendable, Equatable {
        public var method: String
        public var role: String
        public var teacher: Map
        public var student: Map
        /// What is done to make them comparable.
        public var matching: String

        public init(method: String, role: String, teacher: Map, student: Map, matching: String) {
            self.method = method
            self.role = role
            self.teacher = teacher
            self.student = student
            self.matching = matching
        }
    }

    public struct Map: Codable, Sendable, Equatable {
        public var name: String
        /// As recorded in the first batch: B×C×h×w, or B×C of a vector.
        public var shape: [Int]
        /// Of the image's size, down and right; empty for a vector.
        public var stride: [Double]

        public init(name: String, shape: [Int], stride: [Double]) {
            self.name = name
            self.shape = shape
            self.stride = stride
        }
    }

    /// A term of the first batch's loss, with all methods at work.
    public struct Loss: Codable, Sendable, Equatable {
        public var name: String
        /// Before its weight; nil for a method of weight 0, which is not computed.
        public var value: Double?
        /// At the first step, and when every method has set in.
        public var weightAtStart: Double
        public var weight: Double
        /// Its part of the gradient on the student's trunk, with either weight; over the terms, each adds up to 1.
        public var shareAtStart: Double
        public var share: Double

        public init(name: String, value: Double?, weightAtStart: Double, weight: Double, shareAtStart: Double, share: Double) {
            self.name = name
            self.value = value
            self.weightAtStart = weightAtStart
            self.weight = weight
            self.shareAtStart = shareAtStart
            self.share = share
        }
    }

    public struct Cost: Codable, Sendable, Equatable {
        public var device: String
        public var steps: Int
        /// Of one step with its batch at hand.
        public var secondsPerStep: Double
        /// Bytes at the worst moment of a step; nil where they cannot be told.
        public var peakMemory: Int?
        /// Bytes that there are, with what the program holds already.
        public var memory: Int?

        public init(device: String, steps: Int, secondsPerStep: Double, peakMemory: Int? = nil, memory: Int? = nil) {
            self.device = device
            self.steps = steps
            self.secondsPerStep = secondsPerStep
            self.peakMemory = peakMemory
            self.memory = memory
        }
    }
}
