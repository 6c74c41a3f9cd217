import Foundation
import Recipes
import SegData
import Vision

/// Images of discs and squares of 64×64 pixels, as `coco-json` reads them.
struct Shapes {
    let root: URL
    private var file: COCOFile
    static let side = 64

    struct Shape {
        var category: Int
        var isCrowd = false
        let contains: (_ x: Int, _ y: Int) -> Bool

        static func disc(_ x: Int, _ y: Int, radius: Int) -> Shape {
            Shape(category: 1) { ($0 - x) * ($0 - x) + ($1 - y) * ($1 - y) <= radius * radius }
        }

        static func square(_ x: Int, _ y: Int, side: Int) -> Shape {
            Shape(category: 2) { (x..<x + side).contains($0) && (y..<y + side).contains($1) }
        }

        var crowd: Shape { Shape(category: category, isCrowd: true, contains: contains) }
    }

    /// A split `train` of those images.
    /// - Parameter classes: discs are of the first, squares of the second.
    init(at root: URL, _ images: [[Shape]], classes: [String] = ["disc", "square"]) throws {
        self.root = root
        file = COCOFile(classes: ClassList(names: classes))
        try FileManager.default.createDirectory(at: root.appendingPathComponent("images"), withIntermediateDirectories: true)
        for shapes in images { try add(shapes) }
        try file.write(to: root.appendingPathComponent("train.json"))
    }

    /// Four images: objects of both classes, one of a pixel, a crowd, and no object at all.
    init(at root: URL) throws {
        try self.init(
            at: root,
            [
                [.disc(18, 20, radius: 11), .square(36, 34, side: 20)], [.square(6, 8, side: 18), .disc(46, 40, radius: 9)],
                [.square(12, 12, side: 1), .disc(40, 24, radius: 13), .square(4, 44, side: 14).crowd], [],
            ])
    }

    private mutating func add(_ shapes: [Shape]) throws {
        let (side, number) = (Self.side, file.images.count + 1)
        file.images.append(COCOImage(id: number, fileName: "\(number).png", width: side, height: side))
        var pixels = [UInt8](repeating: 40, count: 3 * side * side)
        for shape in shapes {
            var map = Raster<UInt8>(width: side, height: side)
            for y in 0..<side {
                for x in 0..<side where shape.contains(x, y) {
                    map.values[y * side + x] = 1
                    pixels[3 * (y * side + x) + shape.category] = 220
                }
            }
            file.annotations.append(
                COCOAnnotation(
                    id: file.annotations.count + 1, image: number, category: shape.category,
                    segmentation: .runs(RunLengthMask(map, where: 1)), isCrowd: shape.isCrowd))
        }
        try Image(width: side, height: side, pixels: pixels).write(to: root.appendingPathComponent("images/\(number).png"))
    }

    /// Trains on all images, and scores on them.
    func recipe(steps: Int = 6, overrides: [String] = []) throws -> Recipe {
        let yaml = """
            name: shapes
            seed: 1
            threads: 2
            data:
              dataset: coco-json
              root: \(root.path)
              train: train
              validation: train
              test: train
              instances: true
              loader: {batchSize: 4, threads: 1}
              augmentation: {crop: [\(Self.side), \(Self.side)], scale: [1, 1]}
            student: {model: mask2former-small-resnet18, headChannels: 32, precision: float32}
            loss: {task: instances, masks: {points: 512}}
            optimizer: {kind: adamw, learningRate: 0.001}
            schedule: {steps: \(steps), kind: constant}
            evaluation: {every: \(steps)}
            checkpoint: {every: 2}
            log: {every: 1}
            preflight: {enabled: false}
            """
        return try Recipe.parse(yaml, overrides: overrides, catalog: .standard).recipe
    }
}
