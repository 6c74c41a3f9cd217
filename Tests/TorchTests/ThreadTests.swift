import Foundation
import Testing
import Torch

@Suite(.serialized) struct ThreadTests {
    @Test(arguments: [("3", 3), ("many", nil), ("0", nil), (nil, nil)] as [(String?, Int?)])
    func automaticThreadsAreTheEnvironments(_ said: String?, _ expected: Int?) {
        let before = getenv("OMP_NUM_THREADS").map { String(cString: $0) }
        func set(_ value: String?) {
            if let value { setenv("OMP_NUM_THREADS", value, 1) } else { unsetenv("OMP_NUM_THREADS") }
        }
        set(said)
        defer { set(before) }
        #expect(LibTorch.automaticThreads == expected ?? ProcessInfo.processInfo.activeProcessorCount)
    }
}
