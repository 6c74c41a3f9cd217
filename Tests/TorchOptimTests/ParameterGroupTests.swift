import Support
import Testing
import Torch
import TorchNN
import TorchOptim

@Suite struct ParameterGroupTests {
    private let network = Sequential(named: [
        ("backbone", Sequential(Conv2d(3, 4, kernel: 3), BatchNorm2d(4), PReLU(4))), ("head", Linear(4, 2)),
    ])

    private func names(_ group: ParameterGroup) -> [String] { group.parameters.map(\.name) }

    @Test func theFirstRuleThatFitsCounts() throws {
        let groups = try ParameterGroup.groups(
            of: network.namedParameters(),
            rules: [.init("backbone.0.*", learningRateScale: 0.1), .init("backbone.*", weightDecay: 0.5)], weightDecay: 1e-4)
        #expect(groups.map(\.name) == ["backbone.0.*", "backbone.*", "rest"])
        #expect(names(groups[0]) == ["backbone.0.weight", "backbone.0.bias"])
        #expect(names(groups[1]) == ["backbone.1.weight", "backbone.1.bias", "backbone.2.weight"])
        #expect(names(groups[2]) == ["head.weight", "head.bias"])
        #expect(groups.map(\.learningRateScale) == [0.1, 1, 1])
        #expect(groups.map(\.weightDecay) == [1e-4, 0.5, 1e-4])
    }

    @Test func normsAndBiasesCanBeSpared() throws {
        let groups = try ParameterGroup.groups(
            of: network.namedParameters(), rules: [.init("head.*", weightDecay: 0.1)], weightDecay: 1e-4,
            noDecayOnNormAndBias: true)
        #expect(groups.map(\.name) == ["head.*", "head.*, no decay", "rest", "rest, no decay"])
        #expect(groups.map(\.weightDecay) == [0.1, 0, 1e-4, 0])
        #expect(names(groups[1]) == ["head.bias"] && names(groups[2]) == ["backbone.0.weight"])
        #expect(groups.flatMap(\.parameters).count == network.parameters().count)
    }

    @Test func aSharedTensorIsTakenOnce() throws {
        let shared = Linear(2, 2)
        let whole = Sequential(shared, shared)
        let groups = try ParameterGroup.groups(of: whole.namedParameters())
        #expect(groups.map { names($0) } == [["0.weight", "0.bias"]])
    }

    @Test func aRuleWithoutParametersIsAnError() {
        let unknown = #expect(throws: UserError.self) {
            try ParameterGroup.groups(of: network.namedParameters(), rules: [.init("encoder.*")])
        }
        #expect(unknown?.message == "no parameter fits the group 'encoder.*'")
        #expect(unknown?.hint?.contains("backbone.0.weight") == true)
        let shadowed = #expect(throws: UserError.self) {
            try ParameterGroup.groups(of: network.namedParameters(), rules: [.init("*"), .init("head.*")])
        }
        #expect(shadowed?.hint?.contains("narrower pattern first") == true)
    }
}
