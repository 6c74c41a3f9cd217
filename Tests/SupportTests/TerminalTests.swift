import Support
import Testing

@Suite struct TextTableTests {
    @Test func columnsAreAligned() {
        var table = TextTable([.init("name"), .init("mIoU", .right), .init("note")])
        table.append(["teacher", "61.4", "größer"])
        table.append(["kd", "5.0"])
        #expect(
            table.text == """
                name     mIoU  note
                ───────  ────  ──────
                teacher  61.4  größer
                kd        5.0
                """)
    }
}

@Suite struct ProgressBarTests {
    private final class Terminal {
        var time = 100.0
        var width = 120
        var written: [String] = []
    }

    private let terminal = Terminal()

    private func bar(total: Int, completed: Int = 0, isTerminal: Bool = true) -> ProgressBar {
        ProgressBar(
            "train", total: total, completed: completed, isTerminal: isTerminal, width: { [terminal] in terminal.width },
            now: { [terminal] in terminal.time }, write: { [terminal] in terminal.written.append($0) })
    }

    @Test func aLineTellsProgressRateTimeAndValues() {
        let bar = bar(total: 200)
        terminal.time += 10
        bar.update(50, rate: "38.1 images/s", values: [("loss", 0.6123), ("cwd", 0.02134)])
        #expect(
            terminal.written == [
                "\rtrain ━━━━━─────────────── 25 %  50/200  38.1 images/s  30 s left  loss 0.612  cwd 0.0213\u{1B}[K"
            ])
    }

    @Test func atMostTenRedrawsASecond() {
        let bar = bar(total: 1000)
        for step in 1...1000 {
            terminal.time += 0.001
            bar.update(step)
        }
        #expect(terminal.written.count <= 11)
        bar.finish()
        #expect(terminal.written.suffix(2).joined().contains("1000/1000") && terminal.written.last == "\n")
        let count = terminal.written.count
        bar.update(3)
        #expect(terminal.written.count == count)
    }

    @Test func stepsOfAnEarlierProcessAreNoSpeed() {
        let bar = bar(total: 200, completed: 100)
        terminal.time += 10
        bar.update(110)
        #expect(terminal.written[0].contains("1.00/s  1:30 left"))
    }

    @Test func longLinesAreCut() {
        terminal.width = 30
        let bar = bar(total: 10)
        terminal.time += 1
        bar.update(5)
        #expect(terminal.written[0].dropFirst().prefix { $0 != "\u{1B}" }.count == 29)
    }

    @Test func withoutATerminalThereAreFewPlainLines() {
        let bar = bar(total: 100, isTerminal: false)
        for step in 1...100 {
            terminal.time += 1
            bar.update(step)
        }
        bar.finish()
        #expect(terminal.written.count == 4)
        #expect(terminal.written.allSatisfy { $0.hasSuffix("\n") && !$0.contains("\u{1B}") && !$0.contains("\r") })
        #expect(terminal.written[0] == "train  30 %  30/100  1.00/s  1:10 left\n")
    }

    @Test func notesDoNotDisturbTheBar() {
        let bar = bar(total: 100)
        terminal.time += 1
        bar.update(10)
        bar.note("saved")
        #expect(terminal.written.last == "\r\u{1B}[Ksaved\n")
        bar.update(11)
        #expect(terminal.written.last?.contains("11/100") == true)
    }
}

@Suite struct NumberTextTests {
    @Test func numbers() {
        #expect(signedPoints(0.0234) == "+2.3" && signedPoints(-0.0234) == "−2.3" && signedPoints(-0.0001) == "0.0")
        #expect(percentage(0.614) == "61.4" && percentage(.nan) == "–")
        #expect(percentage(-0.06, digits: 0) == "−6" && percentage(-0.001, digits: 0) == "0")
        #expect(
            [0.0, 0.000_012, 0.001_234, 0.0213, 0.6123, 4.561, 78.94, 1234.5].map(significant) == [
                "0", "1.2e-05", "0.00123", "0.0213", "0.612", "4.56", "78.9", "1234",
            ])
        #expect([980, 15_240, 1_240_000].map(abbreviated) == ["980", "15.2 k", "1.24 M"])
        #expect([4.2, 59.7, 187, 3765].map(durationText) == ["4.2 s", "1:00", "3:07", "1:02:45"])
    }
}
