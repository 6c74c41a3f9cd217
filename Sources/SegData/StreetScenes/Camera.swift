extension StreetScenes {
    /// What turns the world into a flat picture that can be rasterised: a camera, or the sun.
    protocol Projection {
        /// Homogeneous screen coordinates (x·w, y·w, w) in samples; visible only where w > ``nearest``.
        func project(_ point: Vector) -> Vector
        var nearest: Float { get }
        /// How a plane looks on the screen; nil when it is seen edge-on.
        func map(origin: Vector, normal: Vector, u: Vector, v: Vector) -> PlaneMap?
        /// The direction in which a point is looked at, not normalised.
        func direction(to point: Vector) -> Vector
        /// The radius, in metres, below which something at `point` would fall between the samples.
        func finest(at point: Vector) -> Float
        /// The axes of a card that faces the viewer.
        var cardRight: Vector { get }
        var cardUp: Vector { get }
    }

    /// A plane's depth and coordinates as affine functions of the screen position.
    struct PlaneMap {
        /// The larger, the nearer; comparable between all planes of one projection.
        var depth: Affine
        /// Plane coordinates are `u / scale` and `v / scale`.
        var scale: Affine
        var u: Affine
        var v: Affine
    }

    /// A pinhole camera behind the windscreen.
    struct Camera: Projection {
        let position: Vector
        let right: Vector
        let up: Vector
        let forward: Vector
        /// Focal length in samples.
        let focal: Float
        /// The principal point, in samples.
        let centre: SIMD2<Float>
        /// The way of a ray from sample to sample.
        private let acrossStep: Vector
        private let downStep: Vector
        private let corner: Vector
        let nearest: Float = 0.25

        /// - Parameters:
        ///   - view: where the camera looks from and how, independent of the picture's size.
        ///   - width: samples a row; `height`: rows of samples.
        init(_ view: Viewpoint, width: Int, height: Int) {
            let flat = Vector(view.yawSine, 0, view.yawCosine)
            let forward = (flat + Vector(0, view.pitch, 0)).unit
            let level = Vector(0, 1, 0).cross(forward).unit
            let upright = forward.cross(level)
            let right = (level + upright * view.roll).unit
            // The wide side of a picture sets the angle of view, so that every size shows the same street.
            self.init(
                position: view.position, right: right, up: forward.cross(right), forward: forward,
                view.focal * Float(max(width, height)), SIMD2(Float(width) / 2, Float(height) / 2))
        }

        init(position: Vector, right: Vector, up: Vector, forward: Vector, _ focal: Float, _ centre: SIMD2<Float>) {
            self.position = position
            self.right = right
            self.up = up
            self.forward = forward
            self.focal = focal
            self.centre = centre
            acrossStep = right * (1 / focal)
            downStep = up * (-1 / focal)
            corner = forward - acrossStep * centre.x - downStep * centre.y
        }

        /// The direction through a sample; its component along ``forward`` is 1.
        @inline(__always)
        func ray(_ x: Float, _ y: Float) -> Vector { corner + acrossStep * x + downStep * y }

        func project(_ point: Vector) -> Vector {
            let d = point - position
            let depth = d.dot(forward)
            return Vector(centre.x * depth + focal * d.dot(right), centre.y * depth - focal * d.dot(up), depth)
        }

        /// A point on the plane is `position + t·ray` with 1/t = n·ray / n·(origin − position): affine in the screen.
        func map(origin: Vector, normal: Vector, u: Vector, v: Vector) -> PlaneMap? {
            let offset = normal.dot(origin - position)
            guard abs(offset) > 1e-4 else { return nil }
            let depth = rays(along: normal) * (1 / offset)
            let fromOrigin = position - origin
            return PlaneMap(
                depth: depth, scale: depth,
                u: rays(along: u) + depth * fromOrigin.dot(u), v: rays(along: v) + depth * fromOrigin.dot(v))
        }

        /// `ray(x, y)·axis` as an affine function.
        private func rays(along axis: Vector) -> Affine {
            let dx = right.dot(axis) / focal
            let dy = -up.dot(axis) / focal
            return Affine(x: dx, y: dy, c: forward.dot(axis) - dx * centre.x - dy * centre.y)
        }

        func direction(to point: Vector) -> Vector { point - position }
        func finest(at point: Vector) -> Float { 0.55 * max((point - position).dot(forward), 0) / focal }
        var cardRight: Vector { right }
        var cardUp: Vector { up }
    }

    /// Where a camera stands and how it looks, independent of the picture's size.
    struct Viewpoint: Sendable {
        var position: Vector
        var yawSine: Float
        var yawCosine: Float
        /// Tangent of the angle above the horizon.
        var pitch: Float
        /// Tangent of the tilt to the side.
        var roll: Float
        /// Focal length as a fraction of the picture's longer side.
        var focal: Float
    }
}
