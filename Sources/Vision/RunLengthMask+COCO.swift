import Support

/// The two ways in which COCO's files write runs: a list of numbers, and a string of characters from `0` to `o`.
///
/// In the string each number takes groups of five bits, the lowest first, a sixth bit saying that more follow. From the fourth number
/// on, the difference from the number two before it is written, with a sign. (The format is defined by `maskApi.c` of COCO's tools.)
extension RunLengthMask {
    /// The mask whose runs are `counts`; runs of no length inside are joined with their neighbours.
    /// - Throws: `UserError` when a count is negative or all do not add up to the image's pixels.
    public init(cocoCounts counts: some Sequence<Int>, width: Int, height: Int) throws {
        var runs = RunList(pixels: width * height)
        for count in counts { try runs.append(count) }
        try self.init(runs, width: width, height: height)
    }

    /// The mask that COCO's compressed `counts` stand for.
    /// - Throws: `UserError` when the string is cut short or damaged, or its runs do not add up to the image's pixels.
    public init(cocoString string: String, width: Int, height: Int) throws {
        var string = string
        self = try string.withUTF8 { try RunLengthMask(cocoBytes: $0, width: width, height: height) }
    }

    /// As ``init(cocoString:width:height:)``, from the string's bytes.
    package init(cocoBytes bytes: UnsafeBufferPointer<UInt8>, width: Int, height: Int) throws {
        var runs = RunList(pixels: width * height)
        runs.counts.reserveCapacity(bytes.count / 2 + 1)
        var (number, shift, before, twoBefore, index) = (0, 0, 0, 0, 0)
        for byte in bytes {
            guard byte >= 48, byte < 112, shift < 60 else {
                throw UserError("the mask's compressed counts are damaged at character \(index + 1)")
            }
            let bits = Int(byte) - 48
            number |= (bits & 0x1F) << shift
            shift += 5
            index += 1
            guard bits & 0x20 == 0 else { continue }
            if bits & 0x10 != 0 { number |= -1 << shift }
            // The first three numbers are themselves; `runs.read` counts them.
            if runs.read > 2 { number += twoBefore }
            try runs.append(number)
            (twoBefore, before) = (before, number)
            (number, shift) = (0, 0)
        }
        guard shift == 0 else { throw UserError("the mask's compressed counts are cut short") }
        try self.init(runs, width: width, height: height)
    }

    private init(_ runs: RunList, width: Int, height: Int) throws {
        guard runs.sum == runs.pixels else {
            throw UserError("the mask's runs add up to \(runs.sum) pixels, its size \(width)×\(height) has \(runs.pixels)")
        }
        self.init(width: width, height: height, counts: runs.counts)
    }

    /// COCO's compressed `counts`.
    public var cocoString: String { String(decoding: cocoBytes, as: UTF8.self) }

    /// The bytes of ``cocoString``.
    package var cocoBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 * counts.count)
        for (index, count) in counts.enumerated() {
            var number = index > 2 ? Int(count) - Int(counts[index - 2]) : Int(count)
            var more = true
            while more {
                let bits = number & 0x1F
                number >>= 5
                more = bits & 0x10 != 0 ? number != -1 : number != 0
                bytes.append(UInt8(bits | (more ? 0x20 : 0)) + 48)
            }
        }
        return bytes
    }
}

/// Runs as they are read, without runs of no length behind the first.
private struct RunList {
    /// What they have to add up to.
    let pixels: Int
    var counts: [UInt32] = []
    /// Numbers read so far.
    var read = 0
    var sum = 0
    /// Whether the next number counts pixels inside.
    private var inside = false

    init(pixels: Int) { self.pixels = pixels }

    mutating func append(_ count: Int) throws {
        guard count >= 0, count <= pixels - sum else {
            throw UserError("the mask has a run of \(count) pixels where \(pixels - sum) are left")
        }
        if count > 0 || read == 0 {
            if inside == (counts.count % 2 == 1) {
                counts.append(UInt32(count))
            } else {
                counts[counts.count - 1] += UInt32(count)
            }
        }
        read += 1
        sum += count
        inside.toggle()
    }
}
