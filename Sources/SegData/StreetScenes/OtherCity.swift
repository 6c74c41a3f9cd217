extension StreetScenes.Scene {
    /// Takes the scene to a domain; only another city changes what stands where.
    mutating func move(to domain: StreetScenes.Domain, _ look: inout StreetScenes.Appearance) {
        guard domain.kind == .otherCity else { return }
        let city = StreetScenes.OtherCity(share: Float(domain.severity))
        city.change(&self)
        if domain.severity >= 0.5 {
            mirror()
            look.view.position.x = -look.view.position.x
            look.view.yawSine = -look.view.yawSine
            look.view.roll = -look.view.roll
        }
    }
}

extension StreetScenes {
    /// A city by the sea: tall bright houses with shutters and balconies under flat or terracotta roofs, palms and
    /// cypresses, roads of pale concrete with
    /// yellow lines, pavements of dark stone, dry grass, diamond signs.
    ///
    /// It goes over a finished scene, so where houses, cars and people stand, and how many, follows the same statistics.
    /// Each house, tree and sign turns foreign with a probability of `share`, decided by its own seed.
    struct OtherCity {
        let share: Float

        private static let stuccoes = [
            srgb(238, 226, 196), srgb(232, 196, 150), srgb(226, 172, 140), srgb(240, 234, 222), srgb(236, 208, 128), srgb(208, 214, 210),
        ]
        private static let shutters = [srgb(62, 104, 92), srgb(70, 96, 130), srgb(120, 84, 60), srgb(150, 160, 158)]
        private static let cloths = [srgb(206, 96, 70), srgb(236, 226, 206), srgb(80, 132, 150), srgb(222, 170, 70)]
        private static let cars = [srgb(236, 236, 232), srgb(244, 190, 24), srgb(206, 208, 206), srgb(120, 176, 190), srgb(196, 70, 50)]

        func change(_ scene: inout Scene) {
            pave(&scene.road)
            for index in scene.buildings.indices where isForeign(scene.buildings[index].seed) { build(&scene.buildings[index]) }
            for index in scene.trees.indices where isForeign(scene.trees[index].seed) { plant(&scene.trees[index]) }
            for index in scene.furniture.indices { post(&scene.furniture[index]) }
            for index in scene.barriers.indices where isForeign(scene.barriers[index].seed) { fence(&scene.barriers[index]) }
            for index in scene.vehicles.indices where isForeign(scene.vehicles[index].seed) {
                var dice = dice(scene.vehicles[index].seed)
                if dice.chance(0.6) { scene.vehicles[index].color = dice.vary(dice.pick(Self.cars), 0.1) }
            }
            for index in scene.people.indices where isForeign(scene.people[index].seed) {
                var dice = dice(scene.people[index].seed)
                scene.people[index].top = dice.vary(dice.pick(Self.stuccoes + Self.cloths), 0.2)
                scene.people[index].coat = false
            }
        }

        private func isForeign(_ seed: UInt32) -> Bool { Noise.unit(Int32(truncatingIfNeeded: seed), 5, 41) < share }
        private func dice(_ seed: UInt32) -> Dice { Dice(seed: Int(seed), index: 1, stream: 6) }

        private func pave(_ road: inout Road) {
            road.asphalt = road.asphalt.mixed(srgb(178, 168, 150), share)
            road.slab = road.slab.mixed(srgb(112, 100, 94), share)
            road.grass = road.grass.mixed(Vector(0.26, 0.20, 0.09), share)
            road.slabSize = share < 0.5 ? road.slabSize : SIMD2(0.35, 0.35)
            road.centrePaint = road.centrePaint.mixed(Vector(0.66, 0.44, 0.05), min(2 * share, 1))
            if share >= 0.5 { road.yellowLines = false }
        }

