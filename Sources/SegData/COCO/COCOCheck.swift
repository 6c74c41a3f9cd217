import Support
import Vision

/// Holds annotations against the images and categories of their file.
struct COCOCheck {
    private let sizes: [Int: (width: Int, height: Int)]
    /// Nil where any category goes.
    private let categories: Set<Int>?

    /// - Throws: `UserError` naming the file when an id is there twice or an image has no size.
    init(path: String, images: [COCOImage], categories: [COCOCategory]?) throws {
        var sizes: [Int: (width: Int, height: Int)] = [:]
        for image in images {
            guard image.width > 0, image.height > 0, image.width < 1 << 31, image.height < 1 << 31, image.width * image.height < 1 << 31
            else {
                throw UserError("\(path): image \(image.id) has the size \(image.width)×\(image.height)")
            }
            guard sizes.updateValue((image.width, image.height), forKey: image.id) == nil else {
                throw UserError("\(path): two images have the id \(image.id)")
            }
        }
        self.sizes = sizes
        guard let categories else {
            self.categories = nil
            return
        }
        let ids = Set(categories.map(\.id))
        if ids.count < categories.count {
            let twice = Dictionary(grouping: categories, by: \.id).first { $1.count > 1 }!
            throw UserError("\(path): two categories have the id \(twice.key): \(twice.value.map(\.name).joined(separator: ", "))")
        }
        self.categories = ids
    }

    func annotation(_ raw: RawAnnotation) throws -> COCOAnnotation {
        guard let id = raw.id else { throw UserError("it has no id") }
        return try checked(raw, id: id)
    }

    func detection(_ raw: RawAnnotation) throws -> COCOAnnotation {
        guard raw.score != nil else { throw UserError("it has no score") }
        let detection = try checked(raw, id: raw.place)
        guard detection.segmentation != .none || detection.box != nil else { throw UserError("it has neither a mask nor a box") }
        return detection
    }

    private func checked(_ raw: RawAnnotation, id: Int) throws -> COCOAnnotation {
        if let damage = raw.damage { throw damage }
        guard let image = raw.image else { throw UserError("it has no image_id") }
        guard let category = raw.category else { throw UserError("it has no category_id") }
        guard let size = sizes[image] else { throw UserError("its image \(image) is not in the file") }
        if let categories, !categories.contains(category) { throw UserError("its category \(category) is not in the file") }
        if let area = raw.area, area < 0 { throw UserError("its area is \(area)") }
        switch raw.segmentation {
        case .none: break
        case .runs(let mask):
            guard mask.width == size.width, mask.height == size.height else {
                throw UserError(
                    "its mask is of \(mask.width)×\(mask.height) pixels, image \(image) of \(size.width)×\(size.height)",
                    hint: "COCO writes a mask's size as [height, width].")
            }
        case .polygons(let polygons):
            for polygon in polygons { try check(polygon, image, size) }
        }
        return COCOAnnotation(
            id: id, image: image, category: category, segmentation: raw.segmentation, area: raw.area, box: try raw.box.map(box),
            isCrowd: raw.isCrowd, score: raw.score)
    }

    private func box(_ numbers: [Double]) throws -> Box {
        guard numbers.count == 4 else { throw UserError("its bbox has \(numbers.count) numbers in place of x, y, width and height") }
        guard numbers[2] >= 0, numbers[3] >= 0 else { throw UserError("its bbox has the size \(numbers[2])×\(numbers[3])") }
        return Box(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
    }

    private func check(_ polygon: [Double], _ image: Int, _ size: (width: Int, height: Int)) throws {
        guard polygon.count >= 6, polygon.count % 2 == 0 else {
            throw UserError("a polygon has \(polygon.count) numbers in place of three corners or more, x and y of each")
        }
        // Tools round outwards: a pixel more is no mistake.
        for index in stride(from: 0, to: polygon.count, by: 2) {
            let (x, y) = (polygon[index], polygon[index + 1])
            guard x >= -1, x <= Double(size.width) + 1, y >= -1, y <= Double(size.height) + 1 else {
                throw UserError("its polygon has a corner at (\(x), \(y)), outside image \(image) of \(size.width)×\(size.height)")
            }
        }
    }
}
