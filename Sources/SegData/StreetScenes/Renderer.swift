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
                var visible = DepthBuffer(width: width * 2, height: height * 2)
                visible.draw(mesh, through: camera, noise: noise, culling: true)

                // Shadow maps grow with the picture, so that shadows look alike at every size.
                let size = min(max(width, 192), 640)
                let sunny = look.sunlight.length > 0.05
                var shadows = DepthBuffer(width: sunny ? size : 1, height: sunny ? size : 1)
                let shadowProjection = ShadowProjection(light: look.sun, viewer: look.view.position, size: shadows.width)
                if sunny { shadows.draw(mesh, through: shadowProjection, noise: noise) }
                let contacts = ContactShadows(mesh, viewer: look.view.position, size: size / 2, noise: noise)

                return scene.road.sideStreets.withUnsafeBufferPointer { sideStreets in
                    scene.road.plots.withUnsafeBufferPointer { plots in
                        mesh.surfaces.withUnsafeBufferPointer { surfaces in
                            mesh.materials.withUnsafeBufferPointer { materials in
                                mesh.facades.withUnsafeBufferPointer { facades in
                                    shadows.depths.withUnsafeBufferPointer { shadowDepths in
                                        contacts.values.withUnsafeBufferPointer { contactValues in
                                            let shader = Shader(
                                                camera: camera, look: look, road: scene.road, sideStreets: sideStreets, plots: plots,
                                                surfaces: surfaces.baseAddress!, materials: materials.baseAddress!,
                                                facades: facades.baseAddress!, noise: noise,
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
                                var pixel = Pixel()
                                for sample in 0..<4 {
                                    let sx = x * 2 + (sample & 1)
                                    let sy = y * 2 + (sample >> 1)
                                    let at = sy * visible.width + sx
                                    pixel.add(shader, shader.camera.ray(Float(sx) + 0.5, Float(sy) + 0.5), surfaces[at], depths[at])
                                }
                                let index = y * width + x
                                light[index] = pixel.light * 0.25
                                let vote = pixel.vote()
                                labels.values[index] = vote.label
                                instances.values[index] = vote.instance
                            }
                        }
                    }
                }
            }
            return Rendering(image: look.film.develop(light, width: width, height: height), labels: labels, instances: instances)
        }
    }

    /// The four samples of a pixel.
    private struct Pixel {
        var light = Vector.zero
        private var labels = SIMD4<UInt8>.zero
        private var instances = SIMD4<UInt16>.zero
        private var depths = SIMD4<Float>.zero
        private var count = 0

        @inline(__always)
        mutating func add(_ shader: Shader, _ ray: Vector, _ surface: Int32, _ depth: Float) {
            var label: UInt8 = 0
            var instance: UInt16 = 0
            let color = shader.color(ray: ray, index: surface, depth: depth, label: &label, instance: &instance)
            // A glint must not swallow its whole pixel.
            light += color.clamped(lowerBound: .zero, upperBound: Vector(repeating: 6))
            labels[count] = label
            instances[count] = instance
            depths[count] = depth
            count += 1
        }

        /// The label that most samples have; of two with as many, the nearer one's.
        @inline(__always)
        func vote() -> (label: UInt8, instance: UInt16) {
            var best = 0
            var bestScore: Float = -1
            for index in 0..<4 {
                var alike: Float = 0
                for other in 0..<4 where labels[other] == labels[index] && instances[other] == instances[index] { alike += 1 }
                let score = alike * 1000 + depths[index]
                if score > bestScore {
                    bestScore = score
                    best = index
                }
            }
            return (labels[best], instances[best])
        }
    }
}

extension StreetScenes.Mesh {
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
