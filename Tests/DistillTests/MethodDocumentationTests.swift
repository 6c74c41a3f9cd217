import Distill
import Foundation
import Testing

/// Every method has its page and its row in the index, and they say what the schema says.
@Suite struct MethodDocumentationTests {
    private static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/methods")

    private func text(_ name: String) throws -> String {
        try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
    }

    @Test(arguments: Methods.schemas.map(\.name)) func aPageNamesEverySetting(_ name: String) throws {
        let schema = try Methods.named(name).schema
        let page = try text("\(name).md")
        #expect(page.hasPrefix("# \(name)"))
        for setting in schema.settings { #expect(page.contains("`\(setting.name)`"), "docs/methods/\(name).md: \(setting.name)") }
        for heading in ["In a recipe", "Needs", "Memory", "Checked"] { #expect(page.contains("## \(heading)"), "docs/methods/\(name).md") }
    }

    @Test func theIndexIsTheTable() throws {
        let rows = try text("README.md").split(separator: "\n").filter { $0.hasPrefix("| [`") }
        #expect(rows.count == Methods.all.count)
        for schema in Methods.schemas {
            let row = try #require(rows.first { $0.hasPrefix("| [`\(schema.name)`](\(schema.name).md) |") }, "\(schema.name) has no row")
            let cells = row.split(separator: "|", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }
            #expect(Double(cells[4].prefix { $0.isNumber || $0 == "." }) == schema.weight, "\(schema.name): weight")
            #expect((cells[5] == "yes") == schema.needsLabels, "\(schema.name): labels")
        }
    }
}
