import Support

/// Street scenes as a car's camera sees them, drawn by arithmetic: an endless data set that needs no files.
///
/// Every sample has CamVid's eleven classes and object numbers for vehicles, pedestrians, bicyclists, signs and poles.
/// A sample depends on (seed, index, size) only: any thread, any order, any number of times, the bytes are the same.
/// Scenes of one index look alike in every size. Between platforms single pixels may differ, since
/// a few sines and cosines of the camera and of the sun come from the platform's mathematics library.
///
/// A scene (what stands where), its appearance on a clear day (light, camera) and its ``Domain``'s part in it are drawn
/// from separate streams of random numbers: the same street stands in every domain.
public struct StreetScenes: Dataset {
    public let seed: Int
    public let count: Int
    /// Pixels a row.
    public let width: Int
    /// Rows.
    public let height: Int
    public let domain: Domain
    /// Whether samples come with their objects.
    public var hasInstances = false
    /// Objects of which fewer pixels are seen count as crowds: too little to be learnt, no mistake where it is found.
    public var minimumArea = 10

    /// - Parameters:
    ///   - seed: which endless series of streets; samples of different seeds have nothing in common.
    ///   - count: how many of the series belong to this data set.
    ///   - width: in pixels; CamVid's 480 × 360 unless given.
    ///   - height: in pixels.
    ///   - domain: what the streets are seen like.
    /// - Throws: `UserError` when the count is negative or the size is not between 16 and 4096.
    public init(seed: Int, count: Int, width: Int = 480, height: Int = 360, domain: Domain = .clear) throws(UserError) {
        guard count >= 0 else {
            throw UserError("StreetScenes needs a count of 0 or more, found \(count).")
        }
        guard (16...4096).contains(width), (16...4096).contains(height) else {
            throw UserError(
                "StreetScenes renders pictures of 16 to 4096 pixels a side, found \(width)×\(height).",
                hint: "Choose a size such as 240×180 or 480×360.")
        }
        self.seed = seed
        self.count = count
        self.width = width
        self.height = height
        self.domain = domain
    }

    public var classes: ClassList { .camVid11 }
    public var instanceClasses: ClassList? { hasInstances ? Self.objectClasses : nil }
    /// The classes whose objects are counted.
    public static let objectClasses = ClassList(countable.map { ClassList.camVid11.entries[Int($0)] })
    /// Pole, sign, car, pedestrian and bicyclist.
    private static let countable: [UInt8] = [2, 6, 8, 9, 10]

    public func name(_ index: Int) -> String {
        domain.kind == .clear ? "street-\(seed)-\(index)" : "street-\(seed)-\(index)-\(domain.kind.rawValue)-\(domain.severity)"
    }

    /// - Precondition: `index` is 0 or more. It may exceed ``count``: the series has no end.
    public func sample(_ index: Int) -> Sample {
        precondition(index >= 0, "a sample's index is 0 or more")
        var scene = Self.scene(seed: seed, index: index)
        var dice = Dice(seed: seed, index: index, stream: 1)
        var look = Appearance.day(&dice, road: scene.road)
        if domain.kind != .clear {
            var dice = Dice(seed: seed, index: index, stream: 2)
            scene.move(to: domain, &look)
            look.change(to: domain, scene.road, &dice)
        }
        let rendering = Renderer(scene: scene, look: look, width: width, height: height).render()
        return Sample(
            name: name(index), image: rendering.image, labels: rendering.labels, instances: hasInstances ? objects(rendering) : nil)
    }

    private func objects(_ rendering: Rendering) -> [Instance] {
        var labelOf: [UInt16: UInt8] = [:]
        for (number, label) in zip(rendering.instances.values, rendering.labels.values) where number != 0 { labelOf[number] = label }
        var objects = Instance.list(in: rendering.instances) { number in Self.countable.firstIndex(of: labelOf[number]!) }
        for index in objects.indices { objects[index].isCrowd = objects[index].mask.area < minimumArea }
        return objects
    }

    /// What stands in a scene, whatever it will be seen like.
    static func scene(seed: Int, index: Int) -> Scene {
        var sampler = SceneSampler(Dice(seed: seed, index: index, stream: 0))
        return sampler.sample()
    }
}
