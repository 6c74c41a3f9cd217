extension StreetScenes.Mesh {
    /// A pole with what it carries. Plates and lights are signs, the rest is pole.
    mutating func add(_ furniture: StreetScenes.Furniture) {
        let f = furniture
        switch f.kind {
        case .lamp: lamp(f)
        case .trafficLight: trafficLight(f)
        case .roundSign, .triangleSign, .diamondSign, .boardSign, .busStop: signPost(f)
        case .bollard: bollard(f)
        case .beacon: beacon(f)
        case .bare: post(f, radius: 0.11, top: 0.09)
        }
    }

    @discardableResult
    private mutating func post(_ f: StreetScenes.Furniture, radius: Float, top: Float) -> Int32 {
        begin(.pole, countable: true)
        let metal = material(.metal, f.color)
        capsule(f.base, f.base + Vector(0, f.height, 0), radius, top, metal, seed: f.seed)
        return metal
    }

    private mutating func lamp(_ f: StreetScenes.Furniture) {
        let metal = post(f, radius: 0.075, top: 0.05)
        capsule(f.base, f.base + Vector(0, 1.1, 0), 0.11, 0.1, metal)
        let top = f.base + Vector(0, f.height, 0)
        let glass = material(.glow, StreetScenes.srgb(196, 196, 190), Vector(repeating: 0.1), index: 1)
        if f.seed & 3 == 0 {
            // An old lantern on top.
            capsule(top + Vector(0, 0.1, 0), top + Vector(0, 0.45, 0), 0.12, 0.2, glass, seed: f.seed)
            capsule(top + Vector(0, 0.5, 0), top + Vector(0, 0.75, 0), 0.2, 0.04, metal)
            return
        }
        for way: Float in f.seed & 7 == 1 ? [1, -1] : [1] {
            let elbow = top + f.facing * (0.5 * way) + Vector(0, 0.35, 0)
            let end = top + f.facing * (1.5 * way) + Vector(0, 0.5, 0)
            capsule(top, elbow, 0.05, 0.045, metal)
            capsule(elbow, end, 0.045, 0.04, metal)
            capsule(end, end + f.facing * (0.6 * way), 0.09, 0.12, metal)
            capsule(end + Vector(0, -0.07, 0), end + f.facing * (0.5 * way) + Vector(0, -0.07, 0), 0.07, 0.08, glass, seed: f.seed)
        }
    }

    private mutating func trafficLight(_ f: StreetScenes.Furniture) {
        post(f, radius: 0.06, top: 0.055)
        let right = Vector(0, 1, 0).cross(f.facing).unit
        for level in 0..<(f.seed & 4 == 0 ? 2 : 1) {
            begin(.sign, countable: true)
            let black = material(.plain, StreetScenes.srgb(24, 25, 26))
            let lights = material(.trafficLight, StreetScenes.srgb(26, 27, 28), .zero, index: Int(f.seed >> 4) % 4)
            let middle = f.base + Vector(0, f.height - 0.5 - Float(level) * 1.15, 0) + f.facing * 0.12
            block(centre: middle - Vector(0, 0.48, 0), along: right * 0.15, across: f.facing * 0.1, height: 0.96, black)
            plate(middle + f.facing * 0.11, right: right * 0.24, up: Vector(0, 0.58, 0), outline: Self.square, lights, seed: f.seed)
        }
    }

    private mutating func signPost(_ f: StreetScenes.Furniture) {
        post(f, radius: 0.036, top: 0.036)
        begin(.sign, countable: true)
        let right = Vector(0, 1, 0).cross(f.facing).unit
        let up = Vector(0, 1, 0)
        let red = StreetScenes.srgb(196, 30, 36)
        let blue = StreetScenes.srgb(24, 72, 160)
        let face = f.base + up * (f.height - 0.35) + f.facing * 0.06
        switch f.kind {
        case .roundSign:
            let board = material(.roundSign, f.seed & 1 == 0 ? red : blue, StreetScenes.srgb(236, 236, 232))
            plate(face, right: right * 0.34, up: up * 0.34, outline: Self.circle, board, seed: f.seed)
        case .triangleSign:
            let board = material(.triangleSign, red, StreetScenes.srgb(238, 238, 232))
            plate(face, right: right * 0.42, up: up * 0.4, outline: Self.triangle, board, seed: f.seed)
        case .diamondSign:
            let board = material(.diamondSign, StreetScenes.srgb(240, 190, 20), StreetScenes.srgb(20, 20, 20))
            plate(face, right: right * 0.46, up: up * 0.46, outline: Self.diamond, board, seed: f.seed)
        case .busStop:
            let board = material(.boardSign, f.seed & 1 == 0 ? red : blue, StreetScenes.srgb(240, 240, 236))
            plate(face + right * 0.25, right: right * 0.25, up: up * 0.32, outline: Self.square, board, seed: f.seed)
            plate(face - up * 1.2, right: right * 0.2, up: up * 0.35, outline: Self.square, board, seed: f.seed &+ 1)
        default:
            let colors = [blue, StreetScenes.srgb(22, 104, 60), StreetScenes.srgb(232, 232, 228), StreetScenes.srgb(225, 180, 30)]
            let ground = colors[Int(f.seed >> 3) & 3]
            let text = (f.seed >> 4) & 1 == 1 ? StreetScenes.srgb(28, 28, 30) : StreetScenes.srgb(240, 240, 238)
            let board = material(.boardSign, ground, text)
            let wide = 0.4 + 0.08 * Float((f.seed >> 6) & 7)
            plate(face, right: right * wide, up: up * 0.38, outline: Self.square, board, seed: f.seed)
        }
    }

    private mutating func bollard(_ f: StreetScenes.Furniture) {
        begin(.pole, countable: true)
        let metal = material(.stripes, f.color, StreetScenes.srgb(230, 230, 225), index: 1)
        capsule(f.base, f.base + Vector(0, f.height, 0), 0.075, 0.07, metal, seed: f.seed)
    }

    private mutating func beacon(_ f: StreetScenes.Furniture) {
        begin(.pole, countable: true)
        let banded = material(.stripes, StreetScenes.srgb(28, 28, 28), StreetScenes.srgb(235, 235, 232), index: 0)
        let top = f.base + Vector(0, 2.6, 0)
        capsule(f.base, top, 0.06, 0.05, banded)
        let globe = material(.glow, StreetScenes.srgb(250, 170, 40), Vector(repeating: 0.25))
        capsule(top + Vector(0, 0.15, 0), top + Vector(0, 0.16, 0), 0.17, 0.17, globe)
    }

    /// Fences, walls and hedges.
    mutating func add(_ barrier: StreetScenes.Barrier) {
        let b = barrier
        let lift = Vector(0, b.height, 0)
        let along = (b.to - b.from).unit
        let across = Vector(along.z, 0, -along.x)
        switch b.kind {
        case .railings, .palings, .mesh, .guardRail:
            begin(.fence)
            fence(b, along, lift)
        case .wall:
            begin(.building)
            let brick = material(.brick, b.color)
            let cope = material(.plain, StreetScenes.srgb(150, 144, 134))
            block(
                [b.from - across * 0.12, b.to - across * 0.12, b.to + across * 0.12, b.from + across * 0.12], height: b.height, [brick],
                top: cope, seed: b.seed)
        case .hedge:
            begin(.tree)
            hedge(b, along, across)
        }
    }

    private mutating func fence(_ b: StreetScenes.Barrier, _ along: Vector, _ lift: Vector) {
        let length = (b.to - b.from).length
        let metal = material(b.kind == .palings ? .boards : .metal, b.color)
        let cutouts: [StreetScenes.Cutout] = b.kind == .palings ? [.palings] : b.kind == .mesh ? [.mesh] : [.railings]
        let steps = max(Int(length / 6), 1)
        for step in 0..<steps {
            let from = b.from.mixed(b.to, Float(step) / Float(steps))
            let to = b.from.mixed(b.to, Float(step + 1) / Float(steps))
            polygon([from, to, to + lift, from + lift], metal, seed: b.seed &+ UInt32(step), cutout: cutouts[0])
        }
        let spacing: Float = b.kind == .guardRail ? 2 : 2.5
        for post in 0...Int(length / spacing) {
            let foot = b.from + along * (Float(post) * spacing)
            capsule(foot, foot + lift, 0.035, 0.035, metal)
        }
    }

    private mutating func hedge(_ b: StreetScenes.Barrier, _ along: Vector, _ across: Vector) {
        let leaves = material(.hedge, b.color)
        let fringe = material(.foliage, b.color, (b.from + b.to) * 0.5)
        let depth = across * 0.4
        block([b.from - depth, b.to - depth, b.to + depth, b.from + depth], height: b.height, [leaves], top: leaves, seed: b.seed)
        let count = Int((b.to - b.from).length / 0.8)
        for index in 0...max(count, 1) {
            let seed = b.seed &+ UInt32(index) &* 977
            let jitter = Float(seed >> 8 & 15) / 15
            let spot = b.from + along * (Float(index) * 0.8) + Vector(0, b.height * (0.75 + 0.25 * jitter), 0)
            card(spot, 0.65, 0.45, fringe, seed: seed, cutout: .foliage)
        }
    }

    static let circle: [SIMD2<Float>] = {
        // A regular 16-gon from half-angle steps: exact on every machine.
        let c: Float = 0.923_879_5
        let s: Float = 0.382_683_43
        var points: [SIMD2<Float>] = []
        var point = SIMD2<Float>(1, 0)
        for _ in 0..<16 {
            points.append(point)
            point = SIMD2(point.x * c - point.y * s, point.x * s + point.y * c)
        }
        return points
    }()

    static let diamond: [SIMD2<Float>] = [SIMD2(0, -1), SIMD2(1, 0), SIMD2(0, 1), SIMD2(-1, 0)]
    static let triangle: [SIMD2<Float>] = [SIMD2(-1, -0.9), SIMD2(1, -0.9), SIMD2(0.08, 0.9), SIMD2(-0.08, 0.9)]
}
