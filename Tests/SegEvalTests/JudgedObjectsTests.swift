import Foundation
import SegData
import SegEval
import Testing
import Vision

/// Found objects told right from wrong, and pictures of them.
@Suite struct JudgedObjectsTests {
    private func mask(_ columns: Range<Int>, _ rows: Range<Int> = 0..<20) -> RunLengthMask {
        var map = LabelMap(width: 60, height: 20)
        for y in rows { for x in columns { map.values[y * 60 + x] = 1 } }
        return RunLengthMask(map, where: 1)
    }

    /// Of each image its objects and the columns, class and score of what was found.
    private func judged(_ images: [(truth: [COCOAnnotation], found: [(Range<Int>, category: Int, score: Double)])]) -> JudgedObjects {
        var file = COCOFile(classes: ClassList(names: ["car", "dog"]))
        var detections: [COCOAnnotation] = []
        for (number, image) in images.enumerated() {
            file.images.append(COCOImage(id: 7 + number, fileName: "\(number).png", width: 60, height: 20))
            for var object in image.truth {
                object.image = 7 + number
                file.annotations.append(object)
            }
            for (columns, category, score) in image.found {
                detections.append(
                    COCOAnnotation(
                        id: detections.count + 1, image: 7 + number, category: category, segmentation: .runs(mask(columns)), score: score))
            }
        }
        return JudgedObjects(truth: file, detections: detections)
    }

    private func object(_ columns: Range<Int>, _ category: Int = 1, isCrowd: Bool = false) -> COCOAnnotation {
        COCOAnnotation(id: 1, image: 0, category: category, segmentation: .runs(mask(columns)), isCrowd: isCrowd)
    }

    @Test func detectionsTakeObjectsBySureness() throws {
        let image = judged([
            (
                truth: [object(0..<10), object(20..<30), object(40..<60, isCrowd: true)],
                found: [
                    (0..<8, 1, 0.6), (0..<10, 1, 0.9),  // the first object: the surer one has it, the other is a mistake
                    (20..<30, 2, 0.8),  // another class
                    (45..<55, 1, 0.7),  // on a crowd
                ]
            )
        ]).images[0]
        #expect(image.detections.map(\.score) == [0.9, 0.8, 0.7, 0.6])
        #expect(image.detections.map(\.outcome) == [.right(1), .wrong, .onCrowd, .wrong])
        #expect(image.truths.map(\.finder) == [0.9, nil, nil])
        // One right, a mistake at 0.8, a missed object; below that a second mistake.
        #expect(image.quality(threshold: 0.95) == 0)
        #expect(image.quality(threshold: 0.9) == 1 / 1.5)
        #expect(image.quality(threshold: 0.7) == 1 / 2.0)
        #expect(image.quality(threshold: 0) == 1 / 2.5)
    }

    @Test func theThresholdIsWhereF1IsGreatestAndRanksTheImages() throws {
        let all = judged([
            (truth: [object(0..<10)], found: [(0..<10, 1, 0.42), (30..<40, 1, 0.31)]),
            (truth: [object(0..<10), object(20..<30)], found: [(0..<6, 1, 0.57)]),
            (truth: [], found: []),
            (truth: [], found: [(0..<5, 2, 0.2)]),
            (truth: [object(0..<10)], found: [(30..<50, 1, 0.5)]),
        ])
        // From 0.57: 2/(2 + 3); from 0.5: 2/(2 + 1 + 3); from 0.42: 4/(4 + 1 + 2); from 0.31: 4/(4 + 2 + 2).
        #expect(all.threshold == 0.42)
        // The image with nothing in it has no quality, nor has the one whose only detection is not sure enough.
        #expect(all.ranked.map(\.image.name) == ["0.png", "1.png", "4.png"])
        #expect(all.ranked.map(\.quality) == [1, 0.6 / 1.5, 0])
        #expect(all.chosen.map(\.kind) == [.worst, .middle, .best])
        #expect(all.chosen.map { $0.images.map(\.name) } == [["4.png"], [], ["0.png", "1.png"]])
    }

    @Test func picturesAreOfTheWorstTheMiddleAndTheBest() {
        // Of image i the first 20 − i/2 columns are found, and of the last two nothing, once with two objects.
        let images = (0..<13).map { number in
            let found = number < 11 ? [(0..<20 - number / 2, category: 1, score: 0.9)] : []
            return (truth: number == 12 ? [object(0..<20), object(30..<40)] : [object(0..<20)], found: found)
        }
        let chosen = judged(images).chosen.map { $0.images.map { Int($0.name.dropLast(4))! } }
        // Of images of one quality that with more mistakes is worse, then the name decides.
        #expect(chosen == [[12, 11, 10, 9], [5, 6], [0, 1, 2, 3]])
    }

    @Test func picturesMarkWhatIsWrongAndMissed() throws {
        let all = judged([
            (truth: [object(0..<15), object(45..<60)], found: [(0..<15, 1, 0.9), (22..<38, 1, 0.8), (40..<44, 1, 0.1)])
        ])
        let picture = ObjectPicture(Image(width: 60, height: 20, filledWith: 100), classes: all.classes, longerSide: 600...600)
        let (truth, found) = (picture.truth(all.images[0]), picture.found(all.images[0], threshold: 0.5))
        #expect(picture.image.width == 600 && picture.image.height == 200 && found.width == 600)
        func color(_ image: Image, _ x: Int, _ y: Int) -> [Int] {
            (0..<3).map { Int(image.pixels[3 * (10 * y * image.width + 10 * x) + $0]) }
        }
        func isNear(_ color: [Int], _ other: RGB) -> Bool {
            zip(color, [other.red, other.green, other.blue]).allSatisfy { abs($0 - Int($1)) < 20 }
        }
        // At the left edges: right, wrong, missed; and nothing where the score is too low.
        #expect(isNear(color(found, 0, 3), ObjectPicture.Color.right) && isNear(color(found, 22, 3), ObjectPicture.Color.wrong))
        #expect(isNear(color(found, 45, 3), ObjectPicture.Color.missed) && color(found, 42, 3) == [100, 100, 100])
        #expect(isNear(color(truth, 45, 3), ObjectPicture.Color.right) && color(truth, 30, 3) == [100, 100, 100])
        // A found object is filled, a missed one is not.
        #expect(color(found, 3, 2) != [100, 100, 100] && color(found, 48, 2) == [100, 100, 100])
        // "CAR 0.90" has room at twice the size in 150 pixels; its ground is dark.
        let dark = (0..<200).filter { y in (0..<150).contains { x in found.pixels[3 * (y * 600 + x)] < 60 } }
        #expect(dark.count == Image.textSize("car 0.90", scale: 2).height)
        #expect(picture.tiles([(all.images[0], 0.5)]).width == 3 * 600 + 2 * 6)
    }

    @Test func textIsCutAtTheEdgesAndAnyNameIsDrawn() {
        var image = Image(width: 20, height: 12, filledWith: 200)
        image.draw("q", x: 2, y: 1)
        let size = Image.textSize("q")
        #expect(size.width == 7 && size.height == 9)
        let white = image.pixels.indices.filter { image.pixels[$0] == 255 }
        #expect(white.count == 3 * 17 && image.pixels.filter { $0 == 50 }.count == 3 * (7 * 9 - 17))
        var edge = image
        edge.draw("Straße 7…", x: -8, y: 8, scale: 2)
        #expect(edge.pixels.count == image.pixels.count && edge != image)
        edge.draw("far", x: 400, y: -400)
    }
}
