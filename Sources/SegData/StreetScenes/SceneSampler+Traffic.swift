extension StreetScenes.SceneSampler {
    private static let carColors = [
        StreetScenes.srgb(28, 30, 34), StreetScenes.srgb(150, 154, 158), StreetScenes.srgb(196, 198, 200), StreetScenes.srgb(230, 230, 228),
        StreetScenes.srgb(22, 38, 82), StreetScenes.srgb(128, 22, 26), StreetScenes.srgb(86, 92, 98), StreetScenes.srgb(26, 62, 48),
        StreetScenes.srgb(52, 92, 140), StreetScenes.srgb(176, 160, 124), StreetScenes.srgb(180, 40, 36), StreetScenes.srgb(60, 62, 66),
    ]

    private mutating func vehicle(_ kind: StreetScenes.Vehicle.Kind, _ position: Vector, _ heading: Vector, braking: Bool) {
        let size: Vector
        switch kind {
        case .hatchback: size = Vector(dice.number(3.6, 4.2), 1.68, dice.number(1.42, 1.5))
        case .saloon: size = Vector(dice.number(4.3, 4.8), 1.76, dice.number(1.4, 1.46))
        case .estate: size = Vector(dice.number(4.4, 4.8), 1.76, dice.number(1.45, 1.55))
        case .offRoad: size = Vector(dice.number(4.3, 4.7), 1.84, dice.number(1.65, 1.8))
        case .van: size = Vector(dice.number(4.6, 5.6), 1.9, dice.number(1.95, 2.4))
        case .bus: size = Vector(dice.number(9.5, 11.5), 2.5, dice.chance(0.4) ? 4.2 : 3.0)
        case .lorry: size = Vector(dice.number(6.5, 8.5), 2.4, dice.number(2.9, 3.5))
        }
        let large = kind == .bus || kind == .lorry
        let color =
            large
            ? dice.pick([
                StreetScenes.srgb(176, 30, 30), StreetScenes.srgb(60, 110, 160), StreetScenes.srgb(214, 212, 200),
                StreetScenes.srgb(40, 96, 70),
            ]) : dice.pick(Self.carColors)
        let white = kind == .van && dice.chance(0.6)
        scene.vehicles.append(
            StreetScenes.Vehicle(
                kind: kind, position: position, heading: heading, color: dice.vary(white ? StreetScenes.srgb(226, 226, 224) : color, 0.12),
                length: size.x, width: size.y, height: size.z, braking: braking, seed: dice.seed()))
    }

    private mutating func carKind(large: Float) -> StreetScenes.Vehicle.Kind {
        if dice.chance(large) { return dice.chance(0.6) ? .bus : .lorry }
        return [.hatchback, .saloon, .estate, .offRoad, .van][dice.weighted([0.38, 0.22, 0.14, 0.12, 0.14])]
    }

    mutating func addParkedVehicle(_ position: Vector, _ heading: Vector) {
        vehicle(carKind(large: 0), position, heading, braking: false)
        scene.vehicles[scene.vehicles.count - 1].parked = true
    }

    mutating func placeTraffic() {
        let road = scene.road
        let lane = road.halfWidth - road.parking
        if road.parking > 0 { parkedRows() }
        // Ahead in the viewer's lane.
        var z = dice.chance(0.55) ? dice.number(8, 24) : dice.number(20, 60)
        let jam = dice.chance(0.15)
        let braking = dice.chance(0.4)
        while z < road.end - 8 {
            let s = -lane / 2 + dice.number(-0.25, 0.25)
            let kind = carKind(large: 0.1)
            vehicle(kind, road.point(s, z + (kind == .bus ? 5 : 2)), road.along(z), braking: braking)
            z += jam ? dice.number(9, 13) : dice.number(16, 60)
            if kind == .bus { z += 8 }
        }
        // Coming towards the viewer.
        z = dice.number(7, 40)
        while z < road.end - 8 {
            vehicle(carKind(large: 0.07), road.point(lane / 2 + dice.number(-0.25, 0.25), z), road.along(z) * -1, braking: false)
            z += dice.number(12, 55)
        }
        // Out of a side street.
        for street in road.sideStreets where dice.chance(0.4) {
            let at = (street.from + street.to) / 2 - street.side * 1.3
            vehicle(
                carKind(large: 0), road.point(street.side * (road.halfWidth + dice.number(2.5, 9)), at),
                road.across(at) * (-street.side * dice.sign()), braking: false)
        }
        // Across the end of the street.
        if dice.chance(0.5) {
            let way = dice.sign()
            vehicle(
                carKind(large: 0.2), road.point(dice.number(-12, 12), road.end + (way > 0 ? 2.5 : 6)), Vector(way, 0, 0), braking: false)
        }
    }

    private mutating func parkedRows() {
        let road = scene.road
        for side: Float in [-1, 1] {
            let full = dice.number(0.35, 0.95)
            var z = dice.number(1.5, 9)
            while z < road.end - 6 {
                if isFree(side, z) && isFree(side, z + 3) && dice.chance(full) && !nearCrossing(z) {
                    let turned = dice.chance(0.15)
                    let s = side * (road.halfWidth - 1.0 + dice.number(-0.1, 0.1))
                    let way: Float = (side < 0) != turned ? 1 : -1
                    addParkedVehicle(road.point(s, z), road.along(z) * way)
                }
                z += dice.number(5.4, 6.4)
            }
        }
    }

    private func nearCrossing(_ z: Float) -> Bool {
        scene.road.crossing.map { z > $0 - 6 && z < $0 + 7 } ?? false
    }
}

