import Foundation
import SegData
import SegEval
import Vision

/// `Fixtures/instances.json`.
struct InstanceReference: Decodable {
    struct COCOCase: Decodable {
        struct Scores: Decodable {
            let summary: [Double]
            let classes: [Double]
        }

        let truth: String
        let results: String
        let scores: [String: Scores]
    }

    struct CityscapesCase: Decodable {
        struct Picture: Decodable {
            struct Region: Decodable {
                let value: UInt16
                let mask: String
            }

            struct Prediction: Decodable {
                let label: Int
                let confidence: Double
                let mask: String
            }

            let width: Int
            let height: Int
            let truth: [Region]
            let predictions: [Prediction]

            private func map() throws -> InstanceMap {
                var map = InstanceMap(width: width, height: height)
                for region in truth {
                    try RunLengthMask(cocoString: region.mask, width: width, height: height).paint(region.value, into: &map)
                }
                return map
            }

            /// The same as a data set has it: objects and groups of the scored classes, and the pixels whose label has no train id.
            func objectMatches() throws -> CityscapesMatches {
                let map = try map()
                let labels = CityscapesLabels.scored.map(\.id)
                let objects = RunLengthMask.masks(in: map).compactMap { value, mask in
                    let label = Int(value < 1000 ? value : value / 1000)
                    return labels.firstIndex(of: label).map { Instance(category: $0, mask: mask, isCrowd: value < 1000) }
                }
                var void = LabelMap(width: width, height: height)
                let named: Set<UInt16> = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
                for (index, value) in map.values.enumerated() where !named.contains(value) && value < 1000 { void.values[index] = 1 }
                let found = try predictions.compactMap { item in
                    try labels.firstIndex(of: item.label).map {
                        ScoredInstance(
                            category: $0, score: item.confidence,
                            mask: try RunLengthMask(cocoString: item.mask, width: width, height: height))
                    }
                }
                return CityscapesMatches(objects, void: RunLengthMask(void, where: 1), detections: found, classes: labels.count)
            }

            func matches() throws -> CityscapesMatches {
                let map = try map()
                return try CityscapesMatches(map) { take in
                    for item in predictions {
                        var mask = LabelMap(width: width, height: height)
                        try RunLengthMask(cocoString: item.mask, width: width, height: height).paint(255, into: &mask)
                        try take(CityscapesDetection(label: item.label, confidence: item.confidence, mask: mask, name: "a mask"))
                    }
                }
            }
        }

        let images: [Picture]
        let ap: Double?
        let ap50: Double?
        let classes: [String: [Double?]]
    }

    struct PanopticCase: Decodable {
        struct Category: Codable {
            let id: Int
            let name: String
            let isthing: Int
        }

        struct Segment: Codable {
            let id: Int
            let category_id: Int
            let area: Int
            let iscrowd: Int
            let mask: String
        }

        struct Picture: Decodable {
            let width: Int
            let height: Int
            let truth: [Segment]
            let prediction: [Segment]
        }

        private struct File: Encodable {
            struct Annotation: Encodable {
                let image_id: Int
                let file_name: String
                let segments_info: [Segment]
            }

            let categories: [Category]
            let annotations: [Annotation]
        }

        let categories: [Category]
        let images: [Picture]
        let scores: [String: [Double]?]
        let tallies: [String: [Int]]

        /// Writes the JSON files of truth and prediction, and beside each its folder of PNGs.
        func write(to folder: URL) throws -> (truth: URL, prediction: URL) {
            (try write("truth", \.truth, folder), try write("prediction", \.prediction, folder))
        }

        private func write(_ name: String, _ segments: (Picture) -> [Segment], _ folder: URL) throws -> URL {
            let pictures = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
            var annotations: [File.Annotation] = []
            for (index, picture) in images.enumerated() {
                var ids = Raster<UInt32>(width: picture.width, height: picture.height)
                for segment in segments(picture) {
                    try RunLengthMask(cocoString: segment.mask, width: picture.width, height: picture.height)
                        .paint(UInt32(segment.id), into: &ids)
                }
                let colours = ids.values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8 & 255), UInt8($0 >> 16)] }
                try Image(width: picture.width, height: picture.height, pixels: colours)
                    .write(to: pictures.appendingPathComponent("\(index).png"))
                annotations.append(File.Annotation(image_id: index, file_name: "\(index).png", segments_info: segments(picture)))
            }
            let file = folder.appendingPathComponent(name + ".json")
            try JSONEncoder().encode(File(categories: categories, annotations: annotations)).write(to: file)
            return file
        }
    }

    let coco: [COCOCase]
    let cityscapes: [CityscapesCase]
    let panoptic: [PanopticCase]
}
