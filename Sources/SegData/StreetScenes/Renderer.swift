import Vision

extension StreetScenes {
    /// A picture with its labels and object numbers.
    struct Rendering {
        var image: Image
        var labels: LabelMap
        var instances: InstanceMap
    }

    /// Renders a scene under an appearance: geometry into a depth buffer with four samples a pixel, then colour.
    struct Renderer {
        let scene: Scene
        let look: Appearance
        let width: Int
        let height: Int

        func render() -> Rendering {
            var mesh = Mesh()
            mesh.add(scene)
            return Noise.tile.withUnsafeBufferPointer { tile in
                let noise = NoiseReader(tile: tile.baseAddress!)
                let camera = Camera(look.view, width: width * 2, height: height * 2)
                // Nothing is seen beyond two kilometres.
                var visible = DepthBuffer(width: width * 2, height: height * 2, farthest: 1 / 2000)
                visible.draw(mesh, through: camera, noise: noise, culling: true)

                // Shadow maps grow with the picture, so that shadows look alike at every size.
                let size = min(max(width, 192), 640)
                let sunny = look.sunlight.length > 0.05
                var shadows = DepthBuffer(width: sunny ? size : 1, height: sunny ? size : 1)
                let shadowProjection = ShadowProjection(light: look.sun, viewer: look.view.position, size: shadows.width)
                if sunny { shadows.draw(mesh, through: shadowProjection, noise: noise) }
                let contacts = ContactShadows(mesh, viewer: look.view.position, size: size / 2, noise: noise)

                let lamps = Lamps(scene, look)

                return mesh.withPointers { surfaces, materials, facades in
                    scene.road.withPointers { sideStreets, plots in
                        shadows.depths.withUnsafeBufferPointer { shadowDepths in
                            contacts.values.withUnsafeBufferPointer { contactValues in
                                lamps.withPointers { lampList, starts in
                                    let shader = Shader(
                                        camera: camera, look: look, road: scene.road, sideStreets: sideStreets, plots: plots,
                                        surfaces: surfaces, materials: materials, facades: facades, noise: noise,
                                        shadows: ShadowReader(projection: shadowProjection, depths: shadowDepths.baseAddress!),
                                        contacts: ContactReader(projection: contacts.projection, values: contactValues.baseAddress!),
                                        sunny: sunny, lamps: LampReader(lamps: lampList, starts: starts, look: look),
                                        lit: look.lamps > 0 || look.headlights > 0)
                                    return look.wetness > 0 ? shadeWet(mesh, visible, shader) : shade(visible, shader)
                                }
                            }
                        }
                    }
                }
            }
        }

        /// Colours all samples with what the wet ground mirrors.
        private func shadeWet(_ mesh: Mesh, _ visible: DepthBuffer, _ shader: Shader) -> Rendering {
            let reflections = Reflections(mesh, visible, shader)
            return reflections.sharp.withUnsafeBufferPointer { sharp in
                reflections.blurred.withUnsafeBufferPointer { blurred in
                    var shader = shader
                    shader.reflections = ReflectionReader(
                        sharp: sharp.baseAddress!, blurred: blurred.baseAddress!, width: width, height: height)
                    return shade(visible, shader)
                }
            }
        }

        /// Colours all samples; a pixel's colour is the mean of its four, its label the one that most of them have.
        private func shade(_ visible: DepthBuffer, _ shader: Shader) -> Rendering {
            var picture = LightImage(width: width, height: height)
            let distortion = Distortion(look.lens.distortion, width: visible.width, height: visible.height)
            var labels = LabelMap(width: width, height: height)
            var instances = InstanceMap(width: width, height: height)
            visible.depths.withUnsafeBufferPointer { depths in
                visible.surfaces.withUnsafeBufferPointer { surfaces in
                    picture.pixels.withUnsafeMutableBufferPointer { light in
                        for y in 0..<height {
                            for x in 0..<width {
                                let index = y * width + x
                                let (left, top) = distortion.source(x * 2, y * 2)
                                let first = top * visible.width + left
                                if max(
                                    surfaces[first], surfaces[first + 1], surfaces[first + visible.width],
                                    surfaces[first + visible.width + 1]) < 0
                                {
                                    // The sky is smooth enough for one sample.
                                    let ray = shader.camera.ray(Float(left) + 1, Float(top) + 1)
                                    if ray.y > 0.003 {
                                        light[index] = shader.sky(ray.unit)
                                        continue
                                    }
                                }
                                var sum = Vector.zero
                                @inline(__always)
                                func see(_ dx: Int, _ dy: Int) -> Seen {
                                    let (column, row) = distortion.source(x * 2 + dx, y * 2 + dy)
                                    let at = row * visible.width + column
                                    var seen = Seen(depth: depths[at])
                                    let ray = shader.camera.ray(Float(column) + 0.5, Float(row) + 0.5)
                                    let color = shader.color(
                                        ray: ray, index: surfaces[at], depth: seen.depth, label: &seen.label, instance: &seen.instance)
                                    // A glint must not swallow its whole pixel.
                                    sum += Vector(min(color.x, 6), min(color.y, 6), min(color.z, 6))
                                    return seen
                                }
                                let seen = Seen.vote(see(0, 0), see(1, 0), see(0, 1), see(1, 1))
                                light[index] = sum * 0.25
                                labels.values[index] = seen.label
                                instances.values[index] = seen.instance
                            }
                        }
                    }
                }
            }
            finish(&picture, visible, shader)
            return Rendering(
                image: look.film.develop(picture, bloom: look.lens.bloom), labels: labels, instances: instances)
        }

