extension StreetScenes.SceneSampler {
    /// Leaves of one scene are of one season.
    mutating func leafColor() -> Vector {
        let greens = [
            StreetScenes.srgb(86, 112, 48), StreetScenes.srgb(70, 98, 50), StreetScenes.srgb(104, 118, 52), StreetScenes.srgb(60, 84, 46),
        ]
        let autumn = [StreetScenes.srgb(150, 112, 44), StreetScenes.srgb(128, 104, 52)]
        return dice.vary(scene.road.seed % 7 == 0 && dice.chance(0.5) ? dice.pick(autumn) : dice.pick(greens), 0.2)
    }

    mutating func addTree(_ base: Vector, small: Bool) {
        let winter = scene.road.seed >> 8 & 3 == 0
        let kind: StreetScenes.Tree.Kind = winter && dice.chance(0.75) ? .bare : dice.chance(0.12) ? .conifer : .leafy
        let height = small ? dice.number(3.5, 6.5) : dice.number(6.5, 13)
        let spread = height * (kind == .conifer ? dice.number(0.2, 0.28) : dice.number(0.28, 0.4))
        scene.trees.append(StreetScenes.Tree(kind: kind, base: base, height: height, spread: spread, color: leafColor(), seed: dice.seed()))
    }

    mutating func placeStreetTrees() {
        let road = scene.road
        guard road.pavementWidth > 2.2 else { return }
        let chance: Float = district == .shops ? 0.25 : district == .park ? 0.6 : 0.4
        for side: Float in [-1, 1] where dice.chance(chance) {
            let spacing = dice.number(7, 16)
            var z = dice.number(5, 16)
            while z < road.end {
                if isFree(side, z) && dice.chance(0.8) {
                    addTree(road.point(side * (road.halfWidth + 0.75), z, road.curbHeight), small: dice.chance(0.45))
                }
                z += spacing * dice.number(0.85, 1.15)
            }
        }
    }

    private mutating func post(
        _ kind: StreetScenes.Furniture.Kind, _ s: Float, _ z: Float, height: Float, facing: Vector,
        color: Vector = StreetScenes.srgb(122, 126, 128)
    ) {
        let road = scene.road
        scene.furniture.append(
            StreetScenes.Furniture(
                kind: kind, base: road.point(s, z, road.height(s)), facing: facing, height: height, color: dice.vary(color),
                seed: dice.seed()))
    }

    mutating func placeFurniture() {
        lamps()
        signs()
        junctionLights()
        let road = scene.road
        if let z = road.crossing {
            for side: Float in [-1, 1] { post(.beacon, side * (road.halfWidth + 0.35), z + 1.5, height: 2.6, facing: road.along(z)) }
            if dice.chance(0.5) {
                for side: Float in [-1, 1] { addBarrier(.guardRail, side, z + 4, z + 13, height: 1.1, beyond: 0.25 - road.pavementWidth) }
            }
        }
        for side: Float in [-1, 1] where dice.chance(0.4) {
            let from = dice.number(5, 30)
            addBarrier(.guardRail, side, from, from + dice.number(8, 24), height: 1.1, beyond: 0.25 - road.pavementWidth)
        }
        for side: Float in [-1, 1] where dice.chance(0.13) {
            var z = dice.number(6, 20)
            let end = z + dice.number(8, 20)
            while z < end {
                if isFree(side, z) {
                    post(
                        .bollard, side * (road.halfWidth + 0.4), z, height: 0.95, facing: road.along(z),
                        color: StreetScenes.srgb(36, 37, 38))
                }
                z += 1.8
            }
        }
    }

    private mutating func lamps() {
        let road = scene.road
        let height = dice.number(5, 9)
        let spacing = dice.number(22, 34)
        let color = dice.pick([StreetScenes.srgb(128, 132, 132), StreetScenes.srgb(52, 58, 54), StreetScenes.srgb(96, 100, 98)])
        let style = dice.seed()
        for side: Float in [-1, 1] {
            var z = dice.number(4, spacing)
            while z < road.end {
                if isFree(side, z) {
                    let s = side * (road.halfWidth + 0.45)
                    post(.lamp, s, z, height: height, facing: road.across(z) * -side, color: color)
                    scene.furniture[scene.furniture.count - 1].seed = style
                }
                z += spacing
            }
        }
    }

    /// Signs face the traffic on their own side of the road.
    private mutating func signs() {
        let road = scene.road
        for _ in 0..<(7 + dice.below(10)) {
            let side = dice.sign()
            let z = dice.number(6, min(road.end, 75))
            guard isFree(side, z) else { continue }
            let toViewer = road.along(z) * -1
            let facing = (side < 0 || dice.chance(0.4) ? toViewer : toViewer * -1) + road.across(z) * dice.number(-0.25, 0.25)
            let kinds: [StreetScenes.Furniture.Kind] = [.roundSign, .triangleSign, .boardSign, .busStop, .bare]
            let kind = kinds[dice.weighted([0.33, 0.22, 0.25, 0.08, 0.12])]
            let height = kind == .bare ? dice.number(4, 8) : dice.number(2.2, 3.2)
            post(kind, side * (road.halfWidth + dice.number(0.35, 0.8)), z, height: height, facing: facing.unit)
        }
    }

    private mutating func junctionLights() {
        let road = scene.road
        guard let stop = road.stopLine ?? (dice.chance(0.3) ? dice.number(10, 40) : nil) else { return }
        for side: Float in [-1, 1] {
            for z in [stop + 0.8, stop + dice.number(9, 14)] {
                post(
                    .trafficLight, side * (road.halfWidth + 0.5), z, height: dice.number(3.0, 3.6), facing: road.along(z) * -1,
                    color: StreetScenes.srgb(60, 62, 62))
            }
        }
    }
}
