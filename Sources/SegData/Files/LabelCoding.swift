import Vision

/// How the pixels of a label PNG stand for classes. Values and colours that a coding does not know are refused when they are read.
public enum LabelCoding: Sendable, Equatable {
    /// The value is the class's index; 255, and the values given here, stand for none.
    case indices(ignoring: Set<UInt8>)
    /// The class of each value, 255 for none.
    case values([UInt8: UInt8])
    /// As ``values(_:)``, for the red channel of a colour PNG of 8 or 16 bits.
    case redChannel([UInt8: UInt8])
    /// The class of each colour, 255 for none.
    case colors([RGB: UInt8])

    /// Classes that are numbered from 1 on, with 0 for none. 255 is refused: files that hold it have been moved down already.
    public static func fromOne(count: Int) -> LabelCoding {
        .values(Dictionary(uniqueKeysWithValues: (0...count).map { (UInt8($0), $0 == 0 ? ClassList.ignore : UInt8($0 - 1)) }))
    }

    /// Each of a class list's colours stands for its class, black for none.
    public static func colors(of classes: ClassList) -> LabelCoding {
        var table = [RGB(0, 0, 0): ClassList.ignore]
        for (index, entry) in classes.entries.enumerated() { table[RGB(entry.color[0], entry.color[1], entry.color[2])] = UInt8(index) }
        return .colors(table)
    }
}
