import Foundation
import SegData
import Testing
import Vision

@Suite struct SharedImagesTests {
    private func dataset(_ folder: TemporaryFolder, _ name: String, _ values: [UInt8]) throws -> FileDataset {
        for (index, value) in values.enumerated() {
            try Image(width: 8, height: 6, filledWith: value).write(to: folder["\(name)/images/\(name)\(index).png"])
            try LabelMap(width: 8, height: 6, filledWith: 0).write(to: folder["\(name)/labels/\(name)\(index).png"])
        }
        return try FileDataset(
            images: folder["\(name)/images"], labels: folder["\(name)/labels"], classes: ClassList(names: ["a", "b"]))
    }

    /// Names count for nothing, and so do labels, which are all alike here.
    @Test func theContentDecides() throws {
        let folder = try TemporaryFolder()
        let (source, target) = (try dataset(folder, "s", [10, 20, 30]), try dataset(folder, "t", [40, 30, 50, 10, 30]))
        let pairs = try SharedImages(source, target).pairs
        #expect(pairs.map(\.first.lastPathComponent) == ["s2.png", "s0.png", "s2.png"])
        #expect(pairs.map(\.second.lastPathComponent) == ["t1.png", "t3.png", "t4.png"])
        #expect(try SharedImages(source, dataset(folder, "u", [11, 21, 31])).pairs.isEmpty)
    }

    @Test func imagesAreChosenByTheirNames() throws {
        let names = ChosenDataset(TinyDataset(count: 12), matching: ["tiny/1*", "*/?"])
        #expect((0..<names.count).map(names.name).count == 12)
        let some = ChosenDataset(TinyDataset(count: 12), matching: ["tiny/1*", "tiny/[34]"])
        #expect((0..<some.count).map(some.name) == ["tiny/1", "tiny/3", "tiny/4", "tiny/10", "tiny/11"])
        #expect(try some.sample(1).name == "tiny/3" && some.open(4).whole().name == "tiny/11")
        #expect(ChosenDataset(TinyDataset(count: 12), matching: ["1*"]).count == 0)
    }

    @Test func aShareIsPartOfALargerOne() {
        func names(_ fraction: Double) -> [String] {
            let chosen = ChosenDataset(TinyDataset(count: 160), fraction: fraction)
            return (0..<chosen.count).map(chosen.name)
        }
        let shares = [0.001, 1.0 / 16, 1.0 / 8, 0.25, 1].map(names)
        #expect(shares.map(\.count) == [1, 10, 20, 40, 160])
        for (small, large) in zip(shares, shares.dropFirst()) { #expect(Set(small).isSubset(of: large)) }
        // Neither the first ones nor evenly spaced ones, and in the data set's order.
        let indices = shares[1].compactMap { Int($0.dropFirst("tiny/".count)) }
        #expect(indices == indices.sorted() && indices != Array(0..<10) && indices.last! > 80)
    }
}
