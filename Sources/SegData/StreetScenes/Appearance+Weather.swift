extension StreetScenes.Appearance {
    /// Droplets scatter light into the view and out of it. Visibility V, the distance at which 5 % of the contrast is
    /// left, is 3 / extinction (Koschmieder).
    mutating func fog(_ severity: Float, _ dice: inout Dice) {
        let dense = min(severity * 2, 1)
        let visibility = 30 / (severity * severity)
        haze = 1 / (1 / haze + 3 / visibility)
        fogHeight = dice.number(25, 60) * dense
        let air = Vector(0.70, 0.725, 0.75) * dice.number(0.85, 1.15)
        close(under: air, by: dense)
        sunlight *= (1 - severity) * (1 - severity)
        if severity > 0.6 { sunlight = .zero }
        headlights = smoothStep(0.15, 0.6, severity) * 0.8
        film.saturation *= 1 - 0.3 * severity
        film.contrast = film.contrast.mixed(1, severity)
        lens.bloom = 0.25 * severity
    }

    mutating func rain(_ severity: Float, _ dice: inout Dice) {
        let heavy = min(severity * 2, 1)
        close(under: Vector(0.42, 0.45, 0.50) * dice.number(0.85, 1.15), by: heavy)
        sunlight *= (1 - heavy) * (1 - heavy)
        haze = 1 / (1 / haze + 3 / (220 / (severity * severity)))
        fogHeight = 200 * heavy
        wetness = smoothStep(0, 0.8, severity)
        headlights = smoothStep(0.1, 0.5, severity) * 0.8
        lamps = smoothStep(0.5, 1, severity) * 0.3
        precipitation = .init(kind: .rain, density: severity, wind: dice.number(-0.22, 0.22), seed: dice.seed())
        film.key *= (1 - 0.3 * heavy) * (1 - 0.25 * severity)
        film.saturation *= 1 - 0.2 * heavy
        film.grain += 1.5 * severity
        film.balance *= Vector(1 - 0.03 * heavy, 1, 1 + 0.04 * heavy)
        lens.drops = severity
        lens.bloom = 0.3 * severity
        lens.seed = dice.seed()
    }

    mutating func snow(_ severity: Float, _ dice: inout Dice) {
        let heavy = min(severity * 2, 1)
        close(under: Vector(0.72, 0.74, 0.78) * dice.number(0.85, 1.1), by: heavy)
        sunlight *= (1 - heavy) * (1 - heavy)
        haze = 1 / (1 / haze + 3 / (140 / (severity * severity)))
        fogHeight = 150 * heavy
        snow = severity
        headlights = smoothStep(0.1, 0.5, severity) * 0.6
        precipitation = .init(kind: .snow, density: severity, wind: dice.number(-0.6, 0.6), seed: dice.seed())
        film.key *= 1 + 0.25 * heavy
        film.saturation *= 1 - 0.15 * heavy
        film.balance *= Vector(1 - 0.02 * heavy, 1, 1 + 0.03 * heavy)
    }

    /// A closed cover of clouds of one colour.
    private mutating func close(under sky: Vector, by share: Float) {
        zenith = zenith.mixed(sky, share)
        horizon = horizon.mixed(sky * 1.1, share)
        cloud = cloud.mixed(sky * 1.1, share)
        cloudiness = cloudiness.mixed(0.8, share)
        skylight = skylight.mixed(sky * 1.05, share)
    }

    /// A camera that was bought, mounted and tuned by someone else.
    mutating func otherCamera(_ severity: Float, _ road: StreetScenes.Road, _ dice: inout Dice) {
        // Wide and high like a lorry's, or long and low like a bumper's.
        let wide = dice.chance(0.6)
        view.focal *= (1 as Float).mixed(wide ? dice.number(0.5, 0.62) : dice.number(1.5, 1.9), severity)
        let height = wide ? dice.number(2.2, 3.0) : dice.number(0.55, 0.9)
        view.position.y = view.position.y.mixed(height, severity)
        view.pitch += severity * (wide ? dice.number(-0.22, -0.1) : dice.number(-0.02, 0.1))
        view.roll += severity * dice.number(-0.05, 0.05)
        lens.distortion = severity * (wide ? dice.number(0.35, 0.6) : dice.number(0.05, 0.15))
        film.vignette = film.vignette.mixed(dice.number(0.6, 0.9), severity)
        let warm = dice.number(0.08, 0.2) * dice.sign()
        film.balance = film.balance * Vector(1 + warm * severity, 1 + dice.number(-0.05, 0.08) * severity, 1 - warm * severity)
        film.contrast = film.contrast.mixed(dice.chance(0.5) ? dice.number(0.68, 0.8) : dice.number(1.4, 1.6), severity)
        film.saturation = film.saturation.mixed(dice.chance(0.5) ? dice.number(0.15, 0.45) : dice.number(1.3, 1.6), severity)
        film.key *= (1 as Float).mixed(dice.chance(0.5) ? 0.65 : 1.35, severity)
        // A cheap lens blurs; an eager processor sharpens.
        film.blur = film.blur.mixed(dice.chance(0.5) ? 0.19 : -0.12, severity)
        film.grain += 3 * severity
    }
}
