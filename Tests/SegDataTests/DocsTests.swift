import Foundation
import SegData
import Testing

/// The table of data sets and docs/data.md say the same.
@Suite struct DataDocumentationTests {
    @Test func theDocumentEndsWithTheTable() throws {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let document = try String(contentsOf: root.appendingPathComponent("docs/data.md"), encoding: .utf8)
        #expect(
            document.hasSuffix("\n\n" + DatasetKind.markdown + "\n"),
            "write it again: segdistill data list --markdown, below '## The sets' of docs/data.md")
    }
}
