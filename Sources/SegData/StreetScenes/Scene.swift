extension StreetScenes {
    /// CamVid's classes in the order of their label values.
    enum Class: UInt8 {
        case sky, building, pole, road, pavement, tree, sign, fence, car, pedestrian, bicyclist
    }

    /// What stands where: geometry and colours only. Light, weather and camera are an ``Appearance``, so that
    /// one scene can be seen by day or night, dry or wet, from this car or another.
    struct Scene {
        var road = Road()
        var buildings: [Building] = []
        var barriers: [Barrier] = []
        var trees: [Tree] = []
        var furniture: [Furniture] = []
        var vehicles: [Vehicle] = []
        var people: [Person] = []
    }

    /// The street: its course, its cross-section, what is painted on it. It leads along z.
    struct Road {
        /// Half the width of the carriageway, curb to curb.
        var halfWidth: Float = 4
        var pavementWidth: Float = 2.4
        var curbHeight: Float = 0.11
        /// The middle of the road lies at x = `curvature` · z² / 2.
        var curvature: Float = 0
        /// Where the street ends at a cross street.
        var end: Float = 120
        /// Width of the strip for parked cars on either side, 0: none.
        var parking: Float = 0
        var centreLine = CentreLine.dashed
        var yellowLines = false
        /// Where a zebra crossing starts, and its stripes' colour.
        var crossing: Float?
        var stopLine: Float?
        /// An arrow on the viewer's lane.
        var arrow: Float?
        var cycleLane = false
        var asphalt = Vector.zero
        var slab = Vector.zero
        var slabSize = SIMD2<Float>(0.6, 0.9)
        var seed: UInt32 = 0
        var sideStreets: [SideStreet] = []
        /// What covers the ground beyond the pavement.
        var plots: [Plot] = []
        var grass = Vector(0.10, 0.15, 0.045)
        /// The side that one drives on: −1 left, 1 right.
        var drivingSide: Float = -1
        /// The paint of lines, crossings and arrows.
        var paint = Vector(0.62, 0.62, 0.6)
        /// The paint of the line in the middle.
        var centrePaint = Vector(0.62, 0.62, 0.6)

        enum CentreLine { case none, dashed, solid, double }

        func centre(_ z: Float) -> Float { 0.5 * curvature * z * z }
        /// The point `s` metres to the right of the middle of the road at distance `z`.
        func point(_ s: Float, _ z: Float, _ y: Float = 0) -> Vector { Vector(centre(z) + s, y, z) }
        /// The unit vector along the street.
        func along(_ z: Float) -> Vector { Vector(curvature * z, 0, 1).unit }
        /// The unit vector to the right of the street.
        func across(_ z: Float) -> Vector { Vector(1, 0, -curvature * z).unit }
        /// The height of the ground `s` metres from the middle.
        func height(_ s: Float) -> Float { abs(s) < halfWidth ? 0 : curbHeight }
        /// The distance from the middle to the outer edge of the pavement.
        var frontage: Float { halfWidth + pavementWidth }
    }

    /// A street that joins from the side (−1 left, 1 right) between two distances.
    struct SideStreet {
        var side: Float
        var from: Float
        var to: Float
    }

    /// The ground beyond the pavement between two distances.
    struct Plot {
        enum Cover: UInt8 { case paving, grass, tarmac }
        var side: Float
        var from: Float
        var to: Float
        var cover: Cover
    }

    /// A house on a quadrilateral: two corners towards the street, and how deep it reaches behind them.
    struct Building {
        enum Roof { case flat, gable, mansard }
        var near: Vector
        var far: Vector
        /// From the street into the house, its length the house's depth.
        var inward: Vector
        var facade: Facade
        var roof: Roof
        var roofHeight: Float
        var roofColor: Vector
        var chimneys: Int
        var awning: Vector?
        var bayWindows: Bool
        var hangingSign: Bool
        var seed: UInt32
        var balconies = false
    }

    /// Something long and upright beside the pavement.
    struct Barrier {
        enum Kind { case railings, palings, mesh, wall, hedge, guardRail }
        var kind: Kind
        var from: Vector
        var to: Vector
        var height: Float
        var color: Vector
        var seed: UInt32
    }

    struct Tree {
        enum Kind { case leafy, bare, conifer, bush, palm }
        var kind: Kind
        var base: Vector
        var height: Float
        /// The crown's radius.
        var spread: Float
        var color: Vector
        var seed: UInt32
    }

    /// A pole and what it carries.
    struct Furniture {
        enum Kind { case lamp, trafficLight, roundSign, triangleSign, diamondSign, boardSign, bollard, beacon, bare, busStop }
        var kind: Kind
        var base: Vector
        /// The way its lamp arm or sign points: the sign's normal.
        var facing: Vector
        var height: Float
        var color: Vector
        var seed: UInt32
    }

    struct Vehicle {
        enum Kind { case hatchback, saloon, estate, offRoad, van, bus, lorry }
        var kind: Kind
        /// The middle of its footprint.
        var position: Vector
        /// Unit vector, the way it drives.
        var heading: Vector
        var color: Vector
        var length: Float
        var width: Float
        var height: Float
        var braking: Bool
        var seed: UInt32
        /// Its lights are off.
        var parked = false
    }

    /// A pedestrian or, with a bicycle, a bicyclist.
    struct Person {
        enum Pose { case standing, walking, cycling }
        var pose: Pose
        var position: Vector
        var heading: Vector
        var height: Float
        /// Where in the step or the turn of the pedals, in turns.
        var phase: Float
        var top: Vector
        var bottom: Vector
        var skin: Vector
        var hair: Vector
        var shoes: Vector
        var coat: Bool
        var bag: Vector?
        var helmet: Vector?
        var seed: UInt32
    }

    /// What a wall looks like: a grid of windows over a ground floor.
    struct Facade {
        enum Wall: UInt8 { case brick, stone, render, panels, glass }
        enum GroundFloor: UInt8 { case house, shop, office, blank }
        var wall: Wall
        var groundFloor: GroundFloor
        var color: Vector
        var trim: Vector
        var frame: Vector
        var shop: Vector
        var height: Float
        var groundHeight: Float
        var floorHeight: Float
        var floors: Int
        /// The distance between the middles of neighbouring windows.
        var bay: Float
        var windowWidth: Float
        var windowHeight: Float
        /// The window's lower edge above its floor.
        var sill: Float
        var mullions: Int
        var lintels: Bool
        var bands: Bool
        var width: Float = 0
        var seed: UInt32
        /// The colour of shutters beside the windows; nil: none.
        var shutters: Vector?
    }
}
