extension StreetScenes.Mesh {
    /// Trees and bushes: a trunk, boughs, and ragged clumps of leaves or twigs.
    mutating func add(_ tree: StreetScenes.Tree) {
        begin(.tree)
        var dice = StreetScenes.Dice(seed: Int(tree.seed), index: 0, stream: 7)
        switch tree.kind {
        case .leafy: leafy(tree, &dice)
        case .bare: bare(tree, &dice)
        case .conifer: conifer(tree, &dice)
        case .palm: palm(tree, &dice)
        case .bush:
            crown(
                tree, middle: tree.base + Vector(0, tree.height * 0.5, 0), radii: Vector(tree.spread, tree.height * 0.55, tree.spread),
                clumps: 9, &dice)
        }
    }

    private mutating func trunk(_ tree: StreetScenes.Tree, to height: Float, _ dice: inout StreetScenes.Dice) -> (
        top: Vector, radius: Float, bark: Int32
    ) {
        let radius = 0.022 * tree.height * dice.number(0.8, 1.3)
        let bark = material(.bark, dice.vary(StreetScenes.srgb(92, 80, 66)))
        let lean = Vector(dice.number(-0.05, 0.05), 1, dice.number(-0.05, 0.05))
        let top = tree.base + lean * height
        capsule(tree.base, tree.base + Vector(0, 0.35, 0), radius * 1.5, radius * 1.05, bark)
        capsule(tree.base, top, radius * 1.1, radius * 0.7, bark, seed: tree.seed)
        return (top, radius * 0.7, bark)
    }

    private mutating func leafy(_ tree: StreetScenes.Tree, _ dice: inout StreetScenes.Dice) {
        let crownHeight = tree.height * dice.number(0.62, 0.75)
        let (top, radius, bark) = trunk(tree, to: tree.height * 0.5, &dice)
        let middle = tree.base + Vector(0, tree.height - crownHeight / 2, 0)
        for _ in 0..<6 {
            let tip =
                middle
                + Vector(dice.number(-0.7, 0.7) * tree.spread, dice.number(-0.1, 0.3) * crownHeight, dice.number(-0.7, 0.7) * tree.spread)
            capsule(top - Vector(0, dice.number(0, 0.15) * tree.height, 0), tip, radius * 0.7, radius * 0.2, bark)
        }
        crown(tree, middle: middle, radii: Vector(tree.spread, crownHeight * 0.5, tree.spread), clumps: 34, &dice)
    }

    /// Clumps spread over an ellipsoid, mostly near its surface; farther trees get fewer and larger ones.
    private mutating func crown(_ tree: StreetScenes.Tree, middle: Vector, radii: Vector, clumps: Int, _ dice: inout StreetScenes.Dice) {
        let far = tree.base.z > 55
        let count = far ? clumps * 2 / 3 : clumps
        for _ in 0..<count {
            let leaves = material(.foliage, dice.vary(tree.color, 0.12), middle)
            var way = Vector(dice.number(-1, 1), dice.number(-1, 1), dice.number(-1, 1))
            way = way.unit * (0.35 + 0.45 * dice.number(0, 1).squareRoot())
            let size = dice.number(0.3, 0.52) * min(radii.x, radii.y * 1.3)
            card(middle + way * radii, size * dice.number(1, 1.3), size * dice.number(0.75, 1), leaves, seed: dice.seed(), cutout: .foliage)
        }
    }

    private mutating func conifer(_ tree: StreetScenes.Tree, _ dice: inout StreetScenes.Dice) {
        _ = trunk(tree, to: tree.height * 0.9, &dice)
        for level in 0..<12 {
            let t = Float(level) / 11
            let reach = tree.spread * (1 - t * 0.88)
            let height = tree.height * (0.14 + 0.82 * t)
            let axis = tree.base + Vector(0, height, 0)
            for _ in 0..<3 {
                let leaves = material(.foliage, dice.vary(tree.color, 0.12), axis)
                let way = Vector(dice.number(-1, 1), 0, dice.number(-1, 1)) * (reach * 0.5)
                card(axis + way, reach * 0.75, tree.height * 0.085, leaves, seed: dice.seed(), cutout: .foliage)
            }
        }
    }

    /// A bare trunk with a tuft of fronds that bend under their weight.
    private mutating func palm(_ tree: StreetScenes.Tree, _ dice: inout StreetScenes.Dice) {
        let (top, _, _) = trunk(tree, to: tree.height * 0.85, &dice)
        for frond in 0..<14 {
            let leaves = material(.foliage, dice.vary(tree.color, 0.15), top - Vector(0, 1, 0))
            let turn = Float(frond) / 14 * 6.283 + dice.number(-0.2, 0.2)
            let out = Vector(Self.cosine(turn), dice.number(0, 0.5), Self.cosine(turn - 1.571)) * (tree.spread * 0.5)
            let middle = top + out
            let tip = middle + Vector(out.x, -abs(out.y) - tree.spread * dice.number(0.2, 0.5), out.z)
            capsule(top, middle, 0.05, 0.16, leaves)
            capsule(middle, tip, 0.16, 0.03, leaves)
            card(middle, tree.spread * 0.36, tree.spread * 0.16, leaves, seed: dice.seed(), cutout: .foliage)
        }
    }

    private mutating func bare(_ tree: StreetScenes.Tree, _ dice: inout StreetScenes.Dice) {
        let (top, radius, bark) = trunk(tree, to: tree.height * 0.34, &dice)
        let twigs = material(.twigs, dice.vary(StreetScenes.srgb(104, 90, 76)))
        let reach = tree.height * 0.3
        // Far away the finest branches would only cost time.
        let levels = tree.base.z > 45 ? 2 : 3
        for bough in 0..<6 {
            let turn = Float(bough) / 6 * 6.283 + dice.number(-0.4, 0.4)
            let out = Vector(Self.cosine(turn), 0, Self.cosine(turn - 1.571)) * (tree.spread * 0.09)
            branch(top, (out + Vector(0, 0.7, 0)).unit * (reach * dice.number(0.85, 1.15)), radius * 0.75, levels, bark, twigs, &dice)
        }
    }

    private mutating func branch(
        _ from: Vector, _ way: Vector, _ radius: Float, _ level: Int, _ bark: Int32, _ twigs: Int32, _ dice: inout StreetScenes.Dice
    ) {
        let tip = from + way
        capsule(from, tip, radius, radius * 0.6, bark)
        let length = way.length
        if level == 1 {
            let size = length * dice.number(1.2, 1.7)
            card(tip, size, size * 0.9, twigs, seed: dice.seed(), cutout: .twigs)
        }
        guard level > 0 else { return }
        for _ in 0..<3 {
            let aside = Vector(dice.number(-1, 1), dice.number(-0.25, 0.7), dice.number(-1, 1)) * (length * 0.62)
            let next = (way + aside).unit * (length * dice.number(0.58, 0.78))
            branch(from.mixed(tip, dice.number(0.6, 1)), next, radius * 0.55, level - 1, bark, twigs, &dice)
        }
    }

    /// A cosine good to a thousandth and the same on every machine.
    static func cosine(_ angle: Float) -> Float {
        let turns = angle / 6.283_185_3
        let x = abs(turns - turns.rounded()) * 4  // 0...2 quarter turns
        let y = 1 - x
        return y * (1.5708 - y * y * (0.6459 - 0.0796 * y * y)) - 0.0047 * y * y * y * y * y * y * y
    }
}
