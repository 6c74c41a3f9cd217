import Support

/// What the configurations of hierarchical networks have in common.
extension HuggingFaceConfig {
    /// Refuses networks for anything but images of three channels.
    func requireColorImages() throws {
        let channels = try int("num_channels", 3)
        guard channels == 3 else {
            throw UserError(
                "\(source): the network wants images of \(channels) channels", hint: "This package feeds networks colour images.")
        }
    }

    /// Refuses lists that do not have one entry for each of the four stages.
    func requireStages(_ lists: [(key: String, values: [Int])]) throws {
        for (key, values) in lists where values.count != 4 || values.contains(where: { $0 <= 0 }) {
            throw UserError("\(source): '\(key)' is \(values)", hint: "Expected a positive number for each of four stages.")
        }
    }

    /// Refuses widths that the number of attention heads does not divide.
    func requireHeads(_ stages: some Sequence<(Int, Int)>) throws {
        for (heads, width) in stages where heads <= 0 || width % heads != 0 {
            throw UserError("\(source): \(heads) attention heads do not divide \(width) channels", hint: "Is the file complete?")
        }
    }

    /// The stages (1 to 4) among `out_features` or `out_indices` of a backbone; the last if it names none.
    func outputStages() throws -> Set<Int> {
        if has("out_features") {
            return Set(try strings("out_features").compactMap { name in (1...4).first { name == "stage\($0)" } })
        }
        if has("out_indices") { return Set(try ints("out_indices").map { $0 < 0 ? $0 + 5 : $0 }).intersection(1...4) }
        return [4]
    }
}
