extension StreetScenes {
    /// A source of light in the street; its light falls with the square of the distance and ends at `reach`.
    struct Lamp {
        var position: Vector
        var light: Vector
        var reach: Float
        /// Shines downwards only.
        var hangs: Bool
    }

    /// The lamps of a scene, sorted by where along the street their light falls.
    struct Lamps {
        static let step: Float = 8
        static let start: Float = -24
        static let bins = 32
        /// The lamps of bin b are `lamps[starts[b]..<starts[b + 1]]`.
        private(set) var lamps: [Lamp] = []
        private(set) var starts = [Int32](repeating: 0, count: bins + 1)

        init(_ scene: Scene, _ look: Appearance) {
            var all: [Lamp] = []
            if look.lamps > 0 {
                for piece in scene.furniture where piece.kind == .lamp { all += Self.street(piece, look.lamps) }
            }
            if look.headlights > 0 {
                for vehicle in scene.vehicles where !vehicle.parked { all += Self.vehicle(vehicle, look.headlights) }
            }
            for bin in 0..<Self.bins {
                let from = Self.start + Float(bin) * Self.step
                for lamp in all where lamp.position.z + lamp.reach > from && lamp.position.z - lamp.reach < from + Self.step {
                    lamps.append(lamp)
                }
                starts[bin + 1] = Int32(lamps.count)
            }
        }

        /// Sodium or white, one kind in a street.
        static func color(_ seed: UInt32) -> Vector { seed >> 8 & 3 == 0 ? Vector(0.86, 0.95, 1) : Vector(1, 0.66, 0.30) }

        private static func street(_ piece: Furniture, _ level: Float) -> [Lamp] {
            let lantern = piece.seed & 3 == 0
            let ways: [Float] = lantern ? [0] : piece.seed & 7 == 1 ? [1, -1] : [1]
            return ways.map { way in
                let position = piece.base + Vector(0, piece.height + 0.4, 0) + piece.facing * (1.75 * way)
                let strength = (lantern ? 9 : 20) * level / Float(ways.count).squareRoot()
                return Lamp(position: position, light: color(piece.seed) * strength, reach: 24, hangs: !lantern)
            }
        }

        /// The pools of light before and behind a car.
        private static func vehicle(_ vehicle: Vehicle, _ level: Float) -> [Lamp] {
            let ahead = vehicle.position + vehicle.heading * (vehicle.length / 2 + 2.5) + Vector(0, 0.9, 0)
            let behind = vehicle.position - vehicle.heading * (vehicle.length / 2 + 1.8) + Vector(0, 0.5, 0)
            let red = Vector(1, 0.06, 0.04) * (vehicle.braking ? 0.5 : 0.15)
            return [
                Lamp(position: ahead, light: Vector(1, 0.93, 0.8) * (0.8 * level), reach: 10, hangs: false),
                Lamp(position: behind, light: red * level, reach: 5, hangs: false),
            ]
        }
    }

    /// Looks up the lamps' light without bounds or reference counting.
    struct LampReader {
        let lamps: UnsafePointer<Lamp>
        let starts: UnsafePointer<Int32>
        /// The headlights of the viewer's own car: where they are, which way they point, how bright they are.
        let beamOrigin: Vector
        let beamWay: Vector
        let beam: Float

        init(lamps: UnsafePointer<Lamp>, starts: UnsafePointer<Int32>, look: Appearance) {
            self.lamps = lamps
            self.starts = starts
            beamOrigin = Vector(look.view.position.x, 0.7, look.view.position.z)
            beamWay = Vector(look.view.yawSine, -0.03, look.view.yawCosine).unit
            beam = look.beam
        }

        /// What all lamps throw on a surface at `point`.
        @inline(__always)
        func light(at point: Vector, _ normal: Vector) -> Vector {
            let bin = min(max(Int(((point.z - Lamps.start) / Lamps.step).floored.index), 0), Lamps.bins - 1)
            var total = headlight(at: point, normal)
            for index in Int(starts[bin])..<Int(starts[bin + 1]) {
                let lamp = lamps + index
                let way = lamp.pointee.position - point
                let squared = way.dot(way)
                let reach = lamp.pointee.reach * lamp.pointee.reach
                guard squared < reach else { continue }
                let inverse = 1 / max(squared, 0.3)
                let root = inverse.squareRoot()
                // Air and neighbouring walls turn some of the light around corners.
                let facing = max(normal.dot(way) * root, 0) * 0.9 + 0.1
                let down = lamp.pointee.hangs ? max(way.y * root, 0) * 0.85 + 0.15 : 1
                let end = 1 - squared / reach
                total += lamp.pointee.light * (facing * down * inverse * end * end)
            }
            return total
        }

        /// Dipped beams: bright below the horizon, faint above it.
        @inline(__always)
        func headlight(at point: Vector, _ normal: Vector) -> Vector {
            guard beam > 0 else { return .zero }
            let way = point - beamOrigin
            let ahead = way.dot(beamWay)
            guard ahead > 0.5 else { return .zero }
            let squared = way.dot(way)
            let spread = squared / (ahead * ahead) - 1
            let across = 1 / (1 + spread * 5)
            let over = way.y / ahead
            let cutoff = 0.1 + 0.9 * smoothStep(0.03, -0.04, over)
            let facing = max(-normal.dot(way) * (1 / squared.squareRoot()), 0) * 0.7 + 0.3
            return Vector(1, 0.94, 0.84) * (beam * 75 * across * across * cutoff * facing / (squared + 40))
        }
    }
}
