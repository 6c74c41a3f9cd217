import Support
import Testing
import Torch

@Suite struct ErrorTests {
    let a = Tensor.ones([2, 3]), b = Tensor.ones([2, 3])

    @Test func theMessageNamesOperatorShapesAndReason() throws {
        let error = try #require(throws: TorchError.self) { try withTorchErrors { a.matmul(b) } }
        #expect(error.message.hasPrefix("aten::matmul(Float[2, 3], Float[2, 3]): "))
        #expect(error.message.contains("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"))
        #expect(!error.message.contains("Exception raised from"), "no stack of C++ functions")
        #expect(!error.isOutOfMemory && error.exitCode == .internalError)
    }

    @Test func theFirstErrorIsKept() throws {
        struct Consequence: Error {}
        let error = try #require(throws: TorchError.self) {
            try withTorchErrors {
                let wrong = a.matmul(b)
                let further = (wrong + a).reshape(7).sum()
                further.backward()
                _ = gradients(of: [further], for: [a])
                a[0] = wrong
                _ = wrong.shape + wrong.strides
                _ = wrong.max(0).values.item()
                _ = Tensor.concatenate([a, wrong]).array(of: Int.self)
                _ = wrong.chunk(2)[1].description
                throw Consequence()
            }
        }
        #expect(error.message.hasPrefix("aten::matmul("))
        #expect(a.sum().item() == 6, "an operator with an undefined operand does nothing")
    }

    @Test func theThreadGoesOn() throws {
        _ = try? withTorchErrors { a.matmul(b) }
        #expect((a + b).sum().item() == 12)
        #expect(try withTorchErrors { (a * b).sum().item() } == 6)
    }

    @Test func scopesNest() throws {
        let total = try withTorchErrors {
            #expect(throws: TorchError.self) { try withTorchErrors { a.matmul(b) } }
            return (a + b).sum().item()
        }
        #expect(total == 12)
        let outer = #expect(throws: TorchError.self) {
            try withTorchErrors {
                _ = a.reshape(5)
                #expect((try? withTorchErrors { (a + b).sum().item() }) == 12, "an inner scope starts afresh")
                _ = try? withTorchErrors { a.matmul(b) }
            }
        }
        #expect(outer?.message.hasPrefix("aten::reshape(Float[2, 3], [5])") == true)
    }

    @Test func errorsOfTheBodyPass() {
        struct Own: Error {}
        #expect(throws: Own.self) { try withTorchErrors { throw Own() } }
    }

    @Test func anotherThreadHasItsOwnScope() async throws {
        let result = try await withThrowingTaskGroup(of: Double.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let x = Tensor.ones([2, 2])
                    #expect(throws: TorchError.self) { try withTorchErrors { x.matmul(Tensor.ones([3, 3])) } }
                    return try withTorchErrors { x.matmul(x).sum().item() }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(result == 32)
    }

    @Test func outOfMemoryIsToldApart() throws {
        let error = try #require(throws: TorchError.self) { try withTorchErrors { Tensor.empty([1 << 40, 8]) } }
        #expect(error.isOutOfMemory && error.exitCode == .outOfMemory)
        #expect(error.description.contains("out of memory: aten::empty.memory_format([1099511627776, 8]"))
        #expect(error.description.contains("smaller batch"))
    }

    @Test func unknownDevices() {
        #expect(throws: UserError.self) { try Device("gpu") }
        let error = #expect(throws: UserError.self) { try Device("cuda:99") }
        #expect(error?.message.contains("cuda:99") == true)
        #expect(throws: Never.self) { try Device("auto") }
        #expect((try? Device("cpu")) == .cpu)
    }
}
