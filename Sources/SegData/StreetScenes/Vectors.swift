import Support

extension StreetScenes {
    /// Metres in the world: x to the right, y up, z along the street away from the viewer. Also linear RGB.
    typealias Vector = SIMD3<Float>

    /// `x · x̂ + y · ŷ + c`: everything that a rasteriser steps over the screen is one of these.
    struct Affine {
        var x: Float
        var y: Float
        var c: Float

        @inline(__always)
        func callAsFunction(_ px: Float, _ py: Float) -> Float { x * px + y * py + c }

        static func + (a: Affine, b: Affine) -> Affine { Affine(x: a.x + b.x, y: a.y + b.y, c: a.c + b.c) }
        static func * (a: Affine, s: Float) -> Affine { Affine(x: a.x * s, y: a.y * s, c: a.c * s) }
    }
}

extension SIMD3<Float> {
    @inline(__always)
    func dot(_ other: Self) -> Float { x * other.x + y * other.y + z * other.z }

    func cross(_ other: Self) -> Self {
        Self(y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x)
    }

    @inline(__always)
    var length: Float { dot(self).squareRoot() }

    @inline(__always)
    var unit: Self { self * (1 / Swift.max(length, 1e-9)) }

    @inline(__always)
    func mixed(_ other: Self, _ t: Float) -> Self { self + (other - self) * t }
}

extension Float {
    /// The largest whole number below, for |x| < 2²²; a few instructions on every processor.
    ///
    /// Adding 1.5·2²³ leaves no bits for a fraction. A number that is whole may come out one lower.
    @inline(__always)
    var floored: (value: Float, index: Int32) {
        let shifted = (self - 0.5) + 12_582_912
        return (shifted - 12_582_912, Int32(bitPattern: shifted.bitPattern) &- 0x4B40_0000)
    }

    @inline(__always)
    var fraction: Float { self - floored.value }

    @inline(__always)
    func mixed(_ other: Float, _ t: Float) -> Float { self + (other - self) * t }
}

/// 0 below `low`, 1 above `high`, smooth between.
@inline(__always)
func smoothStep(_ low: Float, _ high: Float, _ x: Float) -> Float {
    let t = min(max((x - low) / (high - low), 0), 1)
    return t * t * (3 - 2 * t)
}

extension StreetScenes {
    /// Linear RGB of a colour given as a person picks it, 0...255 a channel, by a polynomial close to sRGB's curve.
    static func srgb(_ red: Float, _ green: Float, _ blue: Float) -> Vector {
        let c = Vector(red, green, blue) / 255
        return c * c * (Vector(repeating: 0.68) + c * 0.32)
    }

    /// Draws for the description of a scene: a seeded generator with the few questions that samplers ask.
    struct Dice {
        private var random: SeededRandom

        /// Every (seed, index, stream) has a sequence of its own.
        init(seed: Int, index: Int, stream: Int) {
            var key: UInt64 = 0
            for part in [seed, index, stream] {
                key = Noise.mix64(key &+ 0x9E37_79B9_7F4A_7C15 &+ UInt64(bitPattern: Int64(part)))
            }
            random = SeededRandom(Int(truncatingIfNeeded: key))
        }

        mutating func number(_ low: Float, _ high: Float) -> Float { low + (high - low) * Float(random.unit()) }
        mutating func chance(_ probability: Float) -> Bool { Float(random.unit()) < probability }
        mutating func below(_ bound: Int) -> Int { random.below(bound) }
        mutating func pick<T>(_ choices: [T]) -> T { choices[random.below(choices.count)] }
        mutating func seed() -> UInt32 { UInt32(truncatingIfNeeded: random.next()) }
        mutating func sign() -> Float { chance(0.5) ? 1 : -1 }

        /// The index of one of `weights`, drawn in proportion to them.
        mutating func weighted(_ weights: [Float]) -> Int {
            var rest = number(0, weights.reduce(0, +))
            for (index, weight) in weights.enumerated() {
                if rest < weight { return index }
                rest -= weight
            }
            return weights.count - 1
        }

        /// `color` made a little lighter or darker, and a little warmer or colder.
        mutating func vary(_ color: Vector, _ amount: Float = 0.15) -> Vector {
            let light = 1 + number(-amount, amount)
            let warm = number(-amount, amount) * 0.4
            return color * Vector(light * (1 + warm), light, light * (1 - warm))
        }
    }
}