extension StreetScenes.SceneSampler {
    private static let tops = [
        StreetScenes.srgb(30, 32, 38), StreetScenes.srgb(58, 64, 78), StreetScenes.srgb(150, 34, 36), StreetScenes.srgb(196, 192, 184),
        StreetScenes.srgb(54, 84, 130), StreetScenes.srgb(92, 84, 72), StreetScenes.srgb(40, 70, 54), StreetScenes.srgb(200, 150, 60),
        StreetScenes.srgb(120, 60, 96),
    ]
    private static let bottoms = [
        StreetScenes.srgb(34, 40, 58), StreetScenes.srgb(28, 28, 30), StreetScenes.srgb(70, 76, 92), StreetScenes.srgb(120, 108, 88),
        StreetScenes.srgb(60, 56, 52),
    ]
    private static let skins = [
        StreetScenes.srgb(222, 180, 156), StreetScenes.srgb(200, 152, 122), StreetScenes.srgb(146, 100, 74), StreetScenes.srgb(94, 64, 48),
    ]
    private static let hairs = [
        StreetScenes.srgb(34, 26, 22), StreetScenes.srgb(78, 54, 36), StreetScenes.srgb(150, 120, 78), StreetScenes.srgb(140, 138, 134),
    ]

    private mutating func person(_ pose: StreetScenes.Person.Pose, _ position: Vector, _ heading: Vector) {
        scene.people.append(
            StreetScenes.Person(
                pose: pose, position: position, heading: heading,
                height: dice.chance(0.08) ? dice.number(1.1, 1.4) : dice.number(1.58, 1.88),
                phase: dice.number(0, 1), top: dice.chance(0.05) ? StreetScenes.srgb(206, 224, 60) : dice.vary(dice.pick(Self.tops), 0.25),
                bottom: dice.vary(dice.pick(Self.bottoms), 0.2),
                skin: dice.pick(Self.skins), hair: dice.pick(Self.hairs),
                shoes: dice.chance(0.7) ? StreetScenes.srgb(30, 28, 28) : StreetScenes.srgb(190, 188, 184),
                coat: dice.chance(0.35), bag: dice.chance(0.45) ? dice.vary(dice.pick(Self.tops)) : nil,
                helmet: pose == .cycling && dice.chance(0.5) ? dice.pick(Self.tops) : nil, seed: dice.seed()))
    }

    /// Pedestrians on the pavements, at crossings and now and then on the road; bicyclists along the curb.
    mutating func placePeople() {
        let road = scene.road
        let crowd = dice.below(district == .shops ? 22 : 11)
        for _ in 0..<crowd {
            let side = dice.sign()
            let s = side * (road.halfWidth + dice.number(0.5, max(road.pavementWidth - 0.3, 0.8)))
            let z = 5 + dice.number(0, 1) * dice.number(0, min(road.end, 75))
            let pose: StreetScenes.Person.Pose = dice.chance(0.8) ? .walking : .standing
            let heading = pose == .walking ? road.along(z) * dice.sign() : Vector(dice.number(-1, 1), 0, dice.number(-1, 1)).unit
            person(pose, road.point(s, z, road.curbHeight), heading)
            if dice.chance(0.3) && abs(s) > road.halfWidth + 1.1 {
                person(pose, road.point(s - side * 0.6, z + dice.number(-0.2, 0.2), road.curbHeight), heading)
            }
        }
        let crossers = road.crossing != nil ? dice.below(4) : dice.chance(0.2) ? 1 : 0
        for _ in 0..<crossers {
            let z = (road.crossing ?? dice.number(10, 40)) + dice.number(0.4, 2.6)
            person(.walking, road.point(dice.number(-0.95, 0.95) * road.halfWidth, z), road.across(z) * dice.sign())
        }
        let lane = road.halfWidth - road.parking
        for _ in 0..<dice.weighted([0.3, 0.34, 0.22, 0.14]) {
            let z = dice.number(5, 32)
            switch dice.weighted([0.6, 0.28, 0.12]) {
            case 0: person(.cycling, road.point(-lane + dice.number(0.5, 0.95), z), road.along(z))
            case 1: person(.cycling, road.point(lane - dice.number(0.5, 0.95), z), road.along(z) * -1)
            default:
                person(.cycling, road.point(dice.number(-0.5, 0.5) * lane, z), (road.across(z) * dice.sign() + road.along(z) * 0.3).unit)
            }
        }
    }
}
