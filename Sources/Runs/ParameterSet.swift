/// Parameters of a network with one path in common: a tensor, or all below a module.
public struct ParameterSet: Sendable, Equatable, Codable, CustomStringConvertible {
    /// A parameter's path, or a module's with `.*`.
    public let name: String
    public let tensors: Int
    /// Numbers in them.
    public let values: Int

    public var description: String { tensors == 1 ? name : "\(name) (\(tensors) tensors)" }

    /// The fewest sets that hold the `chosen` of all parameters and no others, in the parameters' order.
    public static func covering(_ chosen: Set<String>, of all: [(name: String, values: Int)]) -> [ParameterSet] {
        covering(chosen, all.map { ($0.name.split(separator: ".", omittingEmptySubsequences: false), $0.values) }, depth: 0)
    }

    private typealias Path = (components: [Substring], values: Int)

    private static func covering(_ chosen: Set<String>, _ members: [Path], depth: Int) -> [ParameterSet] {
        let found = members.filter { chosen.contains($0.components.joined(separator: ".")) }
        guard !found.isEmpty else { return [] }
        if found.count == members.count {
            let isOne = members.count == 1
            let path = isOne ? members[0].components : members[0].components.prefix(depth) + ["*"]
            let values = members.reduce(0) { $0 + $1.values }
            return [ParameterSet(name: path.joined(separator: "."), tensors: members.count, values: values)]
        }
        var order: [Substring] = []
        var parts: [Substring: [Path]] = [:]
        for member in members {
            let key = member.components[depth]
            if parts[key] == nil { order.append(key) }
            parts[key, default: []].append(member)
        }
        return order.flatMap { covering(chosen, parts[$0]!, depth: depth + 1) }
    }
}
