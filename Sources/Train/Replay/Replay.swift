import Distill
import Foundation
import Recipes
import Runs
import SegData
import Support
import TensorFiles
import Torch
import TorchNN
import Vision

/// One training step in a file: its batch as the network saw it, the weights before it, and the random numbers. It needs neither the data
/// set's files nor the checkpoint to be run again.
///
/// The optimiser leaves the weights alone from the first step on whose loss is not a number, so they are those before that step even where
/// the host finds out later. Buffers (running statistics, a method's memory) are those after it.
public struct Replay {
    /// What the step was.
    public struct Header: Codable, Sendable, Equatable {
        /// From 1.
        public var step: Int
        /// Of the whole run: schedules follow from it.
        public var steps: Int
        /// The names of each batch's samples.
        public var samples: [[String]]
        /// Where the first batch stands in the loader's sequence; the augmentation follows from it and the seed.
        public var position: LoaderPosition
        public var seed: Int
        /// Of each batch the images' objects, where the recipe has them read.
        public var objects: [[[KeptObject]?]]?
        /// What each batch is in its step; nil: all are of labelled images alone.
        var roles: [StepBatch.Role]?
        /// The weighted losses as training computed them; nil where it did not look at that step.
        public var losses: [String: Double]?
    }

    public let url: URL
    public let header: Header
    private let tensors: [String: Tensor]
    private static let metadataKey = "segdistill.replay"

    // MARK: Writing

    /// Keeps a step of a run in its folder: `replay/step-N.safetensors`, whole or not at all.
    /// - Returns: how to run it again, or why it could not be kept: the error that stopped training is the one to show.
    static func keep(_ record: StepRecord, losses: [String: Double]?, _ setup: TrainingSetup, in run: RunFolder) -> String {
        let file = run.replays.appendingPathComponent("step-\(record.step).safetensors")
        do {
            try write(record, losses: losses, setup, to: file)
            let command = setup.recipe.distillation.isEmpty ? "train" : "distill"
            return "To see that step's losses one by one: segdistill \(command) \(run.recipeFile.path) --replay \(file.path)"
        } catch {
            return "Its batch could not be kept: \(error)"
        }
    }

    private static func write(_ record: StepRecord, losses: [String: Double]?, _ setup: TrainingSetup, to file: URL) throws {
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        let recipe = setup.recipe
        guard setup.step.onlineTeacher == nil else { throw UserError("a teacher that learns with the student is not kept with a step") }
        let position = TrainingPosition(step: record.step, loader: record.loader, unlabelled: record.unlabelled)
        let loader = try StepLoader(setup, from: position)
        var tensors = record.random
        var samples: [[String]] = []
        var objects: [[[KeptObject]?]] = []
        var roles: [StepBatch.Role] = []
        for _ in 0..<recipe.optimizer.accumulate {
            for (batch, role) in try loader.next().parts {
                let index = samples.count
                roles.append(role)
                samples.append(batch.indices.map((role.isPseudo ? setup.unlabelledSet! : setup.trainingSet).name))
                objects.append(batch.instances.map { $0.map { $0.map(KeptObject.init) } })
                tensors += [("images.\(index)", batch.images(on: .cpu)), ("labels.\(index)", batch.labels(on: .cpu))]
                tensors += batch.strongImages(on: .cpu).map { [("strong.\(index)", $0)] } ?? []
            }
        }
        tensors += setup.student.model.stateDict().map { ("student.\($0)", $1) }
        tensors += (setup.distiller?.stateDict ?? []).map { ("methods.\($0)", $1) }
        let header = Header(
            step: record.step, steps: setup.steps, samples: samples, position: record.loader, seed: recipe.seed,
            objects: recipe.data.instances ? objects : nil, roles: setup.unlabelledSet == nil ? nil : roles, losses: losses)
        try Tensor.save(tensors, metadata: [metadataKey: JSONFile.text(of: header)], to: file)
    }

    // MARK: Reading

    /// - Throws: `UserError` when the file is no kept step, `TensorFileError` when it is damaged.
    public init(at url: URL) throws {
        self.url = url
        let archive = try TensorArchive.open(url)
        guard let text = archive.metadata[Self.metadataKey], let header = try? JSONFile.value(Header.self, fromText: text) else {
            throw UserError(
                "\(url.path) holds no training step", hint: "Give a file from the folder replay/ of a run that stopped on a loss.")
        }
        self.header = header
        tensors = try Tensor.load(url)
    }

    /// Runs the step's forward and backward passes with the weights of the file; nothing is trained or written.
    /// - Parameter setup: of the run's recipe.
    /// - Throws: `LoadError` when the recipe is another one's.
    public func run(_ setup: TrainingSetup) throws -> ReplayResult {
        func part(_ prefix: String) -> [String: Tensor] {
            let own = tensors.filter { $0.key.hasPrefix(prefix) }
            return Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
        }
        return try withTorchErrors {
            try setup.student.model.load(part("student."), from: url.path)
            try setup.distiller?.load(state: part("methods."), from: url.path)
            setup.restoreRandom(tensors)
            var result = ReplayResult(header: header)
            let step = setup.step
            step.optimizer.zeroGrad()
            for index in header.samples.indices {
                guard let images = tensors["images.\(index)"], let labels = tensors["labels.\(index)"] else {
                    throw UserError("\(url.path): batch \(index) is missing")
                }
                let strong = tensors["strong.\(index)"]
                if strong == nil && setup.distiller?.comparesViews == true {
                    throw UserError("\(url.path): the strong view of batch \(index) is missing", hint: "It belongs to another recipe.")
                }
                let size = Size(width: labels.size(2), height: labels.size(1))
                let objects = try header.objects?[index].map { try $0?.map { try $0.instance(size, url) } }
                let terms = step.terms(
                    images.to(setup.device), labels.to(setup.device), strong: strong?.to(setup.device), objects: objects,
                    at: Double(header.step - 1) / Double(header.steps), as: header.roles?[index] ?? .whole)
                result.add(terms, norms: terms.gradientNorms(on: step.trunk))
                terms.total.backward()
            }
            let parameters = step.optimizer.parameters
            let broken = parameters.filter { $0.tensor.grad.map { !$0.sum().item().isFinite } ?? false }
            result.brokenGradients = ParameterSet.covering(
                Set(broken.map(\.name)), of: parameters.map { ($0.name, $0.tensor.count) })
            step.optimizer.zeroGrad()
            return result
        }
    }
}
