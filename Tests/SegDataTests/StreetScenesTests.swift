import SegData
import Support
import Testing
import Vision

@Suite("StreetScenes")
struct StreetScenesTests {
    /// Fifty small scenes, rendered once for the tests that look at many.
    private static let scenes: [Sample] = {
        var data = try! StreetScenes(seed: 11, count: 50, width: 160, height: 120)
        data.hasInstances = true
        return (0..<50).map { data.sample($0) }
    }()

    @Test("The same sample is the same bytes in another instance and in any order")
    func reproducible() throws {
        let one = try StreetScenes(seed: 3, count: 4, width: 120, height: 90)
        let other = try StreetScenes(seed: 3, count: 9, width: 120, height: 90)
        let forwards = (0..<3).map { one.sample($0) }
        let backwards = (0..<3).reversed().map { other.sample($0) }
        #expect(forwards == backwards.reversed())
    }

    @Test("Seeds and indices give different scenes, also when they change places")
    func distinct() throws {
        let images = try [(1, 2), (2, 1), (1, 3), (0, 0), (3, 0), (0, 3)].map { seed, index in
            try StreetScenes(seed: seed, count: 1, width: 64, height: 48).sample(index)
        }
        for a in images.indices {
            for b in 0..<a {
                #expect(images[a].image != images[b].image)
                #expect(images[a].labels != images[b].labels)
                #expect(images[a].name != images[b].name)
            }
        }
    }

