extension StreetScenes {
    /// A vehicle's outline from the side: what the sheets of its body bend along.
    struct BodyPlan {
        /// Where the outline turns, from the rear bumper over the roof to the front bumper: (fraction of the length,
        /// fraction of the height, fraction of the half width).
        var outline: [Vector]
        /// What the sheet that starts at each point is made of.
        var sheets: [Material.Kind]
        /// The fractions of the height between which the windows' side leans inwards, and where it starts and ends
        /// along the outline.
        var greenhouse: (first: Int, last: Int)?
        /// Wheels' distance from the ends, as fractions of the length, and their radius in metres.
        var axles: SIMD2<Float>
        var wheel: Float

        static func plan(_ kind: Vehicle.Kind) -> BodyPlan {
            switch kind {
            case .hatchback:
                return car(
                    [(0.0, 0.62), (0.03, 0.66), (0.13, 0.97), (0.3, 1.0), (0.5, 0.985), (0.71, 0.665), (0.93, 0.56)],
                    axles: SIMD2(0.17, 0.80))
            case .saloon:
                return car(
                    [(0.0, 0.64), (0.14, 0.68), (0.27, 0.97), (0.38, 1.0), (0.52, 0.985), (0.70, 0.66), (0.94, 0.56)],
                    axles: SIMD2(0.2, 0.80))
            case .estate:
                return car(
                    [(0.0, 0.60), (0.02, 0.64), (0.08, 0.96), (0.3, 1.0), (0.52, 0.985), (0.70, 0.64), (0.94, 0.54)],
                    axles: SIMD2(0.19, 0.80))
            case .offRoad:
                return car(
                    [(0.0, 0.60), (0.01, 0.64), (0.05, 0.97), (0.3, 1.0), (0.56, 0.985), (0.69, 0.68), (0.95, 0.62)],
                    axles: SIMD2(0.19, 0.80))
            case .van:
                return car(
                    [(0.0, 0.55), (0.0, 0.58), (0.01, 0.98), (0.3, 1.0), (0.70, 0.985), (0.86, 0.58), (0.97, 0.47)],
                    axles: SIMD2(0.2, 0.82), wheel: 0.34)
            case .bus, .lorry:
                return BodyPlan(
                    outline: [
                        Vector(0, 0.1, 0.97), Vector(0, 0.42, 1), Vector(0.003, 0.54, 1), Vector(0.007, 0.84, 1), Vector(0.01, 0.97, 1),
                        Vector(0.02, 1, 0.96), Vector(0.98, 1, 0.96), Vector(0.995, 0.94, 1), Vector(1, 0.40, 1), Vector(1, 0.1, 0.97),
                    ],
                    sheets: [
                        .carRear, .paint, kind == .bus ? .windscreen : .paint, .paint, .paint, .paint, .paint, .windscreen, .carFront,
                    ], greenhouse: nil, axles: SIMD2(0.24, 0.83), wheel: 0.48)
            }
        }

        /// Bumper, seven turning points (tail, rear window's foot and head, roof, windscreen's head and foot, bonnet's edge), nose.
        private static func car(_ turns: [(Float, Float)], axles: SIMD2<Float>, wheel: Float = 0.31) -> BodyPlan {
            let widths: [Float] = [0.84, 0.9, 0.76, 0.72, 0.74, 0.92, 0.86]
            // Corners are rounded: the rear and the nose are narrower than the middle.
            var outline = [Vector(0.0, 0.16, 0.8), Vector(-0.012, 0.36, 0.84)]
            for (turn, width) in zip(turns, widths) { outline.append(Vector(turn.0, turn.1, width)) }
            outline += [Vector(1.0, 0.36, 0.82), Vector(1.008, 0.28, 0.82), Vector(0.99, 0.15, 0.78)]
            return BodyPlan(
                outline: outline,
                sheets: [.plain, .carRear, .paint, .windscreen, .paint, .paint, .windscreen, .paint, .carFront, .paint, .plain],
                greenhouse: (3, 7), axles: axles, wheel: wheel)
        }
    }
}

