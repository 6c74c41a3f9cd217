import Vision

extension StreetScenes.Film {
    /// Light, linear and of any brightness, into an 8-bit picture: exposure, lens, noise, tone.
    /// - Parameter bloom: how much of the light of what is too bright spreads around it.
    func develop(_ picture: StreetScenes.LightImage, bloom: Float) -> Image {
        let (width, height) = (picture.width, picture.height)
        let exposure = key / max(meter(picture.pixels), 1e-4)
        var picture = picture
        if bloom > 0 { picture.addBloom(bloom, threshold: 1 / exposure) }
        let gain = balance * exposure
        var image = Image(width: width, height: height)
        picture.pixels.withUnsafeBufferPointer { light in
            image.pixels.withUnsafeMutableBufferPointer { pixels in
                for y in 0..<height {
                    let above = max(y - 1, 0) * width
                    let below = min(y + 1, height - 1) * width
                    let dy = (Float(y) + 0.5) / Float(height) - 0.5
                    for x in 0..<width {
                        let left = max(x - 1, 0)
                        let right = min(x + 1, width - 1)
                        let row = y * width
                        let around = light[row + left] + light[row + right] + light[above + x] + light[below + x]
                        let dx = (Float(x) + 0.5) / Float(width) - 0.5
                        let corner = 1 - vignette * 2 * (dx * dx + dy * dy)
                        let color = (light[row + x] * (1 - 4 * blur) + around * blur) * gain * corner
                        let grey = color.dot(SIMD3(0.3, 0.6, 0.1))
                        let toned = tone(SIMD3(repeating: grey).mixed(color, saturation))
                        let noise = self.noise(x, y)
                        let values = (toned + noise) * 255 + 0.5
                        let at = (row + x) * 3
                        pixels[at] = byte(values.x)
                        pixels[at + 1] = byte(values.y)
                        pixels[at + 2] = byte(values.z)
                    }
                }
            }
        }
        return image
    }

    @inline(__always)
    private func byte(_ value: Float) -> UInt8 { value > 0 ? UInt8(min(value, 255)) : 0 }

    /// The brightness that the camera exposes for: the mean, with bright skies held back.
    private func meter(_ light: [StreetScenes.Vector]) -> Float {
        var sum: Float = 0
        for color in light { sum += min(color.y, 1.2) }
        return sum / Float(light.count)
    }

    /// A film's curve: straight for the shadows, a shoulder for the lights, then sRGB's coding
    /// (by square roots, which are the same on every machine) and contrast.
    @inline(__always)
    private func tone(_ light: SIMD3<Float>) -> SIMD3<Float> {
        let coded = SIMD3(code(light.x), code(light.y), code(light.z))
        return (coded - 0.42) * contrast + 0.42
    }

    @inline(__always)
    private func code(_ light: Float) -> Float {
        var y = max(light, 0)
        if y > 0.45 { y = 0.45 + (y - 0.45) / (1 + (y - 0.45) * 1.25) }
        let root = y.squareRoot()
        let fourth = root.squareRoot()
        return root * 0.585_122 + fourth * 0.783_140 - fourth.squareRoot() * 0.368_263
    }

    /// Noise of a sensor: nearly normal, its own for each pixel and channel.
    @inline(__always)
    private func noise(_ x: Int, _ y: Int) -> SIMD3<Float> {
        let a = StreetScenes.Noise.hash(Int32(x), Int32(y), seed)
        let b = StreetScenes.Noise.hash(Int32(y), Int32(x), seed &+ 1)
        func bump(_ bits: UInt32) -> Float {
            // The sum of three uniform bytes: standard deviation 128.
            Float(bits & 255) + Float(bits >> 8 & 255) + Float(bits >> 16 & 255) - 382.5
        }
        let shared = bump(a)
        let own = SIMD3(bump(b), bump(b &* 0x9E37_79B1 >> 3), bump(b &* 0x85EB_CA77 >> 5))
        return (SIMD3(repeating: shared * 0.8) + own * 0.6) * (grain / (128 * 255))
    }
}
