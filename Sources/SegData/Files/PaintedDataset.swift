import Foundation
import Vision

/// A data set of objects whose label maps are painted from them: 0 is background, then the classes of the objects.
///
/// Where objects overlap the smaller is seen; groups that nobody took apart become 255.
struct PaintedDataset: Dataset {
    private let base: any Dataset
    private let keepsInstances: Bool
    let classes: ClassList

    /// - Precondition: the data set has objects.
    /// - Parameter keepsInstances: whether the samples have the objects too.
    init(_ base: any Dataset, keepsInstances: Bool) {
        self.base = base
        self.keepsInstances = keepsInstances
        let objects = base.instanceClasses ?? ClassList([])
        let background = ClassList.Entry("background", [0, 0, 0])
        classes = base.classes.count == objects.count + 1 ? base.classes : ClassList([background] + objects.entries)
    }

    var instanceClasses: ClassList? { keepsInstances ? base.instanceClasses : nil }
    var count: Int { base.count }
    var leftOut: [LeftOut] { base.leftOut }
    func name(_ index: Int) -> String { base.name(index) }
    func files(_ index: Int) -> [URL] { base.files(index) }

    func sample(_ index: Int) throws -> Sample {
        let sample = try base.sample(index)
        let instances = sample.instances ?? []
        var labels = LabelMap(width: sample.image.width, height: sample.image.height)
        for instance in instances.sorted(by: { $0.mask.area > $1.mask.area }) {
            instance.mask.paint(instance.isCrowd ? ClassList.ignore : UInt8(instance.category + 1), into: &labels)
        }
        return Sample(name: sample.name, image: sample.image, labels: labels, instances: keepsInstances ? instances : nil)
    }
}
