import Vision

extension COCOFile {
    /// A file for the objects that are found in images; categories are numbered from 1 in the classes' order.
    public init(classes: ClassList) {
        self.init(categories: classes.names.enumerated().map { COCOCategory(id: $0 + 1, name: $1) })
    }

    /// Adds an image, numbered on, with the objects that were found in it.
    /// - Parameter name: the sample's, where the file's name does not say it.
    public mutating func append(_ objects: [ScoredInstance], of fileName: String, name: String? = nil, width: Int, height: Int) {
        let number = images.count + 1
        images.append(COCOImage(id: number, fileName: fileName, name: name, width: width, height: height))
        for object in objects {
            annotations.append(
                COCOAnnotation(
                    id: annotations.count + 1, image: number, category: object.category + 1, segmentation: .runs(object.mask),
                    area: Double(object.mask.area), box: Box(object.mask), score: object.score))
        }
    }
}
