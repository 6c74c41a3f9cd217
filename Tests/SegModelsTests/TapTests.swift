import SegModels
import SegTesting
import Testing
import Torch

@Suite struct TapTests {
    /// Two tokens without a place, then those of a 2×3 grid, row by row.
    @Test func tokensWithAPlaceAreAMap() throws {
        let map = Tensor.randn([2, 4, 2, 3])
        var taps = Taps(["tokens", "map"])
        taps.record("tokens", .concatenate([.randn([2, 2, 4]), map.flatten(2).transpose(1, 2)], 1))
        taps.record("map", map)
        for name in ["tokens", "map"] { try assertClose(taps.map(name, height: 27, width: 42, stride: 14), map, name) }
    }
}
