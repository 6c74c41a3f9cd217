import Distill
import Recipes
import SegData
import SegModels

extension RecipeCatalog {
    /// The models, methods and data sets that this package has.
    public static var standard: RecipeCatalog {
        RecipeCatalog(
            models: Models.names, backbones: Models.backboneNames, methods: Methods.schemas,
            datasets: DatasetKind.all.map(DatasetSchema.init))
    }
}

extension DatasetSchema {
    /// What a recipe needs to know of a row of the table.
    public init(_ kind: DatasetKind) {
        let maps = kind.classes.map { ClassMap.all(from: $0) } ?? [:]
        self.init(
            kind.name, splits: kind.splits, domains: kind.domains, train: NameList(kind.usual.train),
            validation: NameList(kind.usual.validation),
            test: NameList(kind.usual.test), crop: kind.crop.map { PixelSize(height: $0.height, width: $0.width) },
            hasOneSize: kind.hasOneSize, classCount: kind.classes?.count, classMaps: maps.mapValues(\.target.count),
            keys: Set(kind.settings.map(\.rawValue)))
    }
}
