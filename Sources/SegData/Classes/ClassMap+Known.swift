import Vision

extension ClassMap {
    /// The known maps from a class list, by the name that a recipe's `classMap` gives their target.
    public static func all(from source: ClassList) -> [String: ClassMap] {
        let maps: [(name: String, map: ClassMap?)] = [
            ("common7", toCommon7(from: source)), ("cityscapes19", toCityscapes19(from: source)),
            ("cityscapes16", toCityscapes19(from: source)?.then(.cityscapes16)),
            ("cityscapes13", toCityscapes19(from: source)?.then(.cityscapes13)),
        ]
        return Dictionary(uniqueKeysWithValues: maps.compactMap { entry in entry.map.map { (entry.name, $0) } })
    }

    /// The map onto Cityscapes' 19 classes; nil when the classes are too few or too coarse for it.
    public static func toCityscapes19(from source: ClassList) -> ClassMap? {
        switch source {
        case .cityscapes19: ClassMap(checked: source, .cityscapes19, (0..<19).map { UInt8($0) })
        case .mapillary65: byName(source, mapillaryNames)
        case .idd26: byName(source, iddNames)
        default: nil
        }
    }

    /// The map onto the seven level-1 classes of the India Driving Dataset, when `source` is one of the known class lists.
    public static func toCommon7(from source: ClassList) -> ClassMap? {
        switch source {
        case .camVid11: camVidToCommon7
        case .idd26: iddToCommon7
        case .common7: ClassMap(checked: source, .common7, (0..<7).map { UInt8($0) })
        default: toCityscapes19(from: source)?.then(cityscapesToCommon7)
        }
    }

    /// Goes on to a list whose classes have the same names; those that are missing there become 255.
    private func then(_ subset: ClassList) -> ClassMap {
        then(ClassMap(checked: target, subset, target.names.map { name in subset.index(of: name).map { UInt8($0) } ?? ClassList.ignore }))
    }

    /// This map followed by another.
    private func then(_ next: ClassMap) -> ClassMap {
        ClassMap(checked: source, next.target, indices.map { $0 == ClassList.ignore ? $0 : next.indices[Int($0)] })
    }

    /// The map onto Cityscapes that gives each of its classes the classes of those names, and 255 to all others.
    private static func byName(_ source: ClassList, _ names: [String: [String]]) -> ClassMap {
        let indices = source.names.map { name in
            ClassList.cityscapes19.names.firstIndex { (names[$0] ?? [$0]).contains(name) }.map { UInt8($0) } ?? ClassList.ignore
        }
        return ClassMap(checked: source, .cityscapes19, indices)
    }

    /// As in RobustNet (Choi et al. 2021) and its followers; what has no counterpart (bridges, cables, kerb cuts …) is 255.
    private static let mapillaryNames = [
        "road": ["Road", "Lane Marking - General", "Manhole"], "sidewalk": ["Curb", "Sidewalk"], "building": ["Building"],
        "wall": ["Wall"], "fence": ["Fence"], "pole": ["Pole", "Utility Pole"], "traffic light": ["Traffic Light"],
        "traffic sign": ["Traffic Sign (Front)"], "vegetation": ["Vegetation"], "terrain": ["Terrain"], "sky": ["Sky"],
        "person": ["Person"], "rider": ["Bicyclist", "Motorcyclist", "Other Rider"], "car": ["Car"], "truck": ["Truck"], "bus": ["Bus"],
        "train": ["On Rails"], "motorcycle": ["Motorcycle"], "bicycle": ["Bicycle"],
    ]

    /// As in IDD's own table of labels; it has no terrain, and joins trains with trailers and caravans.
    private static let iddNames: [String: [String]] = ["terrain": [], "train": []]

    /// As in IDD's own table: the level-1 class of each level-3 class.
    public static let iddToCommon7 = ClassMap(
        checked: .idd26, .common7, [0, 0, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 6])

    // IDD's level-1 classes; bicycles are vehicles there, CamVid's bicyclist (rider with bicycle) is living.
    public static let camVidToCommon7 = ClassMap(checked: .camVid11, .common7, [6, 5, 4, 0, 1, 5, 4, 4, 3, 2, 2])
    public static let cityscapesToCommon7 = ClassMap(
        checked: .cityscapes19, .common7, [0, 1, 5, 4, 4, 4, 4, 4, 5, 1, 6, 2, 2, 3, 3, 3, 3, 3, 3])
}

extension ClassList {
    /// The sixteen of Cityscapes' classes that SYNTHIA has too, on which adaptation from SYNTHIA is scored.
    public static let cityscapes16 = cityscapes19.without("terrain", "truck", "train")
    /// The thirteen without the rare and thin ones, for which many papers give a second score.
    public static let cityscapes13 = cityscapes16.without("wall", "fence", "pole")

    private func without(_ names: String...) -> ClassList { ClassList(entries.filter { !names.contains($0.name) }) }
}
