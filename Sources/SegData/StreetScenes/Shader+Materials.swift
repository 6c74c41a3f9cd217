extension StreetScenes.Shader {
    typealias Vector = StreetScenes.Vector
    typealias Hit = StreetScenes.Hit
    typealias Noise = StreetScenes.Noise

    /// The light that a hit sends to the camera.
    func radiance(_ hit: Hit, _ m: StreetScenes.Material, _ surface: UnsafePointer<StreetScenes.Surface>) -> Vector {
        switch m.kind {
        case .plain: return matt(hit, m.color * mottle(hit, 0.14))
        case .facade: return facade(hit, facades[Int(m.index)], m, surface)
        case .brick: return matt(hit, bricks(hit, hit.u, hit.v, m.color))
        case .tiles: return matt(hit, tiles(hit, m.color))
        case .awning:
            let stripe = (hit.u * 2.2).floored.index & 1
            return matt(hit, stripe == 0 ? m.color : Vector(0.75, 0.73, 0.68))
        case .paint: return paint(hit, m.color)
        case .glass: return glass(hit, m.color)
        case .windscreen: return windscreen(hit, m.color)
        case .carFront: return carFront(hit, m)
        case .carRear: return carRear(hit, m)
        case .carWindows: return carWindows(hit, m)
        case .carSide: return carSide(hit, m)
        case .busSide: return busSide(hit, m)
        case .wheel: return wheel(hit, m)
        case .metal:
            let share = fresnel(hit, hit.normal)
            return matt(hit, m.color * mottle(hit, 0.1)) + reflection(hit, hit.normal) * (share * 0.6)
        case .stripes: return stripes(hit, m)
        case .foliage: return foliage(hit, m, surface)
        case .twigs: return matt(hit, m.color * 0.75)
        case .bark: return matt(hit, m.color * (0.6 + 0.7 * noise.nearest(hit.u * 60, hit.position.x * 90 + hit.position.z * 90)))
        case .hedge: return hedge(hit, m)
        case .cloth:
            return matt(hit, m.color * (0.82 + 0.36 * noise.smooth(hit.position.x * 70 + hit.position.z * 50, hit.position.y * 60)))
        case .skin: return matt(hit, m.color, wrap: 0.25)
        case .boards: return boards(hit, m)
        case .roundSign: return roundSign(hit, m)
        case .triangleSign: return triangleSign(hit, m)
        case .diamondSign: return diamondSign(hit, m)
        case .boardSign: return boardSign(hit, m)
        case .trafficLight: return trafficLight(hit, m)
        case .glow:
            let glow = matt(hit, m.color) + m.other
            return m.index == 1 && look.lamps > 0 ? glow + StreetScenes.Lamps.color(hit.seed) * (5 * look.lamps) : glow
        }
    }

    @inline(__always)
    func matt(_ hit: Hit, _ albedo: Vector, wrap: Float = 0) -> Vector { albedo * light(hit, hit.normal, wrap: wrap) }

    /// Unevenness of a surface, around 1.
    @inline(__always)
    func mottle(_ hit: Hit, _ amount: Float) -> Float {
        1 + amount * (noise.smooth((hit.position.x + hit.position.z) * 9, hit.position.y * 9) * 2 - 1)
    }

    /// A wall of bricks in stretcher bond: 22 × 7.5 cm with mortar.
    @inline(__always)
    func bricks(_ hit: Hit, _ u: Float, _ v: Float, _ color: Vector) -> Vector {
        let weather = 0.78 + 0.44 * noise.smooth(u * 5 + Float(hit.seed & 255), v * 4)
        let detail = hit.shows(0.075)
        guard detail > 0 else { return color * weather }
        let y = v / 0.075
        let row = y.floored.value
        let x = u / 0.225 + (Int32(row) & 1 == 0 ? 0 : 0.5)
        let column = x.floored.value
        let tone = 0.75 + 0.5 * Noise.unit(Int32(column), Int32(row), hit.seed)
        let joint = y - row < 0.14 || x - column < 0.05
        let brick = joint ? Vector(0.36, 0.34, 0.31) : color * tone
        return color.mixed(brick, detail) * weather
    }

    /// Overlapping roof tiles.
    @inline(__always)
    private func tiles(_ hit: Hit, _ color: Vector) -> Vector {
        let weather = 0.7 + 0.6 * noise.smooth(hit.u * 6 + Float(hit.seed & 255), hit.v * 5)
        let detail = hit.shows(0.22)
        guard detail > 0 else { return color * weather }
        let y = hit.v / 0.25
        let row = y.floored.value
        let x = hit.u / 0.24 + (Int32(row) & 1 == 0 ? 0 : 0.5)
        let tone = 0.75 + 0.5 * Noise.unit(x.floored.index, Int32(row), hit.seed)
        let edge: Float = y - row < 0.16 ? 0.55 : 1
        return color * (weather * (1 + (tone * edge - 1) * detail))
    }

    @inline(__always)
    private func boards(_ hit: Hit, _ m: StreetScenes.Material) -> Vector {
        let board = (hit.u * 7).floored.index
        let tone = 0.7 + 0.5 * Noise.unit(board, 0, hit.seed)
        let grain = 0.8 + 0.4 * noise.smooth(hit.u * 160, hit.v * 12)
        return matt(hit, m.color * (tone * grain))
    }

    /// Rings around a post: a zebra crossing's beacon (index 0), or one bright ring near the top (index 1).
    @inline(__always)
    private func stripes(_ hit: Hit, _ m: StreetScenes.Material) -> Vector {
        let light = m.index == 0 ? (hit.v / 0.4).floored.index & 1 == 1 : hit.u > 0.72 && hit.u < 0.86
        return matt(hit, light ? m.other : m.color)
    }

    /// Leaves: dark between, bright on top, the sun shining through them.
    @inline(__always)
    private func foliage(_ hit: Hit, _ m: StreetScenes.Material, _ surface: UnsafePointer<StreetScenes.Surface>) -> Vector {
        let shift = StreetScenes.CutoutTest.shift(hit.seed)
        let leaf = noise.nearest(hit.u * 190 + shift.x, hit.v * 190 + shift.y)
        let clump = noise.nearest(hit.u * 40 + shift.x, hit.v * 40 + shift.y)
        // Towards the crown's underside and its middle there is less light.
        let out = surface.pointee.origin - m.other
        let height = 0.5 + 0.5 * (out * (1 / max(out.length, 0.3))).y
        let inner = min(max(hit.v / surface.pointee.size.y * 0.5 + 0.5, 0), 1)
        let depth = (0.35 + 0.65 * height) * (0.45 + 0.55 * inner)
        let normal = (hit.normal + out * (0.7 / max(out.length, 0.3))).unit
        let tone = depth * max(0.1 + 1.5 * leaf, 0.3) * (0.4 + 1.2 * clump)
        return m.color * light(hit, normal, wrap: 0.45) * tone * 1.3
    }

    @inline(__always)
    private func hedge(_ hit: Hit, _ m: StreetScenes.Material) -> Vector {
        let leaf = noise.nearest(hit.u * 190, hit.v * 190 + hit.position.z * 20)
        let clump = noise.nearest(hit.u * 36, hit.v * 36)
        return matt(hit, m.color * (max(0.1 + 1.5 * leaf, 0.3) * (0.4 + 1.0 * clump)), wrap: 0.3)
    }

    @inline(__always)
    private func roundSign(_ hit: Hit, _ m: StreetScenes.Material) -> Vector {
        let r = hit.u * hit.u + hit.v * hit.v
        guard !hit.behind else { return matt(hit, Vector(0.3, 0.31, 0.32)) }
        let kind = hit.seed >> 4 & 3
        let red = m.color.x > m.color.z
        if red && kind == 0 {
            // No entry: a white bar on red.
            return matt(hit, abs(hit.v) < 0.18 && abs(hit.u) < 0.7 ? m.other : m.color)
        }
        if red {
            // A limit: dark figures on white in a red ring.
            if r > 0.62 { return matt(hit, m.color) }
            let digit = abs(abs(hit.u) - 0.28) < 0.19 && abs(hit.v) < 0.42
            let hollow = abs(abs(hit.u) - 0.28) < 0.07 && abs(hit.v) < 0.28 && (hit.seed >> 6 & 1 == 0 || hit.v > 0.05)
            return matt(hit, digit && !hollow ? Vector(0.02, 0.02, 0.02) : m.other)
        }
        // A command: a white arrow on blue.
        let shaft = abs(hit.u) < 0.13 && hit.v > -0.6 && hit.v < 0.2
        let head = hit.v >= 0.1 && hit.v < 0.65 && abs(hit.u) < (0.65 - hit.v) * 0.8
        return matt(hit, shaft || head || r > 0.9 ? m.other : m.color)
    }

    @inline(__always)
    private func triangleSign(_ hit: Hit, _ m: StreetScenes.Material) -> Vector {
        guard !hit.behind else { return matt(hit, Vector(0.3, 0.31, 0.32)) }
        let edge = min(hit.v + 0.9, (0.9 - hit.v) * 0.51 - abs(hit.u) * 0.99 + 0.07)
        if edge < 0.24 { return matt(hit, m.color) }
        let figure = abs(hit.u + 0.1 * (hit.v * 6).floored.value * (hit.seed & 1 == 0 ? 0.4 : -0.4)) < 0.1 && hit.v > -0.55 && hit.v < 0.15
        return matt(hit, figure ? Vector(0.02, 0.02, 0.02) : m.other)
    }

    /// A black figure within a black rim.
    @inline(__always)
    private func diamondSign(_ hit: Hit, _ m: StreetScenes.Material) -> Vector {
        guard !hit.behind else { return matt(hit, Vector(0.3, 0.31, 0.32)) }
        let edge = 1 - abs(hit.u) - abs(hit.v)
        let bend: Float = hit.seed & 1 == 0 ? 0.15 : -0.15
        let figure = abs(hit.u - bend * (hit.v > 0 ? 1 : -1)) < 0.1 && abs(hit.v) < 0.45
        return matt(hit, figure || (edge > 0.06 && edge < 0.13) ? m.other : m.color)
    }

    /// A board with lines of writing and a rim.
    @inline(__always)
    private func boardSign(_ hit: Hit, _ m: StreetScenes.Material) -> Vector {
        guard !hit.behind || m.index == 1 else { return matt(hit, Vector(0.3, 0.31, 0.32)) }
        if max(abs(hit.u), abs(hit.v)) > 0.93 { return matt(hit, m.other) }
        let line = (hit.v + 1) * 1.75
        let inLine = line.fraction
        let letter = ((hit.u + 1) * 7).floored.index
        let stroke = Noise.unit(letter, line.floored.index, hit.seed)
        let inside = abs(hit.u) < 0.8 && inLine > 0.25 && inLine < 0.75 && line < 3.3
        let ink =
            inside && stroke > 0.22 && ((hit.u + 1) * 7).fraction > 0.2
            && Noise.unit(((hit.u + 1) * 21).floored.index, (line * 6).floored.index, hit.seed) > 0.25
        return matt(hit, ink ? m.other : m.color)
    }

    @inline(__always)
    private func trafficLight(_ hit: Hit, _ m: StreetScenes.Material) -> Vector {
        let x = hit.u * 0.24
        let y = hit.v * 0.58
        let rim = max(abs(hit.u) - 0.9, abs(hit.v) - 0.96) > 0
        var color = matt(hit, rim ? Vector(0.55, 0.55, 0.54) : m.color)
        for lamp in 0..<3 {
            let dy = y - (0.29 - 0.29 * Float(lamp))
            guard x * x + dy * dy < 0.0108 else { continue }
            // Red, amber, green; index 0 red, 1 red and amber, 2 green, 3 amber.
            let tone = lamp == 0 ? Vector(1, 0.05, 0.03) : lamp == 1 ? Vector(1, 0.5, 0.03) : Vector(0.06, 1, 0.5)
            let lit = lamp == 0 ? m.index < 2 : lamp == 1 ? m.index & 1 == 1 : m.index == 2
            color = lit ? tone * 1.8 : matt(hit, tone * 0.09 + Vector(repeating: 0.012))
        }
        return color
    }
}
