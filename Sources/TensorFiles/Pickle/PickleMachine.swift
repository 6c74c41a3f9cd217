/// The stack machine that Python's `pickle` format describes, without the opcodes that make objects.
///
/// Containers live in one array and refer to each other by index: a hostile pickle can tie knots and
/// nest a million deep without recursion anywhere. An opcode takes at least one byte and makes at most one
/// item; whatever copies more is charged to a budget. So memory stays in proportion to the pickle.
struct PickleMachine {
    /// A value on the stack or in a container.
    enum Item {
        case none
        case bool(Bool)
        case integer(Int)
        case bigInteger([UInt8])
        case real(Double)
        case string(String)
        case bytes([UInt8])
        case global(PickleGlobal)
        case storage(Int)
        case tensor(Int)
        case container(Int)
    }

    struct Container {
        enum Kind { case list, tuple, set, dictionary }
        let kind: Kind
        /// Keys and values in turn for a dictionary.
        var items: [Item] = []
        var attributes: Item?
    }

    /// A reference to a storage: the tensors' bytes, which lie outside the pickle under `key`.
    struct Storage {
        let key: String
        let dtype: StoredType
        /// Elements in the whole storage.
        let count: Int
        /// The part that a view of the storage (files of PyTorch 0.x) covers.
        let view: Range<Int>
    }

    /// A tensor, before anyone knows where its storage lies.
    struct Tensor {
        let storage: Storage
        let dtype: StoredType
        let offset: Int
        let shape: [Int]
        let strides: [Int]
    }

    var reader: ByteReader
    var stack: [Item] = []
    var marks: [Int] = []
    var memo: [Int: Item] = [:]
    var containers: [Container] = []
    var tensors: [Tensor] = []
    var storages: [Storage] = []
    /// Items and bytes that may still be copied.
    private var budget: Int

    private static let mostOpcodes = 10_000_000

    init(_ reader: ByteReader) {
        self.reader = reader
        budget = 1_000_000 + reader.remaining
    }

    /// Runs to the STOP opcode.
    /// - Returns: the one value that is left; its containers and tensors stay in the machine.
    mutating func run() throws -> Item {
        do {
            for _ in 0..<Self.mostOpcodes {
                let byte = try reader.byte()
                guard let opcode = PickleOpcode(rawValue: byte) else {
                    throw failure("the opcode 0x\(String(byte, radix: 16)) is not one that torch.save writes")
                }
                if opcode == .stop {
                    guard stack.count == 1, marks.isEmpty else { throw failure("it ends with \(stack.count) values on its stack") }
                    return stack[0]
                }
                try execute(opcode)
            }
        } catch is ByteReader.EndOfBytes {
            throw failure("it is cut short")
        }
        throw failure("it has more than \(Self.mostOpcodes) opcodes")
    }

    func failure(_ reason: String) -> TensorFileProblem { .badPickle(reason, at: reader.position) }

    /// Allows for a copy of `count` items or bytes.
    mutating func charge(_ count: Int) throws {
        budget -= count
        guard budget >= 0 else { throw failure("it copies too much") }
    }

    // MARK: The stack

    mutating func push(_ item: Item) { stack.append(item) }

    mutating func pop() throws -> Item {
        guard stack.count > (marks.last ?? 0), let item = stack.popLast() else { throw failure("its stack is empty") }
        return item
    }

    /// Takes everything above the topmost mark.
    mutating func popToMark() throws -> [Item] {
        guard let mark = marks.popLast() else { throw failure("a mark is missing") }
        let items = Array(stack[mark...])
        stack.removeSubrange(mark...)
        return items
    }

    mutating func pop(_ count: Int) throws -> [Item] {
        guard stack.count - (marks.last ?? 0) >= count else { throw failure("its stack is empty") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    mutating func pushContainer(_ kind: Container.Kind, _ items: [Item] = []) {
        push(.container(containers.count))
        containers.append(Container(kind: kind, items: items))
    }

    /// Adds `items` to the container on top of the stack, which must be of `kind`.
    mutating func extendTop(_ kind: Container.Kind, _ items: [Item]) throws {
        guard stack.count > (marks.last ?? 0), case .container(let index)? = stack.last, containers[index].kind == kind else {
            throw failure("it adds items to something that is no \(kind)")
        }
        guard kind != .dictionary || items.count % 2 == 0 else { throw failure("a key without a value") }
        containers[index].items.append(contentsOf: items)
    }

    /// The items of a container of `kind`.
    func items(_ item: Item, _ kind: Container.Kind) -> [Item]? {
        guard case .container(let index) = item, containers[index].kind == kind else { return nil }
        return containers[index].items
    }
}
