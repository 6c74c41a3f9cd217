import SegData
import Support
import Testing
import Vision

/// The domains of StreetScenes: one street, seen differently.
@Suite("StreetScenes: domains")
struct StreetDomainTests {
    typealias Domain = StreetScenes.Domain

    private static let changing: [Domain.Kind] = Domain.Kind.allCases.filter { $0 != .clear }
    private static let weathers: [Domain.Kind] = [.dusk, .night, .lowSun, .fog, .rain, .snow]
    private static let scenes = 0..<6

    private static func data(_ kind: Domain.Kind, _ severity: Double = 0.5, width: Int = 120, height: Int = 90) throws -> StreetScenes {
        var data = try StreetScenes(seed: 21, count: 8, width: width, height: height, domain: Domain(kind, severity: severity))
        data.hasInstances = true
        return data
    }

    /// Six scenes in a domain.
    private static func samples(_ kind: Domain.Kind, _ severity: Double = 0.5) throws -> [Sample] {
        let data = try data(kind, severity)
        return scenes.map { data.sample($0) }
    }

    #if os(Linux) && arch(x86_64)
        @Test(
            "A clear day's bytes are those of the first release: scores of earlier runs stay comparable",
            arguments: [
                (1, 0, 160, 120, 0x5bcb_10f9_9cb6_b628 as UInt64, 0x2e77_841c_339b_e848 as UInt64, 31),
                (2, 7, 120, 90, 0x7fe8_9dcb_9427_4369, 0x1f28_c602_21eb_8a5f, 56),
                (3, 41, 96, 128, 0xd13f_ceab_ef1c_052f, 0xfb87_38a1_a5d7_dca7, 38),
                (11, 5, 240, 180, 0x855a_5014_29fc_1434, 0x529f_0d24_8177_9443, 20),
            ])
        func unchanged(seed: Int, index: Int, width: Int, height: Int, image: UInt64, labels: UInt64, objects: Int) throws {
            var data = try StreetScenes(seed: seed, count: 1, width: width, height: height)
            data.hasInstances = true
            let sample = data.sample(index)
            #expect(Self.hash(sample.image.pixels) == image)
            #expect(Self.hash(try #require(sample.labels).values) == labels)
            #expect(sample.instances?.count == objects)
        }

        /// FNV-1a.
        private static func hash(_ bytes: [UInt8]) -> UInt64 {
            bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        }
    #endif

    @Test("A sample in a domain is the same bytes again, and a picture of its own", arguments: changing)
    func reproducible(kind: Domain.Kind) throws {
        let first = try Self.data(kind).sample(3)
        #expect(try Self.data(kind).sample(3) == first)
        #expect(first.name == "street-21-3-\(kind.rawValue)-0.5")
        #expect(try first.image != Self.data(.clear).sample(3).image)
        #expect(try first.image != Self.data(kind, 0.8).sample(3).image)
    }

    @Test("Light and weather leave every label and every object where it was", arguments: weathers)
    func sameLabels(kind: Domain.Kind) throws {
        #expect(try Domain(kind).keepsLabels)
        for severity in [0.3, 1] {
            for (clear, other) in zip(try Self.samples(.clear), try Self.samples(kind, severity)) {
                #expect(other.labels == clear.labels)
                #expect(other.instances == clear.instances)
            }
        }
    }

