import Vision

extension Instance {
    /// Objects as words of 32 bits: how many, then of each its class, whether it is a crowd, whether it has a number, the number
    /// (2 words), the box (8 words), the mask's size (2 words), and its runs with their count before them.
    static func pack(_ instances: [Instance]) -> [UInt32] {
        var words = [UInt32(instances.count)]
        func append(_ value: UInt64) { words += [UInt32(truncatingIfNeeded: value), UInt32(value >> 32)] }
        for instance in instances {
            words += [UInt32(instance.category), instance.isCrowd ? 1 : 0, instance.id == nil ? 0 : 1]
            append(UInt64(bitPattern: Int64(instance.id ?? 0)))
            let box = instance.box
            for number in [box.x, box.y, box.width, box.height] { append(number.bitPattern) }
            words += [UInt32(instance.mask.width), UInt32(instance.mask.height), UInt32(instance.mask.counts.count)] + instance.mask.counts
        }
        return words
    }

    /// Nil when the words are damaged.
    static func unpack(_ words: [UInt32]) -> [Instance]? {
        var rest = words[...]
        func word() -> UInt32? { rest.popFirst() }
        func long() -> UInt64? {
            guard let low = word(), let high = word() else { return nil }
            return UInt64(low) | UInt64(high) << 32
        }
        guard let count = word() else { return nil }
        var instances: [Instance] = []
        for _ in 0..<count {
            guard let category = word(), let isCrowd = word(), let hasID = word(), let id = long(), let x = long(), let y = long(),
                let boxWidth = long(), let boxHeight = long(), let width = word(), let height = word(), let runs = word(),
                rest.count >= runs
            else { return nil }
            let counts = Array(rest.prefix(Int(runs)))
            rest = rest.dropFirst(Int(runs))
            guard counts.reduce(0, { $0 + Int($1) }) == Int(width) * Int(height) else { return nil }
            let box = Box(
                x: Double(bitPattern: x), y: Double(bitPattern: y), width: Double(bitPattern: boxWidth),
                height: Double(bitPattern: boxHeight))
            instances.append(
                Instance(
                    category: Int(category), mask: RunLengthMask(width: Int(width), height: Int(height), counts: counts), box: box,
                    isCrowd: isCrowd == 1, id: hasID == 1 ? Int(Int64(bitPattern: id)) : nil))
        }
        return instances
    }
}
