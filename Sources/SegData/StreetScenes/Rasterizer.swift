extension StreetScenes {
    /// Which surface is nearest at every sample: flat convex outlines, filled row by row.
    struct DepthBuffer {
        let width: Int
        let height: Int
        /// The largest depth value so far.
        var depths: [Float]
        /// The index of the surface that is seen; −1 where nothing has been drawn.
        var surfaces: [Int32]

        /// - Parameter farthest: the depth value of an empty buffer; nothing with a smaller one is drawn.
        init(width: Int, height: Int, farthest: Float = 0) {
            self.width = width
            self.height = height
            depths = .init(repeating: farthest, count: width * height)
            surfaces = .init(repeating: -1, count: width * height)
        }

        /// Draws those surfaces of `mesh` that `includes` lets through.
        mutating func draw<P: Projection>(
            _ mesh: Mesh, through projection: P, noise: NoiseReader, culling: Bool = false,
            where includes: (Surface) -> Bool = { _ in true }
        ) {
            let width = width
            let height = height
            depths.withUnsafeMutableBufferPointer { depths in
                surfaces.withUnsafeMutableBufferPointer { surfaces in
                    mesh.vertices.withUnsafeBufferPointer { vertices in
                        var painter = Painter(
                            projection: projection, width: width, height: height, depths: depths.baseAddress!,
                            surfaces: surfaces.baseAddress!, test: CutoutTest(noise: noise))
                        for index in mesh.surfaces.indices {
                            let surface = mesh.surfaces[index]
                            guard includes(surface) else { continue }
                            if culling && surface.closed && surface.normal.dot(projection.direction(to: surface.origin)) > 0 { continue }
                            painter.draw(surface, Int32(index), vertices)
                        }
                    }
                }
            }
        }
    }

    /// Draws single surfaces into borrowed buffers.
    private struct Painter<P: Projection> {
        let projection: P
        let width: Int
        let height: Int
        let depths: UnsafeMutablePointer<Float>
        let surfaces: UnsafeMutablePointer<Int32>
        let test: CutoutTest
        /// The outline being drawn, in homogeneous coordinates; clipping adds one corner at most.
        private var outline: [Vector] = []
        private var clipped: [SIMD2<Float>] = []
        /// Where the outline being filled begins and ends in each row.
        private var lefts: [Float]
        private var rights: [Float]

        init(
            projection: P, width: Int, height: Int, depths: UnsafeMutablePointer<Float>, surfaces: UnsafeMutablePointer<Int32>,
            test: CutoutTest
        ) {
            self.projection = projection
            self.width = width
            self.height = height
            self.depths = depths
            self.surfaces = surfaces
            self.test = test
            lefts = .init(repeating: .infinity, count: height)
            rights = .init(repeating: -.infinity, count: height)
            outline.reserveCapacity(32)
            clipped.reserveCapacity(32)
        }

        mutating func draw(_ surface: Surface, _ index: Int32, _ vertices: UnsafeBufferPointer<Vector>) {
            outline.removeAll(keepingCapacity: true)
            var surface = surface
            switch surface.shape {
            case .polygon:
                for vertex in Int(surface.first)..<Int(surface.first + surface.count) {
                    outline.append(projection.project(vertices[vertex]))
                }
                // A turning normal is for the light only.
                surface.normal = surface.u.cross(surface.v)
            case .card:
                let right = projection.cardRight * surface.size.x
                let up = projection.cardUp * surface.size.y
                for corner in [right + up, right - up, -right - up, up - right] {
                    outline.append(projection.project(surface.origin + corner))
                }
                surface.u = projection.cardRight
                surface.v = projection.cardUp
                surface.normal = surface.u.cross(surface.v)
            case .capsule:
                surface = outlineCapsule(surface)
            }
            guard let map = projection.map(origin: surface.origin, normal: surface.normal, u: surface.u, v: surface.v) else { return }
            clip()
            guard clipped.count >= 3 else { return }
            fill(map, surface, index)
        }

        /// The flat outline of a rounded stick, through its axis and as square to the viewer as possible.
        private mutating func outlineCapsule(_ capsule: Surface) -> Surface {
            var a = capsule.origin
            var b = capsule.u
            let finest = projection.finest(at: a)
            var radiusA = max(capsule.size.x, finest)
            var radiusB = max(capsule.size.y, finest)
            let view = projection.direction(to: a).unit
            var axis = (b - a).unit
            var side = axis.cross(view)
            if side.length < 0.3 {
                // Looked at along its axis, or a ball: a disc at the nearer end.
                if (b - a).dot(view) < 0 { a = b }
                b = a
                radiusA = max(radiusA, radiusB)
                radiusB = radiusA
                axis = (projection.cardUp - view * projection.cardUp.dot(view)).unit
                side = axis.cross(view)
            }
            side = side.unit
            let ends: [(Vector, Float, Float)] = [(a, radiusA, -1), (b, radiusB, 1)]
            for (end, radius, way) in ends {
                let across = side * (radius * -way)
                let beyond = axis * (radius * way)
                outline.append(projection.project(end + across))
                outline.append(projection.project(end + across * 0.71 + beyond * 0.71))
                outline.append(projection.project(end + beyond))
                outline.append(projection.project(end - across * 0.71 + beyond * 0.71))
                outline.append(projection.project(end - across))
            }
            var flat = capsule
            flat.u = axis
            flat.v = side
            flat.normal = axis.cross(side)
            return flat
        }

        /// Cuts away what lies behind the viewer and divides by w.
        private mutating func clip() {
            clipped.removeAll(keepingCapacity: true)
            let near = projection.nearest
            for index in outline.indices {
                let a = outline[index]
                let b = outline[index + 1 == outline.count ? 0 : index + 1]
                if a.z >= near { clipped.append(SIMD2(a.x, a.y) / a.z) }
                if (a.z >= near) != (b.z >= near) {
                    let cut = a + (b - a) * ((near - a.z) / (b.z - a.z))
                    clipped.append(SIMD2(cut.x, cut.y) / near)
                }
            }
        }

        private mutating func fill(_ map: PlaneMap, _ surface: Surface, _ index: Int32) {
            var firstRow = height
            var endRow = 0
            var previous = clipped[clipped.count - 1]
            for point in clipped {
                // Edges run downwards, so that neighbours that share one cut it at the same places.
                let (a, b) = previous.y < point.y ? (previous, point) : (point, previous)
                previous = point
                let first = Int(min(max((a.y - 0.5).rounded(.up), 0), Float(height)))
                let end = Int(min(max((b.y - 0.5).rounded(.up), 0), Float(height)))
                guard first < end else { continue }
                let slope = (b.x - a.x) / (b.y - a.y)
                for row in first..<end {
                    let x = a.x + slope * (Float(row) + 0.5 - a.y)
                    lefts[row] = min(lefts[row], x)
                    rights[row] = max(rights[row], x)
                }
                firstRow = min(firstRow, first)
                endRow = max(endRow, end)
            }
            guard firstRow < endRow else { return }
            for row in firstRow..<endRow {
                let first = Int(max((lefts[row] - 0.5).rounded(.up), 0))
                let end = Int(max(min((rights[row] - 0.5).rounded(.up), Float(width)), 0))
                lefts[row] = .infinity
                rights[row] = -.infinity
                guard first < end else { continue }
                if surface.cutout == .none {
                    fillRow(row * width, first, end, Float(row) + 0.5, map.depth, index)
                } else {
                    fillRowWithHoles(row * width, first, end, Float(row) + 0.5, map, surface, index)
                }
            }
        }

        @inline(__always)
        private func fillRow(_ base: Int, _ first: Int, _ end: Int, _ y: Float, _ depth: Affine, _ index: Int32) {
            let rowDepth = depth.y * y + depth.c
            for x in first..<end {
                let value = rowDepth + depth.x * (Float(x) + 0.5)
                if value > depths[base &+ x] {
                    depths[base &+ x] = value
                    surfaces[base &+ x] = index
                }
            }
        }

        private func fillRowWithHoles(
            _ base: Int, _ first: Int, _ end: Int, _ y: Float, _ map: PlaneMap, _ surface: Surface, _ index: Int32
        ) {
            let fine = projection.finest(at: surface.origin) * (1 / 0.55)
            for column in first..<end {
                let x = Float(column) + 0.5
                let value = map.depth(x, y)
                guard value > depths[base &+ column] else { continue }
                let scale = 1 / map.scale(x, y)
                let u = map.u(x, y) * scale
                let v = map.v(x, y) * scale
                if test.covers(surface.cutout, u, v, size: surface.size, seed: surface.seed, fine: fine) {
                    depths[base &+ column] = value
                    surfaces[base &+ column] = index
                }
            }
        }
    }
}
