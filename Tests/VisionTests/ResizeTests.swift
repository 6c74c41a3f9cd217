import Foundation
import Testing
import Vision

@Suite struct ResizeTests {
    struct Resizing: Decodable {
        struct Case: Decodable {
            let antialiased: Pixels
            let plain: Pixels
            let nearest: Pixels
        }
        let image: Pixels
        let labels: Pixels
        let cases: [Case]
    }

    @Test func resizingEqualsPillowAndTorch() throws {
        let fixture = try Fixture.load("resize", as: Resizing.self)
        for expected in fixture.cases {
            let (width, height) = (expected.nearest.width, expected.nearest.height)
            let image = fixture.image.image
            #expect(image.resized(width: width, height: height).difference(from: expected.antialiased.image) <= 1, "\(width)×\(height)")
            let plain = image.resized(width: width, height: height, .bilinearPlain)
            #expect(plain.difference(from: expected.plain.image) <= 1, "\(width)×\(height)")
            #expect(fixture.labels.labels.resized(width: width, height: height) == expected.nearest.labels)
        }
    }

    @Test func greyImagesResizeLikeTheChannelsOfColouredOnes() {
        let image = pattern(width: 31, height: 17)
        let green = Image(
            width: 31, height: 17, channels: 1, pixels: stride(from: 1, to: image.pixels.count, by: 3).map { image.pixels[$0] })
        let resized = image.resized(width: 12, height: 40)
        let expected = stride(from: 1, to: resized.pixels.count, by: 3).map { resized.pixels[$0] }
        #expect(green.resized(width: 12, height: 40).pixels == expected)
    }

    @Test(arguments: [0, 1, 127, 254, 255])
    func flatAreasStayFlat(value: Int) {
        let flat = Image(width: 23, height: 19, filledWith: UInt8(value))
        for (width, height) in [(7, 5), (50, 61), (22, 20)] {
            for interpolation in Interpolation.allCases {
                let resized = flat.resized(width: width, height: height, interpolation)
                #expect(resized == Image(width: width, height: height, filledWith: UInt8(value)))
            }
        }
    }

    @Test func aWindowOfAResizeIsTheSameAsResizingAndCropping() {
        let image = pattern(width: 45, height: 37)
        for (width, height) in [(90, 71), (23, 20), (45, 50)] {
            let whole = image.resized(width: width, height: height)
            let expected = whole.cropped(x: 5, y: 3, width: 12, height: 11, padding: [0, 0, 0])
            let resampler = Resampler(
                horizontal: ResampleAxis(from: 45, to: width, range: 5..<17, .bilinear),
                vertical: ResampleAxis(from: 37, to: height, range: 3..<14, .bilinear))
            let mirrored = Resampler(
                horizontal: ResampleAxis(from: 45, to: width, range: 5..<17, .bilinear, reversed: true), vertical: resampler.vertical)
            #expect(window(of: image, resampler) == expected)
            #expect(window(of: image, mirrored) == expected.flippedHorizontally())
        }
    }

    private func window(of image: Image, _ resampler: Resampler) -> Image {
        var result = Image(width: 12, height: 11)
        var scratch: [UInt8] = []
        result.pixels.withUnsafeMutableBufferPointer {
            resampler.resample(image.pixels, width: image.width, channels: 3, to: $0.baseAddress!, targetStride: 36, scratch: &scratch)
        }
        return result
    }

    @Test func croppingPadsBeyondTheEdges() {
        let image = Image(width: 2, height: 2, pixels: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
        let cropped = image.cropped(x: -1, y: 1, width: 4, height: 2, padding: [50, 60, 70])
        let pad: [UInt8] = [50, 60, 70]
        #expect(cropped.pixels == pad + [7, 8, 9, 10, 11, 12] + pad + pad + pad + pad + pad)
        #expect(image.cropped(x: 9, y: 9, width: 1, height: 1, padding: pad).pixels == pad)

        let labels = LabelMap(width: 2, height: 2, values: [1, 2, 3, 4])
        #expect(labels.cropped(x: 1, y: -1, width: 2, height: 2, padding: 255).values == [255, 255, 2, 255])
        #expect(labels.flippedHorizontally().values == [2, 1, 4, 3])
    }

    @Test func overlaysMixAndLeaveIgnoredPixelsAlone() {
        let image = Image(width: 2, height: 1, pixels: [100, 100, 100, 40, 50, 60])
        let labels = LabelMap(width: 2, height: 1, values: [1, 255])
        let palette = Palette([RGB(0, 0, 0), RGB(200, 0, 100)])
        #expect(image.overlaid(with: labels, palette: palette).pixels == [150, 50, 100, 40, 50, 60])
        let truth = LabelMap(width: 2, height: 1, values: [0, 1])
        #expect(image.errors(of: labels, truth: truth).pixels == [230, 40, 30, 230, 40, 30])
        #expect(Image.row([image, image], gap: 1).pixels == image.pixels + [255, 255, 255] + image.pixels)
    }
}
