import Support

/// Walks through a recipe, remembers where every key stands, and collects what is wrong.
struct RecipeReader {
    /// What the caller knows about models and methods.
    let catalog: RecipeCatalog
    /// Those before the stage that is being read, in a recipe of stages.
    let earlierStages: [EarlierStage]
    private(set) var problems: [RecipeError.Problem] = []
    private(set) var locations: [String: Location] = [:]
    private var path: [String] = []

    /// A stage that a later one may build on, with the model that it trains; nil where that could not be read.
    struct EarlierStage {
        let name: String
        let model: String?
    }

    init(catalog: RecipeCatalog, earlierStages: [EarlierStage] = []) {
        self.catalog = catalog
        self.earlierStages = earlierStages
    }

    /// The full path of `key` in the section that is being read.
    func path(to key: String = "") -> String {
        (key.isEmpty ? path : path + [key]).joined(separator: ".")
    }

    /// Whether the recipe or the command line sets `key` (a path below the section that is being read).
    func isGiven(_ key: String) -> Bool { locations[path(to: key)] != nil }

    /// Reads what stands behind `key`; without a location the key counts as not given.
    mutating func inside<Result>(
        _ key: String, at location: Location?, _ body: (inout RecipeReader) -> Result
    ) -> Result {
        path.append(key)
        defer { path.removeLast() }
        if let location { locations[path(to: "")] = location }
        return body(&self)
    }

    /// Reports a problem with the value that is being read.
    mutating func report(_ node: RecipeNode, _ message: String) {
        problems.append(.init(location: node.location, path: path(to: ""), message: message))
    }

    /// Reports a value that is not one of `words`, with the nearest of them.
    mutating func report(_ node: RecipeNode, expected: String, among words: [String]) {
        let hint = node.text.flatMap { nearestName(to: $0, in: words) }.map { "; did you mean '\($0)'?" } ?? ""
        report(node, "expected \(expected), found \(node.found)\(hint)")
    }

    /// Reports a combination that cannot be, at the place where `key` of the current section was given.
    mutating func report(at key: String, _ message: String) {
        let full = key.isEmpty ? path : path + key.split(separator: ".").map(String.init)
        var parent = full
        while !parent.isEmpty, locations[parent.joined(separator: ".")] == nil { parent.removeLast() }
        let location = locations[parent.joined(separator: ".")] ?? .file(line: 1, column: 1)
        problems.append(.init(location: location, path: full.joined(separator: "."), message: message))
    }

    /// Fills `section` from `node` by its table of fields.
    /// - Returns: false when the node is not a section at all.
    @discardableResult
    mutating func read<Section>(
        _ node: RecipeNode, into section: inout Section, fields: [Field<Section>],
        resolve: (inout Section, RecipeReader) -> Void
    ) -> Bool {
        let entries: [RecipeNode.Entry]
        switch node.content {
        case .section(let found): entries = found
        case .scalar where node.isNull: entries = []
        default:
            report(node, "expected a section of keys, found \(node.found)")
            return false
        }
        let start = (reader: self, section: section)
        for entry in entries {
            guard let field = fields.first(where: { $0.key == entry.key }) else {
                report(unknown: entry, among: fields)
                continue
            }
            inside(entry.key, at: entry.keyLocation) { field.read(entry.value, &section, &$0) }
        }
        let given = Set(entries.map(\.key))
        // A section that is left out is read as an empty one: it may have keys that are required.
        let empty = RecipeNode(content: .scalar("", quoted: false), location: node.location)
        for field in fields where field.isWholeSection && !given.contains(field.key) {
            inside(field.key, at: nil) { field.read(empty, &section, &$0) }
        }
        resolve(&section, self)
        let overruled = overruledKeys(fields, section, entries)
        if !overruled.isEmpty {
            // Read again without what belongs to another choice than the command line's.
            (self, section) = start
            let others = RecipeNode(content: .section(entries.filter { !overruled.contains($0.key) }), location: node.location)
            return read(others, into: &section, fields: fields, resolve: resolve)
        }
        for field in fields { check(field, of: section, given: given.contains(field.key), node) }
        return true
    }

    /// What the file sets of a choice that the command line replaces by another: `schedule.kind=cosine` leaves no use for the file's `power`.
    private func overruledKeys<Section>(_ fields: [Field<Section>], _ section: Section, _ entries: [RecipeNode.Entry]) -> Set<String> {
        let typed = Set(entries.filter(\.isTyped).map(\.key))
        let overruled = entries.filter { entry in
            guard let condition = fields.first(where: { $0.key == entry.key })?.condition, let key = condition.key else { return false }
            return !entry.isTyped && typed.contains(key) && !condition.holds(section)
        }
        return Set(overruled.map(\.key))
    }

    private mutating func check<Section>(
        _ field: Field<Section>, of section: Section, given: Bool, _ node: RecipeNode
    ) {
        if let condition = field.condition, !condition.holds(section) {
            // An empty list says nothing that could be lost.
            if given && field.yaml(section) != "[]" {
                report(at: field.key, "has no effect here: it belongs to \(condition.text); leave it out")
            }
        } else if field.isRequired && !given {
            let why = field.condition.map { " with \($0.text)" } ?? ""
            problems.append(
                .init(
                    location: node.location, path: path(to: field.key),
                    message: "this key is required\(why): \(field.doc)"))
        }
    }

    private mutating func report<Section>(unknown entry: RecipeNode.Entry, among fields: [Field<Section>]) {
        let names = fields.flatMap { field in ([field.key] + field.synonyms).map { ($0, field.key) } }
        let nearest = nearestName(to: entry.key, in: names.map(\.0))
        let meant = nearest.flatMap { name in names.first { $0.0 == name }?.1 }
        let hint = meant.map { "did you mean '\($0)'?" } ?? "known keys: \(fields.map(\.key).joined(separator: ", "))"
        let place = path(to: "")
        problems.append(
            .init(location: entry.keyLocation, path: place, message: "unknown key '\(entry.key)'; \(hint)"))
    }
}
