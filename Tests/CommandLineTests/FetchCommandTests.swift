import Foundation
import Testing

@Suite struct FetchCommandTests {
    private let commit = String(repeating: "d", count: 40)

    /// A cache as the Python hub leaves it.
    private func fill(_ cache: URL, with files: [String]) throws {
        let folder = cache.appendingPathComponent("models--tiny--model")
        for path in ["blobs", "refs", "snapshots/\(commit)"] {
            try FileManager.default.createDirectory(at: folder.appendingPathComponent(path), withIntermediateDirectories: true)
        }
        try Data(commit.utf8).write(to: folder.appendingPathComponent("refs/main"))
        for (index, file) in files.enumerated() {
            try Data("{}".utf8).write(to: folder.appendingPathComponent("blobs/blob\(index)"))
            try FileManager.default.createSymbolicLink(
                atPath: folder.appendingPathComponent("snapshots/\(commit)/\(file)").path, withDestinationPath: "../../blobs/blob\(index)")
        }
    }

    @Test func offlineTheCacheIsUsedAndTheFolderPrinted() throws {
        try withFolder { cache in
            try fill(cache, with: ["config.json", "model.safetensors"])
            let environment = ["HF_HUB_CACHE": cache.path, "LIBTORCH": "/nowhere", "HF_ENDPOINT": "http://127.0.0.1:9"]
            let folder = "\(cache.path)/models--tiny--model/snapshots/\(commit)\n"
            let flag = try Tool.run("models", "fetch", "tiny/model", "--offline", environment: environment)
            #expect(flag.status == 0 && flag.output == folder && flag.errors.isEmpty)
            let variable = try Tool.run(
                ["models", "fetch", "tiny/model", "--file", "config.json"], environment: environment.merging(["HF_HUB_OFFLINE": "1"]) { $1 }
            )
            #expect(variable.status == 0 && variable.output == folder)
            let absent = try Tool.run("models", "fetch", "tiny/model", "--offline", "--file", "x.json", environment: environment)
            #expect(absent.status == 65 && absent.output.isEmpty)
            #expect(absent.errors.contains("'x.json' is missing"))
        }
    }

    @Test func wrongNamesAndAddresses() throws {
        let name = try Tool.run("models", "fetch", "no-such-backbone")
        #expect(name.status == 64 && name.errors.contains("there is no backbone 'no-such-backbone'"))
        #expect(try Tool.run("models", "fetch", "a/b/c").status == 64)
        #expect(try Tool.run("models", "fetch", "tiny/model", "--endpoint", "ftp://hub").status == 64)
        #expect(try Tool.run("models", "fetch", "tiny/model", "--file", "../x").status == 65)
    }
}
