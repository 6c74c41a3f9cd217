import Foundation
import Support

/// A file of weights that cannot be read or written: which file, and what is wrong with it.
public struct TensorFileError: UserFacingError, Equatable {
    /// The path of the file.
    public let path: String
    public let problem: TensorFileProblem

    public var exitCode: ExitCode { .badInput }

    public var description: String {
        let line = "cannot use \(path): \(problem)"
        return problem.hint.map { "\(line)\n  \($0)" } ?? line
    }
}

/// What can be wrong with a file of weights.
public enum TensorFileProblem: Error, Equatable, Sendable {
    /// The system refused to open or map the file; holds its reason.
    case unreadable(String)
    /// The content is of another kind; holds what it looks like.
    case notATensorFile(String)

    /// The file is shorter than a safetensors header; holds its length in bytes.
    case tooShort(Int)
    /// The declared header length exceeds 100 MB; holds it, as the file states it.
    case headerTooLarge(UInt64)
    /// The declared header does not fit into the file.
    case headerBeyondFile(header: Int, file: Int)
    /// The header is not the JSON that was expected; holds the reason.
    case badHeader(String)
    /// A name occurs twice.
    case duplicateName(String)
    /// A tensor's element type is unknown or not supported.
    case unsupportedType(tensor: String, type: String)
    /// A shape, stride or offset is negative, overflows or reaches outside the tensor's storage.
    case badLayout(tensor: String, reason: String)
    /// A tensor's bytes do not begin where the previous tensor's end: a hole or an overlap.
    case badOffset(tensor: String, expected: Int, found: Int)
    /// The byte range of a tensor does not match its shape and type.
    case sizeMismatch(tensor: String, expected: Int, found: Int)
    /// The data is longer or shorter than the header says.
    case wrongDataLength(expected: Int, found: Int)
    /// The index of a sharded checkpoint and its shards do not fit together.
    case badIndex(String)

    /// The zip archive around a PyTorch checkpoint is damaged or unusual.
    case badArchive(String)
    /// The pickle inside a PyTorch checkpoint is damaged or unusual; holds the reason and the byte where.
    case badPickle(String, at: Int)
    /// The pickle names a Python class or function beyond tensors and plain containers.
    case refusedName(String)
    /// The checkpoint was written on a big-endian machine.
    case bigEndian
    /// There is no state dict where one was looked for; holds what there is instead.
    case noStateDict(String)
    /// Several dictionaries of tensors could be meant; holds their key paths.
    case ambiguousStateDict([String])
}

extension TensorFileProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let reason): reason
        case .notATensorFile(let what): "expected a safetensors or PyTorch file, found \(what)"
        case .tooShort(let count): "a safetensors file has at least 10 bytes, this one has \(count)"
        case .headerTooLarge(let count): "the header claims \(count) bytes; at most 100000000 are allowed"
        case .headerBeyondFile(let header, let file): "the header claims \(header) bytes, the whole file has \(file)"
        case .badHeader(let reason): "the header is damaged: \(reason)"
        case .duplicateName(let name): "the name '\(name)' occurs twice"
        case .unsupportedType(let tensor, let type): "tensor '\(tensor)' has the element type \(type), which is not supported"
        case .badLayout(let tensor, let reason): "tensor '\(tensor)': \(reason)"
        case .badOffset(let tensor, let expected, let found):
            "tensor '\(tensor)' should begin at byte \(expected) of the data, its header says \(found) (a hole or an overlap)"
        case .sizeMismatch(let tensor, let expected, let found):
            "tensor '\(tensor)' needs \(expected) bytes for its shape and type, found \(found)"
        case .wrongDataLength(let expected, let found): "the header describes \(expected) bytes of data, the file holds \(found)"
        case .badIndex(let reason): "index and shards do not fit together: \(reason)"
        case .badArchive(let reason): "the archive is damaged: \(reason)"
        case .badPickle(let reason, let offset): "the pickle is damaged or unusual: \(reason) (byte \(offset))"
        case .refusedName(let name):
            "it refers to Python's '\(name)', which is refused: only tensors and plain containers are read, and no code is ever run"
        case .bigEndian: "it was written on a big-endian machine, which is not supported"
        case .noStateDict(let found): "expected a dictionary of tensors, found \(found)"
        case .ambiguousStateDict(let paths): "it holds several dictionaries of tensors: \(paths.map { "'\($0)'" }.joined(separator: ", "))"
        }
    }

    /// What the user can do about it.
    public var hint: String? {
        switch self {
        case .unreadable: "Check the path and that you may read it."
        case .notATensorFile: "Give a .safetensors, .pth or .pt file, or a folder that holds one."
        case .tooShort, .headerTooLarge, .headerBeyondFile, .badHeader, .duplicateName, .badOffset, .sizeMismatch, .wrongDataLength,
            .badArchive,
            .badPickle, .badLayout:
            "The file may be cut short or damaged: download or write it again."
        case .unsupportedType: "Convert the tensor to a floating, signed integer, uint8 or bool type in Python and save again."
        case .badIndex: "Download every shard and the index of the same checkpoint."
        case .refusedName:
            "Save the weights alone: in Python, torch.save(model.state_dict(), path), or safetensors.torch.save_file(model.state_dict(), path)."
        case .bigEndian: "Save it again on a little-endian machine (x86-64, arm64)."
        case .noStateDict: "Name the key under which the weights lie, or save model.state_dict() alone."
        case .ambiguousStateDict: "Name the one that is meant."
        }
    }
}

/// Runs `body` and says of every problem in it which file it concerns.
func reading<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let problem as TensorFileProblem {
        throw TensorFileError(path: path, problem: problem)
    }
}
