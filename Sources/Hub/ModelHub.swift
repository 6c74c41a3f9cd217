import Foundation
import Support

/// Published models: fetched from a hub once, then found in the cache that the Python hub shares.
///
/// ```swift
/// let hub = ModelHub(try HubSettings())
/// let snapshot = try hub.fetch(HubRepository("facebook/dinov2-small"))
/// print(snapshot.folder.path)
/// ```
public struct ModelHub {
    public let settings: HubSettings
    private let retry: RetryPolicy

    /// - Parameter isCancelled: asked often during a download; when it says true, the download ends and can be resumed.
    public init(_ settings: HubSettings, isCancelled: @escaping () -> Bool = { false }) {
        self.init(settings, attempts: 5, firstDelay: 1, patience: 60, isCancelled: isCancelled)
    }

    /// With the times between attempts given (seconds).
    package init(
        _ settings: HubSettings, attempts: Int, firstDelay: Double, patience: Int = 60, isCancelled: @escaping () -> Bool = { false }
    ) {
        self.settings = settings
        retry = RetryPolicy(attempts: attempts, firstDelay: firstDelay, patience: patience, isCancelled: isCancelled)
    }

    /// Opens the system's libraries that downloading and checking need: what `doctor` tries.
    /// - Throws: `UserError` with the package to install.
    public static func openLibraries() throws {
        _ = try Curl.library()
        try FileDigest.openLibrary()
    }

    /// Brings a model's files into the cache; those that are there are not fetched again.
    /// - Parameters:
    ///   - revision: a branch, tag or commit.
    ///   - report: told of what is to come, how far it is, and of anything unusual.
    /// - Returns: the folder with the files of that commit.
    /// - Throws: `UserError`: no network, no access, no such model, revision or file, a full disk, a damaged file, not in the cache.
    public func fetch(
        _ repository: HubRepository, revision: String = "main", files: HubFiles = .needed, report: @escaping (HubEvent) -> Void = { _ in }
    ) throws -> HubSnapshot {
        let request = HubRequest(repository: repository, revision: revision)
        guard HubPath.isPlain(revision) else {
            throw UserError("'\(revision)' is not a revision", hint: "Expected a branch, a tag or a commit.", exitCode: .usage)
        }
        if case .named(let names) = files { try names.forEach(HubPath.checkFile) }
        let cache = HubCache(repository, in: settings.cache)
        if settings.isOffline { return try cached(request, files, cache) }
        // A commit never changes: what the cache has of it is what the hub has.
        if HubPath.isCommit(revision), let snapshot = try? cached(request, files, cache) { return snapshot }
        do {
            return try download(request, files, cache, report)
        } catch is HTTPCancelled {
            throw HubProblem.cancelled
        } catch let failure as HTTPFailure {
            if failure.cause == .unreachable, let snapshot = try? cached(request, files, cache) {
                report(.note("\(failure.reason); taking what the cache has of \(request)"))
                return snapshot
            }
            throw HubProblem.network(failure)
        } catch let status as TransientStatus {
            throw status.problem
        } catch let status as RefusedStatus {
            throw status.problem
        }
    }

    // MARK: The cache alone

    private func cached(_ request: HubRequest, _ files: HubFiles, _ cache: HubCache) throws -> HubSnapshot {
        func missing(_ what: String) -> UserError { HubProblem.notCached(what, request, settings.cache) }
        guard let commit = cache.commit(of: request.revision) else { throw missing("the model is") }
        let present = cache.files(of: commit)
        let names: [String]
        switch files {
        case .named(let wanted): names = wanted
        case .needed:
            // README and licence are no reason to refuse a model that can be used.
            names = HubFiles.needed(of: cache.listing(of: commit) ?? present).filter { present.contains($0) || !HubFiles.isText($0) }
            guard HubFiles.isWhole(HubFiles.weights(of: names)) else { throw missing("some or all of its weights are") }
        }
        if let absent = names.first(where: { !present.contains($0) }) { throw missing("'\(absent)' is") }
        return HubSnapshot(folder: cache.snapshot(commit), commit: commit, files: names)
    }

    // MARK: From the hub

