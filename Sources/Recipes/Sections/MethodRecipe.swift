/// A distillation method switched on by the recipe, with its weight and its own settings.
public struct MethodRecipe: Sendable, Equatable {
    public let schema: MethodSchema
    /// Factor of the method's loss in the sum.
    public var weight: Double
    /// The share of the training, from 0, after which the method sets in.
    public var start = 0.0
    /// The share of the training over which the weight rises in a straight line from 0.
    public var ramp = 0.0
    /// A value for every setting that the method declares.
    public var settings: [String: SettingValue]
    /// A stage or head for every tap that the method declares.
    public var taps: [String: SettingValue]

    public var name: String { schema.name }

    /// The method with its defaults.
    public init(_ schema: MethodSchema) {
        self.schema = schema
        weight = schema.weight
        settings = Dictionary(uniqueKeysWithValues: schema.settings.map { ($0.name, $0.defaultValue) })
        taps = Dictionary(uniqueKeysWithValues: schema.tapSettings.map { ($0.name, $0.defaultValue) })
    }

    /// The weight when a share of the training is over.
    public func weight(at progress: Double) -> Double {
        if progress < start { return 0 }
        return ramp > 0 ? weight * min(1, (progress - start) / ramp) : weight
    }
}

extension MethodRecipe: RecipeBlock {
    var writtenFields: [Field<MethodRecipe>] { Self.fields(of: schema) }

    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> MethodRecipe? {
        guard case .section(let entries) = node.content else {
            reader.report(node, "expected a section with the key 'method', found \(node.found)")
            return nil
        }
        let methods = reader.catalog.methods
        let names = methods.map(\.name)
        guard let entry = entries.first(where: { $0.key == "method" }) else {
            reader.report(node, "the key 'method' is required: \(RecipeWriter.alternatives(names))")
            return nil
        }
        guard let name = entry.value.text, let schema = methods.first(where: { $0.name == name }) else {
            reader.inside("method", at: entry.keyLocation) {
                $0.report(entry.value, expected: RecipeWriter.alternatives(names), among: names)
            }
            return nil
        }
        var method = MethodRecipe(schema)
        reader.read(node, into: &method, fields: fields(of: schema)) { _, _ in }
        return method
    }

    private static func fields(of schema: MethodSchema) -> [Field<MethodRecipe>] {
        let method = Field<MethodRecipe>("method", doc: schema.doc) { _, _, _ in
        } yaml: {
            $0.name.yaml
        }
        let weight = Field.number("weight", \MethodRecipe.weight, .atLeast(0), schema.weightDoc)
        let start = Field.number("start", \MethodRecipe.start, .from(0, to: 1), "The share of the training after which the method sets in.")
        let ramp = Field.number(
            "ramp", \MethodRecipe.ramp, .from(0, to: 1), "The share of the training over which the weight then rises from 0.")
        let settings = schema.settings.map { Field.setting($0, \MethodRecipe.settings) }
        let general = [method, weight, start, ramp]
        guard !schema.taps.isEmpty else { return general + settings }
        let tapFields = schema.tapSettings.map { Field.setting($0, \MethodRecipe.taps) }
        var taps = Field<MethodRecipe>("taps", doc: "Where the method looks: the name of a stage or a head.") {
            node, method, reader in
            reader.read(node, into: &method, fields: tapFields) { _, _ in }
        } yaml: { method in
            "{\(tapFields.map { "\($0.key): \($0.yaml(method))" }.joined(separator: ", "))}"
        }
        taps.writeBlock = { $1.write($0, fields: tapFields) }
        return general + settings + [taps]
    }
}

extension Field {
    fileprivate static func setting(
        _ schema: SettingSchema, _ property: WritableKeyPath<Section, [String: SettingValue]>
    ) -> Field {
        Field(schema.name, doc: schema.doc) { node, section, reader in
            if let value = schema.read(node, &reader) { section[keyPath: property][schema.name] = value }
        } yaml: {
            ($0[keyPath: property][schema.name] ?? schema.defaultValue).yaml
        }
    }
}
