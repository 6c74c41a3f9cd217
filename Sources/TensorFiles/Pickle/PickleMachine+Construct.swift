extension PickleMachine {
    /// What calling `global` with `arguments` would make in Python, as a plain value.
    mutating func construct(_ global: PickleGlobal, _ arguments: [Item]) throws -> Item {
        switch global {
        case .orderedDict: return try orderedDict(arguments)
        case .set:
            guard arguments.count <= 1 else { throw failure("a set takes one list") }
            let members = try arguments.first.map { try sequence($0) } ?? []
            return try container(.set, members)
        case .size:
            guard arguments.count == 1 else { throw failure("torch.Size takes one tuple") }
            return try container(.tuple, try sequence(arguments[0]))
        case .bytes, .bytearray, .encode: return .bytes(try latinBytes(arguments))
        case .device: return .string(try deviceName(arguments))
        case .rebuildTensor, .rebuildTensorV2: return try tensor(arguments, dtype: nil)
        case .rebuildTensorV3:
            guard arguments.count > 6, case .global(let type) = arguments[6] else { throw failure("a tensor without its dtype") }
            switch type {
            case .dtype(let dtype): return try tensor(arguments, dtype: dtype)
            case .unsupportedType(let name): throw TensorFileProblem.unsupportedType(tensor: "?", type: name)
            default: throw failure("a tensor without its dtype")
            }
        case .rebuildParameter, .rebuildParameterWithState:
            guard case .tensor? = arguments.first else { throw failure("a parameter without its tensor") }
            return arguments[0]
        case .rebuildFromType:
            // (function, class, arguments, attributes): a tensor to which someone attached Python attributes.
            guard arguments.count == 4, case .global(let function) = arguments[0], case .global(.tensorClass) = arguments[1],
                let inner = items(arguments[2], .tuple)
            else { throw failure("a tensor subclass that is not known") }
            switch function {
            case .rebuildTensorV2, .rebuildTensorV3: return try construct(function, inner)
            default: throw failure("a tensor subclass that is not known")
            }
        case .tensorClass, .storage, .untypedStorage, .unsupportedType, .dtype:
            throw failure("it calls a type that checkpoints only refer to")
        }
    }

    private mutating func container(_ kind: Container.Kind, _ items: [Item]) throws -> Item {
        try charge(items.count)
        containers.append(Container(kind: kind, items: items))
        return .container(containers.count - 1)
    }

    private func sequence(_ item: Item) throws -> [Item] {
        guard let items = items(item, .list) ?? items(item, .tuple) else { throw failure("expected a list") }
        return items
    }

    /// `OrderedDict()` or `OrderedDict([(key, value), …])`.
    private mutating func orderedDict(_ arguments: [Item]) throws -> Item {
        guard arguments.count <= 1 else { throw failure("OrderedDict takes one list of pairs") }
        var items: [Item] = []
        for pair in try arguments.first.map({ try sequence($0) }) ?? [] {
            let pair = try sequence(pair)
            guard pair.count == 2 else { throw failure("OrderedDict takes pairs") }
            items += pair
        }
        return try container(.dictionary, items)
    }

    /// Protocol 2 writes bytes as Latin-1 text: `encode(text, 'latin1')`.
    private mutating func latinBytes(_ arguments: [Item]) throws -> [UInt8] {
        guard let first = arguments.first else { return [] }
        if case .bytes(let bytes) = first { return bytes }
        guard case .string(let text) = first, arguments.count == 2, case .string(let codec) = arguments[1],
            ["latin1", "latin-1"].contains(codec)
        else { throw failure("bytes in an unknown encoding") }
        try charge(text.utf8.count)
        let bytes = text.unicodeScalars.compactMap { UInt8(exactly: $0.value) }
        guard bytes.count == text.unicodeScalars.count else { throw failure("text that is not Latin-1") }
        return bytes
    }

    private func deviceName(_ arguments: [Item]) throws -> String {
        switch (arguments.first, arguments.count > 1 ? arguments[1] : nil) {
        case (.string(let type)?, nil): return type
        case (.string(let type)?, .integer(let index)?): return "\(type):\(index)"
        default: throw failure("a device of unknown form")
        }
    }

    /// `(storage, offset, shape, strides, …)`; what follows (gradients, hooks) is of no use without a program.
    private mutating func tensor(_ arguments: [Item], dtype: StoredType?) throws -> Item {
        guard arguments.count >= 4, case .storage(let storageIndex) = arguments[0], case .integer(let offset) = arguments[1],
            let shape = integers(arguments[2]), let strides = integers(arguments[3]), shape.count == strides.count, shape.count <= 64
        else { throw failure("a tensor of unknown form") }
        let storage = storages[storageIndex]
        tensors.append(Tensor(storage: storage, dtype: dtype ?? storage.dtype, offset: offset, shape: shape, strides: strides))
        return .tensor(tensors.count - 1)
    }

    private func integers(_ item: Item) -> [Int]? {
        guard let items = items(item, .tuple) ?? items(item, .list) else { return nil }
        var numbers: [Int] = []
        for item in items {
            guard case .integer(let number) = item else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    /// Keeps an OrderedDict's attributes beside it.
    mutating func setAttributes(_ state: Item) throws {
        guard stack.count > (marks.last ?? 0), case .container(let index)? = stack.last, containers[index].kind == .dictionary else {
            throw failure("it sets the attributes of something that is no dictionary")
        }
        containers[index].attributes = state
    }

    /// The storage that a persistent id names: `('storage', class, key, location, count[, view])`.
    mutating func storage(_ id: Item) throws -> Item {
        guard let fields = items(id, .tuple), fields.count == 5 || fields.count == 6,
            case .string("storage") = fields[0], case .global(let type) = fields[1], let key = storageKey(fields[2]),
            case .integer(let count) = fields[4], count >= 0
        else { throw failure("a storage of unknown form") }
        let dtype: StoredType
        switch type {
        case .storage(let stored): dtype = stored
        case .untypedStorage: dtype = .uint8
        case .unsupportedType(let name): throw TensorFileProblem.unsupportedType(tensor: "?", type: name)
        default: throw failure("a storage of unknown type")
        }
        let view = fields.count == 6 ? try self.view(fields[5], count) : 0..<count
        storages.append(Storage(key: key, dtype: dtype, count: count, view: view))
        return .storage(storages.count - 1)
    }

    /// `(key, offset, count)` of a view of the storage, or None for all of it.
    private func view(_ item: Item, _ count: Int) throws -> Range<Int> {
        if case .none = item { return 0..<count }
        guard let fields = items(item, .tuple), fields.count == 3, case .integer(let offset) = fields[1],
            case .integer(let length) = fields[2], offset >= 0, length >= 0, offset <= count, length <= count - offset
        else { throw failure("a storage view of unknown form") }
        return offset..<offset + length
    }

    func storageKey(_ item: Item) -> String? {
        switch item {
        case .string(let key): key
        case .integer(let key): String(key)
        default: nil
        }
    }
}
