import Support
import Vision

/// An annotation as it stands in the file, before anything is known about its image.
struct RawAnnotation {
    /// In the list, from 1.
    let place: Int
    var id: Int?
    var image: Int?
    var category: Int?
    var segmentation = COCOSegmentation.none
    var area: Double?
    var box: [Double]?
    var isCrowd = false
    var score: Double?
    /// What is wrong with the mask.
    var damage: UserError?

    /// How messages call it.
    var name: String { id.map { "\($0)" } ?? "number \(place) (without an id)" }

    init(_ scanner: inout JSONScanner, place: Int) throws {
        self.place = place
        try scanner.object { scanner, key in
            if scanner.skipNull() { return }
            switch key {
            case "id": id = try scanner.int()
            case "image_id": image = try scanner.int()
            case "category_id": category = try scanner.int()
            case "area": area = try scanner.double()
            case "iscrowd": isCrowd = try scanner.bool()
            case "score": score = try scanner.double()
            case "bbox":
                let numbers = try scanner.numbers()
                box = numbers.isEmpty ? nil : numbers
            case "segmentation":
                do { segmentation = try COCOSegmentation(&scanner) } catch let error as UserError { damage = error }
            default: try scanner.skipValue()
            }
        }
    }
}

extension COCOSegmentation {
    init(_ scanner: inout JSONScanner) throws {
        if scanner.peek() == UInt8(ascii: "{") {
            self = try Self.runs(&scanner)
            return
        }
        var polygons: [[Double]] = []
        try scanner.array { polygons.append(try $0.numbers()) }
        self = polygons.isEmpty ? .none : .polygons(polygons)
    }

    /// `counts`, a list or a string, may stand before the `size` that it needs.
    private static func runs(_ scanner: inout JSONScanner) throws -> COCOSegmentation {
        var size: [Double]?
        var counts: Int?
        try scanner.object { scanner, key in
            switch key {
            case "size": size = try scanner.numbers()
            case "counts":
                _ = scanner.peek()
                counts = scanner.position
                try scanner.skipValue()
            default: try scanner.skipValue()
            }
        }
        guard let counts, let size, size.count == 2 else {
            throw UserError("a mask of runs needs counts and a size of two numbers, height and width")
        }
        guard size.allSatisfy({ $0 >= 1 && $0 == $0.rounded() }), size[0] * size[1] < 0x1p31 else {
            throw UserError("the mask's size is \(size[0]) by \(size[1])")
        }
        let (height, width) = (Int(size[0]), Int(size[1]))
        let end = scanner.position
        scanner.position = counts
        defer { scanner.position = end }
        var mask: RunLengthMask?
        if scanner.peek() == UInt8(ascii: "\"") {
            try scanner.withString { mask = try RunLengthMask(cocoBytes: $0, width: width, height: height) }
        } else {
            var list: [Int] = []
            try scanner.array { list.append(try $0.int()) }
            mask = try RunLengthMask(cocoCounts: list, width: width, height: height)
        }
        return .runs(mask!)
    }
}
