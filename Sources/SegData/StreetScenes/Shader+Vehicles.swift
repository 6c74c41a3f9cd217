extension StreetScenes.Shader {
    /// Car lacquer: matt colour under a clear coat that mirrors the street.
    @inline(__always)
    func paint(_ hit: Hit, _ color: Vector) -> Vector {
        let share = fresnel(hit, hit.normal)
        return matt(hit, color * (1 - share)) + reflection(hit, hit.normal) * (share * 0.9 + 0.03) + glint(hit, hit.normal)
    }

    @inline(__always)
    func glass(_ hit: Hit, _ color: Vector) -> Vector {
        let share = fresnel(hit, hit.normal)
        return color * look.skylight * 0.5 + reflection(hit, hit.normal) * (share * 0.9 + 0.06) + glint(hit, hit.normal) * 0.6
    }

    /// A pane in its frame; headrests and daylight show through it.
    func windscreen(_ hit: Hit, _ color: Vector) -> Vector {
        let aside = abs(hit.u - 0.5)
        if aside > 0.455 || hit.v < 0.06 || hit.v > 0.95 { return paint(hit, color) }
        if aside > 0.435 || hit.v < 0.1 || hit.v > 0.91 { return matt(hit, Vector(0.015, 0.015, 0.016)) }
        let x = (abs(aside - 0.22) - 0.02) / 0.075
        let y = (hit.v - 0.33) / 0.3
        let seat = x * x + y * y < 1 || hit.v < 0.2
        return glass(hit, seat ? Vector(0.012, 0.012, 0.013) : Vector(0.05, 0.055, 0.058))
    }

    @inline(__always)
    private func plate(_ hit: Hit, _ color: Vector) -> Vector {
        let letter = Noise.unit((hit.u * 40).floored.index, (hit.v * 5).floored.index, hit.seed)
        return matt(hit, letter > 0.6 && hit.shows(0.03) > 0.5 ? Vector(0.03, 0.03, 0.03) : color)
    }

    /// Lights at the corners, the plate in the middle, a seam above the bumper.
    func carRear(_ hit: Hit, _ m: StreetScenes.Material) -> Vector {
        let aside = abs(hit.u - 0.5)
        let inner: Float = hit.seed & 2 == 0 ? 0.33 : 0.38
        if aside > inner && aside < 0.49 && hit.v > 0.42 && hit.v < 0.95 {
            let cell = hit.v > 0.75 ? Vector(0.5, 0.16, 0.02) : Vector(0.42, 0.015, 0.012)
            let glow = m.other * (hit.v > 0.75 ? 0.2 : 0.55)
            let light = matt(hit, cell) + glow + reflection(hit, hit.normal) * 0.06
            return m.index == 0 && look.headlights > 0 ? light + Vector(2.2, 0.10, 0.07) * (look.headlights * m.other.x) : light
        }
        if aside < 0.135 && hit.v > 0.3 && hit.v < 0.52 {
            return plate(hit, hit.seed & 4 == 0 ? Vector(0.72, 0.55, 0.06) : Vector(0.7, 0.7, 0.68))
        }
        if hit.v < 0.05 || (hit.v > 0.24 && hit.v < 0.27) { return matt(hit, m.color * 0.25) }
        if aside < 0.2 && hit.v > 0.27 && hit.v < 0.56 { return paint(hit, m.color * 0.7) }
        return paint(hit, m.color)
    }

    /// Headlights, the grille between them, a badge.
    func carFront(_ hit: Hit, _ m: StreetScenes.Material) -> Vector {
        let aside = abs(hit.u - 0.5)
        if aside > 0.29 && aside < 0.475 && hit.v > 0.12 && hit.v < 0.72 {
            let x = (aside - 0.385) / 0.075
            let y = (hit.v - 0.42) / 0.28
            let bulb: Float = x * x + y * y < 0.6 ? 0.75 : 0.3
            let light = matt(hit, Vector(0.8, 0.82, 0.85) * bulb) + reflection(hit, hit.normal) * 0.25
            guard m.index == 0 && look.headlights > 0 else { return light }
            // Dipped beams dazzle from in front, less from the side.
            let towards = max(-hit.view.dot(hit.normal), 0)
            return light + Vector(6, 5.6, 5) * (look.headlights * (bulb > 0.5 ? 1 : 0.3) * (0.3 + 0.7 * towards))
        }
        if aside < 0.25 && hit.v > 0.22 && hit.v < 0.7 {
            let bar = (hit.v * 9).fraction < 0.3 || aside < 0.03
            return matt(hit, bar ? Vector(0.35, 0.36, 0.37) : Vector(0.02, 0.02, 0.022))
        }
        if aside < 0.14 && hit.v > 0.8 { return plate(hit, Vector(0.7, 0.7, 0.68)) }
        return paint(hit, m.color)
    }

    /// Three side windows between leaning pillars; `other` holds where their upper corners are.
    func carWindows(_ hit: Hit, _ m: StreetScenes.Material) -> Vector {
        let rear = m.other.x * hit.v
        let front = 1 + (m.other.y - 1) * hit.v
        let t = (hit.u - rear) / max(front - rear, 0.01)
        let frame = t < 0.07 || t > 0.94 || hit.v < 0.06 || hit.v > 0.93
        let pillar = abs(t - 0.48) < 0.025 || abs(t - 0.2) < 0.015
        if frame { return paint(hit, m.color) }
        if pillar { return matt(hit, Vector(0.02, 0.02, 0.022)) }
        // Seats, and the daylight from the other side above them.
        let seat = hit.v < 0.55 && (abs(t - 0.36) < 0.08 || abs(t - 0.66) < 0.08)
        return glass(hit, seat ? Vector(0.01, 0.01, 0.011) : Vector(0.045, 0.05, 0.052))
    }

    /// Doors: seams, a handle, the dark sill, wheel arches are plates of their own.
    func carSide(_ hit: Hit, _ m: StreetScenes.Material) -> Vector {
        if hit.v < 0.16 { return matt(hit, Vector(0.03, 0.03, 0.032)) }
        let seam = (abs(hit.u - 0.33) < 0.003 || abs(hit.u - 0.52) < 0.003 || abs(hit.u - 0.68) < 0.003) && hit.v > 0.2
        if seam && m.other.y < 2.4 { return matt(hit, m.color * 0.2) }
        if hit.v > 0.55 && hit.v < 0.62 && m.other.y < 2.2 { return paint(hit, m.color * 0.45) }
        return paint(hit, m.color)
    }

    /// A bus: a long band of windows, a coloured skirt.
    func busSide(_ hit: Hit, _ m: StreetScenes.Material) -> Vector {
        if hit.v > 0.42 && hit.v < 0.8 {
            let window = (hit.u * 7).fraction
            if window < 0.04 { return matt(hit, m.color * 0.4) }
            let pane = glass(hit, Vector(0.03, 0.034, 0.036))
            // The lights inside, and those who sit under them.
            guard look.lamps > 0 && m.index == 0 else { return pane }
            let passenger = hit.v < 0.6 && (hit.u * 21).fraction < 0.5 && Noise.unit((hit.u * 21).floored.index, 0, hit.seed) < 0.4
            return pane + Vector(0.75, 0.8, 0.75) * (look.lamps * (passenger ? 0.15 : 0.7))
        }
        if hit.v < 0.3 && hit.v > 0.24 { return paint(hit, Vector(0.7, 0.7, 0.66)) }
        return paint(hit, m.color)
    }

    /// A tyre with a rim of spokes.
    func wheel(_ hit: Hit, _ m: StreetScenes.Material) -> Vector {
        let r = hit.u * hit.u + hit.v * hit.v
        if r > 0.46 { return matt(hit, Vector(0.018, 0.018, 0.019) * (r > 0.9 ? 1.6 : 1)) }
        if r < 0.03 { return matt(hit, m.color * 0.6) }
        let spoke = min(abs(hit.u), abs(hit.v), abs(hit.u - hit.v) * 0.7, abs(hit.u + hit.v) * 0.7) < 0.1
        return matt(hit, spoke || r > 0.36 ? m.color : Vector(0.03, 0.03, 0.03)) + reflection(hit, hit.normal) * 0.05
    }
}