        private func build(_ building: inout Building) {
            var dice = dice(building.seed)
            building.facade.wall = building.facade.wall == .glass ? .glass : dice.chance(0.8) ? .render : .stone
            building.facade.color = dice.vary(dice.pick(Self.stuccoes), 0.08)
            building.facade.trim = dice.vary(srgb(240, 232, 214), 0.06)
            building.facade.frame = dice.pick([srgb(236, 234, 228), srgb(96, 70, 50)])
            building.facade.lintels = dice.chance(0.3)
            building.facade.bands = dice.chance(0.6)
            building.facade.windowWidth *= 0.85
            building.facade.windowHeight = min(building.facade.windowHeight * 1.35, building.facade.floorHeight - 0.6)
            building.facade.sill = 0.25
            building.facade.mullions = 1
            building.facade.shutters = dice.chance(0.75) ? dice.vary(dice.pick(Self.shutters), 0.1) : nil
            // One or two floors more.
            let floors = 1 + dice.below(2)
            building.facade.floors += floors
            building.facade.height += Float(floors) * building.facade.floorHeight
            building.roof = dice.chance(0.55) ? .flat : .gable
            building.roofHeight = min(building.roofHeight, 1.5)
            building.roofColor = dice.vary(srgb(188, 104, 70), 0.12)
            building.chimneys = 0
            building.bayWindows = false
            building.balconies = dice.chance(0.55)
            if building.facade.groundFloor == .shop && dice.chance(0.5) { building.awning = dice.vary(dice.pick(Self.cloths), 0.1) }
        }

        private func plant(_ tree: inout Tree) {
            var dice = dice(tree.seed)
            switch tree.kind {
            case .bush: tree.color = dice.vary(srgb(124, 130, 84), 0.15)
            case .leafy, .bare, .conifer, .palm:
                let kind = dice.weighted([0.4, 0.25, 0.35])
                tree.kind = [.palm, .conifer, .leafy][kind]
                if kind == 0 { tree.spread = min(tree.height * 0.3, 2.4) }
                if kind == 1 { tree.spread = tree.height * 0.1 }
                tree.color = dice.vary(kind == 1 ? srgb(54, 76, 46) : srgb(136, 130, 76), 0.15)
            }
        }

        /// Warnings are diamonds, not triangles; posts are galvanised.
        private func post(_ piece: inout Furniture) {
            guard isForeign(piece.seed) else { return }
            if piece.kind == .triangleSign { piece.kind = .diamondSign }
            if piece.kind != .bollard { piece.color = srgb(170, 172, 170) }
        }

        private func fence(_ barrier: inout Barrier) {
            var dice = dice(barrier.seed)
            if barrier.kind == .wall { barrier.color = dice.vary(srgb(232, 220, 196), 0.08) }
            if barrier.kind == .palings { barrier.kind = .railings }
            if barrier.kind == .hedge { barrier.color = dice.vary(srgb(150, 84, 110), 0.2) }
        }
    }
}

extension StreetScenes.Scene {
    /// Exchanges left and right, so that traffic keeps to the other side.
    fileprivate mutating func mirror() {
        func flipped(_ v: StreetScenes.Vector) -> StreetScenes.Vector { StreetScenes.Vector(-v.x, v.y, v.z) }
        road.curvature = -road.curvature
        road.drivingSide = -road.drivingSide
        for index in road.sideStreets.indices { road.sideStreets[index].side *= -1 }
        for index in road.plots.indices { road.plots[index].side *= -1 }
        for index in buildings.indices {
            buildings[index].near = flipped(buildings[index].near)
            buildings[index].far = flipped(buildings[index].far)
            buildings[index].inward = flipped(buildings[index].inward)
        }
        for index in barriers.indices {
            barriers[index].from = flipped(barriers[index].from)
            barriers[index].to = flipped(barriers[index].to)
        }
        for index in trees.indices { trees[index].base = flipped(trees[index].base) }
        for index in furniture.indices {
            furniture[index].base = flipped(furniture[index].base)
            furniture[index].facing = flipped(furniture[index].facing)
        }
        for index in vehicles.indices {
            vehicles[index].position = flipped(vehicles[index].position)
            vehicles[index].heading = flipped(vehicles[index].heading)
        }
        for index in people.indices {
            people[index].position = flipped(people[index].position)
            people[index].heading = flipped(people[index].heading)
        }
    }
}