        /// What lies between the street and the sensor.
        private func finish(_ picture: inout LightImage, _ visible: DepthBuffer, _ shader: Shader) {
            if let falling = look.precipitation { picture.draw(falling, under: look.skylight) }
            if look.lens.glare > 0, let (sun, share) = sun(visible, shader.camera) {
                picture.addGlare(sun: sun, light: look.sunlight * (share * look.lens.glare), seed: look.lens.seed)
            }
            if look.lens.drops > 0 { picture.addDrops(look.lens.drops, seed: look.lens.seed) }
        }

        /// Where the sun stands in the picture, in pixels, and how much of it reaches the lens; nil behind the viewer.
        private func sun(_ visible: DepthBuffer, _ camera: Camera) -> (place: SIMD2<Float>, share: Float)? {
            let place = camera.project(camera.position + look.sun)
            guard place.z > 0.1, look.sunlight.length > 0 else { return nil }
            let middle = SIMD2(place.x, place.y) / place.z
            let reach = camera.focal * 0.012
            var open: Float = 0
            for row in -2...2 {
                for column in -2...2 {
                    let x = middle.x + reach * Float(column) / 2
                    let y = middle.y + reach * Float(row) / 2
                    // Outside the picture nobody knows what hides it; houses at the sides often do.
                    guard x >= 0, y >= 0, x < Float(visible.width), y < Float(visible.height) else {
                        open += 0.4
                        continue
                    }
                    if visible.surfaces[Int(y) * visible.width + Int(x)] < 0 { open += 1 }
                }
            }
            return (middle / 2, 0.15 + 0.85 * open / 25)
        }
    }

    /// Barrel distortion, r' = r · (1 + d r²) / (1 + d) with r = 1 in the corners: which sample of the undistorted
    /// buffer is seen at a sample of the picture.
    struct Distortion {
        let amount: Float
        let centre: SIMD2<Float>
        let last: SIMD2<Int>

        init(_ amount: Float, width: Int, height: Int) {
            self.amount = amount
            centre = SIMD2(Float(width), Float(height)) / 2
            last = SIMD2(width - 2, height - 2)
        }

        @inline(__always)
        func source(_ column: Int, _ row: Int) -> (column: Int, row: Int) {
            guard amount > 0 else { return (column, row) }
            let way = SIMD2(Float(column) + 0.5, Float(row) + 0.5) - centre
            let squared = (way.x * way.x + way.y * way.y) / (centre.x * centre.x + centre.y * centre.y)
            let place = centre + way * ((1 + amount * squared) / (1 + amount))
            return (min(max(Int(place.x), 0), last.x), min(max(Int(place.y), 0), last.y))
        }
    }

    /// What one of a pixel's four samples shows.
    private struct Seen {
        var label: UInt8 = 0
        var instance: UInt16 = 0
        var depth: Float = 0

        @inline(__always)
        func isLike(_ other: Seen) -> Bool { label == other.label && instance == other.instance }

        /// What most of the four show; of two that are as frequent, the nearer.
        @inline(__always)
        static func vote(_ a: Seen, _ b: Seen, _ c: Seen, _ d: Seen) -> Seen {
            if a.isLike(b) && a.isLike(c) { return a }
            func score(_ one: Seen) -> Float {
                var alike: Float = 0
                for other in [a, b, c, d] where other.isLike(one) { alike += 1 }
                return alike * 1000 + one.depth
            }
            var best = a
            for other in [b, c, d] where score(other) > score(best) { best = other }
            return best
        }
    }
}

extension StreetScenes.Road {
    fileprivate func withPointers<Result>(
        _ body: (UnsafeBufferPointer<StreetScenes.SideStreet>, UnsafeBufferPointer<StreetScenes.Plot>) -> Result
    ) -> Result {
        sideStreets.withUnsafeBufferPointer { sideStreets in plots.withUnsafeBufferPointer { plots in body(sideStreets, plots) } }
    }
}

extension StreetScenes.Lamps {
    fileprivate func withPointers<Result>(_ body: (UnsafePointer<StreetScenes.Lamp>, UnsafePointer<Int32>) -> Result) -> Result {
        // Reads nothing of an empty list, but needs an address.
        let list = lamps.isEmpty ? [StreetScenes.Lamp(position: .zero, light: .zero, reach: 0, hangs: false)] : lamps
        return list.withUnsafeBufferPointer { list in starts.withUnsafeBufferPointer { body(list.baseAddress!, $0.baseAddress!) } }
    }
}

extension StreetScenes.Mesh {
    fileprivate func withPointers<Result>(
        _ body: (UnsafePointer<StreetScenes.Surface>, UnsafePointer<StreetScenes.Material>, UnsafePointer<StreetScenes.Facade>) -> Result
    ) -> Result {
        surfaces.withUnsafeBufferPointer { surfaces in
            materials.withUnsafeBufferPointer { materials in
                facades.withUnsafeBufferPointer { facades in
                    body(surfaces.baseAddress!, materials.baseAddress!, facades.baseAddress!)
                }
            }
        }
    }

    /// All that stands in a scene.
    mutating func add(_ scene: StreetScenes.Scene) {
        for building in scene.buildings { add(building) }
        for barrier in scene.barriers { add(barrier) }
        for vehicle in scene.vehicles { add(vehicle) }
        for person in scene.people { add(person) }
        for piece in scene.furniture { add(piece) }
        for tree in scene.trees { add(tree) }
    }
}
