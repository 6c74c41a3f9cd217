extension PickleMachine {
    /// Carries out one opcode of protocols 2 to 5 (`pickletools` in Python describes them).
    mutating func execute(_ opcode: PickleOpcode) throws {
        switch opcode {
        // Frames and the stack
        case .proto:
            let version = try reader.byte()
            guard version <= 5 else { throw failure("pickle protocol \(version) is not known") }
        case .frame: _ = try reader.integer(UInt64.self)
        case .mark: marks.append(stack.count)
        case .pop:
            // As in Python, POP takes a mark that lies on top.
            if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
        case .popMark: _ = try popToMark()
        case .dup:
            let item = try pop()
            push(item)
            push(item)

        // Numbers and constants
        case .none: push(.none)
        case .newTrue: push(.bool(true))
        case .newFalse: push(.bool(false))
        case .binInt: push(.integer(Int(try reader.integer(Int32.self))))
        case .binInt1: push(.integer(Int(try reader.byte())))
        case .binInt2: push(.integer(Int(try reader.integer(UInt16.self))))
        case .long1: push(Self.long(Array(try reader.take(try reader.byte()))))
        case .long4: push(Self.long(Array(try reader.take(try reader.integer(Int32.self)))))
        case .binFloat: push(.real(Double(bitPattern: try reader.integer(UInt64.self).byteSwapped)))

        // Text and bytes
        case .binUnicode: push(try text(try reader.integer(UInt32.self)))
        case .shortBinUnicode: push(try text(try reader.byte()))
        case .binUnicode8: push(try text(try reader.integer(UInt64.self)))
        case .shortBinString: push(try oldString(try reader.byte()))
        case .binString: push(try oldString(try reader.integer(Int32.self)))
        case .shortBinBytes: push(.bytes(Array(try reader.take(try reader.byte()))))
        case .binBytes: push(.bytes(Array(try reader.take(try reader.integer(UInt32.self)))))
        case .binBytes8, .byteArray8: push(.bytes(Array(try reader.take(try reader.integer(UInt64.self)))))

        // Containers
        case .emptyTuple: pushContainer(.tuple)
        case .tuple: pushContainer(.tuple, try popToMark())
        case .tuple1: pushContainer(.tuple, try pop(1))
        case .tuple2: pushContainer(.tuple, try pop(2))
        case .tuple3: pushContainer(.tuple, try pop(3))
        case .emptyList: pushContainer(.list)
        case .list: pushContainer(.list, try popToMark())
        case .append: try extendTop(.list, try pop(1))
        case .appends: try extendTop(.list, try popToMark())
        case .emptyDict: pushContainer(.dictionary)
        case .dict:
            let items = try popToMark()
            pushContainer(.dictionary)
            try extendTop(.dictionary, items)
        case .setItem: try extendTop(.dictionary, try pop(2))
        case .setItems: try extendTop(.dictionary, try popToMark())
        case .emptySet: pushContainer(.set)
        case .addItems: try extendTop(.set, try popToMark())
        case .frozenSet: pushContainer(.set, try popToMark())

        // The memo
        case .binPut: try remember(Int(try reader.byte()))
        case .longBinPut: try remember(Int(try reader.integer(UInt32.self)))
        case .memoize: try remember(memo.count)
        case .binGet: try recall(Int(try reader.byte()))
        case .longBinGet: try recall(Int(try reader.integer(UInt32.self)))

        // Names and constructions
        case .global:
            push(
                .global(
                    try PickleGlobal(
                        module: String(decoding: reader.line(), as: UTF8.self), name: String(decoding: reader.line(), as: UTF8.self))))
        case .stackGlobal:
            let names = try pop(2)
            guard case .string(let module) = names[0], case .string(let name) = names[1] else { throw failure("a name is not a string") }
            push(.global(try PickleGlobal(module: module, name: name)))
        case .reduce, .newObject:
            let call = try pop(2)
            guard case .global(let global) = call[0], let arguments = items(call[1], .tuple) else {
                throw failure("it calls something that is not a known name")
            }
            push(try construct(global, arguments))
        case .build: try setAttributes(try pop())
        case .binPersistentID: push(try storage(try pop()))
        case .stop: break
        }
    }

    private mutating func remember(_ index: Int) throws {
        guard stack.count > (marks.last ?? 0), let top = stack.last else { throw failure("its stack is empty") }
        memo[index] = top
    }

    private mutating func recall(_ index: Int) throws {
        guard let item = memo[index] else { throw failure("it refers to the value \(index), which it never stored") }
        push(item)
    }

    private mutating func text(_ count: some BinaryInteger) throws -> Item {
        guard let text = String(validating: try reader.take(count), as: UTF8.self) else { throw failure("a string is not UTF-8") }
        return .string(text)
    }

    /// A `str` of Python 2: text where it can be read as such.
    private mutating func oldString(_ count: some BinaryInteger) throws -> Item {
        let bytes = try reader.take(count)
        return String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .bytes(Array(bytes))
    }

    /// A two's complement integer of any length, little-endian.
    private static func long(_ bytes: [UInt8]) -> Item {
        guard bytes.count <= 8 else { return .bigInteger(bytes) }
        let negative = (bytes.last ?? 0) & 0x80 != 0
        return .integer(bytes.reversed().reduce(negative ? -1 : 0) { $0 << 8 | Int($1) })
    }
}
