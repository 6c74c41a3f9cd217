extension StreetScenes {
    /// Invents streets: first the road, then what lines it, then who uses it.
    struct SceneSampler {
        typealias Vector = StreetScenes.Vector

        enum District { case shops, terraces, suburb, office, park }

        var dice: Dice
        var scene = Scene()
        var district = District.shops
        /// The stretches along each side (0 left, 1 right) that parked cars and trees must leave free.
        var gaps: [[ClosedRange<Float>]] = [[], []]

        init(_ dice: Dice) { self.dice = dice }

        mutating func sample() -> Scene {
            district = [.shops, .terraces, .suburb, .office, .park][dice.weighted([0.32, 0.24, 0.2, 0.12, 0.12])]
            layRoad()
            for side: Float in [-1, 1] { lineStreet(side) }
            closeVista()
            placeFurniture()
            placeStreetTrees()
            placeTraffic()
            placePeople()
            return scene
        }

        private mutating func layRoad() {
            var road = Road()
            let parking = dice.chance([.terraces, .suburb].contains(district) ? 0.5 : 0.22)
            road.parking = parking ? dice.number(1.9, 2.2) : 0
            road.halfWidth = dice.number(3.0, 5.4) + road.parking
            road.pavementWidth = dice.number(1.8, 5)
            road.curvature = dice.chance(0.45) ? 0 : dice.number(-1, 1) / 160
            road.end = dice.number(70, 190)
            road.curbHeight = dice.number(0.08, 0.14)
            road.centreLine = dice.pick([.dashed, .dashed, .dashed, .solid, .double, .none])
            road.yellowLines = !parking && dice.chance(0.6)
            road.cycleLane = !parking && dice.chance(0.15)
            if dice.chance(0.22) { road.crossing = dice.number(7, 40) }
            if dice.chance(0.2) { road.stopLine = dice.number(8, 30) }
            if dice.chance(0.18) { road.arrow = dice.number(6, 24) }
            road.asphalt = dice.vary(srgb(112, 112, 114), 0.25)
            road.slab = dice.vary(dice.pick([srgb(150, 146, 140), srgb(168, 156, 142), srgb(140, 138, 138), srgb(158, 130, 112)]), 0.2)
            road.slabSize = dice.chance(0.7) ? SIMD2(0.6, 0.9) : SIMD2(0.2, 0.4)
            road.seed = dice.seed()
            scene.road = road
        }

        /// Houses, gardens, parks and side streets along one side.
        private mutating func lineStreet(_ side: Float) {
            var z: Float = -14
            let terrace = terraceStyle()
            var sinceStreet: Float = 0
            while z < scene.road.end - 4 {
                sinceStreet += 1
                if z > 10 && sinceStreet > 2 && dice.chance(0.16) {
                    let width = dice.number(5.5, 9)
                    sideStreet(side, from: z + 1.8, to: z + 1.8 + width)
                    z += width + 3.6
                    sinceStreet = 0
                    continue
                }
                z += lot(side, z, terrace)
            }
        }

        /// Fills the next plot and returns its width along the street.
        private mutating func lot(_ side: Float, _ z: Float, _ terrace: Facade) -> Float {
            let weights: [Float]
            // Shop, terraced house, detached house, block, park, car park.
            switch district {
            case .shops: weights = [0.62, 0.14, 0.02, 0.14, 0.05, 0.03]
            case .terraces: weights = [0.08, 0.68, 0.06, 0.08, 0.07, 0.03]
            case .suburb: weights = [0.02, 0.16, 0.6, 0.04, 0.15, 0.03]
            case .office: weights = [0.1, 0.05, 0.02, 0.58, 0.15, 0.1]
            case .park: weights = [0.04, 0.12, 0.14, 0.1, 0.56, 0.04]
            }
            switch dice.weighted(weights) {
            case 0: return shopHouse(side, z)
            case 1: return terracedHouse(side, z, terrace)
            case 2: return detachedHouse(side, z)
            case 3: return block(side, z)
            case 4: return park(side, z)
            default: return carPark(side, z)
            }
        }

        private mutating func sideStreet(_ side: Float, from: Float, to: Float) {
            let road = scene.road
            scene.road.sideStreets.append(SideStreet(side: side, from: from, to: to))
            gaps[side < 0 ? 0 : 1].append((from - 4)...(to + 4))
            for (z, way) in [(from - 1.8, Float(-1)), (to + 1.8, Float(1))] {
                let facade = terraceStyle()
                let near = road.point(side * (road.frontage + 13), z)
                let far = near + Vector(side * 26, 0, 0)
                addBuilding(near, far, inward: Vector(0, 0, way * 9), facade, roof: .gable)
            }
            let z = (from + to) / 2
            let distance = road.frontage + dice.number(42, 60)
            let near = road.point(side * distance, z - 16)
            addBuilding(near, near + Vector(0, 0, 32), inward: Vector(side * 10, 0, 0), terraceStyle(), roof: .gable)
            for _ in 0..<2 {
                let spot = road.point(
                    side * (road.frontage + dice.number(18, 36)), dice.chance(0.5) ? from - 0.8 : to + 0.8, road.curbHeight)
                addTree(spot, small: true)
            }
        }

        /// What ends the view: a cross street with houses and trees behind it.
        private mutating func closeVista() {
            let road = scene.road
            let z = road.end + 9 + road.pavementWidth
            let middle = road.centre(z)
            var x = middle - dice.number(70, 80)
            while x < middle + 70 {
                let width = dice.number(8, 20)
                if dice.chance(0.3) {
                    for _ in 0..<3 { addTree(Vector(x + dice.number(0, width), road.curbHeight, z + dice.number(0, 6)), small: false) }
                } else {
                    let facade = dice.chance(0.5) ? terraceStyle() : blockStyle()
                    addBuilding(
                        Vector(x, 0, z), Vector(x + width, 0, z), inward: Vector(0, 0, 10), facade, roof: dice.chance(0.6) ? .gable : .flat)
                }
                x += width + (dice.chance(0.3) ? dice.number(1, 4) : 0)
            }
            // Roofs and tree-tops behind the first row.
            for side: Float in [-1, 1] {
                var back = dice.number(0, 20)
                while back < road.end {
                    let near = road.point(side * (road.frontage + dice.number(32, 60)), back)
                    if dice.chance(0.45) {
                        addTree(Vector(near.x, 0, near.z), small: false)
                    } else {
                        addBuilding(
                            near, near + Vector(0, 0, dice.number(10, 22)), inward: Vector(side * 10, 0, 0),
                            dice.chance(0.5) ? terraceStyle() : blockStyle(), roof: .gable)
                    }
                    back += dice.number(16, 34)
                }
            }
        }

        func isFree(_ side: Float, _ z: Float) -> Bool {
            !gaps[side < 0 ? 0 : 1].contains { $0.contains(z) }
        }
    }
}
