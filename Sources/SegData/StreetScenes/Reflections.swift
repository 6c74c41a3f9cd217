extension StreetScenes.Camera {
    /// The camera below the ground that sees what a mirror on the ground shows this one at the same place of the picture.
    var mirrored: Self {
        Self(position: flipped(position), right: flipped(right), up: flipped(up), forward: flipped(forward), focal, centre)
    }

    private func flipped(_ v: StreetScenes.Vector) -> StreetScenes.Vector { StreetScenes.Vector(v.x, -v.y, v.z) }
}

extension StreetScenes {
    /// The street upside down, as wet ground shows it: one sample for each pixel of the ground.
    struct Reflections {
        let width: Int
        let height: Int
        private(set) var sharp: [Vector]
        /// Smeared along the columns, as rough ground does.
        private(set) var blurred: [Vector]

        /// - Parameters:
        ///   - visible: what the camera sees, with twice as many samples a row and a column.
        ///   - shader: draws the mirrored scene, lit as the real one.
        init(_ mesh: Mesh, _ visible: DepthBuffer, _ shader: Shader) {
            width = visible.width / 2
            height = visible.height / 2
            sharp = .init(repeating: Vector(-1, 0, 0), count: width * height)
            var shader = shader
            shader.camera = Camera(shader.look.view, width: width, height: height).mirrored
            var buffer = DepthBuffer(width: width, height: height, farthest: 1 / 2000)
            buffer.draw(mesh, through: shader.camera, noise: shader.noise)
            var label: UInt8 = 0
            var instance: UInt16 = 0
            for y in 0..<height {
                for x in 0..<width {
                    let first = y * 2 * visible.width + x * 2
                    guard min(visible.surfaces[first], visible.surfaces[first + visible.width + 1]) < 0 else { continue }
                    let ray = shader.camera.ray(Float(x) + 0.5, Float(y) + 0.5)
                    guard ray.y > 0.001 else { continue }
                    let index = y * width + x
                    let color = shader.color(
                        ray: ray, index: buffer.surfaces[index], depth: buffer.depths[index], label: &label, instance: &instance)
                    sharp[index] = Vector(min(color.x, 6), min(color.y, 6), min(color.z, 6))
                }
            }
            blurred = sharp
            smear(reach: max(height / 24, 1))
        }

        /// The mean of what lies within `reach` rows; empty places (negative) do not count.
        private mutating func smear(reach: Int) {
            for x in 0..<width {
                var sum = Vector.zero
                var count: Float = 0
                for y in -reach..<height {
                    if y + reach < height, sharp[(y + reach) * width + x].x >= 0 {
                        sum += sharp[(y + reach) * width + x]
                        count += 1
                    }
                    if y - reach - 1 >= 0, sharp[(y - reach - 1) * width + x].x >= 0 {
                        sum -= sharp[(y - reach - 1) * width + x]
                        count -= 1
                    }
                    if y >= 0 && count > 0 {
                        let mean = sum * (1 / count)
                        blurred[y * width + x] = Vector(max(mean.x, 0), max(mean.y, 0), max(mean.z, 0))
                    }
                }
            }
        }
    }

    /// Looks up reflections without bounds or reference counting.
    struct ReflectionReader {
        let sharp: UnsafePointer<Vector>
        let blurred: UnsafePointer<Vector>
        let width: Int
        let height: Int

        /// The image in the ground at a place of the picture; nil where there is none.
        /// - Parameters:
        ///   - place: in homogeneous samples, two a pixel, as the camera projects it.
        ///   - ripple: how many rows farther the water's surface sends the view.
        @inline(__always)
        func light(at place: Vector, ripple: Float, sharp isSharp: Bool) -> Vector? {
            let scale = 0.5 / max(place.z, 0.01)
            let x = min(max(Int(place.x * scale), 0), width - 1)
            let y = min(max(Int(place.y * scale + ripple), 0), height - 1)
            let color = (isSharp ? sharp : blurred)[y * width + x]
            return color.x >= 0 ? color : nil
        }
    }
}
