/// How a row of a PNG was changed before it was compressed: each byte is a difference from a guess (PNG specification, section 9).
enum PNGFilter: UInt8 {
    case none, sub, up, average, paeth

    /// Turns the differences back into bytes. Up to three bytes beyond each row are read, and beyond the target written: see ``slack``.
    /// - Parameters:
    ///   - above: the row above, already turned back; zeros for the first.
    ///   - channels: bytes a pixel.
    func undo(
        _ source: UnsafePointer<UInt8>, _ above: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>, count: Int, channels: Int
    ) {
        switch self {
        case .none: target.update(from: source, count: count)
        case .up: for index in 0..<count { target[index] = source[index] &+ above[index] }
        case .sub: pixels(source, above, target, count, channels) { difference, left, _, _ in difference &+ left }
        case .average:
            pixels(source, above, target, count, channels) { difference, left, up, _ in
                difference &+ (left & up) &+ ((left ^ up) &>> 1)
            }
        case .paeth: pixels(source, above, target, count, channels) { paeth($0, $1, $2, $3) }
        }
    }

    /// The bytes that must follow each row.
    static let slack = 3

    private typealias Pixel = SIMD4<UInt8>

    /// Walks through the pixels with their neighbours on the left, above, and above on the left.
    @inline(__always)
    private func pixels(
        _ source: UnsafePointer<UInt8>, _ above: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>, _ count: Int,
        _ channels: Int, _ guess: (_ difference: Pixel, _ left: Pixel, _ up: Pixel, _ upLeft: Pixel) -> Pixel
    ) {
        // The numbers of channels are spelled out so that the compiler unrolls the loop over them.
        switch channels {
        case 1: walk(source, above, target, count, 1, guess)
        case 2: walk(source, above, target, count, 2, guess)
        case 3: walk(source, above, target, count, 3, guess)
        default: walk(source, above, target, count, 4, guess)
        }
    }

    @inline(__always)
    private func walk(
        _ source: UnsafePointer<UInt8>, _ above: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>, _ count: Int,
        _ channels: Int, _ guess: (Pixel, Pixel, Pixel, Pixel) -> Pixel
    ) {
        let (source, above, target) = (UnsafeRawPointer(source), UnsafeRawPointer(above), UnsafeMutableRawPointer(target))
        var (left, upLeft) = (Pixel(), Pixel())
        var index = 0
        while index < count {
            let difference = unsafeBitCast(source.loadUnaligned(fromByteOffset: index, as: UInt32.self), to: Pixel.self)
            let up = unsafeBitCast(above.loadUnaligned(fromByteOffset: index, as: UInt32.self), to: Pixel.self)
            left = guess(difference, left, up, upLeft)
            upLeft = up
            // The next pixel overwrites what is too much.
            target.storeBytes(of: unsafeBitCast(left, to: UInt32.self), toByteOffset: index, as: UInt32.self)
            index &+= channels
        }
    }

    /// The neighbour that is nearest to left + up − upLeft; of equals the first in that order.
    @inline(__always)
    private func paeth(_ difference: Pixel, _ left: Pixel, _ up: Pixel, _ upLeft: Pixel) -> Pixel {
        let (a, b, c) = (
            SIMD4<Int16>(truncatingIfNeeded: left), SIMD4<Int16>(truncatingIfNeeded: up), SIMD4<Int16>(truncatingIfNeeded: upLeft)
        )
        let (toLeft, toUp) = (b &- c, a &- c)
        func magnitude(_ value: SIMD4<Int16>) -> SIMD4<Int16> {
            let sign = value &>> 15
            return (value ^ sign) &- sign
        }
        let (distanceLeft, distanceUp, distanceCorner) = (magnitude(toLeft), magnitude(toUp), magnitude(toLeft &+ toUp))
        let isLeft = (distanceLeft .<= distanceUp) .& (distanceLeft .<= distanceCorner)
        let other = b.replacing(with: c, where: distanceUp .> distanceCorner)
        return difference &+ SIMD4<UInt8>(truncatingIfNeeded: other.replacing(with: a, where: isLeft))
    }
}
