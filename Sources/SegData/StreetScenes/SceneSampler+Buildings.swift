extension StreetScenes.SceneSampler {
    typealias Facade = StreetScenes.Facade
    typealias Plot = StreetScenes.Plot

    private static let bricks = [
        StreetScenes.srgb(156, 84, 64), StreetScenes.srgb(138, 74, 58), StreetScenes.srgb(186, 166, 128), StreetScenes.srgb(170, 146, 110),
        StreetScenes.srgb(120, 84, 68), StreetScenes.srgb(174, 108, 82),
    ]
    private static let renders = [
        StreetScenes.srgb(226, 222, 210), StreetScenes.srgb(214, 202, 176), StreetScenes.srgb(196, 198, 198),
        StreetScenes.srgb(222, 206, 160),
        StreetScenes.srgb(186, 200, 206), StreetScenes.srgb(208, 180, 160),
    ]
    private static let stones = [StreetScenes.srgb(190, 176, 148), StreetScenes.srgb(170, 160, 142), StreetScenes.srgb(152, 148, 140)]
    private static let shopColors = [
        StreetScenes.srgb(24, 40, 74), StreetScenes.srgb(120, 22, 26), StreetScenes.srgb(18, 62, 44), StreetScenes.srgb(28, 28, 30),
        StreetScenes.srgb(206, 200, 186), StreetScenes.srgb(38, 92, 150), StreetScenes.srgb(196, 120, 30), StreetScenes.srgb(96, 40, 84),
    ]
    private static let roofs = [
        StreetScenes.srgb(84, 84, 92), StreetScenes.srgb(128, 76, 60), StreetScenes.srgb(102, 82, 72), StreetScenes.srgb(70, 72, 76),
    ]

    /// Small-windowed walls of houses.
    mutating func terraceStyle() -> Facade {
        let brick = dice.chance(0.62)
        let floors = 2 + dice.weighted([0.55, 0.38, 0.07])
        let ground = dice.number(2.8, 3.3)
        let floor = dice.number(2.6, 3.1)
        let base = brick ? dice.pick(Self.bricks) : dice.pick(Self.renders)
        let trim = dice.pick([StreetScenes.srgb(226, 222, 212), StreetScenes.srgb(200, 186, 160), StreetScenes.srgb(176, 168, 152)])
        return Facade(
            wall: brick ? .brick : .render, groundFloor: .house, color: dice.vary(base, 0.18), trim: dice.vary(trim, 0.1),
            frame: dice.chance(0.75) ? StreetScenes.srgb(232, 232, 228) : StreetScenes.srgb(60, 52, 46),
            shop: dice.vary(dice.pick(Self.shopColors)), height: ground + Float(floors - 1) * floor, groundHeight: ground,
            floorHeight: floor,
            floors: floors, bay: dice.number(2.0, 2.9), windowWidth: dice.number(0.85, 1.25), windowHeight: dice.number(1.3, 1.7),
            sill: dice.number(0.65, 0.9), mullions: dice.below(3), lintels: dice.chance(0.6), bands: dice.chance(0.15), seed: dice.seed())
    }

    /// Walls of large buildings: stone, concrete, glass.
    mutating func blockStyle() -> Facade {
        let wall = dice.pick([.brick, .stone, .stone, .panels, .panels, .glass] as [Facade.Wall])
        let floors = 3 + dice.below(4)
        let floor = dice.number(3.0, 3.7)
        let color: Vector
        switch wall {
        case .brick: color = dice.pick(Self.bricks)
        case .stone: color = dice.pick(Self.stones)
        case .render: color = dice.pick(Self.renders)
        case .panels:
            color = dice.pick([StreetScenes.srgb(176, 176, 172), StreetScenes.srgb(196, 190, 178), StreetScenes.srgb(130, 132, 136)])
        case .glass: color = StreetScenes.srgb(120, 124, 128)
        }
        let wide = wall == .panels || dice.chance(0.2)
        let ground: Facade.GroundFloor = dice.chance(0.45) ? .shop : .office
        return Facade(
            wall: wall, groundFloor: ground, color: dice.vary(color, 0.15), trim: dice.vary(StreetScenes.srgb(206, 200, 188), 0.15),
            frame: dice.chance(0.5) ? StreetScenes.srgb(220, 220, 218) : StreetScenes.srgb(58, 60, 64),
            shop: dice.vary(dice.pick(Self.shopColors)),
            height: (ground == .shop ? 3.8 + Float(floors - 1) * floor : Float(floors) * floor) + 0.8,
            groundHeight: 3.8, floorHeight: floor, floors: floors, bay: wide ? dice.number(2.8, 3.6) : dice.number(2.0, 2.8),
            windowWidth: wide ? dice.number(1.9, 2.5) : dice.number(1.0, 1.4), windowHeight: dice.number(1.6, 2.2),
            sill: dice.number(0.6, 0.9),
            mullions: dice.below(3), lintels: wall != .panels && dice.chance(0.5), bands: dice.chance(0.5), seed: dice.seed())
    }

    @discardableResult
    mutating func addBuilding(
        _ near: Vector, _ far: Vector, inward: Vector, _ facade: Facade, roof: StreetScenes.Building.Roof, chimneys: Int = 0
    ) -> Int {
        scene.buildings.append(
            StreetScenes.Building(
                near: near, far: far, inward: inward, facade: facade, roof: roof,
                roofHeight: roof == .mansard ? 2.3 : dice.number(1.8, 3.2),
                roofColor: dice.vary(dice.pick(Self.roofs)), chimneys: chimneys, awning: nil, bayWindows: false, hangingSign: false,
                seed: dice.seed()))
        return scene.buildings.count - 1
    }

    /// A building with its front on the street, `setback` metres behind the pavement.
    @discardableResult
    private mutating func front(
        _ side: Float, _ z: Float, width: Float, depth: Float, setback: Float, _ facade: Facade, roof: StreetScenes.Building.Roof,
        chimneys: Int = 0
    ) -> Int {
        let road = scene.road
        let s = side * (road.frontage + setback)
        return addBuilding(
            road.point(s, z), road.point(s, z + width), inward: road.across(z + width / 2) * (side * depth), facade, roof: roof,
            chimneys: chimneys)
    }

    mutating func shopHouse(_ side: Float, _ z: Float) -> Float {
        var facade = dice.chance(0.7) ? terraceStyle() : blockStyle()
        facade.groundFloor = .shop
        let extra = dice.number(3.4, 4.1) - facade.groundHeight
        facade.groundHeight += extra
        facade.height += extra
        let width = dice.number(6, 13)
        let roof: StreetScenes.Building.Roof = [.gable, .flat, .mansard][dice.weighted([0.45, 0.35, 0.2])]
        let index = front(side, z, width: width, depth: 11, setback: 0, facade, roof: roof, chimneys: dice.below(3))
        if dice.chance(0.25) { scene.buildings[index].awning = dice.vary(dice.pick(Self.shopColors)) * 1.5 }
        scene.buildings[index].hangingSign = dice.chance(0.5)
        return width
    }

    mutating func terracedHouse(_ side: Float, _ z: Float, _ style: Facade) -> Float {
        var facade = dice.chance(0.7) ? style : terraceStyle()
        facade.seed = dice.seed()
        facade.shop = dice.vary(dice.pick(Self.shopColors))
        if dice.chance(0.25) { facade.color = dice.vary(facade.color, 0.2) }
        let width = dice.number(4.6, 6.5)
        let setback: Float = dice.chance(0.35) ? 0 : 1.8
        let index = front(side, z, width: width, depth: 9, setback: setback, facade, roof: .gable, chimneys: dice.below(3))
        scene.buildings[index].bayWindows = setback > 0 && dice.chance(0.5)
        if setback > 0 { frontGarden(side, z, width, height: dice.number(0.6, 1.1)) }
        return width
    }

    mutating func detachedHouse(_ side: Float, _ z: Float) -> Float {
        let width = dice.number(8, 12)
        let gap = dice.number(2, 5)
        let setback = dice.number(4, 8)
        let index = front(side, z + gap / 2, width: width, depth: 9, setback: setback, terraceStyle(), roof: .gable, chimneys: 1)
        scene.buildings[index].bayWindows = dice.chance(0.4)
        scene.road.plots.append(Plot(side: side, from: z, to: z + width + gap, cover: dice.chance(0.65) ? .grass : .paving))
        frontGarden(side, z, width + gap - 3, height: dice.number(0.8, 1.8))
        let road = scene.road
        for _ in 0..<dice.below(3) {
            addTree(
                road.point(side * (road.frontage + dice.number(1.5, setback - 1)), z + dice.number(0, width), road.curbHeight), small: true)
        }
        if dice.chance(0.4) {
            addParkedVehicle(road.point(side * (road.frontage + 3), z + width + gap - 1.5, road.curbHeight), road.across(z) * side)
        }
        return width + gap
    }

    /// A hedge, a wall or a fence between garden and pavement.
    private mutating func frontGarden(_ side: Float, _ z: Float, _ width: Float, height: Float) {
        let kinds: [StreetScenes.Barrier.Kind] = [.wall, .hedge, .railings, .palings]
        addBarrier(kinds[dice.weighted([0.24, 0.2, 0.32, 0.24])], side, z, z + width, height: height)
    }

    mutating func addBarrier(
        _ kind: StreetScenes.Barrier.Kind, _ side: Float, _ from: Float, _ to: Float, height: Float, beyond: Float = 0.15
    ) {
        let road = scene.road
        let color: Vector
        switch kind {
        case .wall: color = dice.vary(dice.pick(Self.bricks))
        case .hedge: color = dice.vary(StreetScenes.srgb(74, 98, 50), 0.25)
        case .palings: color = dice.vary(StreetScenes.srgb(136, 108, 80), 0.25)
        default: color = dice.pick([StreetScenes.srgb(34, 36, 36), StreetScenes.srgb(40, 60, 48), StreetScenes.srgb(124, 126, 126)])
        }
        // Curved streets bend long barriers, too.
        let steps = max(Int((to - from) / 9), 1)
        for step in 0..<steps {
            let a = from + (to - from) * Float(step) / Float(steps)
            let b = from + (to - from) * Float(step + 1) / Float(steps)
            let s = side * (road.frontage + beyond)
            let heights: Float = kind == .railings || kind == .guardRail ? 1.12 : kind == .palings ? 1.6 : kind == .mesh ? 1.8 : height
            scene.barriers.append(
                StreetScenes.Barrier(
                    kind: kind, from: road.point(s, a, road.curbHeight), to: road.point(s, b, road.curbHeight), height: heights,
                    color: color,
                    seed: dice.seed()))
        }
    }

    mutating func block(_ side: Float, _ z: Float) -> Float {
        let width = dice.number(13, 28)
        let roof: StreetScenes.Building.Roof = dice.chance(0.7) ? .flat : .mansard
        front(side, z, width: width, depth: 13, setback: dice.chance(0.6) ? 0 : dice.number(1, 4), blockStyle(), roof: roof, chimneys: 0)
        return width + (dice.chance(0.3) ? dice.number(1, 4) : 0)
    }

    mutating func park(_ side: Float, _ z: Float) -> Float {
        let width = dice.number(14, 34)
        let road = scene.road
        scene.road.plots.append(Plot(side: side, from: z, to: z + width, cover: .grass))
        let kinds: [StreetScenes.Barrier.Kind] = [.railings, .mesh, .wall, .hedge, .palings]
        addBarrier(kinds[dice.weighted([0.46, 0.2, 0.1, 0.1, 0.14])], side, z, z + width, height: dice.number(0.9, 1.7))
        for _ in 0..<(3 + dice.below(4)) {
            addTree(road.point(side * (road.frontage + dice.number(2, 13)), z + dice.number(0, width), road.curbHeight), small: false)
        }
        // Bushes close the view through the park.
        var x: Float = 0
        while x < width {
            let spot = road.point(side * (road.frontage + dice.number(12, 17)), z + x, 0)
            scene.trees.append(
                StreetScenes.Tree(
                    kind: .bush, base: spot, height: dice.number(2, 5), spread: dice.number(1.8, 3.2), color: leafColor(), seed: dice.seed()
                ))
            x += dice.number(2.5, 4.5)
        }
        return width
    }

    mutating func carPark(_ side: Float, _ z: Float) -> Float {
        let width = dice.number(14, 22)
        let road = scene.road
        scene.road.plots.append(Plot(side: side, from: z, to: z + width, cover: .tarmac))
        var x: Float = 1.5
        while x < width - 1 {
            if dice.chance(0.75) {
                addParkedVehicle(road.point(side * (road.frontage + 3.2), z + x, road.curbHeight), road.across(z) * (dice.sign() * side))
            }
            x += 2.7
        }
        front(side, z, width: width, depth: 10, setback: dice.number(13, 20), blockStyle(), roof: .flat)
        if dice.chance(0.5) { addBarrier(dice.chance(0.5) ? .mesh : .railings, side, z, z + width * 0.7, height: 1.2) }
        return width
    }
}