    private func download(
        _ request: HubRequest, _ files: HubFiles, _ cache: HubCache, _ report: @escaping (HubEvent) -> Void
    ) throws -> HubSnapshot {
        var retry = retry
        retry.note = { report(.note($0)) }
        let client = try HubClient(settings, request, retry: retry)
        let listing = try listing(client, files)
        let names = try chosen(files, listing, request)
        var commit = listing?.commit
        var missing: [(name: String, metadata: HubClient.Metadata)] = []
        for name in names where commit.map({ !cache.has(name, $0) }) ?? true {
            let metadata = try metadata(of: name, commit, client)
            guard let known = commit ?? metadata.commit else { throw HubProblem.layout("states no commit", metadata.url) }
            commit = known
            missing.append((name, metadata))
        }
        guard let commit else { throw HubProblem.layout("states no commit", settings.endpoint) }
        try cache.prepare()
        try bring(missing, commit, client, cache, report)
        try cache.setCommit(commit, of: request.revision)
        return HubSnapshot(folder: cache.snapshot(commit), commit: commit, files: names)
    }

    /// The list of files; nil where the hub has none and the files are named anyway.
    private func listing(_ client: HubClient, _ files: HubFiles) throws -> HubClient.Listing? {
        do {
            return try client.listing()
        } catch let status as RefusedStatus where status.status == 404 && !status.hasCode {
            guard case .named = files else { throw status }
            return nil
        }
    }

    private func chosen(_ files: HubFiles, _ listing: HubClient.Listing?, _ request: HubRequest) throws -> [String] {
        switch files {
        case .named(let names):
            if let listing, let absent = names.first(where: { !listing.files.contains($0) }), !listing.files.isEmpty {
                let near = nearestName(to: absent, in: listing.files).map { "Did you mean '\($0)'?" }
                throw UserError(
                    "\(request) has no file '\(absent)'",
                    hint: near ?? "It has \(listing.files.sorted().prefix(12).joined(separator: ", ")).")
            }
            return names
        case .needed:
            let all = listing?.files ?? []
            try all.forEach(HubPath.checkFile)
            let names = HubFiles.needed(of: all)
            guard !HubFiles.weights(of: names).isEmpty else {
                throw UserError(
                    "\(request) has no weights (*.safetensors, *.bin, *.pth) at its top",
                    hint: "It has \(all.sorted().prefix(12).joined(separator: ", ")). Name the files to fetch with --file.")
            }
            return names
        }
    }

    /// A file of the commit; where a hub serves only the revision's name, of that, if it still is the same commit.
    private func metadata(of name: String, _ commit: String?, _ client: HubClient) throws -> HubClient.Metadata {
        let revision = client.request.revision
        guard let commit, commit != revision else { return try client.metadata(of: name, revision: revision) }
        do {
            return try client.metadata(of: name, revision: commit)
        } catch let status as RefusedStatus where status.status == 404 && !status.hasCode {
            let metadata = try client.metadata(of: name, revision: revision)
            guard metadata.commit == nil || metadata.commit == commit else {
                throw UserError("\(client.request) changed on the hub meanwhile", hint: "Run the same command again.")
            }
            return metadata
        }
    }

    private func bring(
        _ files: [(name: String, metadata: HubClient.Metadata)], _ commit: String, _ client: HubClient, _ cache: HubCache,
        _ report: @escaping (HubEvent) -> Void
    ) throws {
        let total = files.reduce(0) { $0 + ($1.metadata.size ?? 0) }
        let present = files.reduce(0) { $0 + HubDownload.present($1.metadata, in: cache) }
        if let free = cache.freeSpace, total - present > free {
            throw HubProblem.noSpace(total - present, free, cache.root)
        }
        if !files.isEmpty { report(.begin(files: files.count, bytes: total, present: present)) }
        var done = 0
        for (name, metadata) in files {
            let before = done
            // Bytes of later files that were there before count as present all the time.
            let later = files.drop { $0.name != name }.dropFirst().reduce(0) { $0 + HubDownload.present($1.metadata, in: cache) }
            let download = HubDownload(
                client: client, cache: cache, file: name, metadata: metadata,
                advanced: { report(.progress(file: name, bytes: before + $0 + later)) }, note: { report(.note($0)) })
            try download.run()
            try cache.link(name, commit, to: metadata.etag)
            done += HubDownload.present(metadata, in: cache)
            report(.progress(file: name, bytes: done + later))
        }
    }
}

/// What happens during ``ModelHub/fetch(_:revision:files:report:)``.
public enum HubEvent: Sendable, Equatable {
    /// So many files are to be fetched, of so many bytes together, some of which are there.
    case begin(files: Int, bytes: Int, present: Int)
    /// The file that is being fetched, and the bytes of all files that are there.
    case progress(file: String, bytes: Int)
    /// Something that a user should know: a wait, another attempt.
    case note(String)
}

/// A model's files in the cache.
public struct HubSnapshot: Sendable, Equatable {
    /// Holds the files, as links: what readers of models are given.
    public let folder: URL
    public let commit: String
    /// The files that were asked for, by their paths in the repository.
    public let files: [String]
}
