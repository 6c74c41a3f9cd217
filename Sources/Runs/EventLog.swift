import Foundation
import Support

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes a run's events, to `events.jsonl` and to TensorBoard's records.
///
/// Every line is handed to the system before ``append(_:)`` returns, so killing the process loses none. Call
/// ``synchronize()`` before a checkpoint is written: after a power cut, too, no event before it is then missing.
/// The file is locked, so that two processes cannot train into one folder.
public final class EventLog {
    private let file: URL
    private let descriptor: Int32
    private let tensorBoard: TensorBoardWriter

    /// Opens the log of a new run, or of one that continues from a checkpoint.
    ///
    /// Events after `step` are removed: the steps that they tell of will be taken again.
    /// - Parameter step: the optimiser steps that the checkpoint had taken; 0 for a new run.
    /// - Throws: `UserError` when another process is writing to the run, when the file is damaged elsewhere than in
    ///   its last line, or when it cannot be written.
    public init(_ folder: RunFolder, resumingAt step: Int = 0) throws {
        file = folder.eventsFile
        descriptor = open(file.path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw fileWriteError(file, errno) }
        do {
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                throw UserError(
                    "another process is writing to the run \(folder.url.path)",
                    hint: "Wait until it ends, stop it, or choose another --out.")
            }
            let (events, length) = try Self.parse(folder, upTo: step)
            guard ftruncate(descriptor, off_t(length)) == 0 else { throw fileWriteError(file, errno) }
            tensorBoard = try TensorBoardWriter(folder.tensorBoard, replaying: events)
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// - Throws: `UserError` when the disk is full.
    public func append(_ event: RunEvent) throws {
        var line = try JSONFile.makeEncoder().encode(event)
        line.append(0x0A)
        try writeFully(line, to: descriptor, named: file)
        try tensorBoard.append(event)
    }

    /// Returns when all events are on the disk.
    public func synchronize() throws {
        guard fsync(descriptor) == 0 else { throw fileWriteError(file, errno) }
    }

    /// The events of a run, also while it is being written.
    /// - Throws: `UserError` with the line's number when a line other than the last is damaged.
    public static func read(_ folder: RunFolder) throws -> [RunEvent] {
        guard FileManager.default.fileExists(atPath: folder.eventsFile.path) else { return [] }
        return try parse(folder, upTo: .max).events
    }

    /// The events up to `step` and the length in bytes of the file's part that holds them.
    private static func parse(_ folder: RunFolder, upTo step: Int) throws -> (events: [RunEvent], length: Int) {
        let file = folder.eventsFile
        guard let data = try? Data(contentsOf: file) else { throw UserError("cannot read \(file.path)") }
        let decoder = JSONFile.makeDecoder()
        var events: [RunEvent] = []
        var start = 0
        var number = 1
        while start < data.count, let end = data[start...].firstIndex(of: 0x0A) {
            guard let event = try? decoder.decode(RunEvent.self, from: data[start..<end]) else {
                if end + 1 == data.count { break }
                throw UserError(
                    "\(file.path), line \(number): this is not an event",
                    hint: "Something else has changed the file. Remove the line, or train anew with --overwrite.")
            }
            if event.step > step { break }
            events.append(event)
            start = end + 1
            number += 1
        }
        return (events, start)
    }

}

func fileWriteError(_ file: URL, _ code: Int32) -> UserError {
    UserError(
        "cannot write \(file.path): \(String(cString: strerror(code)))",
        hint: code == ENOSPC || code == EDQUOT
            ? "The disk is full. Free some space, then continue the run with --resume."
            : "Check that the folder exists and that you may write to it.")
}

/// Writes all of `data`, whatever interrupts.
func writeFully(_ data: Data, to descriptor: Int32, named file: URL) throws {
    try data.withUnsafeBytes { bytes in
        var done = 0
        while done < bytes.count {
            let written = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if written >= 0 {
                done += written
            } else if errno != EINTR {
                throw fileWriteError(file, errno)
            }
        }
    }
}
