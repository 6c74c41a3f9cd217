import Support

extension StreetScenes {
    /// What streets are seen like: time of day, weather, city or camera, and how far that is from a clear day.
    ///
    /// A sample shows the same street with the same objects in every domain. In those of light and weather labels and
    /// objects are the same to the pixel; ``Kind/otherCity`` and ``Kind/otherCamera`` change them with the picture.
    public struct Domain: Sendable, Hashable, CustomStringConvertible {
        public enum Kind: String, Sendable, CaseIterable {
            /// Days from cloudless to overcast: what the other domains depart from. It has no severity.
            case clear
            /// From the last sun to the end of twilight: a warm horizon, the first lamps.
            case dusk
            /// Street lamps, lit windows, headlights, and a camera at the end of its sensitivity.
            case night
            /// Visibility from a kilometre down to thirty metres.
            case fog
            /// Overcast, wet ground that mirrors the street, falling rain, drops on the lens.
            case rain
            /// Snow on all that faces the sky, and in the air.
            case snow
            /// The sun a hand's breadth over the street: glare, flare, long shadows.
            case lowSun = "low-sun"
            /// Other houses, plants, road markings and signs; from severity 0.5 on, traffic keeps to the right.
            case otherCity = "other-city"
            /// Another angle of view, height and pitch, a distorting lens, other colours.
            case otherCamera = "other-camera"
        }

        public let kind: Kind
        /// 0: hardly different from ``clear`` … 1: as far from it as the domain goes. 0 for ``clear``.
        public let severity: Double

        public static let clear = Domain(unchecked: .clear, 0)

        /// - Throws: `UserError` for a severity outside 0...1.
        public init(_ kind: Kind, severity: Double = 0.5) throws(UserError) {
            guard (0...1).contains(severity) else {
                throw UserError(
                    "the severity of \(kind.rawValue) is \(severity)", hint: "0 is hardly different from a clear day, 1 the worst of it.")
            }
            self.init(unchecked: kind, severity)
        }

        private init(unchecked kind: Kind, _ severity: Double) {
            self.kind = kind
            self.severity = kind == .clear ? 0 : severity
        }

        /// Reads `fog:0.8`, or `fog` alone.
        /// - Parameter severity: that of a domain which says none.
        /// - Throws: `UserError` with the nearest word when there is no such domain, or for a severity outside 0...1.
        public init(parsing text: String, severity: Double = 0.5) throws(UserError) {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let words = Kind.allCases.map(\.rawValue)
            guard let kind = Kind(rawValue: parts[0]) else {
                let nearest = nearestName(to: parts[0], in: words).map { "Did you mean '\($0)'? " } ?? ""
                throw UserError("StreetScenes have no domain '\(parts[0])'", hint: "\(nearest)There are \(words.joined(separator: ", ")).")
            }
            guard parts.count == 2 else {
                try self.init(kind, severity: severity)
                return
            }
            guard let severity = Double(parts[1]) else {
                throw UserError("'\(text)': expected a severity from 0 to 1 after ':', found '\(parts[1])'")
            }
            try self.init(kind, severity: severity)
        }

        /// Every domain at one severity, ``clear`` first.
        /// - Throws: `UserError` for a severity outside 0...1.
        public static func all(severity: Double) throws(UserError) -> [Domain] {
            var domains: [Domain] = []
            for kind in Kind.allCases { domains.append(try Domain(kind, severity: severity)) }
            return domains
        }

        /// Whether labels and objects are those of ``clear``, pixel by pixel.
        public var keepsLabels: Bool { kind != .otherCity && kind != .otherCamera }

        /// As in `fog:0.7`; `clear` alone.
        public var description: String { kind == .clear ? kind.rawValue : "\(kind.rawValue):\(severity)" }
    }
}
