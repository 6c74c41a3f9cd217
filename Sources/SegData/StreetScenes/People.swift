extension StreetScenes.Mesh {
    /// A person built from rounded limbs, on foot or on a bicycle.
    mutating func add(_ person: StreetScenes.Person) {
        begin(person.pose == .cycling ? .bicyclist : .pedestrian, countable: true, grounds: true)
        let wardrobe = Wardrobe(
            top: material(.cloth, person.top), bottom: material(.cloth, person.bottom), skin: material(.skin, person.skin),
            hair: material(.cloth, person.helmet ?? person.hair), shoes: material(.plain, person.shoes))
        let frame = Frame(
            origin: person.position, forward: person.heading, right: Vector(0, 1, 0).cross(person.heading), scale: person.height)
        switch person.pose {
        case .cycling: cyclist(person, frame, wardrobe)
        case .walking, .standing: pedestrian(person, frame, wardrobe)
        }
    }

    private struct Wardrobe {
        var top, bottom, skin, hair, shoes: Int32
    }

    /// A body's own axes; lengths in fractions of its height.
    private struct Frame {
        var origin, forward, right: Vector
        var scale: Float

        func callAsFunction(_ aside: Float, _ up: Float, _ ahead: Float) -> Vector {
            origin + (right * aside + Vector(0, up, 0) + forward * ahead) * scale
        }
    }

    private mutating func pedestrian(_ p: StreetScenes.Person, _ at: Frame, _ wear: Wardrobe) {
        let stride: Float = p.pose == .walking ? 1 : 0.12
        let swing = Self.cosine(p.phase * 6.283) * stride
        let s = p.height
        for side: Float in [-1, 1] {
            let ahead = swing * side
            let knee = at(side * 0.052, 0.285, 0.075 * ahead + 0.02 * stride)
            let lifted = max(-ahead, 0) * 0.05
            let ankle = at(side * 0.05, 0.045 + lifted, 0.15 * ahead - 0.02 * stride * max(-ahead, 0))
            let hip = at(side * 0.05, 0.5, 0)
            capsule(hip, knee, 0.052 * s, 0.038 * s, wear.bottom, seed: p.seed)
            capsule(knee, ankle, 0.038 * s, 0.027 * s, wear.bottom, seed: p.seed)
            capsule(
                ankle - Vector(0, 0.015 * s, 0), ankle + at.forward * (0.085 * s) - Vector(0, 0.025 * s, 0), 0.026 * s, 0.02 * s, wear.shoes
            )
        }
        upperBody(p, at, wear, hips: at(0, 0.53, 0), shoulders: at(0, 0.795, 0.012))
        if p.coat {
            for side: Float in [-0.035, 0.035] {
                capsule(at(side, 0.56, 0), at(side * 1.35, 0.36, 0), 0.068 * s, 0.082 * s, wear.top, seed: p.seed)
            }
        }
        for side: Float in [-1, 1] {
            let back = -swing * side
            let shoulder = at(side * 0.112, 0.79, 0.01)
            let elbow = at(side * 0.135, 0.625, 0.055 * back - 0.015)
            let hand = at(side * 0.125, 0.47, 0.13 * back + 0.03)
            arm(shoulder, elbow, hand, s, wear)
        }
        if let bag = p.bag {
            let leather = material(.plain, bag)
            if p.seed & 1 == 0 {
                capsule(at(0.15, 0.52, 0), at(0.15, 0.44, 0), 0.05 * s, 0.065 * s, leather)
            } else {
                capsule(at(0, 0.75, -0.085), at(0, 0.62, -0.095), 0.07 * s, 0.075 * s, leather)
            }
        }
    }

    /// Trunk, neck, head.
    private mutating func upperBody(_ p: StreetScenes.Person, _ at: Frame, _ wear: Wardrobe, hips: Vector, shoulders: Vector) {
        let s = p.height
        let aside = at.right * (0.035 * s)
        for way: Float in [-1, 1] {
            capsule(hips + aside * way, hips.mixed(shoulders, 0.85) + aside * (way * 1.3), 0.056 * s, 0.062 * s, wear.top, seed: p.seed)
        }
        capsule(hips - aside - Vector(0, 0.02 * s, 0), hips + aside - Vector(0, 0.02 * s, 0), 0.06 * s, 0.06 * s, wear.bottom, seed: p.seed)
        capsule(shoulders - aside * 2.2, shoulders + aside * 2.2, 0.042 * s, 0.042 * s, wear.top, seed: p.seed)
        let neck = shoulders + Vector(0, 0.05 * s, 0) + at.forward * (0.01 * s)
        let head = neck + Vector(0, 0.06 * s, 0) + at.forward * (0.012 * s)
        capsule(shoulders, neck, 0.032 * s, 0.03 * s, wear.skin)
        capsule(head - Vector(0, 0.018 * s, 0), head + Vector(0, 0.02 * s, 0), 0.042 * s, 0.05 * s, wear.skin, seed: p.seed)
        let crown = head + Vector(0, 0.032 * s, 0) - at.forward * (0.014 * s)
        capsule(crown, crown - at.forward * (0.012 * s), 0.053 * s, 0.056 * s, wear.hair)
        if p.seed & 6 == 2 && p.helmet == nil {
            capsule(head - at.forward * (0.025 * s), neck - at.forward * (0.04 * s), 0.046 * s, 0.042 * s, wear.hair)
        }
    }

    private mutating func arm(_ shoulder: Vector, _ elbow: Vector, _ hand: Vector, _ s: Float, _ wear: Wardrobe) {
        capsule(shoulder, elbow, 0.034 * s, 0.028 * s, wear.top)
        capsule(elbow, elbow.mixed(hand, 0.8), 0.027 * s, 0.022 * s, wear.top)
        capsule(elbow.mixed(hand, 0.85), hand, 0.02 * s, 0.024 * s, wear.skin)
    }

    private mutating func cyclist(_ p: StreetScenes.Person, _ rider: Frame, _ wear: Wardrobe) {
        let bicycle = Frame(origin: rider.origin, forward: rider.forward, right: rider.right, scale: 1)
        ride(bicycle, p)
        let s = p.height
        let turn = p.phase * 6.283
        let crank = SIMD2(Self.cosine(turn), Self.cosine(turn - 1.571)) * 0.16
        for side: Float in [-1, 1] {
            let foot = bicycle(side * 0.1, 0.32 + crank.y * side, 0.06 + crank.x * side)
            let hip = bicycle(side * 0.09, 0.96, -0.2)
            // The knee, where thigh and shin of equal length meet in front of the line from hip to foot.
            let half = (foot - hip).length / 2
            let limb = 0.262 * s
            let bulge = max(limb * limb - half * half, 0.002).squareRoot()
            let line = (foot - hip).unit
            let ahead = (rider.forward - line * rider.forward.dot(line)).unit
            let knee = hip.mixed(foot, 0.5) + ahead * bulge
            capsule(hip, knee, 0.052 * s, 0.04 * s, wear.bottom, seed: p.seed)
            capsule(knee, foot, 0.038 * s, 0.027 * s, wear.bottom, seed: p.seed)
            capsule(foot - rider.forward * 0.05, foot + rider.forward * 0.12, 0.04, 0.035, wear.shoes)
            let shoulder = bicycle(side * 0.19, 1.41, 0.13)
            arm(shoulder, bicycle(side * 0.25, 1.2, 0.25), bicycle(side * 0.24, 1.04, 0.42), s, wear)
        }
        upperBody(p, rider, wear, hips: bicycle(0, 0.99, -0.18), shoulders: bicycle(0, 1.44, 0.13))
        if let bag = p.bag {
            let leather = material(.plain, bag)
            capsule(bicycle(0, 1.35, -0.1), bicycle(0, 1.12, -0.26), 0.13, 0.14, leather)
        }
    }

    private mutating func ride(_ at: Frame, _ p: StreetScenes.Person) {
        let paint = material(.metal, p.shoes.mixed(p.top, 0.5))
        let rubber = material(.plain, StreetScenes.srgb(24, 24, 25))
        let steel = material(.metal, StreetScenes.srgb(150, 152, 155))
        let points = Self.circle
        for axle: Float in [-0.52, 0.52] {
            for index in points.indices {
                let a = points[index] * 0.33
                let b = points[(index + 1) % points.count] * 0.33
                capsule(at(0, 0.34 + a.y, axle + a.x), at(0, 0.34 + b.y, axle + b.x), 0.02, 0.02, rubber)
                if index % 4 == 0 { capsule(at(0, 0.34, axle), at(0, 0.34 + a.y, axle + a.x), 0.004, 0.004, steel) }
            }
        }
        let saddle = at(0, 0.92, -0.22)
        let pedals = at(0, 0.32, -0.02)
        let head = at(0, 0.84, 0.36)
        for (a, b) in [
            (saddle, pedals), (pedals, head), (at(0, 0.78, -0.18), head), (at(0, 0.34, -0.52), pedals),
            (at(0, 0.34, -0.52), at(0, 0.78, -0.18)),
            (head, at(0, 0.34, 0.52)), (head, at(0, 1.0, 0.34)),
        ] {
            capsule(a, b, 0.017, 0.017, paint)
        }
        capsule(at(-0.25, 1.02, 0.38), at(0.25, 1.02, 0.38), 0.016, 0.016, steel)
        capsule(at(0, 0.94, -0.3), at(0, 0.95, -0.12), 0.06, 0.035, rubber)
        // Mudguard and rear light.
        capsule(at(0, 0.6, -0.84), at(0, 0.70, -0.70), 0.02, 0.02, rubber)
        let light = material(.glow, StreetScenes.srgb(200, 24, 20), Vector(0.5, 0.02, 0.02))
        capsule(at(0, 0.72, -0.74), at(0, 0.73, -0.74), 0.03, 0.03, light)
    }
}
