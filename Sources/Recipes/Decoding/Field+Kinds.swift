extension Field {
    /// A key with a value of any kind, stored at `property`.
    static func value<Value: RecipeValue>(
        _ key: String, _ property: WritableKeyPath<Section, Value>, _ doc: String
    ) -> Field {
        Field(key, doc: doc) { node, section, reader in
            if let value = Value.read(node, &reader) { section[keyPath: property] = value }
        } yaml: {
            $0[keyPath: property].yaml
        }
    }

    /// A text that may be empty.
    static func text(_ key: String, _ property: WritableKeyPath<Section, String>, _ doc: String) -> Field {
        Field(key, doc: doc) { node, section, reader in
            if let value = node.content.isEmptyText ? "" : String.read(node, &reader) { section[keyPath: property] = value }
        } yaml: {
            $0[keyPath: property].yaml
        }
    }

    /// A number within limits.
    static func number<Value: RecipeValue & Comparable>(
        _ key: String, _ property: WritableKeyPath<Section, Value>, _ limit: Limit<Value>, _ doc: String
    ) -> Field {
        Field(key, doc: doc) { node, section, reader in
            if let value = reader.number(node, limit) { section[keyPath: property] = value }
        } yaml: {
            $0[keyPath: property].yaml
        }
    }

    /// A number within limits, or the word `absent`.
    static func number<Value: RecipeValue & Comparable>(
        _ key: String, _ property: WritableKeyPath<Section, Value?>, or absent: String, _ limit: Limit<Value>,
        _ doc: String
    ) -> Field {
        optional(key, property, or: absent, doc) { node, reader in reader.number(node, limit, or: absent) }
    }

    /// A value of any kind, or the word `absent`.
    static func value<Value: RecipeValue>(
        _ key: String, _ property: WritableKeyPath<Section, Value?>, or absent: String, _ doc: String
    ) -> Field {
        optional(key, property, or: absent, doc) { node, reader in Value.read(node, &reader) }
    }

    private static func optional<Value: RecipeValue>(
        _ key: String, _ property: WritableKeyPath<Section, Value?>, or absent: String, _ doc: String,
        _ read: @escaping (RecipeNode, inout RecipeReader) -> Value?
    ) -> Field {
        Field(key, doc: doc) { node, section, reader in
            if node.isNull || node.plain == absent {
                section[keyPath: property] = nil
            } else if let value = read(node, &reader) {
                section[keyPath: property] = value
            }
        } yaml: {
            $0[keyPath: property]?.yaml ?? absent
        }
    }

    /// A section of its own.
    static func section<Value: RecipeSection>(
        _ key: String, _ property: WritableKeyPath<Section, Value>, _ doc: String
    ) -> Field {
        var field = value(key, property, doc)
        field.isWholeSection = true
        field.writeBlock = { $1.write($0[keyPath: property]) }
        return field
    }

    /// A section that may be left out, by the word `none`.
    static func section<Value: RecipeSection>(
        _ key: String, _ property: WritableKeyPath<Section, Value?>, _ doc: String
    ) -> Field {
        var field = value(key, property, or: "none", doc)
        field.writeBlock = { section, writer in
            if let value = section[keyPath: property] { writer.write(value) }
        }
        return field
    }

    /// A list of sections.
    static func sections<Value: RecipeBlock>(
        _ key: String, _ property: WritableKeyPath<Section, [Value]>, _ doc: String
    ) -> Field {
        var field = value(key, property, doc)
        field.writeBlock = { section, writer in
            for value in section[keyPath: property] { writer.writeItem(value) }
        }
        return field
    }
}

extension RecipeReader {
    /// A number that keeps to `limit`; `absent` is the word that would also have done.
    mutating func number<Value: RecipeValue & Comparable>(
        _ node: RecipeNode, _ limit: Limit<Value>, or absent: String? = nil
    ) -> Value? {
        var quiet = self
        if let value = Value.read(node, &quiet), limit.contains(value) { return value }
        let otherwise = absent.map { " or '\($0)'" } ?? ""
        report(node, "expected \(Value.expected) \(limit.text)\(otherwise), found \(node.found)")
        return nil
    }
}
