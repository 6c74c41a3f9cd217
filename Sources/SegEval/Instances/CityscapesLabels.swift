/// What Cityscapes' label ids mean to the evaluation of instances (`labels.py` of cityscapesScripts).
public enum CityscapesLabels {
    /// The classes that are scored, in the tables' order.
    public static let scored: [(id: Int, name: String)] = [
        (24, "person"), (25, "rider"), (26, "car"), (27, "truck"), (28, "bus"), (31, "train"), (32, "motorcycle"), (33, "bicycle"),
    ]

    /// Values of pixels that no detection is blamed for.
    static let void: Set<UInt16> = [0, 1, 2, 3, 4, 5, 6, 9, 10, 14, 15, 16, 18, 29, 30]

    /// Label ids that exist.
    static let known = -1...33

    /// An object's pixels have its label times this and a number; below it, they are a group or have no objects.
    static let instanceFactor: UInt16 = 1000

    static func label(_ value: UInt16) -> Int { Int(value < instanceFactor ? value : value / instanceFactor) }
}
