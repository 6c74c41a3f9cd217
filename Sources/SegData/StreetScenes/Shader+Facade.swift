extension StreetScenes.Shader {
    typealias Facade = StreetScenes.Facade

    /// A wall with its windows, doors and shop fronts; panes lie a hand's breadth behind the wall.
    func facade(
        _ hit: Hit, _ f: Facade, _ m: StreetScenes.Material, _ surface: UnsafePointer<StreetScenes.Surface>
    ) -> Vector {
        // A step behind the wall, in the wall's coordinates, along the view.
        let inwards = max(-hit.view.dot(hit.normal), 0.05)
        let slide = SIMD2(hit.view.dot(surface.pointee.u), hit.view.dot(surface.pointee.v)) * (1 / inwards)
        if hit.v < f.groundHeight {
            switch f.groundFloor {
            case .shop: return shop(hit, f, slide)
            case .house: return house(hit, f, slide)
            case .office, .blank: break
            }
        }
        let above = hit.v - f.groundHeight
        let floor =
            f.groundFloor == .blank || f.groundFloor == .office
            ? (hit.v / f.floorHeight).floored.value : (above / f.floorHeight).floored.value
        let foot = f.groundFloor == .blank || f.groundFloor == .office ? floor * f.floorHeight : f.groundHeight + floor * f.floorHeight
        if foot + f.sill + f.windowHeight > f.height - 0.1 { return wall(hit, f) }
        let column = (hit.u / f.bay).floored.value
        if f.groundFloor == .blank && f.windowWidth < f.bay * 0.35 && Noise.unit(Int32(column), Int32(floor), f.seed) < 0.35 {
            return wall(hit, f)
        }
        let x = hit.u - (column + 0.5) * f.bay
        let y = hit.v - foot - f.sill
        if f.wall == .glass {
            return pane(
                hit, f, x: hit.u - column * f.bay, y: hit.v - foot, width: f.bay, height: f.floorHeight, frame: 0.06,
                key: (Int32(column), Int32(floor)))
        }
        let half = f.windowWidth / 2
        if abs(x) < half && y > 0 && y < f.windowHeight {
            let behind = SIMD2(x, y) + slide * 0.16
            if abs(behind.x) > half || behind.y < 0 || behind.y > f.windowHeight {
                // The reveal: the wall's thickness.
                return matt(hit, f.trim * (behind.y < 0 ? 0.75 : 0.4))
            }
            return pane(
                hit, f, x: behind.x + half, y: behind.y, width: f.windowWidth, height: f.windowHeight, frame: 0.06,
                key: (Int32(column), Int32(floor)))
        }
        if let color = f.shutters, y > 0, y < f.windowHeight, abs(x) < half + half * 0.9 {
            let slat: Float = hit.shows(0.1) > 0.3 && (y * 9).fraction < 0.3 ? 0.7 : 1
            return matt(hit, color * slat)
        }
        if y < 0 && y > -0.12 && abs(x) < half + 0.1 { return matt(hit, f.trim) }
        if f.lintels && y >= f.windowHeight && y < f.windowHeight + 0.24 && abs(x) < half + 0.12 { return matt(hit, f.trim * 0.9) }
        if f.bands && hit.v - foot < 0.16 && floor > 0 { return matt(hit, f.trim * 0.95) }
        return wall(hit, f)
    }

    /// The wall between the windows, darker towards the ground.
    @inline(__always)
    private func wall(_ hit: Hit, _ f: Facade) -> Vector {
        let grime = (0.84 + 0.16 * min(hit.v / 2.5, 1)) * (0.85 + 0.3 * noise.smooth(hit.u * 14 + Float(f.seed & 127), hit.v * 9))
        switch f.wall {
        case .brick: return matt(hit, bricks(hit, hit.u, hit.v, f.color) * grime)
        case .stone:
            let weather = 0.8 + 0.4 * noise.smooth(hit.u * 6 + Float(f.seed & 255), hit.v * 6)
            let row = (hit.v / 0.4).floored.value
            let x = hit.u / 0.8 + (Int32(row) & 1 == 0 ? 0 : 0.5)
            let tone = 0.88 + 0.24 * Noise.unit(x.floored.index, Int32(row), f.seed)
            let joint: Float = (hit.v / 0.4).fraction < 0.05 || x.fraction < 0.025 ? 0.65 : 1
            let detail = hit.shows(0.3)
            return matt(hit, f.color * (weather * grime * (1 + (tone * joint - 1) * detail)))
        case .render:
            // Streaks that the rain has left.
            let streak = 0.86 + 0.28 * noise.smooth(hit.u * 22, hit.v * 2 + Float(f.seed & 255))
            return matt(hit, f.color * (streak * grime))
        case .panels, .glass:
            let joint = ((hit.u / f.bay).fraction < 0.02 || (hit.v / f.floorHeight).fraction < 0.015) && hit.shows(0.1) > 0.3
            let stain = 0.88 + 0.24 * noise.smooth(hit.u * 3 + Float(f.seed & 255), hit.v * 3)
            return matt(hit, f.color * (stain * grime * (joint ? 0.6 : 1)))
        }
    }

    /// A window: frame, bars, and glass that mirrors the sky before a dim room with curtains or blinds.
    private func pane(
        _ hit: Hit, _ f: Facade, x: Float, y: Float, width: Float, height: Float, frame: Float, key: (Int32, Int32)
    ) -> Vector {
        let edge = min(x, width - x, y, height - y)
        let thin = max(frame, hit.fine)
        if edge < thin { return matt(hit, f.frame) }
        let bars = Float(f.mullions)
        if bars > 0 && abs(x - width / 2) < thin * 0.5 { return matt(hit, f.frame) }
        if bars > 1 && abs(y - height * 0.5) < thin * 0.5 { return matt(hit, f.frame) }
        let habit = Noise.unit(key.0, key.1, f.seed)
        var room = Vector(0.035, 0.036, 0.04)
        if habit < 0.3 {
            // Curtains at both sides.
            if min(x, width - x) < width * 0.24 { room = Vector(0.36, 0.33, 0.29) * (0.6 + 0.4 * noise.nearest(x * 90, 3)) }
        } else if habit < 0.42 && y > height * (0.3 + habit) {
            room = Vector(0.42, 0.41, 0.38)
        } else if habit > 0.93 {
            room = Vector(0.5, 0.36, 0.18) * 0.7
        }
        // No two panes hang quite alike, so each mirrors another piece of the sky.
        let tilt = (Noise.unit(key.1, key.0, f.seed &+ 5) - 0.5) * 0.1
        let normal = Vector(hit.normal.x, tilt, hit.normal.z)
        let share = fresnel(hit, hit.normal)
        let dark = room * look.skylight * (1 - share) + reflection(hit, normal) * (0.12 + share)
        return look.lamps > 0 ? dark + lamplight(room, f, key) : dark
    }

    /// A shop: its name over a wide window, a door, a low wall beneath.
    private func shop(_ hit: Hit, _ f: Facade, _ slide: SIMD2<Float>) -> Vector {
        let unitWidth = f.width / max((f.width / 6).rounded(), 1)
        let unit = (hit.u / unitWidth).floored.value
        let x = hit.u - unit * unitWidth
        let tone = Noise.unit(Int32(unit), 3, f.seed)
        let color = tone < 0.45 ? f.shop : tone < 0.7 ? f.shop * 0.35 : f.shop.mixed(Vector(0.5, 0.48, 0.44), 0.7)
        let top = f.groundHeight
        if x < 0.22 || unitWidth - x < 0.22 { return matt(hit, color * 0.7) }
        if hit.v > top - 0.12 { return matt(hit, f.trim * 0.8) }
        if hit.v > top - 0.75 {
            // The name: letters of strokes.
            let y = (hit.v - (top - 0.75)) / 0.63
            let start = unitWidth * (0.12 + 0.2 * tone)
            let letter = (x - start) / 0.3
            let cell = letter.floored.index
            let inside = letter > 0 && x < unitWidth - start && y > 0.22 && y < 0.78 && Noise.unit(cell, 1, f.seed &+ UInt32(unit)) > 0.16
            let across = letter.fraction
            let stroke = across < 0.24 || (across < 0.78 && Noise.unit(cell, Int32(y * 5), f.seed) > 0.55)
            let light = color.x + color.y + color.z < 0.7
            let ink = light ? Vector(0.75, 0.72, 0.62) : Vector(0.06, 0.05, 0.08)
            return matt(hit, inside && stroke && across < 0.8 ? ink : color)
        }
        if hit.v > top - 0.82 { return matt(hit, color * 0.45) }
        let doorLeft = tone < 0.5 ? 0.35 : unitWidth - 1.35
        let door = x > doorLeft && x < doorLeft + 1
        if hit.v < 0.45 && !door { return matt(hit, color * 0.8) }
        let thin = max(0.05, hit.fine)
        if ((x - 0.22) / 1.35).fraction * 1.35 < thin || (door && (x - doorLeft < 0.07 || doorLeft + 1 - x < 0.07))
            || abs(hit.v - 2.1) < thin * 0.6
        {
            return matt(hit, color * 0.9)
        }
        // Goods and lamps, half a metre behind the glass, swim with the viewer.
        let goods = SIMD2(hit.u, hit.v) + slide * 0.6
        let shelf = noise.nearest(goods.x * 26 + Float(f.seed & 255), goods.y * 20)
        let warm = Vector(0.5, 0.4, 0.28).mixed(Vector(0.3, 0.36, 0.45), tone)
        var busy = goods.y < 1.6 ? 0.08 + 1.1 * shelf * shelf * shelf : 0.05 + 0.1 * shelf
        // Posters on the glass, lamps under the ceiling.
        if Noise.unit((hit.u * 1.1).floored.index, (hit.v * 1.3).floored.index, f.seed) > 0.9 { busy = 0.9 }
        if goods.y > top - 1.3 && Noise.unit((goods.x * 2).floored.index, 8, f.seed) > 0.6 { busy = 1.3 }
        let room = warm * (busy * 0.6)
        let share = fresnel(hit, hit.normal)
        let shown = room * look.skylight.mixed(Vector(repeating: 0.6), 0.5) + reflection(hit, hit.normal) * (0.1 + share)
        // Two in three leave the light on.
        return look.lamps > 0 && tone < 0.66 ? shown + (warm * 0.3 + room) * look.lamps : shown
    }

    /// A house's ground floor: a door and windows.
    private func house(_ hit: Hit, _ f: Facade, _ slide: SIMD2<Float>) -> Vector {
        let column = (hit.u / f.bay).floored.value
        let x = hit.u - (column + 0.5) * f.bay
        let columns = max(Int32((f.width / f.bay).rounded()), 1)
        let doorColumn = Int32(f.seed % 3) % columns
        let y = hit.v
        if Int32(column) == doorColumn {
            if abs(x) < 0.5 && y < 2.1 {
                let panel = abs(abs(x) - 0.22) < 0.13 && (abs(y - 0.6) < 0.35 || abs(y - 1.5) < 0.4)
                return matt(hit, f.shop * (panel ? 0.7 : 1)) + reflection(hit, hit.normal) * 0.02
            }
            if abs(x) < 0.5 && y < 2.55 { return pane(hit, f, x: x + 0.5, y: y - 2.1, width: 1, height: 0.45, frame: 0.05, key: (9, 9)) }
            if abs(x) < 0.66 && y < 2.7 { return matt(hit, f.trim) }
            return wall(hit, f)
        }
        let half = f.windowWidth * 0.58
        let rise = y - 0.85
        let high = min(f.windowHeight * 1.05, f.groundHeight - 1.15)
        if abs(x) < half && rise > 0 && rise < high {
            let behind = SIMD2(x, rise) + slide * 0.16
            if abs(behind.x) > half || behind.y < 0 || behind.y > high { return matt(hit, f.trim * 0.45) }
            return pane(hit, f, x: behind.x + half, y: behind.y, width: half * 2, height: high, frame: 0.06, key: (Int32(column), 77))
        }
        if rise < 0 && rise > -0.13 && abs(x) < half + 0.1 { return matt(hit, f.trim) }
        if f.lintels && rise >= high && rise < high + 0.24 && abs(x) < half + 0.12 { return matt(hit, f.trim * 0.9) }
        return wall(hit, f)
    }
}
