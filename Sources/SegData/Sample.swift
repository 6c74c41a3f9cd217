import Foundation
import Vision

/// An image with the truth about it, as a data set hands it out: before any augmentation.
public struct Sample: Sendable, Equatable {
    /// Names the sample in messages and files; unique within its data set.
    public let name: String
    public let image: Image
    /// Class indices as in the data set's ``ClassList``, 255 = ignore; nil for unlabelled images.
    public let labels: LabelMap?
    /// The objects; nil where the data set has none, or none were asked for. They may overlap.
    public let instances: [Instance]?

    public init(name: String, image: Image, labels: LabelMap?, instances: [Instance]? = nil) {
        self.name = name
        self.image = image
        self.labels = labels
        self.instances = instances
    }
}

/// Labelled images that can be read in any order and from any thread.
public protocol Dataset: Sendable {
    var classes: ClassList { get }
    /// The classes of the objects; nil for a data set without them.
    var instanceClasses: ClassList? { get }
    var count: Int { get }
    /// Files that belong to no sample, where they were left out instead of refused.
    var leftOut: [LeftOut] { get }
    /// The sample's name, without reading it.
    func name(_ index: Int) -> String
    /// - Throws: `UserError` naming the file when it cannot be read or does not fit the class list.
    func sample(_ index: Int) throws -> Sample
    /// The sample's files; none for a data set that is not in files.
    func files(_ index: Int) -> [URL]
    /// The sample, to be read piece by piece; whole at once where the data set has no faster way.
    /// - Throws: as ``sample(_:)``, also from what it returns.
    func open(_ index: Int) throws -> any SampleReader
}

extension Dataset {
    public var instanceClasses: ClassList? { nil }
    public func files(_ index: Int) -> [URL] { [] }
    public func open(_ index: Int) throws -> any SampleReader { try WholeSample(sample(index)) }
    public var leftOut: [LeftOut] { [] }
}

/// A file, or a sample, that was put aside because it cannot be used.
public struct LeftOut: Sendable, Equatable {
    public let name: String
    /// What is wrong; names the file.
    public let message: String

    public init(name: String, message: String) {
        self.name = name
        self.message = message
    }
}
