extension StreetScenes.Shader {
    /// The sky in a direction: blue that pales towards the horizon, drifting clouds, the glow around the sun.
    func sky(_ direction: Vector) -> Vector {
        let height = max(direction.y, 0)
        let pale = 1 - min(height * 1.5, 1)
        var color = look.zenith.mixed(look.horizon, pale * pale * (0.4 + 0.6 * pale))
        if sunny {
            let towards = max(direction.dot(look.sun), 0)
            let t = towards * towards * towards * towards
            let near = t * t * t * t
            color += look.sunlight * (0.10 * t + 0.45 * near * near)
        }
        if look.afterglow.x > 0 {
            let towards = max(direction.x * look.sun.x + direction.z * look.sun.z, 0)
            color += look.afterglow * ((0.25 + 0.75 * towards * towards) * pale * pale * pale * pale)
        }
        // A layer of clouds overhead, seen in perspective.
        let x = direction.x / (height + 0.16) * look.cloudScale + look.cloudShift.x
        let z = direction.z / (height + 0.16) * look.cloudScale + look.cloudShift.y
        let coarse = noise.smooth(x * 0.6, z * 0.6)
        let fine = noise.smooth(x * 3.1 + 40, z * 3.1)
        let density = coarse * 0.8 + fine * 0.2
        let threshold = 0.95 - look.cloudiness
        let cover = smoothStep(threshold, threshold + 0.22, density)
        let lit = 0.72 + 0.5 * noise.smooth(x * 1.3 + 9, z * 1.3 + 31)
        color = color.mixed(look.cloud * (lit * 1.15), cover * (1 - 0.5 * pale * pale))
        if look.lens.glare > 0 { color += look.sunlight * (min(look.lens.glare, 1) * disc(direction)) }
        return look.fogHeight > 0 ? hazy(color, direction, look.fogHeight / max(height, 0.02)) : color
    }

    /// The sun itself, as large as the camera's blur makes it.
    @inline(__always)
    private func disc(_ direction: Vector) -> Float { 6 * smoothStep(0.9988, 0.9995, direction.dot(look.sun)) }

    /// Where no surface was drawn: the sky above the horizon, the ground below.
    func background(_ ray: Vector, label: inout UInt8) -> Vector {
        let direction = ray.unit
        guard ray.y < -1e-4 else {
            label = StreetScenes.Class.sky.rawValue
            return sky(direction)
        }
        return ground(ray, direction, label: &label)
    }
}
