import Foundation
import Support
import Vision

/// Objects of images as COCO's JSON writes them: `images`, `annotations` and `categories`.
public struct COCOFile: Sendable, Equatable {
    public var images: [COCOImage]
    public var annotations: [COCOAnnotation]
    public var categories: [COCOCategory]

    public init(images: [COCOImage] = [], annotations: [COCOAnnotation] = [], categories: [COCOCategory] = []) {
        self.images = images
        self.annotations = annotations
        self.categories = categories
    }

    /// For each image, in the order of `images`, the places of its annotations.
    public var annotationsByImage: [[Int]] {
        let places = Dictionary(uniqueKeysWithValues: images.enumerated().map { ($1.id, $0) })
        var lists = [[Int]](repeating: [], count: images.count)
        for (index, annotation) in annotations.enumerated() {
            if let place = places[annotation.image] { lists[place].append(index) }
        }
        return lists
    }

    /// The objects of one image as a sample holds them.
    /// - Parameters:
    ///   - image: an index into `images`.
    ///   - annotations: the places of its annotations, from ``annotationsByImage``.
    ///   - category: a category's id to an index into the data set's `instanceClasses`; nil leaves the object out.
    public func instances(of image: Int, annotations places: [Int], category: (Int) -> Int?) -> [Instance] {
        let image = images[image]
        return places.compactMap { place in
            let annotation = annotations[place]
            guard let index = category(annotation.category) else { return nil }
            let mask = annotation.segmentation.mask(width: image.width, height: image.height)
            return Instance(category: index, mask: mask, box: annotation.box, isCrowd: annotation.isCrowd, id: annotation.id)
        }
    }
}

/// An image that a COCO file names.
public struct COCOImage: Sendable, Equatable {
    public var id: Int
    /// The path relative to the data set's image folder; empty where the file has none.
    public var fileName: String
    /// As a data set calls the image, in files of pseudo-labels; COCO's have none.
    public var name: String?
    public var width: Int
    public var height: Int

    public init(id: Int, fileName: String, name: String? = nil, width: Int, height: Int) {
        self.id = id
        self.fileName = fileName
        self.name = name
        self.width = width
        self.height = height
    }
}

/// A class in a COCO file. Ids have gaps: COCO's 80 classes have ids from 1 to 90.
public struct COCOCategory: Sendable, Equatable {
    public var id: Int
    public var name: String
    public var supercategory: String?
    /// Countable, in panoptic files; nil elsewhere.
    public var isThing: Bool?

    public init(id: Int, name: String, supercategory: String? = nil, isThing: Bool? = nil) {
        self.id = id
        self.name = name
        self.supercategory = supercategory
        self.isThing = isThing
    }
}

/// One object in a COCO file, or one detection in a file of results.
public struct COCOAnnotation: Sendable, Equatable {
    /// The annotation's own id; in results the place in the list, from 1.
    public var id: Int
    /// The image's id.
    public var image: Int
    /// The category's id.
    public var category: Int
    public var segmentation: COCOSegmentation
    /// Pixels as the file has it; nil where it has none.
    public var area: Double?
    public var box: Box?
    public var isCrowd: Bool
    /// How sure the detector is, in results.
    public var score: Double?

    public init(
        id: Int, image: Int, category: Int, segmentation: COCOSegmentation = .none, area: Double? = nil, box: Box? = nil,
        isCrowd: Bool = false, score: Double? = nil
    ) {
        self.id = id
        self.image = image
        self.category = category
        self.segmentation = segmentation
        self.area = area
        self.box = box
        self.isCrowd = isCrowd
        self.score = score
    }
}

/// An object's outline as a COCO file has it.
public enum COCOSegmentation: Sendable, Equatable {
    /// A box alone.
    case none
    /// Of each part its corners, x and y in turn.
    case polygons([[Double]])
    case runs(RunLengthMask)

    /// The object's pixels in an image of that size; none for a box alone.
    public func mask(width: Int, height: Int) -> RunLengthMask {
        switch self {
        case .none: RunLengthMask(polygons: [], width: width, height: height)
        case .polygons(let polygons): RunLengthMask(polygons: polygons, width: width, height: height)
        case .runs(let mask): mask
        }
    }
}
