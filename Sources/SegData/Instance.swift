import Vision

/// One object in an image.
public struct Instance: Sendable, Equatable {
    /// The class, an index into the data set's `instanceClasses`.
    public var category: Int
    public var mask: RunLengthMask
    /// Around the object, in pixels of the image; not always the mask's own, where annotators drew it.
    public var box: Box
    /// A group of objects that nobody took apart: never trained on, and no mistake where it is detected.
    public var isCrowd: Bool
    /// The annotation's number in the data set's own files; nil where it has none.
    public var id: Int?

    /// - Parameter box: the mask's own when nil.
    public init(category: Int, mask: RunLengthMask, box: Box? = nil, isCrowd: Bool = false, id: Int? = nil) {
        self.category = category
        self.mask = mask
        self.box = box ?? Box(mask)
        self.isCrowd = isCrowd
        self.id = id
    }
}

/// A rectangle in pixels; the upper left corner of the image is (0, 0), its lower right (width, height).
public struct Box: Sendable, Hashable {
    public var x: Double
    public var y: Double
    public var width: Double
    public var height: Double

    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The smallest box around a mask; of no size at (0, 0) around an empty one.
    public init(_ mask: RunLengthMask) {
        guard let (columns, rows) = mask.extent else {
            self.init(x: 0, y: 0, width: 0, height: 0)
            return
        }
        self.init(
            x: Double(columns.lowerBound), y: Double(rows.lowerBound), width: Double(columns.count), height: Double(rows.count))
    }
}

extension Instance {
    /// The objects of a map that gives each pixel its object's number, in the order of those numbers; 0 is none.
    /// - Parameter category: the class of an object, an index into the data set's `instanceClasses`; nil leaves the object out.
    public static func list(in map: InstanceMap, category: (_ number: UInt16) -> Int?) -> [Instance] {
        RunLengthMask.masks(in: map).compactMap { number, mask in category(number).map { Instance(category: $0, mask: mask) } }
    }
}
