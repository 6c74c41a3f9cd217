import Vision

extension ClassList {
    /// CamVid's 11 classes in SegNet's order, with the colours that its papers use.
    public static let camVid11 = ClassList([
        Entry("sky", [128, 128, 128]), Entry("building", [128, 0, 0]), Entry("pole", [192, 192, 128]),
        Entry("road", [128, 64, 128]), Entry("pavement", [0, 0, 192]), Entry("tree", [128, 128, 0]),
        Entry("signsymbol", [192, 128, 128]), Entry("fence", [64, 64, 128]), Entry("car", [64, 0, 128]),
        Entry("pedestrian", [64, 64, 0]), Entry("bicyclist", [0, 128, 192]),
    ])

    /// The seven level-1 classes of the India Driving Dataset: common ground for CamVid, Cityscapes and IDD-lite.
    public static let common7 = ClassList([
        Entry("drivable", [128, 64, 128]), Entry("non-drivable", [244, 35, 232]), Entry("living", [220, 20, 60]),
        Entry("vehicle", [0, 0, 142]), Entry("roadside-object", [220, 220, 0]), Entry("far-object", [70, 70, 70]),
        Entry("sky", [70, 130, 180]),
    ])

    /// Classes without colours of their own: each takes the one that PASCAL VOC's colour map gives its index + 1.
    public init(names: [String]) {
        self.init(
            names.enumerated().map { index, name in
                let color = Palette.pascalVOC[UInt8((index + 1) % 255)]
                return Entry(name, [color.red, color.green, color.blue])
            })
    }

    /// The colours, for pictures of label maps; 255 is black.
    public var palette: Palette {
        Palette(entries.map { $0.color.count == 3 ? RGB($0.color[0], $0.color[1], $0.color[2]) : RGB(0, 0, 0) })
    }

    /// The index of the class called `name`.
    public func index(of name: String) -> Int? { entries.firstIndex { $0.name == name } }
}
