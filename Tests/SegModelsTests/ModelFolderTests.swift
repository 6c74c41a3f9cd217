import Foundation
import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// Folders in Hugging Face layout that are not what they should be.
@Suite struct ModelFolderTests {
    private func message(_ files: [String: String]) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("folder-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        do {
            _ = try ModelFolder(folder).load()
            return "loaded"
        } catch let error as UserError {
            #expect(error.exitCode == .badInput)
            return "\(error)"
        }
    }

    @Test func noConfiguration() throws {
        #expect(try message(["model.safetensors": ""]).contains("found no config.json"))
    }

    @Test func noJSON() throws {
        #expect(try message(["config.json": "<html>"]).contains("is not a JSON object"))
        #expect(try message(["config.json": "[1]"]).contains("is not a JSON object"))
    }

    @Test func unknownArchitectures() throws {
        #expect(try message(["config.json": "{}"]).contains("no model_type"))
        let bert = try message(["config.json": #"{"model_type": "bert", "architectures": ["BertModel"]}"#])
        #expect(bert.contains("model_type is 'bert'"))
        let unknown = try message(["config.json": #"{"architecture": "vit_enormous.mine", "num_classes": 10}"#])
        #expect(unknown.contains("timm's 'vit_enormous'"))
    }

    /// What a folder says of pixels is what its network gets: mean, deviation and scale.
    @Test func teacherAndStudentNormalizeTheSameImageTheirOwnWay() throws {
        let student = try Models.make("espnet", classes: 5)
        let teacher = try Models.make("fcn-resnet18", classes: 5)
        let image = Tensor([200, 100, 50] as [UInt8], shape: [1, 1, 1, 3])
        let mean = [0.485, 0.456, 0.406]
        let std = [0.229, 0.224, 0.225]
        let expected = zip([200.0, 100, 50], zip(mean, std)).map { ($0 / 255 - $1.0) / $1.1 }
        try assertClose(teacher.normalize(image).reshape(3), Tensor(expected.map(Float.init)), relative: 1e-6)
        // BGR, (x - mean) / std / 255.
        let camera = zip([50.0, 100, 200], zip([72.392_311, 82.908_936, 73.158_401], [45.319_222, 46.152_893, 44.914_833]))
        let other = camera.map { ($0 - $1.0) / $1.1 / 255 }
        try assertClose(student.normalize(image).reshape(3), Tensor(other.map(Float.init)), relative: 1e-6)
    }
}
