extension StreetScenes.LightImage {
    /// The sun's light, scattered in the lens over the whole picture, and its mirror images between the glasses.
    /// - Parameters:
    ///   - sun: its place in pixels; it may lie outside the picture.
    ///   - light: its light that reaches the lens.
    mutating func addGlare(sun: SIMD2<Float>, light: Vector, seed: UInt32) {
        let size = Float(max(width, height))
        for y in 0..<height {
            for x in 0..<width {
                let dx = (Float(x) + 0.5 - sun.x) / size
                let dy = (Float(y) + 0.5 - sun.y) / size
                let squared = dx * dx + dy * dy
                pixels[y * width + x] += light * (0.05 / (1 + squared * 12) + 0.22 / (1 + squared * 160) + 0.8 / (1 + squared * 2600))
            }
        }
        var dice = StreetScenes.Dice(seed: Int(seed), index: 0, stream: 4)
        let middle = SIMD2(Float(width), Float(height)) / 2
        for step: Float in [0.35, 0.62, 1.25, 1.5, 1.85] {
            let centre = sun + (middle - sun) * (step * dice.number(0.9, 1.1))
            let radius = size * dice.number(0.012, 0.05)
            let color = light * Vector(dice.number(0.3, 1), dice.number(0.4, 1), dice.number(0.3, 1)) * 0.05
            disc(centre, radius) { pixel, rim in pixel += color * (rim > 0.8 ? 1.6 : 1) }
        }
    }

    /// Drops of rain: each shows the street upside down, small and out of focus.
    mutating func addDrops(_ amount: Float, seed: UInt32) {
        let small = quartered()
        var dice = StreetScenes.Dice(seed: Int(seed), index: 0, stream: 5)
        let size = Float(max(width, height))
        for _ in 0..<Int(70 * amount) {
            let spread = dice.number(0, 1)
            let radius = size * (0.004 + 0.022 * spread * spread * spread)
            let centre = SIMD2(dice.number(0, Float(width)), dice.number(0, Float(height)))
            let bright = dice.number(0.75, 1.05)
            disc(centre, radius) { pixel, rim, dx, dy in
                let image = small.at((centre.x - dx * 5) / 4, (centre.y - dy * 5 - radius) / 4) * (rim > 0.8 ? bright * 0.8 : bright)
                pixel = pixel.mixed(image, min((1 - rim) * 4, 0.92))
            }
        }
    }

    private mutating func disc(_ centre: SIMD2<Float>, _ radius: Float, _ change: (inout Vector, Float) -> Void) {
        disc(centre, radius) { pixel, rim, _, _ in change(&pixel, rim) }
    }

    /// Changes the pixels of a disc, given the squared distance from its centre (1 at the rim) and the way from there in pixels.
    private mutating func disc(_ centre: SIMD2<Float>, _ radius: Float, _ change: (inout Vector, Float, Float, Float) -> Void) {
        guard max(abs(centre.x), abs(centre.y)) < 20_000 else { return }
        let top = max(Int(centre.y - radius), 0)
        let bottom = min(Int(centre.y + radius), height - 1)
        let left = max(Int(centre.x - radius), 0)
        let right = min(Int(centre.x + radius), width - 1)
        guard top <= bottom, left <= right else { return }
        for y in top...bottom {
            for x in left...right {
                let dx = Float(x) + 0.5 - centre.x
                let dy = Float(y) + 0.5 - centre.y
                let rim = (dx * dx + dy * dy) / (radius * radius)
                if rim < 1 { change(&pixels[y * width + x], rim, dx, dy) }
            }
        }
    }

    /// Spreads the light of what is brighter than `threshold` around it.
    mutating func addBloom(_ strength: Float, threshold: Float) {
        var near = quartered()
        for index in near.pixels.indices {
            let color = near.pixels[index]
            let over = max(color.x, color.y, color.z) - threshold
            near.pixels[index] = over > 0 ? color * (over / (over + threshold)) : .zero
        }
        let reach = max(near.width / 60, 1)
        near.blur(reach)
        near.blur(reach)
        var far = near
        far.blur(reach * 4)
        far.blur(reach * 4)
        for y in 0..<height {
            for x in 0..<width {
                let place = SIMD2(Float(x) + 0.5, Float(y) + 0.5) / 4
                pixels[y * width + x] += (near.at(place.x, place.y) + far.at(place.x, place.y) * 1.2) * strength
            }
        }
    }
}
