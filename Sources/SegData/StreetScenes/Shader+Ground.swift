extension StreetScenes.Shader {
    /// What kind of ground lies at a spot, and where on the street that is.
    enum Ground { case road, sideRoad, pavement, paving, grass, tarmac }

    /// The ground along a ray: pavements are raised, so the ray may meet a curb's face first.
    func ground(_ ray: Vector, _ direction: Vector, label: inout UInt8) -> Vector {
        let eye = camera.position
        let raised = (road.curbHeight - eye.y) / ray.y
        let length = ray.length
        var hit = Hit(
            position: eye + ray * raised, view: direction, distance: raised * length, fine: raised / camera.focal,
            normal: Vector(0, 1, 0), u: 0, v: 0, seed: road.seed)
        hit.fine *= min(max(0.3 / max(-direction.y, 0.01), 1), 6)
        var kind = cover(hit.position)
        var color: Vector
        if kind == .road || kind == .sideRoad {
            let flat = -eye.y / ray.y
            hit.position = eye + ray * flat
            hit.distance = flat * length
            kind = cover(hit.position)
            if kind == .road || kind == .sideRoad {
                label = StreetScenes.Class.road.rawValue
                color = roadSurface(hit, kind == .road)
            } else {
                // Between the two heights: the curb's face.
                label = StreetScenes.Class.pavement.rawValue
                let side: Float = hit.position.x > road.centre(hit.position.z) ? -1 : 1
                color = Vector(0.2, 0.195, 0.185) * light(hit, Vector(side, 0, 0)) * 0.8
            }
            return hazy(color, direction, hit.distance)
        }
        switch kind {
        case .grass:
            label = StreetScenes.Class.tree.rawValue
            let blades = noise.nearest(hit.position.x * 50, hit.position.z * 40)
            let patch = noise.smooth(hit.position.x * 5, hit.position.z * 5)
            let grass = road.grass * ((0.5 + 0.8 * patch) * (0.7 + 0.6 * blades * hit.shows(0.1)))
            color = ground(hit, grass, .grass)
        case .tarmac:
            label = StreetScenes.Class.road.rawValue
            color = ground(hit, asphalt(hit), .tarmac)
        default:
            label = StreetScenes.Class.pavement.rawValue
            color = ground(hit, pavement(hit), .pavement)
        }
        return hazy(color, direction, hit.distance)
    }

    /// Ground of a colour, under the light and the weather.
    @inline(__always)
    private func ground(_ hit: Hit, _ albedo: Vector, _ kind: Ground) -> Vector {
        if look.wetness > 0 { return wet(hit, albedo, kind) }
        return lit(hit, look.snow > 0 ? snowed(albedo, hit, kind) : albedo)
    }

    @inline(__always)
    func lit(_ hit: Hit, _ albedo: Vector) -> Vector {
        var total = look.skylight
        if sunny { total += look.sunlight * (look.sun.y * shadows.light(at: hit.position)) }
        if lit { total += lamps.light(at: hit.position, hit.normal) }
        return albedo * total * contacts.openness(hit.position)
    }

    @inline(__always)
    private func cover(_ p: Vector) -> Ground {
        let s = p.x - road.centre(p.z)
        let aside = abs(s)
        if aside < road.halfWidth { return .road }
        if p.z > road.end { return p.z < road.end + 9 ? .sideRoad : .paving }
        let side: Float = s < 0 ? -1 : 1
        var beside = false
        for street in sideStreets where street.side == side {
            let into = min(p.z - street.from, street.to - p.z)
            if into > 0 { return .sideRoad }
            // The curb turns into the side street in a quarter circle.
            let dx = 3 - (aside - road.halfWidth)
            let dz = 3 + into
            if dx > 0 && dz > 0 && dx * dx + dz * dz > 9 { return .sideRoad }
            if into > -1.8 { beside = true }
        }
        if beside || aside < road.frontage { return .pavement }
        for plot in plots where plot.side == side && p.z >= plot.from && p.z < plot.to {
            switch plot.cover {
            case .paving: return .paving
            case .grass: return .grass
            case .tarmac: return .tarmac
            }
        }
        return .paving
    }

    /// Asphalt: patched, stained, cracked, worn smooth by tyres.
    @inline(__always)
    private func asphalt(_ hit: Hit) -> Vector {
        let x = hit.position.x
        let z = hit.position.z
        var tone = 0.86 + 0.28 * noise.smooth(x * 5 + 17, z * 1.1)
        let grain = hit.shows(0.05)
        if grain > 0 { tone *= 1 + (Noise.unit((x * 45).floored.index, (z * 45).floored.index, 1) - 0.5) * 0.4 * grain }
        let crack = abs(noise.smooth(x * 7 + 90, z * 4) - 0.32)
        if crack < 0.003 { tone *= 0.75 + 0.25 * (1 - hit.shows(0.06)) }
        return road.asphalt * tone
    }

    private func roadSurface(_ hit: Hit, _ main: Bool) -> Vector {
        let z = hit.position.z
        let s = hit.position.x - road.centre(z)
        var color = asphalt(hit)
        if main {
            color *= repairs(s, z)
            let lane = road.halfWidth - road.parking
            let track = abs(abs(s) - lane / 2)
            color *= 1 + 0.1 * max(1 - abs(track - 0.75) * 3, 0)
            if road.cycleLane && abs(s) > lane - 1.3 && abs(s) < lane { color = color * Vector(1.9, 0.85, 0.75) }
            let mark = marking(hit, s, z, lane)
            if mark.w > 0 {
                // Paint wears off where it is driven over.
                let wear = smoothStep(0.2, 0.5, noise.smooth(s * 23, z * 17) + 0.18 * noise.smooth(s * 3, z * 2))
                color = color.mixed(Vector(mark.x, mark.y, mark.z), mark.w * (0.3 + 0.65 * wear))
            }
            // The gutter collects dust.
            let gutter = road.halfWidth - abs(s)
            if gutter < 0.35 { color *= 0.75 + 0.7 * gutter }
        }
        var result = ground(hit, color, main ? .road : .sideRoad)
        // Polished asphalt mirrors the sky at a glancing view.
        let share = fresnel(hit, hit.normal)
        result += look.horizon * (share * share * 0.25)
        return result
    }

    /// Rectangles of fresh asphalt, and manhole covers.
    @inline(__always)
    private func repairs(_ s: Float, _ z: Float) -> Float {
        let column = (s / 2.3).floored.index
        let row = (z / 7).floored.index
        let choice = Noise.hash(column, row, road.seed)
        let x = s / 2.3 - Float(column)
        let y = z / 7 - Float(row)
        if choice & 15 == 0 {
            let wide = 0.25 + Float(choice >> 8 & 63) / 90
            if x < wide && y > 0.2 && y < 0.9 { return choice & 256 == 0 ? 0.68 : 1.2 }
        } else if choice & 15 < 3 {
            let dx = (x - 0.5) * 2.3
            let dy = (y - 0.5) * 7
            let r = dx * dx + dy * dy
            if r < 0.1 { return r > 0.075 ? 0.4 : 0.62 }
        }
        return 1
    }

    /// The paint at a spot of the road: colour and how much it covers.
    @inline(__always)
    private func marking(_ hit: Hit, _ s: Float, _ z: Float, _ lane: Float) -> SIMD4<Float> {
        let white = SIMD4(road.paint, 1)
        let middle = SIMD4(road.centrePaint, 1)
        let thin = max(0.06, hit.fine * 0.4)
        let aside = abs(s)
        if let crossing = road.crossing {
            if z > crossing && z < crossing + 3 { return (s / 1.1).fraction < 0.5 ? white : .zero }
        }
        if let stop = road.stopLine, z > stop, z < stop + 0.3, s * road.drivingSide > 0 { return white }
        if let arrow = road.arrow, z > arrow, z < arrow + 3.2 {
            let x = abs(s - road.drivingSide * lane / 2)
            let y = z - arrow
            if y < 2 ? x < 0.1 : x < (3.2 - y) * 0.3 { return white }
        }
        switch road.centreLine {
        case .none: break
        case .dashed: if aside < thin && (z / 6).fraction < 0.5 { return middle }
        case .solid: if aside < thin { return middle }
        case .double: if abs(aside - 0.14) < thin { return middle }
        }
        if road.parking > 0 && abs(aside - lane) < thin && (z / 1.6).fraction < 0.6 { return white }
        if road.cycleLane && abs(aside - lane + 1.35) < thin && (z / 3).fraction < 0.7 { return white }
        if road.yellowLines {
            let edge = road.halfWidth - aside
            if abs(edge - 0.28) < thin * 0.7 || abs(edge - 0.5) < thin * 0.7 { return SIMD4(0.62, 0.46, 0.07, 1) }
        }
        return .zero
    }

    /// Slabs with joints; curbstones along the road.
    @inline(__always)
    private func pavement(_ hit: Hit) -> Vector {
        let z = hit.position.z
        let s = hit.position.x - road.centre(z)
        let stain = 0.78 + 0.44 * noise.smooth(s * 8 + 50, z * 5)
        let edge = abs(s) - road.halfWidth
        if edge < 0.16 {
            let joint: Float = (z / 0.9).fraction < 0.03 && hit.shows(0.1) > 0 ? 0.6 : 1
            return Vector(0.24, 0.235, 0.22) * (stain * joint)
        }
        let row = (z / road.slabSize.x).floored.value
        let x = s / road.slabSize.y + (Int32(row) & 1 == 0 ? 0 : 0.5)
        let column = x.floored.value
        let tone = 0.84 + 0.32 * Noise.unit(Int32(column), Int32(row), road.seed)
        let joint: Float = z / road.slabSize.x - row < 0.045 || x - column < 0.03 ? 0.6 : 1
        let detail = hit.shows(0.25)
        let grain = 1 + (Noise.unit((s * 50).floored.index, (z * 50).floored.index, 2) - 0.5) * 0.2 * hit.shows(0.05)
        return road.slab * (stain * grain * (1 + (tone * joint - 1) * detail))
    }
}
