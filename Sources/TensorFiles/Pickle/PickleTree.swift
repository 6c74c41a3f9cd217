/// Turns what a ``PickleMachine`` has read into values, and places each tensor in the file.
struct PickleTree {
    let machine: PickleMachine
    let file: MappedFile
    /// Where in the file each storage's bytes lie.
    let storages: [String: Range<Int>]

    private static let deepest = 100
    /// Python's values may share parts and contain themselves; written out as a tree they must stay in proportion to the file.
    private var budget: Int

    init(_ machine: PickleMachine, file: MappedFile, storages: [String: Range<Int>]) {
        self.machine = machine
        self.file = file
        self.storages = storages
        budget = 1_000_000 + machine.reader.position
    }

    mutating func value(_ item: PickleMachine.Item, path: @autoclosure () -> String = "", depth: Int = 0) throws -> PickleValue {
        guard depth <= Self.deepest else {
            throw machine.failure("its containers nest more than \(Self.deepest) deep, or one contains itself")
        }
        budget -= 1
        guard budget >= 0 else { throw machine.failure("its shared containers unfold into too many values") }
        switch item {
        case .none: return .none
        case .bool(let value): return .bool(value)
        case .integer(let value): return .integer(value)
        case .bigInteger(let bytes): return .bigInteger(bytes)
        case .real(let value): return .real(value)
        case .string(let text): return .string(text)
        case .bytes(let bytes): return .bytes(bytes)
        case .global(.dtype(let type)): return .string("torch.\(type)")
        case .global: throw machine.failure("a bare type at '\(path())'")
        case .storage(let index):
            let storage = machine.storages[index]
            let whole = PickleMachine.Tensor(
                storage: storage, dtype: storage.dtype, offset: 0, shape: [storage.view.count], strides: [1])
            return .tensor(try entry(whole, name: path()))
        case .tensor(let index): return .tensor(try entry(machine.tensors[index], name: path()))
        case .container(let index): return try container(machine.containers[index], path: path(), depth: depth + 1)
        }
    }

    private mutating func container(_ container: PickleMachine.Container, path: String, depth: Int) throws -> PickleValue {
        switch container.kind {
        case .list: return .list(try items(container, path, depth))
        case .tuple: return .tuple(try items(container, path, depth))
        case .set: return .set(try items(container, path, depth))
        case .dictionary:
            var pairs: [(key: PickleValue, value: PickleValue)] = []
            pairs.reserveCapacity(container.items.count / 2)
            for i in stride(from: 0, to: container.items.count, by: 2) {
                let key = try value(container.items[i], path: path, depth: depth)
                // Every occurrence of a key is hashed, so a long one costs more.
                if case .string(let text) = key { budget -= text.utf8.count / 64 }
                pairs.append((key, try value(container.items[i + 1], path: Self.join(path, key), depth: depth)))
            }
            let attributes = try container.attributes.map { try value($0, path: path, depth: depth) }
            return .dictionary(try PickleDictionary(pairs: pairs, attributes: attributes))
        }
    }

    private mutating func items(_ container: PickleMachine.Container, _ path: String, _ depth: Int) throws -> [PickleValue] {
        var values: [PickleValue] = []
        values.reserveCapacity(container.items.count)
        for (index, item) in container.items.enumerated() {
            values.append(try value(item, path: Self.join(path, .integer(index)), depth: depth))
        }
        return values
    }

    /// Paths are for messages; a shared key of megabytes must not be repeated in each.
    private static let longestPath = 512

    private static func join(_ path: String, _ key: PickleValue) -> String {
        let last =
            switch key {
            case .string(let text): text
            case .integer(let number): String(number)
            default: "?"
            }
        if path.utf8.count + last.utf8.count > longestPath { return path }
        return path.isEmpty ? last : "\(path).\(last)"
    }

    /// Places a tensor, after checking that every element lies inside its storage and every storage inside the file.
    private func entry(_ tensor: PickleMachine.Tensor, name: String) throws -> TensorEntry {
        func fail(_ reason: String) -> TensorFileProblem { .badLayout(tensor: name, reason: reason) }
        guard let whole = storages[tensor.storage.key] else { throw fail("its storage '\(tensor.storage.key)' is missing") }

        let storage = tensor.storage
        guard let storageBytes = Layout.product([storage.count, storage.dtype.byteSize]), storageBytes <= whole.count else {
            throw fail("its storage should hold \(storage.count) elements, the file has \(whole.count) bytes of it")
        }
        let viewStart = storage.view.lowerBound * storage.dtype.byteSize
        let viewBytes = storage.view.count * storage.dtype.byteSize

        let size = tensor.dtype.byteSize
        guard tensor.offset >= 0, let elements = Layout.elementCount(tensor.shape), Layout.product([elements, size]) != nil,
            let span = Layout.span(shape: tensor.shape, strides: tensor.strides),
            let spanBytes = Layout.product([span, size]), let offsetBytes = Layout.product([tensor.offset, size])
        else { throw fail("shape \(tensor.shape), strides \(tensor.strides) and offset \(tensor.offset) are impossible") }
        guard spanBytes == 0 || (offsetBytes <= viewBytes && spanBytes <= viewBytes - offsetBytes) else {
            throw fail(
                "shape \(tensor.shape), strides \(tensor.strides) and offset \(tensor.offset) reach outside its storage of \(viewBytes) bytes"
            )
        }
        // An empty tensor may have any offset; keep it inside the file.
        let start = whole.lowerBound + viewStart + (spanBytes == 0 ? 0 : offsetBytes)
        return TensorEntry(
            name: name, dtype: tensor.dtype, shape: tensor.shape, strides: tensor.strides, byteOffset: start, byteCount: spanBytes,
            file: file)
    }
}
