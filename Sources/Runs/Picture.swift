import Foundation
import Support

/// A prediction to look at, as encoded files.
public struct Picture: Sendable, Equatable {
    /// The sample's name.
    public var sample: String
    /// The target domain that it is of; nil for the data that were trained for.
    public var domain: String?
    /// What the model saw, as JPEG or PNG.
    public var image: Data
    /// A grey or palette PNG with 8-bit class indices, 255 = ignore, of the image's size; nil for unlabelled images.
    /// With the classes' colours as its palette, any viewer shows it.
    public var truth: Data?
    /// As `truth`, from the model; nil where it finds objects, which ``RunFolder/objectsFile(named:)`` has, and the truth another file.
    public var prediction: Data?

    public init(sample: String, domain: String? = nil, image: Data, truth: Data?, prediction: Data?) {
        self.sample = sample
        self.domain = domain
        self.image = image
        self.truth = truth
        self.prediction = prediction
    }

    /// The same of a target domain.
    public func `in`(_ domain: String) -> Picture {
        var picture = self
        picture.domain = domain
        return picture
    }
}

/// `pictures/index.json`: the pictures of one evaluation, in their order.
public struct PictureIndex: Codable, Sendable, Equatable {
    public struct Entry: Codable, Sendable, Equatable {
        public var sample: String
        /// See ``Picture/domain``.
        public var domain: String?
        /// File names within `pictures/`.
        public var image: String
        public var truth: String?
        public var prediction: String?
    }

    public var classes: [ScoredClass]
    public var pictures: [Entry]
}

extension RunFolder {
    private var pictureIndexFile: URL { pictures.appendingPathComponent("index.json") }

    /// Writes `pictures/SAMPLE.image.jpg`, `.truth.png` and `.prediction.png` for each picture, then `index.json`;
    /// a later call replaces the index, and the files of the same samples.
    public func write(_ pictures: [Picture], classes: [ScoredClass]) throws {
        try FileManager.default.createDirectory(at: self.pictures, withIntermediateDirectories: true)
        var entries: [PictureIndex.Entry] = []
        for (number, picture) in pictures.enumerated() {
            let stem = String(format: "%02d-", number) + Self.fileStem(picture.sample)
            let isPNG = picture.image.starts(with: [0x89, 0x50, 0x4E, 0x47])
            let entry = PictureIndex.Entry(
                sample: picture.sample, domain: picture.domain, image: stem + (isPNG ? ".image.png" : ".image.jpg"),
                truth: picture.truth == nil ? nil : stem + ".truth.png",
                prediction: picture.prediction == nil ? nil : stem + ".prediction.png")
            try AtomicFile.write(picture.image, to: self.pictures.appendingPathComponent(entry.image))
            if let truth = picture.truth, let name = entry.truth {
                try AtomicFile.write(truth, to: self.pictures.appendingPathComponent(name))
            }
            if let prediction = picture.prediction, let name = entry.prediction {
                try AtomicFile.write(prediction, to: self.pictures.appendingPathComponent(name))
            }
            entries.append(entry)
        }
        try JSONFile.write(PictureIndex(classes: classes, pictures: entries), to: pictureIndexFile)
    }

    /// The index of the pictures; nil when none were written.
    public func readPictureIndex() throws -> PictureIndex? {
        guard FileManager.default.fileExists(atPath: pictureIndexFile.path) else { return nil }
        return try JSONFile.read(from: pictureIndexFile)
    }

    /// The picture's files.
    /// - Throws: `UserError` naming the file that is missing.
    public func readPicture(_ entry: PictureIndex.Entry) throws -> Picture {
        func read(_ name: String) throws -> Data {
            let file = pictures.appendingPathComponent(name)
            guard !name.contains("/"), let data = try? Data(contentsOf: file) else {
                throw UserError("cannot read \(file.path)", hint: "Write the pictures again with segdistill evaluate.")
            }
            return data
        }
        return Picture(
            sample: entry.sample, domain: entry.domain, image: try read(entry.image), truth: try entry.truth.map(read),
            prediction: try entry.prediction.map(read))
    }

    private static func fileStem(_ sample: String) -> String {
        String(sample.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }.suffix(80))
    }
}
