import Foundation
import SegData

/// Prints how far images that the decoder shrinks are from those that are resized whole, both at 200×150, and how fast each is.
func reportScaledDecoding(_ dataset: any Dataset) throws {
    func images(_ scaled: Bool) throws -> (pixels: [[UInt8]], perSecond: Double) {
        var options = LoaderOptions.evaluation(augmentation: .evaluation(resize: Size(width: 200, height: 150)), threads: 1)
        options.scaledDecoding = scaled
        let loader = try Loader(dataset, options)
        var pixels: [[UInt8]] = []
        let elapsed = try ContinuousClock().measure {
            for _ in 0..<min(dataset.count, 100) { pixels.append(try loader.next()!.withImages { Array($0) }) }
        }
        return (pixels, Double(pixels.count) / (elapsed / .seconds(1)))
    }
    let (exact, scaled) = (try images(false), try images(true))
    let differences = zip(exact.pixels, scaled.pixels).flatMap { zip($0, $1).map { abs(Int($0) - Int($1)) } }
    let mean = Double(differences.reduce(0, +)) / Double(differences.count)
    print("of 255 levels, differences of \((mean * 100).rounded() / 100) on average and \(differences.max() ?? 0) at most")
    print("one thread: \(Int(exact.perSecond)) images/s whole, \(Int(scaled.perSecond)) images/s shrunken while decoding")
}
