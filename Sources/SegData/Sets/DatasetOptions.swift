import Foundation

/// What a recipe or the command line says beside a data set's name. Each set uses those in its ``DatasetKind/settings``.
public struct DatasetOptions: Sendable {
    /// The folder that holds the set.
    public var root = URL(fileURLWithPath: ".")
    /// Whether the objects are read too.
    public var instances = false
    /// Images without labels and labels without an image are left out and listed in the data set's `unpaired`, instead of refused.
    public var leavesOutUnpaired = false

    // Data of one's own.
    public var classes: ClassList?
    /// Label values, besides 255, that stand for no class.
    public var ignoring: Set<UInt8> = []
    /// Where the images lie below the root; nil for the layout's usual place.
    public var images: String?
    /// Where the labels lie below the root; nil for the layout's usual place.
    public var labels: String?
    /// Whether there are labels at all.
    public var hasLabels = true
    public var imageSuffix = ""
    public var labelSuffix = ""

    // StreetScenes.
    /// Scenes of the train split.
    public var count = 2000
    /// Scenes of each other split.
    public var evaluationCount = 100
    public var size = Size(width: 480, height: 360)
    public var domain = StreetScenes.Domain.clear
    /// That of domains which a split names without one.
    public var severity = 0.5

    public init(root: URL = URL(fileURLWithPath: ".")) { self.root = root }
}
