import Recipes
import Torch
import TorchNN

/// `cirkd-memory`: a student's pixel is as similar as the teacher's to the teacher's pixels and regions of earlier images.
///
/// Two queues hold, class by class, vectors of the teacher's features of length 1: up to 16 pixels of every class of an image, and the mean
/// over all of its pixels, a region. Each step the images' own come in, then a random part of each queue is drawn, as much of every class. With
/// f of length 1 (the student's through a projection head): mean over the pixels that are not ignored of
/// KL(softmax(fₜ Mᵀ / τ) ‖ softmax(fₛ Mᵀ / τ)), once for the pixels and once for the regions; L = pixel + region.
/// Source: CIRKD (Yang et al. 2022), with the public code's sizes and weights.
public final class CrossImageMemory: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "cirkd-memory", doc: "CIRKD's memory: similarities to pixels and regions of earlier images (Yang et al. 2022).",
        weight: 0.1, weightDoc: "Factor of both terms. 0.1: CIRKD v1 on Cityscapes; 0.01 on Pascal VOC.",
        settings: [
            SettingSchema(
                "pixelMemory", .integer(minimum: 16), default: .integer(20000), doc: "Pixels kept of each class. 20000: CIRKD v1."),
            SettingSchema(
                "regionMemory", .integer(minimum: 1), default: .integer(2000), doc: "Regions kept of each class. 2000: CIRKD v1."),
            SettingSchema(
                "pixelContrast", .integer(minimum: 1), default: .integer(4096),
                doc: "Pixels drawn each step, of all classes. 4096: CIRKD v1."),
            SettingSchema(
                "regionContrast", .integer(minimum: 1), default: .integer(1024),
                doc: "Regions drawn each step, of all classes. 1024: CIRKD v1."),
            SettingSchema("temperature", .positive, default: .number(0.1), doc: "Of the similarities. 0.1: CIRKD v1."),
        ],
        taps: [TapSchema("features", teacher: "features", student: "features", doc: "the head's features, or a stage.")],
        needsLabels: true)

    public static let draws = [
        RandomDraw("order", shape: "B×h×w", doc: "Of each class, an image's pixels with the largest numbers are kept."),
        RandomDraw("pixels", shape: "n", doc: "int64, the places of each class's queue of pixels that are drawn."),
        RandomDraw("regions", shape: "n", doc: "int64, the places of each class's queue of regions that are drawn."),
    ]

    /// Pixels that an image adds of each class, at most.
    private static let pixelsPerImage = 16

    public let temperature: Double
    private let classes: Int
    private let pixelContrast: Int
    private let regionContrast: Int
    let projector: ProjectionHead
    let pixels: MemoryQueue
    let regions: MemoryQueue

    public override class var keys: [String: String] { ["pixels": "queue.pixels", "regions": "queue.regions"] }

    public init(_ setup: MethodSetup) {
        temperature = setup.number("temperature")
        classes = setup.classes
        // As the public code: a class more than its share.
        func share(_ contrast: String, of memory: String) -> Int {
            min(setup.integer(contrast) / setup.classes + 1, setup.integer(memory))
        }
        pixelContrast = share("pixelContrast", of: "pixelMemory")
        regionContrast = share("regionContrast", of: "regionMemory")
        let channels = setup.teacherChannels["features"]!
        projector = ProjectionHead(from: setup.studentChannels["features"]!, to: channels)
        pixels = MemoryQueue(classes: classes, size: setup.integer("pixelMemory"), channels: channels)
        regions = MemoryQueue(classes: classes, size: setup.integer("regionMemory"), channels: channels)
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        let student = shapes.student["features"]!
        let channels = shapes.teacher["features"]![1]
        let map = student[0] * channels * student[2] * student[3]
        // The queues, what is drawn of them, and the maps of projection, normalisation and both gradients.
        let memory = classes * channels * (pixels.size + regions.size + pixelContrast + regionContrast)
        return 4 * (memory + 10 * map) + 4 * 16 << 20
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let studentMap = inputs.student["features"]!.fullPrecision
        let ignored = inputs.ignored(on: studentMap)!
        let student = projector(studentMap, ignoring: ignored).normalized().pixelRows
        let teacherMap = aligned(inputs.teacher["features"]!, to: studentMap).normalized()
        let teacher = teacherMap.pixelRows
        withoutGradients { remember(teacherMap, inputs.labels(on: studentMap)!, inputs.draws["order"]) }
        let weights = (.!ignored).flatten().to(student.dtype)
        let count = inputs.positions(on: studentMap)
        func term(_ queue: MemoryQueue, _ drawn: Int, _ name: String) -> Tensor {
            let places = inputs.draws[name] ?? Tensor.randperm(queue.size, device: student.device)[0..<drawn]
            return Divergence.toKeys(
                student: student, teacher: teacher, keys: queue.select(places), weights: weights, temperature: temperature) / count
        }
        let pixel = term(pixels, pixelContrast, "pixels")
        let region = term(regions, regionContrast, "regions")
        return MethodLoss(pixel + region, terms: [("pixel", pixel), ("region", region)])
    }

    /// Puts each image's regions and some of its pixels into the queues.
    /// - Parameters:
    ///   - map: B×C×h×w, of length 1 over C. - labels: B×h×w.
    ///   - order: B×h×w; random when nil.
    private func remember(_ map: Tensor, _ labels: Tensor, _ order: Tensor?) {
        let order = order ?? .rand(labels.shape, device: map.device)
        let known = Tensor.arange(0, classes, device: map.device).unsqueeze(1)
        for image in 0..<map.size(0) {
            let vectors = map[image].flatten(1).transpose(0, 1)
            // K×(h·w)
            let isOwn = labels[image].flatten().unsqueeze(0) .== known
            let counts = isOwn.sum([1])
            regions.append(isOwn.to(vectors.dtype).matmul(vectors).normalized(1).unsqueeze(1), counts: (counts .> 0).long)
            let most = min(Self.pixelsPerImage, vectors.size(0))
            let ranked = order[image].flatten().unsqueeze(0).expand(isOwn.shape).maskedFill(.!isOwn, -1).topK(most, 1)
            let chosen = vectors.indexSelect(0, ranked.indices.flatten()).reshape(classes, most, -1)
            pixels.append(chosen, counts: counts.clamp(max: Double(most)).long)
        }
    }
}
