import Distill
import Recipes
import SegModels

extension RecipeCatalog {
    /// The models and methods that this package has.
    public static var standard: RecipeCatalog {
        RecipeCatalog(models: Models.names, backbones: Models.backboneNames, methods: Methods.schemas)
    }
}
