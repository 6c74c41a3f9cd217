import CTorchABI
import Foundation
import Support

/// What LibTorch said when an operator failed.
public struct TorchError: UserFacingError, Equatable {
    /// The operator with its operands' types and shapes, then LibTorch's message.
    public let message: String
    public let isOutOfMemory: Bool

    public var exitCode: ExitCode { isOutOfMemory ? .outOfMemory : .internalError }

    public var description: String {
        guard isOutOfMemory else { return message }
        return """
            out of memory: \(message)
              Use a smaller batch or crop, gradient accumulation (optimizer.accumulate), or bfloat16.
            """
    }
}

/// Runs tensor expressions; the first operator that fails makes the whole scope throw its error.
///
/// Operators do not throw one by one, so that expressions read like mathematics. After a failure the rest of
/// the scope is computed on undefined tensors, which are skipped at no cost, and the scope then throws.
/// Outside such a scope a failing operator stops the program with the same message. Scopes nest;
/// each belongs to the thread that opened it.
/// - Throws: ``TorchError``, or what `body` throws.
public func withTorchErrors<Result>(_ body: () throws -> Result) throws -> Result {
    let outer = ErrorScope.current
    let scope = ErrorScope()
    ErrorScope.current = scope
    defer { ErrorScope.current = outer }
    do {
        let result = try body()
        if let failure = scope.failure { throw failure }
        return result
    } catch {
        throw scope.failure ?? error
    }
}

/// The open `withTorchErrors` of this thread.
final class ErrorScope {
    var failure: TorchError?

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key) { pointer in
            #if os(Linux)
                if let pointer { Unmanaged<ErrorScope>.fromOpaque(pointer).release() }
            #else
                Unmanaged<ErrorScope>.fromOpaque(pointer).release()
            #endif
        }
        return key
    }()

    static var current: ErrorScope? {
        get { pthread_getspecific(key).map { Unmanaged<ErrorScope>.fromOpaque($0).takeUnretainedValue() } }
        set {
            if let old = pthread_getspecific(key) { Unmanaged<ErrorScope>.fromOpaque(old).release() }
            pthread_setspecific(key, newValue.map { UnsafeRawPointer(Unmanaged.passRetained($0).toOpaque()) })
        }
    }
}

/// Records LibTorch's last error in the open scope, or stops the program.
@usableFromInline
func torchFail(_ status: CTStatus) {
    let failure = TorchError(message: String(cString: api.last_error()!), isOutOfMemory: status == CT_OUT_OF_MEMORY)
    torchFail(failure)
}

func torchFail(_ failure: TorchError) {
    guard let scope = ErrorScope.current else { fatalError(failure.description) }
    if scope.failure == nil { scope.failure = failure }
}

@usableFromInline
func torchCheck(_ status: CTStatus) {
    if status != CT_OK { torchFail(status) }
}