extension StreetScenes.Mesh {
    /// A vehicle's body bent from sheets, its sides, windows and wheels.
    mutating func add(_ vehicle: StreetScenes.Vehicle) {
        begin(.car, countable: true, grounds: true)
        let plan = StreetScenes.BodyPlan.plan(vehicle.kind)
        let heading = vehicle.heading
        let right = Vector(0, 1, 0).cross(heading)
        let rear = vehicle.position - heading * (vehicle.length / 2)

        func point(_ p: Vector, _ side: Float) -> Vector {
            rear + heading * (p.x * vehicle.length) + Vector(0, p.y * vehicle.height, 0) + right * (side * p.z * vehicle.width / 2)
        }
        body(vehicle, plan, heading, point)
        for side: Float in [-1, 1] { flank(vehicle, plan, side, right, point) }
        wheels(vehicle, plan, rear, heading, right)
    }

    /// The sheets across the vehicle, each turning smoothly into the next.
    private mutating func body(
        _ vehicle: StreetScenes.Vehicle, _ plan: StreetScenes.BodyPlan, _ heading: Vector, _ point: (Vector, Float) -> Vector
    ) {
        var flat: [Vector] = []
        for index in plan.sheets.indices {
            let step = point(plan.outline[index + 1], 0) - point(plan.outline[index], 0)
            // Outwards: up for the roof, backwards for the rear.
            let forward = step.dot(heading)
            flat.append((Vector(0, forward, 0) - heading * step.y).unit)
        }
        let lights = Vector(vehicle.braking ? 1.6 : 0.45, 0.06, 0.04)
        for (index, kind) in plan.sheets.enumerated() {
            let a = plan.outline[index]
            let b = plan.outline[index + 1]
            let plain = kind == .windscreen || kind == .carRear || kind == .carFront
            let before = index > 0 && !plain ? (flat[index] + flat[index - 1]).unit : flat[index]
            let after = index + 1 < flat.count && !plain ? (flat[index] + flat[index + 1]).unit : flat[index]
            let color: Vector
            switch kind {
            case .plain: color = vehicle.seed & 1 == 0 ? vehicle.color * 0.7 : StreetScenes.srgb(40, 41, 43)
            default: color = vehicle.color
            }
            let sheet = material(kind, color, lights, index: vehicle.parked ? 1 : 0)
            self.sheet(
                point(a, -1), point(a, 1), point(b, 1), point(b, -1), sheet, seed: vehicle.seed, normal: before, normalEnd: after)
        }
    }

    /// One side of a box on wheels, or of a car.
    private mutating func flank(
        _ vehicle: StreetScenes.Vehicle, _ plan: StreetScenes.BodyPlan, _ side: Float, _ right: Vector, _ point: (Vector, Float) -> Vector
    ) {
        let kind: StreetScenes.Material.Kind = vehicle.kind == .bus ? .busSide : .carSide
        let door = material(kind, vehicle.color, Vector(vehicle.length, vehicle.height, plan.wheel), index: vehicle.parked ? 1 : 0)
        let outward = right * side
        func at(_ index: Int) -> Vector { point(plan.outline[index], side) }
        if let greenhouse = plan.greenhouse {
            carFlank(vehicle, plan.outline, greenhouse, outward, door, at) { point(Vector($0, $1, $2), side) }
        } else {
            let front = plan.outline.count - 1
            sheet(at(0), at(front), at(front - 2), at(4), door, seed: vehicle.seed, normal: outward)
        }
        guard side > 0 else { return }
        // The underside.
        let dark = material(.plain, StreetScenes.srgb(14, 14, 15))
        let low = plan.outline[0].y
        let corners = [(Float(0.03), Float(-1)), (0.03, 1), (0.97, 1), (0.97, -1)].map { point(Vector($0.0, low, 0.9), $0.1) }
        sheet(corners[0], corners[1], corners[2], corners[3], dark)
    }

