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

                return mesh.withPointers { surfaces, materials, facades in
                    scene.road.withPointers { sideStreets, plots in
                        shadows.depths.withUnsafeBufferPointer { shadowDepths in
                            contacts.values.withUnsafeBufferPointer { contactValues in
                                let shader = Shader(
                                    camera: camera, look: look, road: scene.road, sideStreets: sideStreets, plots: plots,
                                    surfaces: surfaces, materials: materials, facades: facades, noise: noise,
                                    shadows: ShadowReader(projection: shadowProjection, depths: shadowDepths.baseAddress!),
                                    contacts: ContactReader(projection: contacts.projection, values: contactValues.baseAddress!),
                                    sunny: sunny)
                                return shade(visible, shader)
                            }
                        }
                    }
                }
            }
        }

        /// Colours all samples; a pixel's colour is the mean of its four, its label the one that most of them have.
        private func shade(_ visible: DepthBuffer, _ shader: Shader) -> Rendering {
            var light = [Vector](repeating: .zero, count: width * height)
            var labels = LabelMap(width: width, height: height)
            var instances = InstanceMap(width: width, height: height)
            visible.depths.withUnsafeBufferPointer { depths in
                visible.surfaces.withUnsafeBufferPointer { surfaces in
                    light.withUnsafeMutableBufferPointer { light in
                        for y in 0..<height {
                            for x in 0..<width {
                                let index = y * width + x
                                let first = y * 2 * visible.width + x * 2
                                if max(
                                    surfaces[first], surfaces[first + 1], surfaces[first + visible.width],
                                    surfaces[first + visible.width + 1]) < 0
                                {
                                    // The sky is smooth enough for one sample.
                                    let ray = shader.camera.ray(Float(x * 2) + 1, Float(y * 2) + 1)
                                    if ray.y > 0.003 {
                                        light[index] = shader.sky(ray.unit)
                                        continue
                                    }
                                }
                                var sum = Vector.zero
                                @inline(__always)
                                func see(_ dx: Int, _ dy: Int) -> Seen {
                                    let at = (y * 2 + dy) * visible.width + x * 2 + dx
                                    var seen = Seen(depth: depths[at])
                                    let ray = shader.camera.ray(Float(x * 2 + dx) + 0.5, Float(y * 2 + dy) + 0.5)
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
            return Rendering(image: look.film.develop(light, width: width, height: height), labels: labels, instances: instances)
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
