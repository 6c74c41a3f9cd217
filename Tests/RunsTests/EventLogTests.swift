import Foundation
import Runs
import Support
import Testing

@Suite struct EventLogTests {
    let temporary: TemporaryFolder
    let folder: RunFolder

    init() throws {
        temporary = try TemporaryFolder()
        folder = try RunFolder.create(at: temporary["run"], info: info(), recipe: "")
    }

    private func step(_ step: Int) -> RunEvent {
        .step(
            StepEvent(
                step: step, epoch: Double(step) / 10, losses: ["total": 1.5, "kd": 0.25],
                unweighted: ["kd": 0.5, "kd.part": 0.125], gradientShares: ["kd": 0.25, "task": 0.75], learningRate: 0.001, gradientNorm: 2,
                imagesPerSecond: 40, seconds: ["data": 0.001, "step": 0.2], memory: 1 << 30, time: 1_700_000_000 + Double(step)))
    }

    private func evaluation(_ step: Int) -> RunEvent {
        .evaluation(
            EvaluationEvent(
                step: step, epoch: 1, split: "val", meanIoU: 0.5, pixelAccuracy: 0.9, best: true, seconds: 3, time: 1_700_000_000))
    }

    private func write(_ events: [RunEvent], resumingAt step: Int = 0) throws {
        let log = try EventLog(folder, resumingAt: step)
        for event in events { try log.append(event) }
        try log.synchronize()
    }

    @Test func linesAreReadAgain() throws {
        let events = [step(10), step(20), evaluation(20)]
        try write(events)
        #expect(try EventLog.read(folder) == events)
        let lines = try String(contentsOf: folder.eventsFile, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].contains(#""event":"step""#) && lines[0].contains(#""losses":{"kd":0.25,"total":1.5}"#))
    }

    @Test func eventsAfterTheCheckpointGo() throws {
        try write([step(10), step(20), evaluation(20), step(30), evaluation(40)])
        try write([step(30)], resumingAt: 20)
        #expect(try EventLog.read(folder) == [step(10), step(20), evaluation(20), step(30)])
        try write([])
        #expect(try EventLog.read(folder).isEmpty)
    }

    /// However many bytes of the last line reached the disk before the process was killed.
    @Test(arguments: [1, 20, 150]) func aLineThatWasCutIsDropped(bytes: Int) throws {
        try write([step(10), step(20)])
        let whole = try Data(contentsOf: folder.eventsFile)
        let first = try #require(whole.firstIndex(of: 0x0A)) + 1
        try whole.prefix(first + bytes).write(to: folder.eventsFile)
        #expect(try EventLog.read(folder) == [step(10)])
        try write([step(20)], resumingAt: 15)
        #expect(try Data(contentsOf: folder.eventsFile) == whole)
    }

    @Test func damageElsewhereIsAnError() throws {
        try write([step(10), step(20)])
        let text = try String(contentsOf: folder.eventsFile, encoding: .utf8)
        try Data(("{\"event\":1}\n" + text).utf8).write(to: folder.eventsFile)
        #expect(throws: UserError.self) { try EventLog.read(folder) }
        #expect(throws: UserError.self) { try EventLog(folder, resumingAt: 10) }
    }

    @Test func lossesThatAreNotNumbersAreKept() throws {
        var event = StepEvent(step: 1, epoch: 0, losses: ["total": .nan], learningRate: 0.1, imagesPerSecond: 1, seconds: [:])
        event.gradientNorm = .infinity
        try write([.step(event)])
        guard case .step(let read) = try EventLog.read(folder).first else {
            Issue.record("no step was read")
            return
        }
        #expect(read.losses["total"]?.isNaN == true && read.gradientNorm == .infinity)
    }

    @Test func twoProcessesCannotWriteToOneRun() throws {
        let log = try EventLog(folder)
        #expect(throws: UserError.self) { try EventLog(folder) }
        try log.append(step(10))
    }

    private func tensorBoardFiles() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder.tensorBoard, includingPropertiesForKeys: nil)
    }

    /// Payloads of a file of TensorFlow records, lengths and checksums tested.
    private func records(_ file: URL) throws -> [Data] {
        let data = try Data(contentsOf: file)
        func number<Value: FixedWidthInteger>(_ offset: Int, _ type: Value.Type) -> Value {
            data.subdata(in: offset..<offset + MemoryLayout<Value>.size).withUnsafeBytes { $0.loadUnaligned(as: Value.self) }
        }
        func checksum(_ data: Data) -> UInt32 {
            // CRC-32C bit by bit, masked as TensorFlow does.
            var crc: UInt32 = ~0
            for byte in data {
                crc ^= UInt32(byte)
                for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
            }
            return ((~crc >> 15) | (~crc << 17)) &+ 0xA282_EAD8
        }
        var payloads: [Data] = []
        var offset = 0
        while offset < data.count {
            let length = Int(number(offset, UInt64.self))
            #expect(number(offset + 8, UInt32.self) == checksum(data.subdata(in: offset..<offset + 8)))
            let payload = data.subdata(in: offset + 12..<offset + 12 + length)
            #expect(number(offset + 12 + length, UInt32.self) == checksum(payload))
            payloads.append(payload)
            offset += 16 + length
        }
        return payloads
    }

    @Test func tensorBoardRecordsFollowTheEvents() throws {
        try write([step(10), step(20), evaluation(20), step(30)])
        let first = try tensorBoardFiles()
        #expect(first.count == 1)
        #expect(try records(first[0]).count == 6)
        #expect(String(decoding: try records(first[0])[0], as: UTF8.self).contains("brain.Event:2"))
        let scalars = String(decoding: try records(first[0])[2], as: UTF8.self)
        for tag in ["loss/total", "loss_unweighted/kd.part", "gradient_share/task"] { #expect(scalars.contains(tag)) }
        // A resumed run writes a file of its own, without the steps that are taken again.
        try write([step(30)], resumingAt: 20)
        let second = try tensorBoardFiles()
        #expect(second.count == 1 && second[0].lastPathComponent > first[0].lastPathComponent)
        #expect(try records(second[0]).count == 6)
    }
}
