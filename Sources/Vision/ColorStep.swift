/// One change of an image's colours, with torchvision's definitions on 8-bit images where it has the change.
public enum ColorStep: Sendable, Equatable {
    /// Multiplies by the factor (≥ 0).
    case brightness(Double)
    /// Adds to every channel, in grey levels: mmsegmentation's change of brightness.
    case offset(Double)
    /// Mixes with the image's mean grey: 0 gives flat grey, 1 the image, more than 1 more contrast.
    case contrast(Double)
    /// Mixes each pixel with its own grey: 0 gives a grey image, 1 the image.
    case saturation(Double)
    /// Multiplies the saturation of HSV, which stops at full colour, and keeps hue and value: mmsegmentation's change of saturation.
    case vividness(Double)
    /// Turns the hue by this part of the colour circle, -0.5...0.5.
    case hue(Double)
    /// Keeps this many of the upper bits, 1...8.
    case posterize(bits: Int)
    /// Turns channels of at least this value into their negative.
    case solarize(threshold: Double)
    /// Stretches each channel to 0...255.
    case autocontrast
    /// Evens out each channel's histogram, as Pillow does.
    case equalize
    /// Mixes with a slightly blurred image: 0 gives the blurred one, 1 the image, more than 1 a sharper one.
    case sharpness(Double)
    /// Gaussian blur with this standard deviation in pixels, cut off at three of them; the image is mirrored at its edges.
    case blur(sigma: Double)
}

extension Image {
    /// The image after the steps, in their order. A grey image is returned as RGB.
    public func adjusted(_ steps: [ColorStep]) -> Image {
        var result = rgb
        let (width, height) = (width, height)
        result.pixels.withUnsafeMutableBufferPointer { buffer in
            guard let pixels = buffer.baseAddress else { return }
            PixelWindow(pixels: pixels, width: width, height: height, stride: 3 * width).adjust(steps)
        }
        return result
    }
}