    /// A car's side: sill and doors, the belt and the front wing above them, rounded corners, windows, a mirror.
    private mutating func carFlank(
        _ vehicle: StreetScenes.Vehicle, _ outline: [Vector], _ greenhouse: (first: Int, last: Int), _ outward: Vector, _ door: Int32,
        _ at: (Int) -> Vector, _ onSide: (Float, Float, Float) -> Vector
    ) {
        let seed = vehicle.seed
        let (first, last) = greenhouse
        let belt = outline[first].y
        let bottom = outline[0].y
        let windscreen = outline[last].x
        let bonnet = outline[last + 1].y
        let waist: Float = 0.40
        let tail = max(outline[first].x, 0.05)
        let upper = material(.paint, vehicle.color)
        let leaning = (outward + Vector(0, 0.45, 0)).unit
        sheet(
            onSide(0.05, bottom, 0.95), onSide(0.94, bottom, 0.95), onSide(0.94, waist, 1), onSide(0.05, waist, 1), door, seed: seed,
            normal: (outward - Vector(0, 0.15, 0)).unit, normalEnd: outward)
        sheet(
            onSide(0.05, waist, 1), onSide(windscreen, waist, 1), onSide(windscreen, belt, 0.93), onSide(tail, belt, 0.94), upper,
            seed: seed, normal: outward, normalEnd: leaning)
        sheet(
            onSide(windscreen, waist, 1), onSide(0.94, waist, 1), onSide(0.91, bonnet, 0.93), onSide(windscreen, belt, 0.93), upper,
            seed: seed, normal: outward, normalEnd: leaning)
        let heading = vehicle.heading
        sheet(
            at(0), at(2), onSide(0.05, belt, 0.95), onSide(0.05, bottom, 0.95), upper, seed: seed, normal: (outward - heading * 1.5).unit,
            normalEnd: outward)
        sheet(
            at(outline.count - 1), at(last + 1), onSide(0.91, bonnet, 0.93), onSide(0.94, bottom, 0.95), upper, seed: seed,
            normal: (outward + heading * 1.5).unit, normalEnd: outward)
        // How far the pillars lean: where the windows' upper corners are, as fractions of their foot.
        let rearFoot = outline[first].x
        let foot = windscreen - rearFoot
        let pillars = Vector((outline[first + 1].x - rearFoot) / foot, (outline[last - 1].x - rearFoot) / foot, 0)
        let windows = material(.carWindows, vehicle.color, pillars)
        sheet(at(first), at(last), at(last - 1), at(first + 1), windows, seed: seed, normal: (outward + Vector(0, 0.35, 0)).unit)
        polygon([at(first + 1), at(last - 1), at(first + 2)], upper, seed: seed)
        let mirror = onSide(windscreen - 0.05, belt + 0.03, 1.05)
        capsule(mirror, mirror + Vector(0, 0.07, 0), 0.09, 0.08, upper)
    }

    private mutating func wheels(
        _ vehicle: StreetScenes.Vehicle, _ plan: StreetScenes.BodyPlan, _ rear: Vector, _ heading: Vector, _ right: Vector
    ) {
        let tyre = material(.plain, StreetScenes.srgb(26, 26, 27))
        let rim = material(.wheel, vehicle.seed & 8 == 0 ? StreetScenes.srgb(176, 178, 180) : StreetScenes.srgb(110, 112, 115))
        let arch = material(.plain, StreetScenes.srgb(12, 12, 13))
        let r = plan.wheel
        for axle in [plan.axles.x, plan.axles.y] {
            for side: Float in [-1, 1] {
                let outward = right * side
                let centre = rear + heading * (axle * vehicle.length) + Vector(0, r, 0) + outward * (vehicle.width / 2 - 0.02)
                let up = Vector(0, 1, 0)
                let forward = up.cross(outward)
                let gap = r * 1.17
                plate(centre + outward * 0.021, right: forward * gap, up: up * gap, outline: Self.circle, arch)
                plate(centre + outward * 0.03, right: forward * r, up: up * r, outline: Self.circle, rim, seed: vehicle.seed)
                // The tread, as it shows from in front and from behind.
                let inner = centre - outward * 0.2
                for way: Float in [-1, 1] {
                    let tread = heading * (way * r * 0.72) - up * (r * 0.7)
                    let foot = heading * (way * r * 0.2) - up * (r * 0.99)
                    sheet(inner + foot, centre + foot, centre + tread, inner + tread, tyre)
                    sheet(inner + tread, centre + tread, centre + tread + up * r, inner + tread + up * r, tyre)
                }
            }
        }
    }
}
