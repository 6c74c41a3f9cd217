import Foundation
import SegData
import Support
import Vision

/// An object of a training step that is kept.
public struct KeptObject: Codable, Sendable, Equatable {
    public var category: Int
    public var isCrowd: Bool
    /// See `RunLengthMask.counts`.
    public var runs: [UInt32]

    init(_ object: Instance) { (category, isCrowd, runs) = (object.category, object.isCrowd, object.mask.counts) }

    /// - Throws: `UserError` when the runs are not of an image of that size.
    func instance(_ size: Size, _ file: URL) throws -> Instance {
        guard runs.reduce(0, { $0 + Int($1) }) == size.width * size.height else {
            throw UserError("\(file.path): an object does not fill its image of \(size) with its runs")
        }
        return Instance(category: category, mask: RunLengthMask(width: size.width, height: size.height, counts: runs), isCrowd: isCrowd)
    }
}
