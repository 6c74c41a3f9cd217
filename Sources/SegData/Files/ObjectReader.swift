import Foundation
import Support
import Vision

/// Reads the objects of an image from the file, or folder, that tells them apart.
struct ObjectReader: Sendable {
    /// The objects in a file, given the image's size and what reads its labels.
    let read: @Sendable (_ url: URL, _ size: Size, _ labels: () throws -> LabelMap?) throws -> [Instance]

    init(_ read: @escaping @Sendable (_ url: URL, _ size: Size, _ labels: () throws -> LabelMap?) throws -> [Instance]) { self.read = read }

    /// PNGs whose 16-bit values say class and object of each pixel.
    /// - Parameter category: of a value other than 0, an index into the instance classes, and whether it is a group; nil leaves it out.
    static func numbers(_ category: @escaping @Sendable (UInt16) -> (index: Int, isCrowd: Bool)?) -> ObjectReader {
        ObjectReader { url, _, _ in
            RunLengthMask.masks(in: try InstanceMap(contentsOf: url)).compactMap { value, mask in
                category(value).map { Instance(category: $0.index, mask: mask, isCrowd: $0.isCrowd, id: Int(value)) }
            }
        }
    }

    /// PNGs whose values number the objects, with the class in the label map below each object's first pixel; 0 and 255 are none.
    static func numbersOnLabels(_ category: @escaping @Sendable (_ label: UInt8) -> Int?) -> ObjectReader {
        ObjectReader { url, _, labels in
            guard let labels = try labels() else { return [] }
            let map = try InstanceMap(contentsOf: url)
            guard map.width == labels.width, map.height == labels.height else {
                throw UserError(
                    "\(url.path): expected objects of \(labels.width)×\(labels.height) like the labels, found \(map.width)×\(map.height)")
            }
            return RunLengthMask.masks(in: map).compactMap { value, mask in
                guard value != 255, let pixel = mask.firstPixel, let index = category(labels.values[pixel]) else { return nil }
                return Instance(category: index, mask: mask, id: Int(value))
            }
        }
    }

    /// Colour PNGs whose red channel says the class, from 1 on, and whose green channel numbers the objects.
    static func redClassGreenNumber(classes: Int) -> ObjectReader {
        ObjectReader { url, _, _ in
            let (red, green) = (try InstanceMap(contentsOf: url, channel: 0), try InstanceMap(contentsOf: url, channel: 1))
            var map = green
            for (index, number) in green.values.enumerated() where number != 0 { map.values[index] |= red.values[index] << 8 }
            return try RunLengthMask.masks(in: map).compactMap { value, mask in
                let category = Int(value >> 8)
                guard category <= classes else {
                    throw UserError("\(url.path): expected classes 1 to \(classes) in the red channel, found \(category)")
                }
                return category == 0 ? nil : Instance(category: category - 1, mask: mask, id: Int(value))
            }
        }
    }

    /// A folder with one PNG an object, all of the first class; pixels other than 0 are the object's.
    static let filePerObject = ObjectReader { folder, _, _ in
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.lowercased().hasSuffix(".png") }
        return try names.sorted().enumerated().map { number, name in
            var mask = try LabelMap(contentsOf: folder.appendingPathComponent(name))
            for index in mask.values.indices where mask.values[index] != 0 { mask.values[index] = 1 }
            return Instance(category: 0, mask: RunLengthMask(mask, where: 1), id: number + 1)
        }
    }
}

extension RunLengthMask {
    /// The place, in a raster of its size, of the mask's first pixel; nil for an empty mask.
    fileprivate var firstPixel: Int? {
        var start = 0
        for (index, count) in counts.enumerated() {
            if index % 2 == 1, count > 0 { return start % height * width + start / height }
            start += Int(count)
        }
        return nil
    }
}
