extension StreetScenes {
    /// Repeatable randomness in space: whole-number hashes, the same on every machine.
    enum Noise {
        static func mix64(_ value: UInt64) -> UInt64 {
            var z = value
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }

        @inline(__always)
        static func hash(_ x: Int32, _ y: Int32, _ seed: UInt32) -> UInt32 {
            var h = UInt32(bitPattern: x) &* 0x9E37_79B1 ^ UInt32(bitPattern: y) &* 0x85EB_CA77 ^ seed &* 0xC2B2_AE3D
            h = (h ^ (h >> 15)) &* 0x2C1B_3C6D
            h = (h ^ (h >> 12)) &* 0x297A_2D39
            return h ^ (h >> 15)
        }

        /// A number in [0, 1) for a cell of a grid.
        @inline(__always)
        static func unit(_ x: Int32, _ y: Int32, _ seed: UInt32) -> Float {
            Float(hash(x, y, seed) >> 8) * 0x1p-24
        }

        /// One period of fractal noise, made once for the process.
        static let tile = makeTile()

        static let tileSize = 256

        /// Five octaves of value noise that repeats after `tileSize` texels, stretched to cover [0, 1].
        private static func makeTile() -> [Float] {
            var values = [Float](repeating: 0, count: tileSize * tileSize)
            var amplitude: Float = 1
            for octave in 0..<5 {
                let cells = 8 << octave
                let step = Float(cells) / Float(tileSize)
                for y in 0..<tileSize {
                    for x in 0..<tileSize {
                        let value = lattice(Float(x) * step, Float(y) * step, period: Int32(cells), seed: UInt32(octave) &+ 77)
                        values[y * tileSize + x] += amplitude * value
                    }
                }
                amplitude *= 0.55
            }
            let low = values.min()!
            let high = values.max()!
            return values.map { ($0 - low) / (high - low) }
        }

        /// Value noise: hashes at the corners of a cell, blended smoothly.
        private static func lattice(_ x: Float, _ y: Float, period: Int32, seed: UInt32) -> Float {
            let x0 = Int32(x)
            let y0 = Int32(y)
            let x1 = (x0 + 1) % period
            let y1 = (y0 + 1) % period
            let fx = smoothStep(0, 1, x - Float(x0))
            let fy = smoothStep(0, 1, y - Float(y0))
            let top = unit(x0, y0, seed) * (1 - fx) + unit(x1, y0, seed) * fx
            let bottom = unit(x0, y1, seed) * (1 - fx) + unit(x1, y1, seed) * fx
            return top * (1 - fy) + bottom * fy
        }
    }

    /// Reads the noise tile without bounds or reference counting: the inner loops' view of ``Noise/tile``.
    struct NoiseReader {
        let tile: UnsafePointer<Float>

        /// The texel at (x, y), both in texels, wrapped around.
        @inline(__always)
        func nearest(_ x: Float, _ y: Float) -> Float {
            let column = x.floored.index & 255
            let row = y.floored.index & 255
            return tile[Int(row &* 256 &+ column)]
        }

        /// The noise at (x, y), in texels, blended between texels.
        @inline(__always)
        func smooth(_ x: Float, _ y: Float) -> Float {
            let left = x.floored
            let top = y.floored
            let fx = x - left.value
            let fy = y - top.value
            let x0 = Int(left.index & 255)
            let x1 = (x0 &+ 1) & 255
            let y0 = Int(top.index & 255) &* 256
            let y1 = (y0 &+ 256) & 65535
            let a = tile[y0 &+ x0] + (tile[y0 &+ x1] - tile[y0 &+ x0]) * fx
            let b = tile[y1 &+ x0] + (tile[y1 &+ x1] - tile[y1 &+ x0]) * fx
            return a + (b - a) * fy
        }
    }
}