    @Test("Another camera and another city have labels of their own", arguments: [Domain.Kind.otherCity, .otherCamera])
    func otherLabels(kind: Domain.Kind) throws {
        #expect(try !Domain(kind).keepsLabels)
        let clear = try Self.samples(.clear)
        for (a, b) in zip(clear, try Self.samples(kind, 0.8)) { #expect(a.labels != b.labels) }
    }

    @Test("Severity 0 is hardly different from a clear day, and every step takes it farther away", arguments: changing)
    func continuous(kind: Domain.Kind) throws {
        let clear = try Self.samples(.clear)
        var last = 0.0
        for (severity, range) in [(0, 0...1.5), (0.1, 0...32), (0.4, 3...140), (1, 8...160)] as [(Double, ClosedRange<Double>)] {
            let distance = Self.mean(zip(clear, try Self.samples(kind, severity)).map { Self.difference($0.image, $1.image) })
            #expect(range.contains(distance), "\(kind) \(severity): \(distance)")
            #expect(distance >= last, "\(kind) \(severity): \(distance) after \(last)")
            last = distance * 0.9
        }
    }

    @Test("Dusk, night and rain get darker, snow brighter, with severity")
    func brightness() throws {
        for kind in [Domain.Kind.dusk, .night, .rain] {
            let levels = try [0, 0.35, 0.7, 1].map { try Self.mean(Self.samples(kind, $0).map { Self.brightness($0) }) }
            for (brighter, darker) in zip(levels, levels.dropFirst()) { #expect(darker < brighter + 1, "\(kind): \(levels)") }
            #expect(levels[3] < 0.8 * levels[0], "\(kind): \(levels)")
        }
        let road = try [0, 0.5, 1].map { severity in try Self.mean(Self.samples(.snow, severity).map { Self.brightness($0, of: 3) }) }
        #expect(road[2] > 1.25 * road[0], "\(road)")
    }

    @Test("Fog takes contrast away, the more the farther: houses at the end of the street fade before the road in front")
    func visibility() throws {
        func contrasts(_ severity: Double) throws -> (near: Double, far: Double) {
            let samples = try Self.samples(.fog, severity)
            // Rows 75…89 are the road before the car; 36…50 are around the horizon.
            return (
                Self.mean(samples.map { Self.contrast($0, rows: 75..<90) }), Self.mean(samples.map { Self.contrast($0, rows: 36..<50) })
            )
        }
        let levels = try [0, 0.3, 0.6, 1].map { try contrasts($0) }
        for (clearer, thicker) in zip(levels, levels.dropFirst()) { #expect(thicker.far < clearer.far) }
        #expect(levels[3].far < 0.25 * levels[0].far)
        // From 0.6 on the sky is closed; what changes is the air.
        #expect(levels[3].far / levels[2].far < 0.6 * levels[3].near / levels[2].near, "\(levels)")
    }

    @Test("At night lamps and headlights stand out from the dark")
    func lamps() throws {
        let samples = try Self.samples(.night, 0.5)
        let day = Self.mean(try Self.samples(.clear).map { Self.brightness($0) })
        #expect(Self.mean(samples.map { Self.brightness($0) }) < 0.66 * day)
        let dazzling = samples.filter { sample in
            stride(from: 0, to: sample.image.pixels.count, by: 3).contains { sample.image.pixels[$0 + 1] > 235 }
        }
        #expect(dazzling.count >= 5)
    }

    @Test("A low sun ahead dazzles: more of the picture is white, and shadows are deep")
    func lowSun() throws {
        func white(_ samples: [Sample]) -> Double {
            Self.mean(samples.map { s in Double(s.image.pixels.count { $0 == 255 }) / Double(s.image.pixels.count) })
        }
        #expect(white(try Self.samples(.lowSun, 1)) > white(try Self.samples(.clear)) + 0.01)
    }

    @Test("A distorting lens carries the labels along: brightness still changes at their borders")
    func alignment() throws {
        let samples = try Self.samples(.otherCamera, 1)
        func change(shiftedBy shift: Int) -> Double {
            var steps: [Double] = []
            for sample in samples {
                let labels = sample.labels!.values
                for y in 0..<90 {
                    for x in 6..<110 where labels[y * 120 + x] != labels[y * 120 + x + 1] {
                        let at = (y * 120 + x + shift) * 3 + 1
                        steps.append(abs(Double(sample.image.pixels[at]) - Double(sample.image.pixels[at + 3])))
                    }
                }
            }
            return Self.mean(steps)
        }
        for shift in [-4, -2, 2, 4] { #expect(change(shiftedBy: 0) > 1.4 * change(shiftedBy: shift)) }
    }

    @Test("In another city classes are about as frequent as at home")
    func layout() throws {
        func shares(_ samples: [Sample]) -> [Double] {
            var pixels = [Double](repeating: 0, count: 11)
            for sample in samples { for value in sample.labels!.values { pixels[Int(value)] += 1 } }
            return pixels.map { $0 / pixels.reduce(0, +) }
        }
        let home = shares(try Self.samples(.clear))
        let abroad = shares(try Self.samples(.otherCity, 1))
        // Sky, building, road, pavement, tree, car.
        for label in [0, 1, 3, 4, 5, 8] {
            #expect(
                abroad[label] > 0.3 * home[label] && abroad[label] < 2.5 * home[label] + 0.02, "\(label): \(home[label]), \(abroad[label])")
        }
    }

    @Test("Objects are made of pixels of their own class, in every domain", arguments: changing)
    func objects(kind: Domain.Kind) throws {
        let data = try Self.data(kind, 0.9)
        let classes = try #require(data.instanceClasses)
        for index in 0..<3 {
            let sample = data.sample(index)
            let labels = try #require(sample.labels)
            var covered = 0
            for object in try #require(sample.instances) {
                var map = LabelMap(width: labels.width, height: labels.height)
                object.mask.paint(1, into: &map)
                let names = Set(zip(map.values, labels.values).lazy.filter { $0.0 == 1 }.map { data.classes.names[Int($0.1)] })
                #expect(names == [classes.names[object.category]])
                #expect(object.box == Box(object.mask))
                covered += map.values.count { $0 == 1 }
            }
            let countable = Set(classes.names)
            #expect(covered == labels.values.count { countable.contains(data.classes.names[Int($0)]) })
        }
    }

    @Test("Objects of which next to nothing is seen are crowds; nothing else is")
    func smallObjects() throws {
        var data = try Self.data(.clear)
        let usual = try #require(data.sample(0).instances)
        #expect(usual.contains(where: \.isCrowd) && usual.allSatisfy { $0.isCrowd == ($0.mask.area < 10) })
        data.minimumArea = 40
        #expect(try #require(data.sample(0).instances).allSatisfy { $0.isCrowd == ($0.mask.area < 40) })
    }

    @Test("No light is lost to arithmetic: bright domains have no black pixels, at any size", arguments: [Domain.Kind.fog, .snow])
    func finite(kind: Domain.Kind) throws {
        for (width, height) in [(16, 16), (17, 40), (200, 30)] {
            let pixels = try Self.data(kind, 1, width: width, height: height).sample(1).image.pixels
            let black = stride(from: 0, to: pixels.count, by: 3).count { pixels[$0] == 0 && pixels[$0 + 1] == 0 && pixels[$0 + 2] == 0 }
            #expect(black == 0)
        }
    }

    @Test("A domain is written as its word and its severity; severities outside 0…1 are refused")
    func words() throws {
        #expect(Domain.clear.description == "clear")
        #expect(try Domain(.lowSun, severity: 0.7).description == "low-sun:0.7")
        #expect(try Domain(.clear, severity: 0.7) == .clear)
        #expect(try Domain.all(severity: 1).count == 9)
        for severity in [-0.1, 1.1, .nan] {
            #expect(throws: UserError.self) { try Domain(.fog, severity: severity) }
        }
    }

    @Test("Splits of the table's row say their domain, and a severity of their own or the recipe's")
    func splits() throws {
        var options = DatasetOptions()
        options.evaluationCount = 1
        options.size = Size(width: 32, height: 24)
        options.severity = 0.3
        options.instances = true
        func name(_ split: String) throws -> String { try DatasetKind.streetScenes.open(split, options).name(0) }
        #expect(try name("test") == "street-3-0")
        #expect(try name("test@fog") == "street-3-0-fog-0.3")
        #expect(try name("val@low-sun:0.9") == "street-2-0-low-sun-0.9")
        #expect(try DatasetKind.streetScenes.open("test@snow", options).sample(0).instances != nil)
        options.domain = try .init(.night, severity: 1)
        #expect(try name("test") == "street-3-0-night-1.0")
        #expect(try name("test@clear") == "street-3-0")
        for wrong in ["tset@fog", "test@fgo", "test@", "test@fog:2", "test@fog:", "test@fog:x"] {
            #expect(throws: UserError.self) { try name(wrong) }
        }
        let error = #expect(throws: UserError.self) { try name("test@fgo") }
        #expect(error?.message == "StreetScenes have no domain 'fgo'")
        #expect(error?.hint?.hasPrefix("Did you mean 'fog'?") == true)
    }

    // MARK: - Measures

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(values.count, 1)) }

    private static func difference(_ a: Image, _ b: Image) -> Double {
        mean(zip(a.pixels, b.pixels).map { abs(Double($0) - Double($1)) })
    }

    /// The mean of the green channel, of one class when given.
    private static func brightness(_ sample: Sample, of label: UInt8? = nil) -> Double {
        let labels = sample.labels!.values
        return mean(labels.indices.lazy.filter { label == nil || labels[$0] == label }.map { Double(sample.image.pixels[$0 * 3 + 1]) })
    }

    /// The standard deviation of the green channel within rows, of means over 2 × 2 pixels, which hold little noise.
    private static func contrast(_ sample: Sample, rows: Range<Int>) -> Double {
        let image = sample.image
        var values: [Double] = []
        for y in stride(from: rows.lowerBound, to: rows.upperBound - 1, by: 2) {
            for x in stride(from: 0, to: image.width - 1, by: 2) {
                let corners = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)]
                values.append(mean(corners.map { Double(image.pixels[($0.1 * image.width + $0.0) * 3 + 1]) }))
            }
        }
        let middle = mean(values)
        return mean(values.map { ($0 - middle) * ($0 - middle) }).squareRoot()
    }
}
