extension StreetScenes.LightImage {
    typealias Vector = StreetScenes.Vector

    /// Draws what falls in front of the street, lit by the open sky and blurred by its motion or by being near.
    mutating func draw(_ falling: StreetScenes.Precipitation, under sky: Vector) {
        switch falling.kind {
        case .rain: streaks(falling, sky * 0.9)
        case .snow: flakes(falling, sky * 1.15)
        }
    }

    /// The picture's size in units of CamVid's, so that as much falls in every size.
    private var scale: Float { Float(max(width, height)) / 480 }

    private mutating func streaks(_ falling: StreetScenes.Precipitation, _ color: Vector) {
        var dice = StreetScenes.Dice(seed: Int(falling.seed), index: 0, stream: 3)
        for _ in 0..<Int(1100 * falling.density) {
            // Near drops are few, long and faint.
            let near = dice.number(0, 1)
            let length = (5 + 34 * near * near) * scale
            let share = (0.30 - 0.17 * near) * dice.number(0.5, 1)
            let wide = max((0.35 + 1.1 * near * near) * scale, 0.35)
            let slant = falling.wind + dice.number(-0.03, 0.03)
            let x = dice.number(-0.15, 1.15) * Float(width)
            let y = dice.number(-0.1, 1) * Float(height)
            for row in 0..<max(Int(length), 2) {
                let middle = x + slant * Float(row)
                let fade = share * min(wide, 1)
                let left = Int((middle - wide / 2).rounded(.down))
                let right = Int((middle + wide / 2).rounded(.down))
                guard left <= right else { continue }
                for column in left...right { blend(color, fade, x: column, y: Int(y) + row) }
            }
        }
    }

    private mutating func flakes(_ falling: StreetScenes.Precipitation, _ color: Vector) {
        var dice = StreetScenes.Dice(seed: Int(falling.seed), index: 0, stream: 3)
        for _ in 0..<Int(1500 * falling.density) {
            let near = dice.number(0, 1)
            let fourth = near * near * near * near
            let radius = max((0.55 + 1.1 * near + 5 * fourth * fourth * fourth) * scale, 0.5)
            let share = (0.85 - 0.5 * fourth) * dice.number(0.6, 1) * min(radius * 1.2, 1)
            let x = dice.number(-0.05, 1.05) * Float(width)
            let y = dice.number(-0.05, 1.05) * Float(height)
            // Stretched along its way while the shutter is open.
            let drift = Vector(falling.wind + dice.number(-0.2, 0.2), 1, 0).unit
            let reach = Int(radius * 1.5) + 1
            for row in -reach...reach {
                for column in -reach...reach {
                    let dx = Float(Int(x) + column) + 0.5 - x
                    let dy = Float(Int(y) + row) + 0.5 - y
                    let along = dx * drift.x + dy * drift.y
                    let across = dx * drift.y - dy * drift.x
                    let distance = (along * along * 0.5 + across * across) / (radius * radius)
                    if distance < 1 { blend(color, share * min(2 * (1 - distance), 1), x: Int(x) + column, y: Int(y) + row) }
                }
            }
        }
    }
}
