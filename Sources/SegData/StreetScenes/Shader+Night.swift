extension StreetScenes.Shader {
    /// What a lit room sends through its window: curtains glow, other rooms are dark.
    @inline(__always)
    func lamplight(_ room: Vector, _ f: Facade, _ key: (Int32, Int32)) -> Vector {
        let chance = Noise.unit(key.0 &+ 31, key.1, f.seed &+ 11)
        let share: Float = f.groundFloor == .office ? 0.3 : 0.38
        guard chance < share else { return .zero }
        let tone = chance / share
        let color = Vector(1, 0.72, 0.38).mixed(Vector(0.8, 0.88, 0.9), tone > 0.75 ? 0.9 : 0.3 * tone)
        return color * (look.lamps * (0.12 + 1.1 * room.y) * (0.5 + tone))
    }

    /// Signs throw the headlights' light back to where it comes from.
    @inline(__always)
    func retroreflection(_ hit: Hit) -> Float { 1 + 5 * min(lamps.headlight(at: hit.position, hit.normal).y, 1) }
}
