extension StreetScenes {
    /// What a surface is made of; ``Shader`` turns it into colour.
    struct Material {
        enum Kind: UInt8 {
            /// Matt, with a little unevenness.
            case plain
            /// A house's wall: `index` is its ``Facade``.
            case facade
            case brick
            case tiles
            case awning
            /// Car lacquer: matt colour under a reflecting coat.
            case paint
            case glass
            /// A windscreen or rear window: glass in a frame of `color`, seats behind it.
            case windscreen
            /// Front and rear of a vehicle: lights, plate, grille; `other` is the lights' colour, x > 1: braking.
            case carFront, carRear
            /// The glazed upper side of a car: windows between pillars.
            case carWindows
            /// The lower side of a car: doors, sill, handles.
            case carSide
            /// The glazed side of a bus.
            case busSide
            case wheel
            case metal
            case stripes
            /// Leaves on a card; `other` is the crown's middle, so that the inside is darker.
            case foliage
            case twigs
            case bark
            case hedge
            case cloth
            case skin
            case boards
            case roundSign, triangleSign, diamondSign, boardSign
            case trafficLight
            case glow
        }
        var kind: Kind
        var color: Vector
        var other: Vector
        var index: Int32
    }
}
