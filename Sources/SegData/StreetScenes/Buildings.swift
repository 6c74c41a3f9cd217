extension StreetScenes.Mesh {
    typealias Vector = StreetScenes.Vector

    /// Walls, roof and what sticks out of them.
    mutating func add(_ building: StreetScenes.Building) {
        begin(.building)
        let b = building
        let height = b.facade.height
        let lift = Vector(0, height, 0)
        let corners = [b.near, b.far, b.far + b.inward, b.near + b.inward]
        let side = wall(b.facade, width: b.inward.length, aside: true)
        let front = wall(b.facade, width: (b.far - b.near).length, aside: false)
        block(corners, height: height, [front, side, side, side], top: material(.plain, StreetScenes.srgb(96, 94, 92)), seed: b.seed)
        let eaves = corners.map { $0 + lift }
        switch b.roof {
        case .flat: parapet(b, eaves)
        case .gable: gable(b, eaves)
        case .mansard: mansard(b, eaves)
        }
        if let color = b.awning { awning(b, color) }
        if b.bayWindows { bayWindows(b) }
        if b.hangingSign { hangingSign(b) }
        if b.balconies { balconies(b) }
    }

    /// A slab with railings before every second window of the upper floors.
    private mutating func balconies(_ b: StreetScenes.Building) {
        begin(.building)
        let slab = material(.plain, b.facade.trim)
        let iron = material(.metal, StreetScenes.srgb(38, 40, 42))
        let width = (b.far - b.near).length
        let along = (b.far - b.near).unit
        let columns = max(Int((width / b.facade.bay).rounded()), 1)
        let bay = width / Float(columns)
        let out = b.inward.unit * -0.9
        for floor in 1..<max(b.facade.floors, 2) {
            let height = b.facade.groundHeight + Float(floor - 1) * b.facade.floorHeight + b.facade.sill - 0.15
            guard height + 2 < b.facade.height else { break }
            for column in stride(from: Int(b.seed & 1), to: columns, by: 2) {
                let middle = b.near + along * ((Float(column) + 0.5) * bay) + Vector(0, height, 0)
                let half = along * (bay * 0.46)
                block(centre: middle + out * 0.5, along: half, across: out * 0.5, height: 0.14, slab)
                let foot = middle + out + Vector(0, 0.14, 0)
                let lift = Vector(0, 1.05, 0)
                polygon([foot - half, foot + half, foot + half + lift, foot - half + lift], iron, seed: b.seed, cutout: .railings)
            }
        }
    }

    /// The material of one wall: the house's facade fitted to the wall's width.
    private mutating func wall(_ facade: StreetScenes.Facade, width: Float, aside: Bool) -> Int32 {
        var facade = facade
        facade.width = width
        if aside && facade.groundFloor != .office {
            facade.groundFloor = .blank
            facade.bay *= 1.9
        }
        facade.bay = width / max((width / facade.bay).rounded(), 1)
        facade.windowWidth = min(facade.windowWidth, facade.bay * 0.72)
        facades.append(facade)
        return material(.facade, facade.color, index: facades.count - 1)
    }

    /// The quadrilateral grown outwards by `distance`.
    private func grown(_ corners: [Vector], _ distance: Float) -> [Vector] {
        let centre = corners.reduce(Vector.zero, +) / Float(corners.count)
        return corners.map { $0 + ($0 - centre).unit * (distance * 1.4) }
    }

    private mutating func parapet(_ b: StreetScenes.Building, _ eaves: [Vector]) {
        let trim = material(.plain, b.facade.trim)
        let low = grown(eaves, 0.22).map { $0 - Vector(0, 0.45, 0) }
        block(low, height: 0.5, [trim], top: trim, seed: b.seed)
    }

    private mutating func gable(_ b: StreetScenes.Building, _ eaves: [Vector]) {
        let tiles = material(.tiles, b.roofColor)
        let brick = material(b.facade.wall == .brick ? .brick : .plain, b.facade.color)
        let ridge = b.inward * 0.5 + Vector(0, b.roofHeight, 0)
        let nearRidge = eaves[0] + ridge
        let farRidge = eaves[1] + ridge
        let over = b.inward.unit * 0.35 + Vector(0, 0.35 * b.roofHeight / (b.inward.length / 2), 0)
        polygon([eaves[0] - over, eaves[1] - over, farRidge, nearRidge], tiles, seed: b.seed)
        let down = Vector(over.x, -over.y, over.z)
        polygon([eaves[2] + down, eaves[3] + down, nearRidge, farRidge], tiles, seed: b.seed)
        polygon([eaves[0], eaves[3], nearRidge], brick, seed: b.seed)
        polygon([eaves[1], eaves[2], farRidge], brick, seed: b.seed)
        let gutter = material(.plain, b.facade.trim * 0.6)
        capsule(eaves[0] - over, eaves[1] - over, 0.07, 0.07, gutter)
        capsule(eaves[0] - b.inward.unit * 0.08, b.near - b.inward.unit * 0.08, 0.05, 0.05, gutter)
        chimneys(b, nearRidge, farRidge)
    }

    private mutating func mansard(_ b: StreetScenes.Building, _ eaves: [Vector]) {
        let tiles = material(.tiles, b.roofColor)
        let top = grown(eaves, -1.1).map { $0 + Vector(0, b.roofHeight, 0) }
        for side in 0..<4 {
            let next = (side + 1) % 4
            polygon([eaves[side], eaves[next], top[next], top[side]], tiles, seed: b.seed)
        }
        polygon(top, material(.plain, b.roofColor * 0.8), seed: b.seed)
        parapet(b, eaves)
        let trim = material(.plain, b.facade.trim)
        let glass = material(.glass, StreetScenes.srgb(30, 34, 40))
        let width = (b.far - b.near).length
        let count = max(Int(width / b.facade.bay), 1)
        for index in 0..<count {
            let t = (Float(index) + 0.5) / Float(count)
            let base = eaves[0].mixed(eaves[1], t) + b.inward.unit * 0.55 + Vector(0, 0.3, 0)
            let along = (b.far - b.near).unit
            block(centre: base, along: along * 0.62, across: b.inward.unit * 0.5, height: 1.5, trim)
            let front = base - b.inward.unit * 0.52
            sheet(
                front - along * 0.45 + Vector(0, 0.2, 0), front + along * 0.45 + Vector(0, 0.2, 0),
                front + along * 0.45 + Vector(0, 1.3, 0), front - along * 0.45 + Vector(0, 1.3, 0), glass)
        }
        chimneys(b, top[0].mixed(top[3], 0.5), top[1].mixed(top[2], 0.5))
    }

    private mutating func chimneys(_ b: StreetScenes.Building, _ from: Vector, _ to: Vector) {
        let brick = material(.brick, b.facade.wall == .brick ? b.facade.color : StreetScenes.srgb(140, 84, 62))
        let pot = material(.plain, StreetScenes.srgb(170, 104, 76))
        let along = (b.far - b.near).unit
        for index in 0..<b.chimneys {
            let foot = from.mixed(to, index == 0 ? 0.08 : 0.92) - Vector(0, 0.8, 0)
            block(centre: foot, along: along * 0.35, across: b.inward.unit * 0.7, height: 2.1, brick, seed: b.seed)
            for way: Float in [-0.4, 0, 0.4] {
                let stand = foot + b.inward.unit * way + Vector(0, 2.1, 0)
                capsule(stand, stand + Vector(0, 0.4, 0), 0.13, 0.11, pot)
            }
        }
    }

    private mutating func awning(_ b: StreetScenes.Building, _ color: Vector) {
        let out = b.inward.unit * -1.3
        let high = Vector(0, b.facade.groundHeight - 0.55, 0)
        let low = Vector(0, b.facade.groundHeight - 1.15, 0)
        let a = b.near.mixed(b.far, 0.08)
        let c = b.near.mixed(b.far, 0.92)
        let cloth = material(.awning, color)
        polygon([a + high, c + high, c + low + out, a + low + out], cloth, seed: b.seed)
        let hem = Vector(0, -0.22, 0)
        polygon([a + low + out, c + low + out, c + low + out + hem, a + low + out + hem], cloth, seed: b.seed)
    }

    private mutating func bayWindows(_ b: StreetScenes.Building) {
        var facade = b.facade
        facade.groundFloor = .blank
        facade.bay = 1.0
        facade.windowWidth = 0.72
        facade.windowHeight = 1.5
        facade.sill = 0.85
        facade.height = facade.groundHeight
        facade.floors = 1
        facade.groundHeight = 0
        facade.bands = false
        let wall = wall(facade, width: 2, aside: false)
        let roof = material(.tiles, b.roofColor)
        let along = (b.far - b.near).unit
        let middle = b.near.mixed(b.far, (b.seed & 1) == 0 ? 0.3 : 0.7)
        let out = b.inward.unit * -0.75
        let corners = [middle - along * 1.35, middle + along * 1.35, middle + along * 0.9 + out, middle - along * 0.9 + out]
        block(corners, height: b.facade.groundHeight, [wall], top: roof, seed: b.seed)
    }

    private mutating func hangingSign(_ b: StreetScenes.Building) {
        begin(.sign, countable: true)
        let board = material(.boardSign, b.facade.shop, StreetScenes.srgb(235, 230, 215), index: 1)
        let out = b.inward.unit * -1
        let centre = b.near.mixed(b.far, 0.15) + out * 0.75 + Vector(0, b.facade.groundHeight + 0.5, 0)
        plate(centre, right: out * 0.42, up: Vector(0, 0.5, 0), outline: Self.square, board, seed: b.seed)
        begin(.building)
        let iron = material(.metal, StreetScenes.srgb(40, 40, 42))
        capsule(centre - out * 0.75 + Vector(0, 0.53, 0), centre + out * 0.4 + Vector(0, 0.53, 0), 0.02, 0.02, iron)
    }

    static let square: [SIMD2<Float>] = [SIMD2(-1, -1), SIMD2(1, -1), SIMD2(1, 1), SIMD2(-1, 1)]
}
