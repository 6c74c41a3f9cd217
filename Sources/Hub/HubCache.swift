import Foundation
import Support

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One repository's part of the cache, laid out as the Python hub does, so that each finds what the other has fetched:
/// ```
/// models--owner--name/
///     blobs/<etag>                         a file's content; <etag>.incomplete while it comes
///     refs/<revision>                      the commit that a branch or tag stood for
///     snapshots/<commit>/<path>            links to ../../blobs/<etag>
/// .locks/models--owner--name/<etag>.lock
/// ```
struct HubCache {
    let root: URL
    let folder: URL
    let locks: URL

    init(_ repository: HubRepository, in root: URL) {
        let name = "models--\(repository.owner)--\(repository.name)"
        self.root = root
        folder = root.appendingPathComponent(name)
        locks = root.appendingPathComponent(".locks").appendingPathComponent(name)
    }

    var blobs: URL { folder.appendingPathComponent("blobs") }
    func blob(_ etag: String) -> URL { blobs.appendingPathComponent(etag) }
    func incomplete(_ etag: String) -> URL { blobs.appendingPathComponent("\(etag).incomplete") }
    func lock(_ etag: String) -> URL { locks.appendingPathComponent("\(etag).lock") }
    func snapshot(_ commit: String) -> URL { folder.appendingPathComponent("snapshots").appendingPathComponent(commit) }
    func file(_ name: String, _ commit: String) -> URL { snapshot(commit).appendingPathComponent(name) }

    /// Whether a file of a commit is there (and not only a link to nothing).
    func has(_ name: String, _ commit: String) -> Bool { FileManager.default.fileExists(atPath: file(name, commit).path) }

    /// The names of a commit's files that are there, with those in subfolders.
    func files(of commit: String) -> [String] {
        let names = FileManager.default.enumerator(atPath: snapshot(commit).path)?.compactMap { $0 as? String } ?? []
        return names.filter { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: file(name, commit).path, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }

    /// All names that a commit has on the hub, where the Python hub noted them.
    func listing(of commit: String) -> [String]? {
        struct Listing: Decodable {
            struct Anything: Decodable {}
            var files: [String: Anything]
        }
        let url = folder.appendingPathComponent("trees/\(commit).json")
        return (try? JSONDecoder().decode(Listing.self, from: Data(contentsOf: url))).map { $0.files.keys.sorted() }
    }

    /// The commit that `revision` stood for when it was last asked for.
    func commit(of revision: String) -> String? {
        guard HubPath.isPlain(revision) else { return nil }
        if let text = try? String(contentsOf: reference(revision), encoding: .utf8) {
            let commit = text.trimmingCharacters(in: .whitespacesAndNewlines)
            return HubPath.isPlainName(commit) ? commit : nil
        }
        return HubPath.isCommit(revision) ? revision : nil
    }

    /// Notes the commit that `revision` stands for.
    func setCommit(_ commit: String, of revision: String) throws {
        guard revision != commit, self.commit(of: revision) != commit else { return }
        let url = reference(revision)
        try makeFolder(url.deletingLastPathComponent())
        do { try Data(commit.utf8).write(to: url, options: .atomic) } catch { throw HubProblem.file(url, error) }
    }

    /// Makes the folders that every download needs, and marks the cache as one for programs that make backups.
    func prepare() throws {
        try makeFolder(blobs)
        try makeFolder(locks)
        let tag = root.appendingPathComponent("CACHEDIR.TAG")
        if !FileManager.default.fileExists(atPath: tag.path) {
            try? Data("Signature: 8a477f597d28d172789f06886806bc55\n# Downloaded models; see https://bford.info/cachedir/\n".utf8)
                .write(to: tag, options: .atomic)
        }
    }

    /// Makes `name` of `commit` the content of the blob `etag`: a relative link, put in place in one step. Where links cannot be,
    /// a copy.
    func link(_ name: String, _ commit: String, to etag: String) throws {
        let url = file(name, commit)
        let parent = url.deletingLastPathComponent()
        try makeFolder(parent)
        let up = String(repeating: "../", count: name.split(separator: "/").count + 1)
        let temporary = parent.appendingPathComponent(".\(UUID().uuidString).link")
        if symlink("\(up)blobs/\(etag)", temporary.path) != 0 {
            let code = errno
            guard code == EPERM || code == EOPNOTSUPP || code == ENOSYS else { throw HubProblem.file(url, code) }
            do { try FileManager.default.copyItem(at: blob(etag), to: temporary) } catch { throw HubProblem.file(url, error) }
        }
        guard rename(temporary.path, url.path) == 0 else {
            let code = errno
            unlink(temporary.path)
            throw HubProblem.file(url, code)
        }
    }

    /// Bytes that may still be written; nil where the system does not tell.
    var freeSpace: Int? {
        var status = statvfs()
        guard statvfs(blobs.path, &status) == 0 else { return nil }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }

    private func reference(_ revision: String) -> URL { folder.appendingPathComponent("refs").appendingPathComponent(revision) }

    private func makeFolder(_ url: URL) throws {
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch { throw HubProblem.file(url, error) }
    }
}
