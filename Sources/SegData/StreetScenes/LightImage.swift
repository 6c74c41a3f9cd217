extension StreetScenes {
    /// A picture in linear light, before the camera's exposure; what is drawn over the whole of it changes no label.
    struct LightImage {
        let width: Int
        let height: Int
        var pixels: [Vector]

        init(width: Int, height: Int) {
            self.width = width
            self.height = height
            pixels = .init(repeating: .zero, count: width * height)
        }

        /// Blends `color` into a pixel; places outside the picture are left out.
        @inline(__always)
        mutating func blend(_ color: Vector, _ share: Float, x: Int, y: Int) {
            guard x >= 0, y >= 0, x < width, y < height else { return }
            pixels[y * width + x] = pixels[y * width + x].mixed(color, share)
        }

        /// The mean colours of blocks of 4 × 4 pixels.
        func quartered() -> LightImage {
            var small = LightImage(width: (width + 3) / 4, height: (height + 3) / 4)
            for y in 0..<small.height {
                for x in 0..<small.width {
                    var sum = Vector.zero
                    for row in 0..<4 {
                        for column in 0..<4 {
                            let line = min(y * 4 + row, height - 1)
                            sum += pixels[line * width + min(x * 4 + column, width - 1)]
                        }
                    }
                    small.pixels[y * small.width + x] = sum * (1 / 16)
                }
            }
            return small
        }

        /// The colour at a place given in pixels, blended between pixels' middles; the edges go on outside.
        @inline(__always)
        func at(_ x: Float, _ y: Float) -> Vector {
            let px = min(max(x - 0.5, 0), Float(width - 1))
            let py = min(max(y - 0.5, 0), Float(height - 1))
            let x0 = Int(px)
            let y0 = Int(py)
            let x1 = min(x0 + 1, width - 1)
            let y1 = min(y0 + 1, height - 1)
            let fx = px - Float(x0)
            let top = pixels[y0 * width + x0].mixed(pixels[y0 * width + x1], fx)
            let bottom = pixels[y1 * width + x0].mixed(pixels[y1 * width + x1], fx)
            return top.mixed(bottom, py - Float(y0))
        }

        /// Means over (2 · reach + 1)² pixels; beyond the edges it is dark.
        mutating func blur(_ reach: Int) {
            let share = 1 / Float(2 * reach + 1)
            var line = [Vector](repeating: .zero, count: max(width, height))
            func smear(_ first: Int, _ step: Int, _ count: Int) {
                for index in 0..<count { line[index] = pixels[first + index * step] }
                var sum = Vector.zero
                for index in 0..<min(reach, count) { sum += line[index] }
                for index in 0..<count {
                    if index + reach < count { sum += line[index + reach] }
                    if index - reach - 1 >= 0 { sum -= line[index - reach - 1] }
                    pixels[first + index * step] = sum * share
                }
            }
            for y in 0..<height { smear(y * width, 1, width) }
            for x in 0..<width { smear(x, width, height) }
        }
    }
}
