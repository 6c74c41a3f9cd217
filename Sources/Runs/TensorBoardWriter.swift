import Foundation
import Support
import SwiftProtobuf

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes events as TensorBoard's records. They hold nothing that `events.jsonl` lacks: a resumed run
/// writes them anew from there.
final class TensorBoardWriter {
    private let file: URL
    private let descriptor: Int32

    /// Replaces the records in `folder` by those of `events`.
    init(_ folder: URL, replaying events: [RunEvent]) throws {
        let files = FileManager.default
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        let old = try files.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent.hasPrefix("events.out.tfevents.") }
        // A TensorBoard that is looking on follows files in the order of their names, so the new one sorts last.
        let stamp = max(Int(Date.now.timeIntervalSince1970), 1 + (old.compactMap(Self.stamp).max() ?? 0))
        file = folder.appendingPathComponent("events.out.tfevents.\(stamp).segdistill")
        descriptor = open(file.path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw fileWriteError(file, errno) }
        let time = events.first?.time ?? Date.now.timeIntervalSince1970
        // “START” makes such a TensorBoard drop the steps that are taken again.
        var records = try Self.record(time: time, step: 0, .fileVersion("brain.Event:2"))
        records += try Self.record(time: time, step: 0, .sessionLog(.with { $0.status = .start }))
        for event in events { records += try Self.record(event) }
        try writeFully(records, to: descriptor, named: file)
        for url in old { try? files.removeItem(at: url) }
    }

    deinit { close(descriptor) }

    func append(_ event: RunEvent) throws {
        try writeFully(try Self.record(event), to: descriptor, named: file)
    }

    private static func stamp(_ url: URL) -> Int? {
        let parts = url.lastPathComponent.split(separator: ".")
        return parts.count > 3 ? Int(parts[3]) : nil
    }

    private static func record(_ event: RunEvent) throws -> Data {
        let summary = Segdistill_Tensorboard_Summary.with { summary in
            summary.value = scalars(event).map { scalar in
                .with {
                    $0.tag = scalar.tag
                    $0.simpleValue = Float(scalar.value)
                }
            }
        }
        return try record(time: event.time, step: event.step, .summary(summary))
    }

    private static func record(time: Double, step: Int, _ what: Segdistill_Tensorboard_Event.OneOf_What) throws -> Data {
        let event = Segdistill_Tensorboard_Event.with {
            $0.wallTime = time
            $0.step = Int64(step)
            $0.what = what
        }
        return TFRecord.frame(try event.serializedData())
    }

    private static func scalars(_ event: RunEvent) -> [(tag: String, value: Double)] {
        switch event {
        case .step(let event):
            var scalars = event.losses.sorted { $0.key < $1.key }.map { (tag: "loss/\($0.key)", value: $0.value) }
            scalars += (event.unweighted ?? [:]).sorted { $0.key < $1.key }.map { (tag: "loss_unweighted/\($0.key)", value: $0.value) }
            scalars += (event.gradientShares ?? [:]).sorted { $0.key < $1.key }.map { (tag: "gradient_share/\($0.key)", value: $0.value) }
            scalars.append(("train/epoch", event.epoch))
            scalars.append(("train/learning_rate", event.learningRate))
            if let norm = event.gradientNorm { scalars.append(("train/gradient_norm", norm)) }
            scalars.append(("speed/images_per_second", event.imagesPerSecond))
            scalars += event.seconds.sorted { $0.key < $1.key }.map { (tag: "seconds/\($0.key)", value: $0.value) }
            if let memory = event.memory { scalars.append(("memory/bytes", Double(memory))) }
            return scalars
        case .evaluation(let event):
            let scores = [
                ("mIoU", event.meanIoU), ("pixel_accuracy", event.pixelAccuracy), ("AP", event.averagePrecision),
                ("AP50", event.averagePrecision50), ("distillation_loss", event.loss),
            ]
            return scores.compactMap { name, value in value.map { (tag: "\(event.split)/\(name)", value: $0) } }
        }
    }
}
