import Distill
import Foundation
import Recipes
import SegData
import SegModels
import Support
import Torch
import TorchNN

/// Times of one thing done repeatedly, after a warm-up that is not counted.
public struct Benchmark: Sendable {
    public let name: String
    /// Seconds of each call.
    public let seconds: [Double]
    public let imagesPerCall: Int

    public var median: Double { seconds.sorted()[seconds.count / 2] }
    public var fastest: Double { seconds.min()! }
    public var imagesPerSecond: Double { Double(imagesPerCall) / median }

    init(_ name: String, imagesPerCall: Int, repeats: Int, warmup: Int, _ body: () throws -> Void) rethrows {
        self.name = name
        self.imagesPerCall = imagesPerCall
        for _ in 0..<warmup { try body() }
        var seconds: [Double] = []
        for _ in 0..<max(1, repeats) {
            let start = StepTimer.now()
            try body()
            seconds.append(StepTimer.now() - start)
        }
        self.seconds = seconds
    }
}

extension Benchmark {
    /// The whole training step of a recipe: batch from the loader, teacher, losses, backward, optimiser.
    public static func step(_ setup: TrainingSetup, repeats: Int, warmup: Int) throws -> Benchmark {
        let loader = try StepLoader(setup, from: .start)
        let accumulate = setup.recipe.optimizer.accumulate
        var number = 0
        return try withTorchErrors {
            try Benchmark(
                "step", imagesPerCall: setup.imagesPerStep, repeats: repeats, warmup: warmup
            ) {
                let batches = try (0..<accumulate).map { _ in try loader.next() }
                _ = setup.step(batches, step: number % setup.steps)
                setup.device.synchronize()
                number += 1
            }
        }
    }

    /// The loader of a recipe alone: decoding, augmentation, batching.
    public static func loader(_ recipe: Recipe, repeats: Int, warmup: Int) throws -> Benchmark {
        let loader = try recipe.data.trainingLoader(recipe.data.dataset(.train), seed: recipe.seed)
        return try Benchmark("loader", imagesPerCall: recipe.data.loader.batchSize, repeats: repeats, warmup: warmup) {
            _ = try loader.next()
        }
    }

    /// A network's pass over random images.
    public static func model(_ workload: ModelWorkload, repeats: Int, warmup: Int) throws -> Benchmark {
        try withTorchErrors {
            Benchmark("model", imagesPerCall: workload.batch, repeats: repeats, warmup: warmup) { workload.run() }
        }
    }

    /// A method's loss and its gradient on random maps, with random labels where it needs them.
    /// - Parameter shape: B×C×h×w of every tap, teacher's and student's.
    public static func loss(_ recipe: MethodRecipe, shape: [Int], device: Device, repeats: Int, warmup: Int) throws -> Benchmark {
        let kind = try Methods.named(recipe.name)
        let roles = try MethodTaps(recipe)
        return try withTorchErrors {
            let teacher = roles.teacher.mapValues { _ in Tensor.randn(shape, device: device) }
            // As many as Cityscapes has, where no map holds class scores.
            let classes = roles.teacher.values.contains("logits") ? shape[1] : min(19, shape[1])
            var student = roles.student.mapValues { _ in Tensor.randn(shape, device: device) }
            for tap in kind.schema.taps {
                // As many queries as a map has channels.
                if tap.layout == .queries { student[tap.role] = .randn([shape[0], shape[1], classes + 1], device: device) }
                if let strong = tap.strongRole { student[strong] = .randn(shape, device: device) }
            }
            for map in student.values { map.requiresGrad = true }
            let labels = kind.schema.needsLabels ? Tensor.randint(0, classes, [shape[0], shape[2], shape[3]], device: device) : nil
            let method = try kind.init(
                MethodSetup(
                    settings: recipe.settings, teacherChannels: teacher.mapValues { $0.size(1) },
                    studentChannels: student.mapValues { $0.size(1) }, classes: classes))
            method.to(device)
            return Benchmark("loss", imagesPerCall: shape[0], repeats: repeats, warmup: warmup) {
                method.loss(MethodInputs(teacher: teacher, student: student, labels: labels)).total.backward()
                device.synchronize()
            }
        }
    }
}
