import Foundation
import Recipes
import SegData
import SegModels
import Support
import Torch
import TorchNN

extension ModelRecipe {
    /// What the recipe chooses of the model.
    var options: ModelOptions {
        ModelOptions(
            outputStride: outputStride?.rawValue, patchSize: patchSize, headChannels: headChannels, hasAuxiliaryHead: auxiliaryHead)
    }

    /// The network with its weights, on the CPU.
    /// - Returns: also what was loaded, in words; nil for random weights.
    /// - Throws: `LoadError` with names when the weights do not fit, `UserError`, `TensorFileError`.
    func build(classes: Int) throws -> (model: SegmentationModel, report: String?) {
        if let checkpoint {
            let saved = try trained(checkpoint)
            guard saved.info.classes.count == classes else {
                throw UserError(
                    "\(saved.url.path) tells \(saved.info.classes.count) classes apart, the data has \(classes)",
                    hint: "Use data with the same classes, or give the file as 'weights' with 'reinitialize: [head]'.")
            }
            let model = try saved.load()
            return (model, "\(model.stateDict().count) tensors from \(saved.url.path)")
        }
        if isFolder {
            let folder = try ModelFolder(URL(fileURLWithPath: model))
            try refuseOptions()
            let built = try folder.description.segmenter(classes: classes, source: model)
            let report = try built.load(weights: URL(fileURLWithPath: weights ?? model), reinitialize: reinitialize, discard: discard)
            return (built, "\(report) from \(weights ?? model)")
        }
        let built = try Models.make(model, classes: classes, options: options)
        guard let weights else { return (built, nil) }
        let report = try built.load(weights: URL(fileURLWithPath: weights), reinitialize: reinitialize, discard: discard)
        return (built, "\(report) from \(weights)")
    }

    /// The network to be trained: as ``build(classes:)`` makes it, or a backbone, with the encoder of another where the recipe names one.
    /// - Throws: also `UserError` when that encoder is of another kind, or the network has none of its own.
    func buildStudent(classes: Int) throws -> (model: VisionModel, report: String) {
        let (model, loaded) = try Models.isBackbone(self.model) ? buildBackbone() : buildWhole(classes: classes)
        guard let encoder else { return (model, loaded ?? "random weights") }
        let name = try model.encoder().name
        return (model, "its encoder (\(name)) from \(try takeEncoder(encoder, into: model))")
    }

    private func buildWhole(classes: Int) throws -> (VisionModel, String?) {
        let built = try build(classes: classes)
        return (built.model, built.report)
    }

    private func buildBackbone() throws -> (VisionModel, String?) {
        try refuseOptions(besides: ModelOptions(patchSize: patchSize))
        if let checkpoint {
            let saved = try trained(checkpoint)
            let network = try saved.network()
            return (network.train(), "\(network.stateDict().count) tensors from \(saved.url.path)")
        }
        let backbone = try Models.backbone(model, patchSize: patchSize)
        guard let weights else { return (backbone, nil) }
        guard reinitialize.isEmpty && discard.isEmpty else {
            throw UserError(
                "\(model) is a backbone, whose weights have to fit without exception", hint: "Leave reinitialize and discard out.")
        }
        let report = try backbone.load(weights: Tensor.load(URL(fileURLWithPath: weights)), from: weights)
        return (backbone, "\(report) from \(weights)")
    }

    /// - Returns: the file that the encoder came from, in words.
    private func takeEncoder(_ path: String, into model: VisionModel) throws -> String {
        let url = URL(fileURLWithPath: path)
        if ModelFolder.isThere(url) {
            try model.loadEncoder(of: ModelFolder(url).load(), from: path)
            return path
        }
        guard try SavedModel.isWeightsAlone(url) else {
            let saved = try SavedModel(at: path)
            let network = try saved.network()
            try model.loadEncoder(of: network, from: saved.url.path)
            return saved.url.path + (model.strideChange(from: network).map { ", \($0)" } ?? "")
        }
        // As others publish it: a backbone's file, or a whole network's.
        let tensors = try Tensor.load(url)
        if let network = model as? SegmentationModel {
            let head = network.headTensors + network.classifierTensors
            try network.load(weights: tensors, from: path, reinitialize: head, discard: head)
        } else {
            try (model as! Backbone).load(weights: tensors, from: path)
        }
        return path
    }

