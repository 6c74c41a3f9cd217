import Foundation
import Support

extension COCOFile {
    /// The detections of a file that has images and categories of its own, as `segdistill predict` writes it, numbered as this one's: images
    /// and categories are known by their names.
    /// - Parameters:
    ///   - path: what messages call it.
    ///   - unknown: told the number and the name of each category that is not known here.
    /// - Throws: `UserError` for an image that is not here, is here twice or has another size, and for a detection without a score.
    func results(of other: COCOFile, name path: String, unknown: (Int, String) -> Void) throws -> [COCOAnnotation] {
        let own = Dictionary(grouping: images) { Self.stem($0.fileName) }
        let places = try other.images.map { try Self.image(like: $0, among: own, path) }
        let imageIDs = Dictionary(uniqueKeysWithValues: zip(other.images.map(\.id), places.map(\.id)))
        let ids = Dictionary(categories.map { ($0.name, $0.id) }, uniquingKeysWith: { first, _ in first })
        // What is not known here gets a number that nothing here has: it is for the evaluation to report.
        let free = (categories.map(\.id).max() ?? 0) + 1
        let categoryIDs = Dictionary(uniqueKeysWithValues: other.categories.enumerated().map { ($1.id, ids[$1.name] ?? free + $0) })
        for category in other.categories where ids[category.name] == nil { unknown(categoryIDs[category.id]!, category.name) }
        return try other.annotations.enumerated().map { number, detection in
            guard detection.score != nil else {
                throw UserError(
                    "\(path): annotation \(detection.id) has no score", hint: "Expected detections; true objects have no scores.")
            }
            var result = detection
            (result.id, result.image, result.category) = (
                number + 1, imageIDs[detection.image]!, categoryIDs[detection.category]!
            )
            return result
        }
    }

    private static func image(like other: COCOImage, among own: [String: [COCOImage]], _ path: String) throws -> COCOImage {
        let stem = stem(other.fileName)
        let found = own[stem] ?? []
        guard found.count == 1 else {
            throw UserError(
                "\(path): there \(found.isEmpty ? "is no image" : "are \(found.count) images") '\(stem)' in the truth",
                hint: "Images are known by their file names.")
        }
        guard (found[0].width, found[0].height) == (other.width, other.height) else {
            throw UserError(
                "\(path): the image '\(stem)' has \(other.width)×\(other.height), in the truth \(found[0].width)×\(found[0].height)")
        }
        return found[0]
    }

    /// The name without folders and without an image's extension.
    private static func stem(_ path: String) -> String {
        let name = (path as NSString).lastPathComponent as NSString
        return ["png", "jpg", "jpeg"].contains(name.pathExtension.lowercased()) ? name.deletingPathExtension : name as String
    }
}
