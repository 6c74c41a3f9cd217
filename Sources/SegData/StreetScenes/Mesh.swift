extension StreetScenes {
    /// How a surface stands in space.
    enum Shape: UInt8 {
        /// A flat convex polygon.
        case polygon
        /// A rounded stick between two points, drawn as a flat outline that faces the viewer.
        case capsule
        /// A rectangle that always faces the viewer.
        case card
    }

    /// One piece of the scene's geometry: what the rasteriser draws and the shader colours.
    struct Surface {
        /// The coordinates' origin; a capsule's first end; a card's centre.
        var origin: Vector
        /// Plane coordinates are `(p − origin)·u` and `(p − origin)·v`; `u` is a capsule's second end.
        var u = Vector.zero
        var v = Vector.zero
        var normal = Vector.zero
        /// The normal at v = 1: a curved sheet of metal is flat with a turning normal.
        var normalEnd = Vector.zero
        /// A capsule's two radii; a card's half width and half height.
        var size = SIMD2<Float>.zero
        var first: Int32 = 0
        var count: Int32 = 0
        var material: Int32 = 0
        var seed: UInt32 = 0
        var instance: UInt16 = 0
        var label: UInt8 = 0
        var shape = Shape.polygon
        var cutout = Cutout.none
        /// Seen from behind it is certainly hidden by something else.
        var closed = false
        /// Takes light from the ground beneath it: drawn into the map of contact shadows.
        var grounds = false
    }

    /// Surfaces with what they are made of; built anew for every picture, in the order of the scene's description.
    struct Mesh {
        var surfaces: [Surface] = []
        var vertices: [Vector] = []
        var materials: [Material] = []
        var facades: [Facade] = []
        private var label: UInt8 = 0
        private var instance: UInt16 = 0
        private var instances: UInt16 = 0
        private var grounds = false

        init() {
            surfaces.reserveCapacity(8192)
            vertices.reserveCapacity(16384)
        }

        /// Everything added from here on has this class; countable objects get a number of their own.
        mutating func begin(_ label: Class, countable: Bool = false, grounds: Bool = false) {
            self.label = label.rawValue
            self.grounds = grounds
            if countable { instances += 1 }
            instance = countable ? instances : 0
        }

        mutating func material(_ kind: Material.Kind, _ color: Vector, _ other: Vector = .zero, index: Int = 0) -> Int32 {
            materials.append(Material(kind: kind, color: color, other: other, index: Int32(index)))
            return Int32(materials.count - 1)
        }

        private mutating func add(_ surface: Surface, _ material: Int32, _ seed: UInt32) {
            var surface = surface
            surface.material = material
            surface.seed = seed
            surface.label = label
            surface.instance = instance
            surface.grounds = grounds
            surfaces.append(surface)
        }

        /// A convex polygon with its coordinates in metres from `corners[0]`: u towards `corners[1]`, v upright to it.
        mutating func polygon(
            _ corners: [Vector], _ material: Int32, seed: UInt32 = 0, cutout: Cutout = .none, closed: Bool = false
        ) {
            let u = (corners[1] - corners[0]).unit
            let normal = u.cross(corners[corners.count - 1] - corners[0]).unit
            let v = normal.cross(u)
            var surface = Surface(origin: corners[0], u: u, v: v, normal: normal, normalEnd: normal)
            surface.cutout = cutout
            surface.closed = closed
            surface.first = Int32(vertices.count)
            surface.count = Int32(corners.count)
            vertices.append(contentsOf: corners)
            add(surface, material, seed)
        }

        /// A four-sided sheet with coordinates 0...1 from `a` to `b` (u) and from `a` to `d` (v).
        /// `normal` and `normalEnd` turn it from the edge ab to the edge cd; nil: flat.
        mutating func sheet(
            _ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector, _ material: Int32, seed: UInt32 = 0,
            normal: Vector? = nil, normalEnd: Vector? = nil
        ) {
            let uLength = (b - a).length
            let u = (b - a) * (1 / max(uLength, 1e-6))
            let flat = u.cross(d - a).unit
            let upright = flat.cross(u)
            let height = max(abs((d - a).dot(upright)), 1e-6)
            var surface = Surface(
                origin: a, u: u * (1 / max(uLength, 1e-6)), v: upright * (1 / height), normal: normal ?? flat,
                normalEnd: normalEnd ?? normal ?? flat)
            surface.first = Int32(vertices.count)
            surface.count = 4
            vertices.append(contentsOf: [a, b, c, d])
            add(surface, material, seed)
        }

        /// A flat plate around `centre` whose coordinates run from −1 to 1 along `right` and `up`; seen from its
        /// front when `right`×`up` points at the viewer.
        mutating func plate(_ centre: Vector, right: Vector, up: Vector, outline: [SIMD2<Float>], _ material: Int32, seed: UInt32 = 0) {
            let normal = right.cross(up).unit
            var surface = Surface(
                origin: centre, u: right * (1 / right.dot(right)), v: up * (1 / up.dot(up)), normal: normal, normalEnd: normal)
            surface.first = Int32(vertices.count)
            surface.count = Int32(outline.count)
            for point in outline { vertices.append(centre + right * point.x + up * point.y) }
            add(surface, material, seed)
        }

        mutating func capsule(_ a: Vector, _ b: Vector, _ radiusA: Float, _ radiusB: Float, _ material: Int32, seed: UInt32 = 0) {
            var surface = Surface(origin: a, u: b, size: SIMD2(radiusA, radiusB))
            surface.shape = .capsule
            add(surface, material, seed)
        }

        mutating func card(_ centre: Vector, _ halfWidth: Float, _ halfHeight: Float, _ material: Int32, seed: UInt32, cutout: Cutout) {
            var surface = Surface(origin: centre, size: SIMD2(halfWidth, halfHeight))
            surface.shape = .card
            surface.cutout = cutout
            add(surface, material, seed)
        }

        /// The four walls and the top of an upright block on the quadrilateral `base` (in order around it).
        mutating func block(_ base: [Vector], height: Float, _ walls: [Int32], top: Int32, seed: UInt32 = 0) {
            let lift = Vector(0, height, 0)
            let centre = base.reduce(Vector.zero, +) / Float(base.count)
            for side in 0..<base.count {
                var a = base[side]
                var b = base[(side + 1) % base.count]
                // Outward normals, whatever the order of the corners.
                if (b - a).cross(lift).dot(a - centre) < 0 { swap(&a, &b) }
                polygon([a, b, b + lift, a + lift], walls[side % walls.count], seed: seed &+ UInt32(side), closed: true)
            }
            polygon(base.map { $0 + lift }, top, seed: seed &+ 9)
        }

        /// An upright block around `centre` (of its base), half as wide as `along` and `across` tell.
        mutating func block(centre: Vector, along: Vector, across: Vector, height: Float, _ material: Int32, seed: UInt32 = 0) {
            let corners = [
                centre - along - across, centre + along - across, centre + along + across, centre - along + across,
            ]
            block(corners, height: height, [material], top: material, seed: seed)
        }
    }
}
