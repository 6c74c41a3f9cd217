import Support
import Testing
import Vision

/// Against pycocotools and SciPy (`scripts/reference/masks.py`).
@Suite("Masks of runs")
struct MaskTests {
    private struct Reference: Decodable {
        struct Polygons: Decodable {
            let width: Int
            let height: Int
            let polygons: [[Double]]
            let counts: [UInt32]
            let string: String

            var mask: RunLengthMask { RunLengthMask(width: width, height: height, counts: counts) }
        }

        struct Pair: Decodable {
            let width: Int
            let height: Int
            let a: [UInt32]
            let b: [UInt32]
            let union: [UInt32]
            let intersection: [UInt32]
            let iou: Double
            let crowd: Double
            let area: Int
            let box: [Double]
            let distance: Int
            let eroded: [UInt32]
            let flipped: [UInt32]
            let window: [Int]
            let cropped: [UInt32]

            func mask(_ counts: [UInt32]) -> RunLengthMask { RunLengthMask(width: width, height: height, counts: counts) }
        }

        let polygons: [Polygons]
        let pairs: [Pair]
    }

    private let reference: Reference

    init() throws { reference = try Fixture.load("masks") }

    @Test("Polygons are drawn as COCO's tools draw them")
    func polygons() {
        #expect(reference.polygons.count == 120)
        for item in reference.polygons {
            #expect(RunLengthMask(polygons: item.polygons, width: item.width, height: item.height) == item.mask)
        }
        #expect(RunLengthMask(polygons: [], width: 3, height: 2).counts == [6])
    }

    @Test("COCO's compressed counts, there and back")
    func strings() throws {
        for item in reference.polygons {
            #expect(item.mask.cocoString == item.string)
            #expect(try RunLengthMask(cocoString: item.string, width: item.width, height: item.height) == item.mask)
            #expect(try RunLengthMask(cocoCounts: item.counts.map(Int.init), width: item.width, height: item.height) == item.mask)
        }
    }

    @Test("Runs of no length are joined; the string's differences are of the numbers as written")
    func emptyRuns() throws {
        let mask = try RunLengthMask(cocoCounts: [2, 3, 0, 1, 0, 0, 4], width: 5, height: 2)
        #expect(mask.counts == [2, 4, 4])
        let written = RunLengthMask(width: 5, height: 2, counts: [2, 3, 0, 1, 0, 0, 4]).cocoString
        #expect(try RunLengthMask(cocoString: written, width: 5, height: 2) == mask)
        #expect(try RunLengthMask(cocoCounts: [0, 0, 4], width: 2, height: 2).counts == [4])
    }

    @Test("Damaged runs are refused, with what is wrong")
    func damaged() throws {
        func message(_ body: () throws -> RunLengthMask) -> String? {
            do {
                _ = try body()
                return nil
            } catch { return (error as? UserError)?.message }
        }
        let mask = RunLengthMask(width: 4, height: 4, counts: [3, 5, 8])
        #expect(message { try RunLengthMask(cocoString: mask.cocoString, width: 4, height: 5) }?.contains("16 pixels") == true)
        #expect(message { try RunLengthMask(cocoString: mask.cocoString, width: 3, height: 4) }?.contains("run of 8") == true)
        #expect(message { try RunLengthMask(cocoString: "3R", width: 4, height: 4) }?.contains("cut short") == true)
        #expect(message { try RunLengthMask(cocoString: "3 5", width: 4, height: 4) }?.contains("character 2") == true)
        #expect(message { try RunLengthMask(cocoCounts: [-3, 19], width: 4, height: 4) }?.contains("-3") == true)
        #expect(message { try RunLengthMask(cocoCounts: [Int.max, 1], width: 4, height: 4) } != nil)
        #expect(message { try RunLengthMask(cocoString: String(repeating: "o", count: 40), width: 4, height: 4) } != nil)
    }

    @Test("Union, intersection and their ratio, also with a crowd; area and extent")
    func sets() {
        for item in reference.pairs {
            let (a, b) = (item.mask(item.a), item.mask(item.b))
            #expect(a.union(b) == item.mask(item.union))
            #expect(a.intersection(b) == item.mask(item.intersection))
            #expect(a.subtracting(b).union(a.intersection(b)) == a)
            #expect(a.subtracting(b).intersectionArea(b) == 0)
            #expect(a.iou(b) == item.iou)
            #expect(a.iou(b, crowd: true) == item.crowd)
            #expect(a.area == item.area)
            let box = a.extent.map { [$0.columns.lowerBound, $0.rows.lowerBound, $0.columns.count, $0.rows.count].map(Double.init) }
            #expect(box ?? [0, 0, 0, 0] == item.box)
        }
    }

    @Test("Laid over a picture: filled, outlined, the later on top, nothing else changed")
    func overlay() {
        func square(_ start: Int, _ end: Int) -> RunLengthMask {
            let values = (0..<144).map { (start..<end).contains($0 % 12) && (start..<end).contains($0 / 12) ? UInt8(1) : 0 }
            return RunLengthMask(LabelMap(width: 12, height: 12, values: values), where: 1)
        }
        let image = Image(width: 12, height: 12, filledWith: 100)
        let picture = image.overlaid(with: [square(1, 7), square(4, 10)])
        func pixel(_ x: Int, _ y: Int) -> [UInt8] { Array(picture.pixels[3 * (12 * y + x)..<3 * (12 * y + x) + 3]) }
        #expect(pixel(0, 0) == [100, 100, 100] && pixel(11, 5) == [100, 100, 100])
        // Corner and inside of the first, corner and inside of the second, which lies over the first's edge.
        let (edge, inside, laterEdge, laterInside) = (pixel(1, 1), pixel(2, 3), pixel(4, 4), pixel(6, 6))
        #expect(Set([edge, inside, laterEdge, laterInside]).count == 4)
        #expect(pixel(8, 8) == laterInside && pixel(9, 9) == laterEdge)
        #expect(image.overlaid(with: []) == image)
    }

    @Test("Cut out, mirrored and worn away without decoding")
    func geometry() {
        for item in reference.pairs {
            let mask = item.mask(item.a)
            let window = PixelRegion(columns: item.window[0]..<item.window[2], rows: item.window[1]..<item.window[3])
            #expect(mask.cropped(to: window) == RunLengthMask(width: window.width, height: window.height, counts: item.cropped))
            #expect(mask.flipped == item.mask(item.flipped))
            let eroded = item.mask(item.eroded)
            #expect(mask.eroded(by: item.distance) == eroded)
            #expect(mask.boundary(width: item.distance) == mask.subtracting(eroded))
            #expect(mask.eroded(by: 0) == mask)
        }
    }
}
