extension StreetScenes.Shader {
    /// Snow lies on what faces the sky; on upright things a little sticks.
    @inline(__always)
    func snowed(_ color: Vector, _ hit: Hit, _ kind: StreetScenes.Material.Kind) -> Vector {
        let holds: Float
        switch kind {
        case .facade, .windscreen, .carWindows, .glass, .wheel: holds = 0.35
        case .cloth, .skin, .glow: holds = 0.5
        case .foliage, .hedge: holds = 1.25
        default: holds = 1
        }
        let patch = noise.smooth((hit.position.x + hit.position.y) * 7, (hit.position.z - hit.position.y) * 7)
        let threshold = 1.05 - 0.9 * look.snow * holds
        let cover = smoothStep(threshold, threshold + 0.25, hit.normal.y + 0.3 * (patch - 0.5)) * min(4 * look.snow, 1)
        guard cover > 0 else { return color }
        let up = (hit.normal + Vector(0, 0.5, 0)).unit
        return color.mixed(Self.snow * light(hit, up, wrap: 0.3), cover)
    }

    /// Snow on the ground: whole on grass, trodden on pavements, driven into tracks on the road.
    @inline(__always)
    func snowed(_ albedo: Vector, _ hit: Hit, _ kind: Ground) -> Vector {
        let x = hit.position.x
        let z = hit.position.z
        let patch = 0.6 * noise.smooth(x * 3 + 11, z * 1.6) + 0.4 * noise.smooth(x * 31, z * 19)
        var depth = 2.4 * look.snow
        var dirt: Float = 0
        switch kind {
        case .grass: depth += 0.35
        case .pavement, .paving:
            let trodden = 1 - abs(abs(x - road.centre(z)) - road.halfWidth - road.pavementWidth / 2) / max(road.pavementWidth / 2, 0.5)
            depth -= 0.45 * max(trodden, 0) * noise.nearest(x * 13, z * 13)
        case .tarmac: depth -= 0.3
        case .sideRoad: depth -= 0.55
        case .road:
            let lane = road.halfWidth - road.parking
            let track = max(1 - abs(abs(abs(x - road.centre(z)) - lane / 2) - 0.75) * 2.2, 0)
            depth -= 0.55 + 0.85 * track
            dirt = 0.35 + 0.35 * track
        }
        let cover = smoothStep(0, 0.6, depth - 1.2 * patch) * min(6 * look.snow, 1)
        // Between the patches the ground is wet.
        let bare = albedo * (1 - 0.35 * min(3 * look.snow, 1))
        let trace = 0.9 + 0.2 * noise.smooth(x * 40, z * 40)
        return bare.mixed(Self.snow * ((1 - 0.55 * dirt * (1.3 - look.snow)) * trace), cover)
    }

    private static var snow: Vector { Vector(0.82, 0.85, 0.90) }

    /// Water darkens the ground and mirrors the street: a blurred image in damp asphalt, a sharp one in puddles.
    func wet(_ hit: Hit, _ albedo: Vector, _ kind: Ground) -> Vector {
        let x = hit.position.x
        let z = hit.position.z
        let soaks: Float = kind == .grass ? 0.25 : 0.45
        let damp = lit(hit, albedo * (1 - soaks * look.wetness))
        guard kind != .grass else { return damp }
        // Water gathers in hollows, ruts and the gutter.
        let aside = abs(x - road.centre(z))
        let gutter = kind == .road ? max(1 - abs(road.halfWidth - aside) * 1.4, 0) * 0.25 : 0
        let level = 0.75 * noise.smooth(x * 3.1 + 60, z * 1.3 + 7) + 0.25 * noise.smooth(x * 13, z * 7) + gutter
        let puddle = smoothStep(0, 0.07, level - 0.98 + 0.42 * look.wetness)
        let glancing = 1 - min(max(-hit.view.y, 0), 1)
        let fourth = glancing * glancing * glancing * glancing
        let mirror = 0.03 + 0.97 * fourth * fourth * glancing
        let rough = (kind == .road || kind == .tarmac || kind == .sideRoad ? 0.7 : 0.5) * look.wetness
        let ripple = (noise.nearest(x * 90, z * 60) - 0.5) * 3
        let image = reflections?.light(at: camera.project(hit.position), ripple: ripple, sharp: puddle > 0.5) ?? look.horizon
        let share = min(mirror * (rough + (1 - rough) * puddle) + 0.12 * puddle + 0.08 * look.wetness, 1)
        return damp * (1 - 0.35 * puddle) * (1 - share) + image * share
    }
}
