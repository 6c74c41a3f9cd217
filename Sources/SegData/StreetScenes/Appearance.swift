#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension StreetScenes {
    /// How a scene is seen: light, air, camera. It is drawn from a stream of its own, so another time of day, weather
    /// or camera is another sampler of this type over the very same scenes.
    struct Appearance {
        /// Unit vector towards the sun.
        var sun: Vector
        /// Its light on a surface square to it; 0 under a closed cover of clouds.
        var sunlight: Vector
        /// The sky's light on a surface that sees all of it.
        var skylight: Vector
        var zenith: Vector
        var horizon: Vector
        var cloud: Vector
        /// The fraction of the sky that clouds cover.
        var cloudiness: Float
        var cloudShift: SIMD2<Float>
        var cloudScale: Float
        /// The distance in metres over which the air replaces 63 % of what is behind it.
        var haze: Float
        var view: Viewpoint
        var film: Film

        // What a clear day has none of.

        /// The light of the horizon where the sun has set.
        var afterglow = Vector.zero
        /// The height of a layer of fog in metres; 0: the air thins out unseen.
        var fogHeight: Float = 0
        /// How brightly street lamps, windows and shops shine, 1: as at night.
        var lamps: Float = 0
        /// The same of vehicles' lights.
        var headlights: Float = 0
        /// How brightly the viewer's own car lights the road.
        var beam: Float = 0
        /// 0 dry … 1 puddles.
        var wetness: Float = 0
        /// 0 none … 1 on everything that faces the sky.
        var snow: Float = 0
        var precipitation: Precipitation?
        var lens = Lens()
    }

    /// What falls between the camera and the street.
    struct Precipitation {
        enum Kind { case rain, snow }
        var kind: Kind
        /// 0 none … 1 as dense as it gets.
        var density: Float
        /// Sidewards drift, as a fraction of the fall.
        var wind: Float
        var seed: UInt32
    }

    /// What the glass in front of the sensor does.
    struct Lens {
        /// Barrel distortion: how much smaller the corners are drawn than the middle.
        var distortion: Float = 0
        /// How much of the light of bright spots spreads around them.
        var bloom: Float = 0
        /// How much of the sun's light is scattered over the picture.
        var glare: Float = 0
        /// Drops of rain on it, 0...1.
        var drops: Float = 0
        var seed: UInt32 = 0
    }

    /// What the camera does to the light that it gets.
    struct Film {
        /// The brightness that the picture's average is brought to.
        var key: Float
        var balance: Vector
        var contrast: Float
        var saturation: Float
        /// Standard deviation of the noise, in steps of 8 bits.
        var grain: Float
        /// How much of a pixel's light its neighbours get.
        var blur: Float
        /// How much darker the corners are.
        var vignette: Float
        var seed: UInt32
    }
}

extension StreetScenes.Appearance {
    typealias Vector = StreetScenes.Vector

    /// A day: from clear to overcast, sun from any side, a small camera behind the windscreen.
    static func day(_ dice: inout StreetScenes.Dice, road: StreetScenes.Road) -> Self {
        // 0 clear … 1 overcast.
        let overcast = [0, 0.25, 0.55, 1][dice.weighted([0.32, 0.25, 0.13, 0.3])] as Float
        let elevation = dice.number(0.38, 1.05)
        let azimuth = dice.number(-.pi, .pi)
        let sun = Vector(sinf(azimuth) * cosf(elevation), sinf(elevation), cosf(azimuth) * cosf(elevation))

        // A low sun is warmer; the rest of its light comes from the blue of the sky.
        let low = 1 - min((elevation - 0.38) / 0.5, 1)
        let sunColor = Vector(1, 0.94 - 0.12 * low, 0.84 - 0.26 * low)
        let clear = Vector(0.20, 0.36, 0.66)
        let grey = Vector(0.62, 0.65, 0.69) * dice.number(0.8, 1.15)
        let zenith = clear.mixed(grey * 1.15, overcast * 0.9) * dice.number(0.9, 1.35)
        let horizon = Vector(0.80, 0.88, 0.96).mixed(grey * 1.4, overcast) * dice.number(0.95, 1.7)
        let sunlight = sunColor * ((1 - overcast) * dice.number(1.5, 2.3))
        let skylight = Vector(0.52, 0.60, 0.72).mixed(Vector(0.86, 0.88, 0.9), overcast) * dice.number(0.6, 0.85)

        return Self(
            sun: sun, sunlight: overcast > 0.9 ? .zero : sunlight, skylight: skylight, zenith: zenith, horizon: horizon,
            cloud: Vector(1.2, 1.19, 1.18).mixed(grey * 1.5, overcast),
            cloudiness: min(max(overcast + dice.number(-0.2, 0.3), 0.05), 0.95),
            cloudShift: SIMD2(dice.number(0, 256), dice.number(0, 256)), cloudScale: dice.number(10, 26),
            haze: dice.chance(0.15) ? dice.number(180, 400) : dice.number(500, 2000),
            view: viewpoint(&dice, road), film: film(&dice))
    }

    /// Somewhere on the left lane, about as high as a driver's eyes.
    private static func viewpoint(_ dice: inout StreetScenes.Dice, _ road: StreetScenes.Road) -> StreetScenes.Viewpoint {
        let lane = road.halfWidth - road.parking
        let s = -lane / 2 + dice.number(-0.4, 0.7)
        // Now and then the car is turning.
        let yaw = dice.chance(0.1) ? dice.number(-0.4, 0.4) : dice.number(-0.09, 0.09) + road.curvature * 14
        return .init(
            position: Vector(s, dice.number(1.15, 1.65), 0), yawSine: sinf(yaw), yawCosine: cosf(yaw),
            pitch: dice.number(-0.06, 0.075), roll: dice.number(-0.018, 0.018), focal: dice.number(0.72, 1.15))
    }

    private static func film(_ dice: inout StreetScenes.Dice) -> StreetScenes.Film {
        let warm = dice.number(-0.07, 0.07)
        let green = dice.number(-0.02, 0.02)
        return .init(
            key: dice.number(0.16, 0.36), balance: Vector(1 + warm, 1 + green, 1 - warm), contrast: dice.number(0.95, 1.25),
            saturation: dice.number(0.7, 1.1), grain: dice.number(0.8, 3.2), blur: dice.number(0.02, 0.1),
            vignette: dice.number(0, 0.3), seed: dice.seed())
    }
}
