/// How far from a border a metric looks: in pixels, or as a share of the image's diagonal.
public enum BandWidth: Sendable, Equatable {
    case pixels(Int)
    case diagonal(Double)

    /// In pixels on an image of this size, rounded as `rule` says; 1 at least.
    public func pixels(width: Int, height: Int, _ rule: FloatingPointRoundingRule) -> Int {
        switch self {
        case .pixels(let count): max(count, 1)
        case .diagonal(let share): max(1, Int((share * Double(width * width + height * height).squareRoot()).rounded(rule)))
        }
    }
}

extension BandWidth: Codable {
    private enum CodingKeys: String, CodingKey { case pixels, diagonal }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        if let share = try values.decodeIfPresent(Double.self, forKey: .diagonal) {
            self = .diagonal(share)
        } else {
            self = .pixels(try values.decode(Int.self, forKey: .pixels))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .pixels(let count): try values.encode(count, forKey: .pixels)
        case .diagonal(let share): try values.encode(share, forKey: .diagonal)
        }
    }
}

extension BandWidth: CustomStringConvertible {
    /// `5 px`, `2 % of the diagonal`.
    public var description: String {
        switch self {
        case .pixels(let count): return "\(count) px"
        case .diagonal(let share):
            let percent = (share * 1e6).rounded() / 1e4
            return "\(percent == percent.rounded() ? "\(Int(percent))" : "\(percent)") % of the diagonal"
        }
    }
}
