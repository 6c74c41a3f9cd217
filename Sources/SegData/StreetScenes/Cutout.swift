extension StreetScenes {
    /// Surfaces with holes: which points of a surface are there at all.
    enum Cutout: UInt8 {
        case none
        /// A ragged clump of leaves (card).
        case foliage
        /// A tangle of bare twigs (card).
        case twigs
        /// Upright bars between rails.
        case railings
        /// Wooden boards with narrow gaps.
        case palings
        /// Wire mesh between posts.
        case mesh
        /// Nothing outside the circle with radius ½ around (½, ½).
        case disc
    }

    /// Decides whether a surface covers the point (u, v).
    struct CutoutTest {
        let noise: NoiseReader

        /// - Parameters:
        ///   - size: the card's half extents.
        ///   - fine: metres between samples there: bars and wires never get thinner.
        @inline(__always)
        func covers(_ cutout: Cutout, _ u: Float, _ v: Float, size: SIMD2<Float>, seed: UInt32, fine: Float) -> Bool {
            switch cutout {
            case .none: return true
            case .foliage: return foliage(u, v, size, seed)
            case .twigs: return twigs(u, v, size, seed)
            case .railings: return railings(u, v, fine)
            case .palings: return v < 1.55 + 0.04 * Float((u * 7).floored.index & 1) && (fine > 0.03 || (u * 7).fraction > 0.1)
            case .mesh: return mesh(u, v, fine)
            case .disc: return (u - 0.5) * (u - 0.5) + (v - 0.5) * (v - 0.5) < 0.25
            }
        }

        /// A coarse outline, then leaves as large as a hand; holes get frequent towards the rim.
        @inline(__always)
        private func foliage(_ u: Float, _ v: Float, _ size: SIMD2<Float>, _ seed: UInt32) -> Bool {
            let r = rim(u, v, size)
            if r > 1 { return false }
            let shift = Self.shift(seed)
            let outline = noise.nearest(u * 24 + shift.x, v * 24 + shift.y)
            let leaves = noise.nearest(u * 190 + shift.y, v * 190 + shift.x)
            return r < 0.52 + (outline - 0.5) * 1.1 + (leaves - 0.5) * 1.5
        }

        /// Level lines of the noise wander like twigs.
        @inline(__always)
        private func twigs(_ u: Float, _ v: Float, _ size: SIMD2<Float>, _ seed: UInt32) -> Bool {
            let r = rim(u, v, size)
            if r > 1 { return false }
            let shift = Self.shift(seed)
            let a = abs(noise.smooth(u * 30 + shift.x, v * 22 + shift.y) - 0.5)
            let b = abs(noise.smooth(u * 44 + shift.y, v * 34 + shift.x) - 0.52)
            return min(a, b) < 0.035 * (1.1 - r)
        }

        /// The squared distance from a card's centre, 1 on the ellipse that fits into it.
        @inline(__always)
        private func rim(_ u: Float, _ v: Float, _ size: SIMD2<Float>) -> Float {
            let x = u / size.x
            let y = v / size.y
            return x * x + y * y
        }

        /// Where in the noise a card's pattern lies.
        @inline(__always)
        static func shift(_ seed: UInt32) -> SIMD2<Float> { SIMD2(Float(seed & 255), Float((seed >> 8) & 255)) }

        @inline(__always)
        private func railings(_ u: Float, _ v: Float, _ fine: Float) -> Bool {
            let thin = max(0.035, fine * 1.3)
            if v > 0.08 && v < 0.08 + thin { return true }
            if v > 0.95 && v < 0.95 + thin { return true }
            if v > 1.12 { return false }
            let spacing: Float = fine > 0.06 ? 0.42 : 0.14
            return abs((u / spacing).fraction - 0.5) * spacing < max(0.011, fine * 0.65)
        }

        @inline(__always)
        private func mesh(_ u: Float, _ v: Float, _ fine: Float) -> Bool {
            if v > 1.75 || abs((u / 2.5).fraction - 0.5) * 2.5 < max(0.03, fine) { return true }
            let spacing: Float = fine > 0.03 ? 0.3 : 0.12
            let wire = max(0.006, fine * 0.5)
            let a = abs(((u + v) / spacing).fraction - 0.5) * spacing
            let b = abs(((u - v) / spacing).fraction - 0.5) * spacing
            return min(a, b) < wire
        }
    }
}
