import Foundation
import SegData
import SegModels
import Support
import TensorFiles
import Torch
import TorchNN

/// What a saved network is; travels as metadata inside its safetensors file, so that the file alone can be used.
public struct SavedModelInfo: Codable, Sendable, Equatable {
    /// The name in the table of models.
    public var model: String
    public var outputStride: Int?
    public var headChannels: Int?
    public var hasAuxiliaryHead: Bool
    public var classes: ClassList
    /// The data that it was trained on.
    public var dataset: String
    /// Optimiser steps taken.
    public var step: Int

    public init(model: String, options: ModelOptions, classes: ClassList, dataset: String, step: Int) {
        self.model = model
        outputStride = options.outputStride
        headChannels = options.headChannels
        hasAuxiliaryHead = options.hasAuxiliaryHead
        self.classes = classes
        self.dataset = dataset
        self.step = step
    }

    var options: ModelOptions {
        ModelOptions(outputStride: outputStride, headChannels: headChannels, hasAuxiliaryHead: hasAuxiliaryHead)
    }
}

/// A trained network in one safetensors file: the weights, and what they are.
public struct SavedModel {
    private static let metadataKey = "segdistill"

    public let info: SavedModelInfo
    public let url: URL

    static func write(_ tensors: [(String, Tensor)], _ info: SavedModelInfo, to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(info), as: UTF8.self)
        try Tensor.save(tensors, metadata: [metadataKey: text], to: url)
    }

    /// Finds the network in a run folder (its best checkpoint, or else its last), a checkpoint, or a file.
    /// - Throws: `UserError` when there is none, or the file was not written by segdistill.
    public init(at path: String) throws {
        let given = URL(fileURLWithPath: path)
        let candidates = ["", "model.safetensors", "checkpoints/best/model.safetensors", "checkpoints/last/model.safetensors"]
        let files = candidates.map { $0.isEmpty ? given : given.appendingPathComponent($0) }
        var isFolder: ObjCBool = false
        guard
            let file = files.first(where: {
                FileManager.default.fileExists(atPath: $0.path, isDirectory: &isFolder) && !isFolder.boolValue
            })
        else {
            throw UserError(
                "found no trained network at \(path)",
                hint: "Expected a run folder with checkpoints/best or checkpoints/last, a checkpoint, or a model.safetensors.")
        }
        let archive = try TensorArchive.open(file)
        guard let text = archive.metadata[Self.metadataKey],
            let info = try? JSONDecoder().decode(SavedModelInfo.self, from: Data(text.utf8))
        else {
            throw UserError(
                "\(file.path) holds weights, but does not say of which model",
                hint: "Name the model and the weights in a recipe (student.model, student.weights), or give a run of segdistill.")
        }
        self.info = info
        url = file
    }

    /// The network with its weights, on the CPU, in eval mode.
    public func load() throws -> SegmentationModel {
        let model = try Models.make(info.model, classes: info.classes.count, options: info.options)
        try model.load(url)
        return model.eval() as SegmentationModel
    }
}