    @Test("Many threads draw the same samples as one")
    func threads() async throws {
        let data = try StreetScenes(seed: 5, count: 8, width: 96, height: 72)
        let serial = (0..<8).map { data.sample($0) }
        let parallel = await withTaskGroup(of: (Int, Sample).self) { group in
            for index in 0..<8 { group.addTask { (index, data.sample(index)) } }
            var samples: [Int: Sample] = [:]
            for await (index, sample) in group { samples[index] = sample }
            return samples
        }
        for index in 0..<8 { #expect(parallel[index] == serial[index]) }
    }

    @Test("Sizes are honoured, odd and upright ones too", arguments: [(16, 16), (97, 61), (90, 160), (320, 240)])
    func sizes(width: Int, height: Int) throws {
        let sample = try StreetScenes(seed: 1, count: 1, width: width, height: height).sample(0)
        #expect(sample.image.width == width && sample.image.height == height && sample.image.channels == 3)
        #expect(sample.labels?.width == width && sample.labels?.height == height)
        #expect(sample.instances == nil)
    }

    @Test("A scene is the same street at every size")
    func resolutions() throws {
        let small = try StreetScenes(seed: 2, count: 4, width: 120, height: 90)
        let large = try StreetScenes(seed: 2, count: 4, width: 360, height: 270)
        for index in 0..<4 {
            let a = try #require(small.sample(index).labels)
            let b = try #require(large.sample(index).labels)
            var alike = 0
            for y in 0..<90 {
                for x in 0..<120 where a.values[y * 120 + x] == b.values[(y * 3 + 1) * 360 + x * 3 + 1] { alike += 1 }
            }
            #expect(Double(alike) / (120 * 90) > 0.93)
        }
    }

    @Test("Sizes and counts that make no sense are refused")
    func refusals() {
        #expect(throws: UserError.self) { try StreetScenes(seed: 1, count: -1) }
        #expect(throws: UserError.self) { try StreetScenes(seed: 1, count: 1, width: 15, height: 90) }
        #expect(throws: UserError.self) { try StreetScenes(seed: 1, count: 1, width: 90, height: 5000) }
    }

    @Test("All eleven classes occur, about as often as in CamVid")
    func frequencies() throws {
        let classes = try StreetScenes(seed: 11, count: 1).classes
        #expect(classes.count == 11)
        var pixels = [Double](repeating: 0, count: 11)
        var scenesWith = [Int](repeating: 0, count: 11)
        for scene in Self.scenes {
            let labels = try #require(scene.labels)
            #expect(labels.values.allSatisfy { $0 < 11 })
            for value in labels.values { pixels[Int(value)] += 1 }
            for value in Set(labels.values) { scenesWith[Int(value)] += 1 }
        }
        let total = pixels.reduce(0, +)
        // CamVid's own shares of its labelled training pixels lie inside: 17.5, 24.2, 1.0, 33.0, 4.7, 10.1, 1.2, 1.2, 6.1, 0.7, 0.3 %.
        let expected: [ClosedRange<Double>] = [
            0.10...0.26, 0.15...0.33, 0.006...0.025, 0.26...0.42, 0.025...0.075, 0.05...0.16, 0.006...0.022, 0.004...0.022, 0.03...0.10,
            0.004...0.02, 0.001...0.01,
        ]
        for (index, range) in expected.enumerated() {
            #expect(range.contains(pixels[index] / total), "\(classes.names[index]): \(pixels[index] / total)")
            #expect(scenesWith[index] >= 20, "\(classes.names[index]) in \(scenesWith[index]) of 50 scenes")
        }
    }

    @Test("An object number belongs to one class; vehicles, people and cyclists all have one")
    func instances() throws {
        let countable: Set<UInt8> = [2, 6, 8, 9, 10]
        for scene in Self.scenes {
            let labels = try #require(scene.labels).values
            let instances = try Self.map(scene).values
            var classOf: [UInt16: UInt8] = [:]
            var clean = true
            for (label, instance) in zip(labels, instances) {
                clean = clean && countable.contains(label) == (instance != 0)
                if instance != 0 { clean = clean && classOf[instance, default: label] == label }
                classOf[instance] = instance == 0 ? nil : label
            }
            #expect(clean)
            #expect(Set(classOf.values).contains(8))
        }
    }

    @Test("Most objects are one piece; those in several are cut by something in front")
    func connected() throws {
        var objects = 0
        var whole = 0
        for scene in Self.scenes {
            let map = try Self.map(scene)
            let labels = try #require(scene.labels).values
            let sizes = Self.pieces(map)
            for (instance, pieces) in sizes {
                let first = try #require(map.values.firstIndex(of: instance))
                // Cars and people; poles may hide behind leaves.
                guard labels[first] >= 8, pieces.reduce(0, +) >= 12 else { continue }
                objects += 1
                if Double(pieces.max()!) >= 0.7 * Double(pieces.reduce(0, +)) { whole += 1 }
            }
        }
        #expect(objects > 150)
        #expect(Double(whole) > 0.9 * Double(objects), "\(whole) of \(objects)")
    }

    @Test("Labels lie exactly on the picture: brightness changes at their borders, less so next to them")
    func alignment() {
        func change(shiftedBy shift: Int) -> Double {
            var sum = 0.0
            var count = 0
            for scene in Self.scenes {
                let labels = scene.labels!.values
                let pixels = scene.image.pixels
                for y in 0..<120 {
                    for x in 6..<150 where labels[y * 160 + x] != labels[y * 160 + x + 1] {
                        let at = (y * 160 + x + shift) * 3 + 1
                        sum += abs(Double(pixels[at]) - Double(pixels[at + 3]))
                        count += 1
                    }
                }
            }
            return sum / Double(count)
        }
        let aligned = change(shiftedBy: 0)
        for shift in [-4, -2, 2, 4] { #expect(aligned > 1.5 * change(shiftedBy: shift)) }
    }

    /// The objects of a scene, numbered from 1.
    private static func map(_ scene: Sample) throws -> InstanceMap {
        var map = InstanceMap(width: scene.image.width, height: scene.image.height)
        for (number, instance) in try #require(scene.instances).enumerated() {
            #expect(instance.mask == RunLengthMask(painted(instance.mask), where: 1))
            instance.mask.paint(UInt16(number + 1), into: &map)
        }
        return map
    }

    private static func painted(_ mask: RunLengthMask) -> LabelMap {
        var raster = LabelMap(width: mask.width, height: mask.height)
        mask.paint(1, into: &raster)
        return raster
    }

    /// The sizes of every object's connected pieces, diagonals included.
    private static func pieces(_ map: InstanceMap) -> [UInt16: [Int]] {
        var visited = [Bool](repeating: false, count: map.values.count)
        var sizes: [UInt16: [Int]] = [:]
        for start in map.values.indices where map.values[start] != 0 && !visited[start] {
            let instance = map.values[start]
            var stack = [start]
            var size = 0
            visited[start] = true
            while let at = stack.popLast() {
                size += 1
                let (y, x) = at.quotientAndRemainder(dividingBy: map.width)
                for dy in -1...1 {
                    for dx in -1...1 {
                        let (ny, nx) = (y + dy, x + dx)
                        guard ny >= 0, nx >= 0, ny < map.height, nx < map.width else { continue }
                        let next = ny * map.width + nx
                        if !visited[next] && map.values[next] == instance {
                            visited[next] = true
                            stack.append(next)
                        }
                    }
                }
            }
            sizes[instance, default: []].append(size)
        }
        return sizes
    }
}
