extension ClassList {
    /// Cityscapes' 19 evaluation classes in the order of their train ids.
    public static let cityscapes19 = ClassList(
        table: """
            road 128 64 128
            sidewalk 244 35 232
            building 70 70 70
            wall 102 102 156
            fence 190 153 153
            pole 153 153 153
            traffic light 250 170 30
            traffic sign 220 220 0
            vegetation 107 142 35
            terrain 152 251 152
            sky 70 130 180
            person 220 20 60
            rider 255 0 0
            car 0 0 142
            truck 0 0 70
            bus 0 60 100
            train 0 80 100
            motorcycle 0 0 230
            bicycle 119 11 32
            """)

    /// The eight of them that are counted.
    public static let cityscapesThings = cityscapes19.only(["person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle"])

    /// The level-3 classes of the India Driving Dataset; a class that joins several labels is called after the first.
    public static let idd26 = ClassList(
        table: """
            road 128 64 128
            parking 250 170 160
            sidewalk 244 35 232
            non-drivable fallback 152 251 152
            person 220 20 60
            rider 255 0 0
            motorcycle 0 0 230
            bicycle 119 11 32
            autorickshaw 255 204 54
            car 0 0 142
            truck 0 0 70
            bus 0 60 100
            vehicle fallback 136 143 153
            curb 220 190 40
            wall 102 102 156
            fence 190 153 153
            guard rail 180 165 180
            billboard 174 64 67
            traffic sign 220 220 0
            traffic light 250 170 30
            pole 153 153 153
            obstacle fallback 169 187 214
            building 70 70 70
            bridge 150 100 100
            vegetation 107 142 35
            sky 70 130 180
            """)
}
