import Support

extension PickleFile {
    /// The dictionaries of tensors in the file, each with the keys that lead to it, joined by dots: the
    /// saved object itself (path `""`), or those under its string keys, two levels deep.
    public var stateDicts: [(keyPath: String, dictionary: PickleDictionary)] {
        var found: [(keyPath: String, dictionary: PickleDictionary)] = []
        func search(_ value: PickleValue, path: String, depth: Int) {
            guard case .dictionary(let dictionary) = value else { return }
            if dictionary.firstForeignEntry == nil, dictionary.count > 0 {
                found.append((path, dictionary))
            } else if depth > 0 {
                for case (.string(let key), let value) in dictionary.pairs {
                    search(value, path: path.isEmpty ? key : "\(path).\(key)", depth: depth - 1)
                }
            }
        }
        search(root, path: "", depth: 2)
        return found
    }

    /// The tensors of one state dict, under exactly the names that they have in it.
    ///
    /// - Parameter keyPath: where it lies, such as `teacher` or `model.state_dict`; without it, the only one in the file,
    ///   which the archive's ``TensorArchive/keyPath`` then names.
    /// - Throws: ``TensorFileError`` when there is none, or several and none is named.
    public func stateDict(_ keyPath: String? = nil) throws -> TensorArchive {
        try reading(file.path) {
            let chosen = try keyPath.map(namedStateDict) ?? onlyStateDict()
            let entries = chosen.dictionary.pairs.compactMap { pair -> TensorEntry? in
                guard case (.string(let name), .tensor(let entry)) = pair else { return nil }
                return entry.renamed(name)
            }
            return try TensorArchive(entries: entries, keyPath: chosen.keyPath.isEmpty ? nil : chosen.keyPath)
        }
    }

    private func onlyStateDict() throws -> (keyPath: String, dictionary: PickleDictionary) {
        let found = stateDicts
        if found.count == 1 { return found[0] }
        guard found.isEmpty else { throw TensorFileProblem.ambiguousStateDict(found.map(\.keyPath)) }
        guard case .dictionary(let dictionary) = root, dictionary.count > 0 else { throw TensorFileProblem.noStateDict(root.kind) }
        let contents = dictionary.pairs.prefix(20).map { "\($0.key.label): \($0.value.kind)" }.joined(separator: ", ")
        throw TensorFileProblem.noStateDict("{\(contents)\(dictionary.count > 20 ? ", …" : "")}")
    }

    private func namedStateDict(_ keyPath: String) throws -> (keyPath: String, dictionary: PickleDictionary) {
        let found = stateDicts
        if let match = found.first(where: { $0.keyPath == keyPath }) { return match }
        if case .dictionary(let dictionary)? = root[keyPath] {
            let foreign = dictionary.firstForeignEntry.map { ", in which '\($0.key.label)' is \($0.value.kind)" } ?? ""
            throw TensorFileProblem.noStateDict("under '\(keyPath)' a dictionary of \(dictionary.count)\(foreign)")
        }
        let paths = found.map { $0.keyPath.isEmpty ? "the top level" : "'\($0.keyPath)'" }
        let instead = paths.isEmpty ? "" : "; there are tensors under \(paths.joined(separator: ", "))"
        let nearest = nearestName(to: keyPath, in: found.map(\.keyPath)).map { " (did you mean '\($0)'?)" } ?? ""
        throw TensorFileProblem.noStateDict("nothing of that kind under '\(keyPath)'\(nearest)\(instead)")
    }
}

extension PickleDictionary {
    /// The first entry that is not a tensor under a string key.
    fileprivate var firstForeignEntry: (key: PickleValue, value: PickleValue)? {
        pairs.first { pair in
            if case (.string, .tensor) = pair { false } else { true }
        }
    }
}

extension PickleValue {
    /// A dictionary's key as shown in messages.
    fileprivate var label: String {
        switch self {
        case .string(let text): text
        case .integer(let number): String(number)
        default: kind
        }
    }
}
