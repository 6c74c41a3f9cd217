extension StreetScenes {
    /// One sample of the picture on a surface.
    struct Hit {
        var position: Vector
        /// Unit vector from the camera.
        var view: Vector
        var distance: Float
        /// The side of the sample on a surface square to the view, in metres: details smaller than this fade.
        var fine: Float
        /// Facing the viewer.
        var normal: Vector
        var u: Float
        var v: Float
        var seed: UInt32
        /// Seen from the side that its normal points away from.
        var behind = false

        /// 1 where details of `size` metres can be seen, 0 where they would only flicker.
        @inline(__always)
        func shows(_ size: Float) -> Float { min(max(1.3 - 2.6 * fine / size, 0), 1) }
    }

    /// Colours samples: materials under the light of an ``Appearance``.
    ///
    /// It borrows the picture's tables as plain pointers, for the time of one rendering.
    struct Shader {
        var camera: Camera
        let look: Appearance
        let road: Road
        let sideStreets: UnsafeBufferPointer<SideStreet>
        let plots: UnsafeBufferPointer<Plot>
        let surfaces: UnsafePointer<Surface>
        let materials: UnsafePointer<Material>
        let facades: UnsafePointer<Facade>
        let noise: NoiseReader
        let shadows: ShadowReader
        let contacts: ContactReader
        let sunny: Bool
        let lamps: LampReader
        /// Whether any lamp is lit.
        let lit: Bool
        /// What wet ground mirrors.
        var reflections: ReflectionReader?

        /// The colour of surface `index` where the ray through a sample meets it, with what it is.
        /// - Parameter depth: 1/t, as the rasteriser left it.
        func color(ray: Vector, index: Int32, depth: Float, label: inout UInt8, instance: inout UInt16) -> Vector {
            guard index >= 0 else { return background(ray, label: &label) }
            let surface = surfaces + Int(index)
            label = surface.pointee.label
            instance = surface.pointee.instance
            let reach = 1 / depth
            let length = ray.length
            var hit = Hit(
                position: camera.position + ray * reach, view: ray * (1 / length), distance: reach * length, fine: reach / camera.focal,
                normal: surface.pointee.normal, u: 0, v: 0, seed: surface.pointee.seed)
            place(&hit, surface)
            let material = materials + Int(surface.pointee.material)
            var color = radiance(hit, material.pointee, surface)
            if look.snow > 0 { color = snowed(color, hit, material.pointee.kind) }
            if lit && label == Class.sign.rawValue && !hit.behind { color = color * retroreflection(hit) }
            return hazy(color, hit.view, hit.distance)
        }

        /// Coordinates and normal of a hit, as its surface's shape asks.
        @inline(__always)
        private func place(_ hit: inout Hit, _ surface: UnsafePointer<Surface>) {
            let local = hit.position - surface.pointee.origin
            switch surface.pointee.shape {
            case .polygon:
                hit.u = local.dot(surface.pointee.u)
                hit.v = local.dot(surface.pointee.v)
                hit.normal = surface.pointee.normal.mixed(surface.pointee.normalEnd, min(max(hit.v, 0), 1)).unit
                let facing = hit.normal.dot(hit.view)
                hit.fine *= 1 / max(abs(facing), 0.3)
                if facing > 0.15 {
                    hit.normal = hit.normal * -1
                    hit.behind = true
                }
            case .card:
                hit.u = local.dot(camera.right)
                hit.v = local.dot(camera.up)
                let x = hit.u / surface.pointee.size.x
                let y = hit.v / surface.pointee.size.y
                let bulge = max(1 - x * x - y * y, 0.1).squareRoot()
                hit.normal = (camera.right * x + camera.up * y - camera.forward * bulge).unit
            case .capsule:
                let axis = surface.pointee.u - surface.pointee.origin
                let along = min(max(local.dot(axis) / max(axis.dot(axis), 1e-9), 0), 1)
                let off = local - axis * along
                let radius = surface.pointee.size.x + (surface.pointee.size.y - surface.pointee.size.x) * along
                let across = off * (1 / max(radius, off.length))
                let bulge = max(1 - across.dot(across), 0).squareRoot()
                hit.normal = (across - hit.view * bulge).unit
                hit.u = along
                hit.v = along * axis.length
            }
        }

        /// Light that falls on a surface with this normal.
        @inline(__always)
        func light(_ hit: Hit, _ normal: Vector, wrap: Float = 0) -> Vector {
            let up = normal.y * 0.5 + 0.5
            // Near the ground walls see less of the sky.
            let open = 0.62 + 0.38 * min(hit.position.y * 0.35, 1)
            let ground = Vector(0.16, 0.15, 0.14) * (look.skylight + look.sunlight * (look.sun.y * 0.6))
            var total = look.skylight * (up * open) + ground * (1 - up)
            if sunny {
                let facing = (normal.dot(look.sun) + wrap) / (1 + wrap)
                if facing > 0 { total += look.sunlight * (facing * shadows.light(at: hit.position)) }
            }
            if lit { total += lamps.light(at: hit.position, normal) }
            return total
        }

        /// What a mirror would show in a direction: sky, a street of houses, the road.
        @inline(__always)
        func mirrored(_ direction: Vector) -> Vector {
            // Roofs of uneven height stand before the sky.
            let roofs = 0.2 * noise.nearest(direction.x * 60, direction.z * 60)
            let sky = look.horizon.mixed(look.zenith, min(max(direction.y * 1.4, 0), 1))
            let houses = look.skylight * 0.14 + look.sunlight * 0.03
            let road = look.skylight * 0.1 + look.sunlight * 0.05
            let low = road.mixed(houses, smoothStep(-0.12, 0.02, direction.y))
            return low.mixed(sky, smoothStep(0.06 + roofs, 0.3 + roofs, direction.y))
        }

        /// The share of light that a smooth surface reflects (Schlick's approximation for glass).
        @inline(__always)
        func fresnel(_ hit: Hit, _ normal: Vector) -> Float {
            let glancing = 1 - min(abs(hit.view.dot(normal)), 1)
            let squared = glancing * glancing
            return 0.05 + 0.95 * squared * squared * glancing
        }

        @inline(__always)
        func reflection(_ hit: Hit, _ normal: Vector) -> Vector {
            mirrored(hit.view - normal * (2 * hit.view.dot(normal)))
        }

        /// The sun's image on something smooth.
        @inline(__always)
        func glint(_ hit: Hit, _ normal: Vector) -> Vector {
            guard sunny else { return .zero }
            let d = (hit.view - normal * (2 * hit.view.dot(normal))).dot(look.sun)
            guard d > 0.9 else { return .zero }
            let t = (d - 0.9) * 10
            let t4 = t * t * t * t
            return look.sunlight * (t4 * t4 * 1.6 * shadows.light(at: hit.position))
        }

        /// The air between the viewer and a surface.
        @inline(__always)
        func hazy(_ color: Vector, _ view: Vector, _ distance: Float) -> Vector {
            let t = distance / look.haze
            // 1 − 1/(1 + t + t²/2 + t³/6) stays within 2 % of 1 − e⁻ᵗ.
            let cover = 1 - 1 / (1 + t * (1 + t * (0.5 + t * 0.1667)))
            return color.mixed(look.horizon * 0.92, cover)
        }
    }
}
