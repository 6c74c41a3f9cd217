extension StreetScenes {
    /// The ground as light from one direction sees it: what throws a shadow on which spot, and from what height.
    ///
    /// Every point is slid down the light's direction onto the ground, and the ground is squeezed towards
    /// the distance as a camera would see it, so that shadows near the viewer are the sharpest. Straight lines stay
    /// straight, and a surface's height over the ground, divided by the distance, is affine in the map.
    struct ShadowProjection: Projection {
        /// The way a point goes, per metre of height, towards the light.
        let slant: Vector
        /// The viewer's position on the ground.
        let origin: Vector
        let width: Float
        let height: Float
        /// The map covers |x| < `spread` · (z + back).
        let spread: Float = 1.5
        /// Metres added to the distance, so that what stands beside and behind the viewer has a place, too.
        let back: Float = 15
        let nearest: Float = 5

        init(light: Vector, viewer: Vector, size: Int) {
            slant = light / max(light.y, 0.05)
            origin = Vector(viewer.x, 0, viewer.z)
            width = Float(size)
            height = Float(size)
        }

        func project(_ point: Vector) -> Vector {
            let ground = point - slant * point.y - origin
            let w = ground.z + back
            return Vector(width / 2 * (w + ground.x / spread), height * nearest, w)
        }

        /// With q = 1/w: q·ground is affine in the map, and so is q·h for a point at height h on the plane.
        func map(origin o: Vector, normal: Vector, u: Vector, v: Vector) -> PlaneMap? {
            let steep = normal.dot(slant)
            guard abs(steep) > 1e-3 else { return nil }
            let local = o - origin
            let q = Affine(x: 0, y: 1 / (height * nearest), c: 0)
            let lifted = (q * normal.dot(local) + ground(along: normal, q) * -1) * (1 / steep)
            func coordinate(_ axis: Vector) -> Affine {
                ground(along: axis, q) + lifted * slant.dot(axis) + q * -local.dot(axis)
            }
            return PlaneMap(depth: lifted, scale: q, u: coordinate(u), v: coordinate(v))
        }

        /// `q·ground·axis` as an affine function of the map.
        private func ground(along axis: Vector, _ q: Affine) -> Affine {
            let x = Affine(x: 2 * spread / width, y: 0, c: -spread)
            let z = Affine(x: 0, y: 0, c: 1) + q * -back
            return x * axis.x + z * axis.z
        }

        func direction(to point: Vector) -> Vector { slant * -1 }
        func finest(at point: Vector) -> Float { 0.02 }
        var cardRight: Vector { Vector(slant.z, 0, -slant.x).length > 1e-3 ? Vector(slant.z, 0, -slant.x).unit : Vector(1, 0, 0) }
        var cardUp: Vector { slant.unit.cross(cardRight).unit }
    }

    /// Looks up a shadow map without bounds or reference counting.
    struct ShadowReader {
        let projection: ShadowProjection
        let depths: UnsafePointer<Float>

        /// How much of the light arrives at `point`, 0...1, blended between the texels.
        @inline(__always)
        func light(at point: Vector) -> Float {
            let p = projection
            let ground = point - p.slant * point.y - p.origin
            let w = ground.z + p.back
            guard w > p.nearest else { return 1 }
            let q = 1 / w
            let x = p.width / 2 * (1 + ground.x * q / p.spread) - 0.5
            let y = p.height * p.nearest * q - 0.5
            guard x >= 0, y >= 0, x < p.width - 1, y < p.height - 1 else { return 1 }
            // A texel is deeper the farther it is; so is the height that may be its own shadow.
            let threshold = q * (point.y + 0.06 + 0.0006 * w * w * (512 / p.height))
            let column = Int32(x)
            let row = Int32(y)
            let fx = x - Float(column)
            let fy = y - Float(row)
            let stride = Int(p.width)
            let texel = depths + (Int(row) &* stride &+ Int(column))
            let a: Float = texel[0] > threshold ? 0 : 1
            let b: Float = texel[1] > threshold ? 0 : 1
            let c: Float = texel[stride] > threshold ? 0 : 1
            let d: Float = texel[stride &+ 1] > threshold ? 0 : 1
            let top = a + (b - a) * fx
            return top + (c + (d - c) * fx - top) * fy
        }
    }

    /// How much of the sky objects near the ground hide from it, blurred: the dark under a car.
    struct ContactShadows {
        let projection: ShadowProjection
        var values: [Float]

        init(_ mesh: Mesh, viewer: Vector, size: Int, noise: NoiseReader) {
            projection = ShadowProjection(light: Vector(0, 1, 0), viewer: viewer, size: size)
            var buffer = DepthBuffer(width: size, height: size)
            buffer.draw(mesh, through: projection, noise: noise) { $0.grounds }
            values = buffer.depths.map { $0 > 0 ? 1 : 0 }
            for _ in 0..<2 { blur(size) }
        }

        /// Three texels each way, first along the rows, then along the columns.
        private mutating func blur(_ size: Int) {
            let source = values
            var rows = source
            for index in 1..<(source.count - 1) { rows[index] = (source[index - 1] + source[index] + source[index + 1]) / 3 }
            for index in size..<(source.count - size) { values[index] = (rows[index - size] + rows[index] + rows[index + size]) / 3 }
        }
    }

    /// Looks up contact shadows without bounds or reference counting.
    struct ContactReader {
        let projection: ShadowProjection
        let values: UnsafePointer<Float>

        /// How much of the sky the ground at (x, z) sees, 0...1.
        @inline(__always)
        func openness(_ point: Vector) -> Float {
            let p = projection
            let w = point.z - p.origin.z + p.back
            guard w > p.nearest else { return 1 }
            let q = 1 / w
            let x = p.width / 2 * (1 + (point.x - p.origin.x) * q / p.spread)
            let y = p.height * p.nearest * q
            guard x >= 0, y >= 0, x < p.width, y < p.height else { return 1 }
            return 1 - 0.82 * values[Int(y) &* Int(p.width) &+ Int(x)]
        }
    }
}
