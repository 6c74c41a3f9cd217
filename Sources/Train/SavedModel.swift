import Foundation
import Runs
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
    public var patchSize: Int?
    public var headChannels: Int?
    public var hasAuxiliaryHead: Bool
    public var classes: ClassList
    /// The data that it was trained on.
    public var dataset: String
    /// Optimiser steps taken.
    public var step: Int
    /// What says how the network is built, if that is not the table of models.
    public var description: ModelDescription?

    public init(model: String, options: ModelOptions, classes: ClassList, dataset: String, step: Int, description: ModelDescription? = nil)
    {
        self.model = model
        outputStride = options.outputStride
        patchSize = options.patchSize
        headChannels = options.headChannels
        hasAuxiliaryHead = options.hasAuxiliaryHead
        self.classes = classes
        self.dataset = dataset
        self.step = step
        self.description = description
    }

    /// Whether it is a network without a head.
    public var isBackbone: Bool { description == nil && Models.isBackbone(model) }

    var options: ModelOptions {
        ModelOptions(
            outputStride: outputStride, patchSize: patchSize, headChannels: headChannels, hasAuxiliaryHead: hasAuxiliaryHead)
    }
}

extension SavedModelInfo {
    /// Of a published network; colours are drawn from the classes' numbers.
    fileprivate init(_ folder: ModelFolder) throws {
        let network = try withoutInitialization { try folder.description.segmenter(source: folder.url.path) }
        let names = folder.description.classNames
        let classes = names.count == network.card.classes ? names : (0..<network.card.classes).map { "class \($0)" }
        guard classes.count < 255 else {
            throw UserError("\(folder.url.path) tells \(classes.count) classes apart", hint: "Label maps have at most 254.")
        }
        self.init(
            model: network.card.name, options: .init(), classes: ClassList(names: classes), dataset: "", step: 0,
            description: folder.description)
    }
}

/// A trained network in one safetensors file: the weights, and what they are.
public struct SavedModel {
    private static let metadataKey = "segdistill"

    public let info: SavedModelInfo
    public let url: URL
    /// The folder in Hugging Face layout, if it is one.
    private let folder: ModelFolder?

    static func write(_ tensors: [(String, Tensor)], _ info: SavedModelInfo, to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(info), as: UTF8.self)
        try Tensor.save(tensors, metadata: [metadataKey: text], to: url)
    }

    /// Finds the network in a run folder (its best checkpoint, or else its last; of stages the last stage's), a checkpoint, a file, or a folder in Hugging Face layout.
    /// - Throws: `UserError` when there is none, the file was not written by segdistill, or the folder holds no segmentation network.
    public init(at path: String) throws {
        let given = URL(fileURLWithPath: path)
        if ModelFolder.isThere(given) {
            let folder = try ModelFolder(given)
            self.folder = folder
            info = try SavedModelInfo(folder)
            url = given
            return
        }
        folder = nil
        guard let file = Self.file(at: given) else {
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

    /// Whether there is a network, sound or not.
    static func isThere(_ url: URL) -> Bool { ModelFolder.isThere(url) || file(at: url) != nil }

    private static func file(at given: URL) -> URL? {
        let candidates = ["", "model.safetensors", "checkpoints/best/model.safetensors", "checkpoints/last/model.safetensors"]
        func file(in place: URL) -> URL? {
            var isFolder: ObjCBool = false
            return candidates.map { $0.isEmpty ? place : place.appendingPathComponent($0) }.first {
                FileManager.default.fileExists(atPath: $0.path, isDirectory: &isFolder) && !isFolder.boolValue
            }
        }
        return file(in: given) ?? RunFolder.lastStage(in: given).flatMap { file(in: $0.url) }
    }

    /// Whether a file holds weights and does not say of which network.
    static func isWeightsAlone(_ url: URL) throws -> Bool {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue else { return false }
        return try TensorArchive.open(url).metadata[metadataKey] == nil
    }

    /// The network with its weights, on the CPU, in eval mode; a backbone too.
    public func network() throws -> VisionModel {
        if let folder { return try folder.load() }
        let model: VisionModel = try withoutInitialization {
            if info.isBackbone { return try Models.backbone(info.model, patchSize: info.patchSize) }
            return try info.description?.segmenter(classes: info.classes.count, source: url.path)
                ?? Models.make(info.model, classes: info.classes.count, options: info.options)
        }
        let tensors = try Tensor.load(url)
        model.adapt(to: tensors.mapValues(\.shape))
        try model.load(tensors, from: url.path)
        return model.eval()
    }

    /// The network with its weights, on the CPU, in eval mode.
    /// - Throws: also `UserError` when it is a backbone, which labels no pixels.
    public func load() throws -> SegmentationModel {
        if let model = try network() as? SegmentationModel { return model }
        throw UserError(
            "\(url.path) holds the backbone \(info.model) without a head: it labels no pixels",
            hint: "Train a head on it (student.encoder in a recipe), or learn from it (teacher.checkpoint).")
    }
}
