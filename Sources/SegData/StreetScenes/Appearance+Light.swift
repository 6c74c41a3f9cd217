extension StreetScenes.Appearance {
    typealias Dice = StreetScenes.Dice

    /// Turns the look of a clear day into that of a domain.
    mutating func change(to domain: StreetScenes.Domain, _ road: StreetScenes.Road, _ dice: inout Dice) {
        let severity = Float(domain.severity)
        switch domain.kind {
        case .clear, .otherCity: break
        case .dusk: dusk(severity, &dice)
        case .night: night(severity, &dice)
        case .lowSun: lowSun(severity, road, &dice)
        case .fog: fog(severity, &dice)
        case .rain: rain(severity, &dice)
        case .snow: snow(severity, &dice)
        case .otherCamera: otherCamera(severity, road, &dice)
        }
    }

    /// First the sun sinks and reddens, then the sky darkens behind the lamps.
    private mutating func dusk(_ severity: Float, _ dice: inout Dice) {
        let sunset = min(severity / 0.4, 1)
        let late = max((severity - 0.4) / 0.6, 0)
        // Most streets look towards the bright side of the sky.
        aim(azimuth: dice.chance(0.7) ? dice.number(-0.7, 0.7) : dice.number(-.pi, .pi), by: sunset)
        raise(to: 0.05, by: sunset)
        sunlight = sunlight * Vector(1, 1 - 0.35 * sunset, 1 - 0.65 * sunset) * (1 - sunset)
        let tint = dice.number(0.8, 1.2)
        zenith = zenith.mixed(Vector(0.22, 0.29, 0.48), sunset).mixed(Vector(0.028, 0.045, 0.12), late)
        horizon = horizon.mixed(Vector(0.72, 0.50, 0.42), sunset).mixed(Vector(0.14, 0.11, 0.15), late)
        skylight = skylight.mixed(Vector(0.22, 0.22, 0.28), sunset).mixed(Vector(0.035, 0.042, 0.075), late)
        cloud = cloud.mixed(Vector(0.62, 0.42, 0.40), sunset).mixed(Vector(0.07, 0.06, 0.085), late)
        cloudiness = cloudiness.mixed(min(cloudiness, 0.45), sunset)
        afterglow = Vector(1.5, 0.62 * tint, 0.16) * (sunset * (1 - 0.72 * late))
        lamps = smoothStep(0.2, 0.6, severity)
        headlights = smoothStep(0.1, 0.4, severity)
        beam = 0.5 * headlights
        film.key *= 1 - 0.25 * sunset - 0.5 * late
        film.grain += 4 * severity
        film.balance *= Vector(1 + 0.05 * sunset, 1, 1 - 0.05 * sunset)
        lens.bloom = 0.35 * severity
    }

    /// Light fades by equal ratios, so that every step of severity is seen.
    private mutating func night(_ severity: Float, _ dice: inout Dice) {
        let day = (1 - severity) * (1 - severity) * (1 - severity)
        let dark = 1 - day
        sunlight *= day * day
        if sunlight.length < 0.06 { sunlight = .zero }
        let town = dice.number(0.6, 1.5)
        skylight = Self.faded(skylight, Vector(0.016, 0.017, 0.022), dark)
        zenith = Self.faded(zenith, Vector(0.004, 0.005, 0.009), dark)
        horizon = Self.faded(horizon, Vector(0.030, 0.022, 0.018) * town, dark)
        cloud = Self.faded(cloud, Vector(0.024, 0.018, 0.015) * town, dark)
        // The best lit streets are those of a mild night.
        lamps = smoothStep(0.35, 0.85, dark) * (1.15 - 0.6 * severity)
        headlights = smoothStep(0.25, 0.7, dark)
        beam = headlights
        film.key *= (1 - 0.62 * dark) * (1 - 0.35 * severity)
        film.grain += dark * (4 + 7 * severity)
        film.saturation *= 1 - 0.25 * dark
        film.contrast = film.contrast.mixed(1.05, dark)
        lens.bloom = 0.55 * dark
    }

    private mutating func lowSun(_ severity: Float, _ road: StreetScenes.Road, _ dice: inout Dice) {
        let low = min(severity * 1.5, 1)
        // Into the sun, most often: a little to one side, so that walls and cars beside the street catch it.
        let ahead = (dice.chance(0.75) ? dice.number(0.05, 0.32) : dice.number(0.5, 1.1)) * dice.sign()
        aim(azimuth: ahead + road.curvature * 20, by: low)
        raise(to: (0.34 as Float).mixed(0.19, severity), by: low)
        let clear = dice.number(2.3, 3.0)
        sunlight = sunlight.mixed(Vector(1, 0.74, 0.42) * clear, low)
        skylight = skylight.mixed(Vector(0.27, 0.31, 0.41), low)
        zenith = zenith.mixed(Vector(0.24, 0.38, 0.66), low)
        horizon = horizon.mixed(Vector(1.15, 0.95, 0.72), low)
        cloud = cloud.mixed(Vector(1.4, 1.15, 0.9), low)
        cloudiness = cloudiness.mixed(min(cloudiness, 0.4), low)
        haze = 1 / (1 / haze).mixed(1 / 350, low)
        film.contrast += 0.25 * low
        // The camera exposes for the bright sky and loses the street.
        film.key *= 1 - 0.35 * severity * severity
        film.balance *= Vector(1 + 0.04 * low, 1, 1 - 0.06 * low)
        lens.glare = severity * (0.3 + 1.5 * severity)
        lens.bloom = 0.3 * low
        lens.seed = dice.seed()
    }

    /// Turns the sun's azimuth towards `azimuth`, 0: straight ahead.
    private mutating func aim(azimuth: Float, by share: Float) {
        let flat = Vector(sun.x, 0, sun.z).unit
        let target = Vector(StreetScenes.Mesh.cosine(azimuth - .pi / 2), 0, StreetScenes.Mesh.cosine(azimuth))
        let turned = flat.mixed(target, share)
        let level = (1 - sun.y * sun.y).squareRoot()
        let way = turned.length > 0.05 ? turned.unit : target
        sun = Vector(way.x * level, sun.y, way.z * level)
    }

    /// Moves the sun towards a height, the sine of its elevation.
    private mutating func raise(to height: Float, by share: Float) {
        let lifted = sun.y.mixed(height, share)
        let flat = Vector(sun.x, 0, sun.z).unit * (1 - lifted * lifted).squareRoot()
        sun = Vector(flat.x, lifted, flat.z)
    }

    /// From `a` to `b` by equal ratios: 1/(1/a)¹⁻ᵗ(1/b)ᵗ without powers, by eight halvings of the way.
    private static func faded(_ a: Vector, _ b: Vector, _ t: Float) -> Vector {
        var low = a
        var high = b
        var rest = t
        for _ in 0..<8 {
            let product = low * high
            let middle = Vector(product.x.squareRoot(), product.y.squareRoot(), product.z.squareRoot())
            if rest < 0.5 {
                high = middle
                rest *= 2
            } else {
                low = middle
                rest = rest * 2 - 1
            }
        }
        return low.mixed(high, rest)
    }
}