    private func trained(_ checkpoint: String) throws -> SavedModel {
        let saved = try SavedModel(at: checkpoint)
        guard saved.info.model == model else {
            throw UserError(
                "\(saved.url.path) holds a \(saved.info.model), but the recipe asks for \(model)",
                hint: saved.info.isBackbone
                    ? "It has no head: give it as 'student.encoder' to a network on \(saved.info.model)."
                    : "Set 'model' to \(saved.info.model), or give the run of a \(model).")
        }
        return saved
    }

    /// A network that is learnt from.
    struct Teacher {
        let model: VisionModel
        /// What was loaded, in words; nil for random weights.
        let report: String?
        /// Nil where neither its file nor the recipe says them.
        var classes: ClassList?
        /// Onto the student's classes, where the recipe says so.
        var map: ClassMap?
    }

    /// A teacher, on the CPU: a segmentation network as ``build(classes:)`` makes it, but of any classes, or a backbone, whose maps a
    /// student can learn from; a folder's weights stay in the file's memory and type.
    /// - Throws: `UserError` when the class map does not fit, and what loading throws.
    func buildTeacher(student: ClassList) throws -> Teacher {
        // Weights alone do not say how many classes they know: the map does.
        let isNamed = checkpoint != nil || isFolder
        let ownMap = try isNamed ? nil : classMap.map { try ClassMap.ofTeacher($0, teacher: nil, student: student) }
        var teacher = try loadTeacher(classes: ownMap?.source.count ?? student.count)
        if let ownMap { (teacher.classes, teacher.map) = (ownMap.source, ownMap) }
        if let classMap, teacher.map == nil { teacher.map = try .ofTeacher(classMap, teacher: teacher.classes, student: student) }
        guard let map = teacher.map, let scores = teacher.model.tapChannels["logits"], scores != map.source.count else { return teacher }
        throw UserError("teacher.classMap: the teacher tells \(scores) classes apart, the map \(map.source.count)")
    }

    private func loadTeacher(classes: Int) throws -> Teacher {
        if let checkpoint {
            let saved = try trained(checkpoint)
            let network = try saved.network()
            return Teacher(
                model: network, report: "\(network.stateDict().count) tensors from \(saved.url.path)", classes: saved.info.classes)
        }
        if isFolder && weights == nil && reinitialize.isEmpty && discard.isEmpty {
            try refuseOptions()
            let folder = try ModelFolder(URL(fileURLWithPath: model))
            let network = try folder.load()
            let names = folder.description.classNames
            return Teacher(
                model: network, report: "\(network.stateDict().count) tensors from \(model)",
                classes: names.count == network.card.classes && !names.isEmpty ? ClassList(names: names) : nil)
        }
        guard Models.isBackbone(model) else {
            let (network, report) = try build(classes: classes)
            return Teacher(model: network, report: report)
        }
        try refuseOptions(besides: ModelOptions(patchSize: patchSize))
        guard let weights else {
            throw UserError("the teacher \(model) has no weights", hint: "Give 'teacher.weights', or a folder as 'teacher.model'.")
        }
        let backbone = try withoutInitialization { try Models.backbone(model, patchSize: patchSize) }
        let report = try backbone.load(weights: Tensor.load(URL(fileURLWithPath: weights)), from: weights)
        return Teacher(model: backbone, report: "\(report) from \(weights)")
    }

    /// A folder's config.json says all of the architecture, a backbone has no more than its patches to choose.
    private func refuseOptions(besides allowed: ModelOptions = ModelOptions()) throws {
        guard options == allowed else {
            throw UserError(
                "\(allowed.patchSize == nil ? "outputStride, patchSize" : "outputStride"), headChannels and auxiliaryHead cannot be chosen for \(model)",
                hint: isFolder
                    ? "Its config.json says what it is. Leave them out, or name a model of the table and give the folder as its 'weights'."
                    : "It is a backbone without a head. Leave them out.")
        }
    }
}
