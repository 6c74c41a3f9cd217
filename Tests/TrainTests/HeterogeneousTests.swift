import Foundation
import Recipes
import Runs
import Testing
import Train

/// Teacher and student of different families.
@Suite(.serialized) struct HeterogeneousTests {
    /// Several methods at once: the scores, their relations, and the stages in class space, a CNN's at stride 16 for a transformer's at 32.
    @Test func aTransformerLearnsFromAConvolutionalNetwork() throws {
        let methods = """
            teacher: {model: espnetv2-s0.5, precision: float32}
            distillation:
              - {method: kd, weight: 0.1}
              - {method: heteroakd, taps: {teacher: stage3}}
              - {method: dist}
            """
        let losses = try losses(methods, student: "segformer-mit-b0", steps: 24)
        #expect(Set(losses[0].keys) == ["total", "task", "kd", "heteroakd", "dist"])
        for step in losses { #expect(step.values.allSatisfy { $0.isFinite && $0 > 0 }) }
        let (first, last) = (losses.first!, losses.last!)
        #expect(last["total"]! < 0.9 * first["total"]! && last["heteroakd"]! < first["heteroakd"]!)
    }

    /// The other way round, with every stage, ignoring what is not labelled.
    @Test func aConvolutionalNetworkLearnsFromATransformer() throws {
        let methods = """
            teacher: {model: segformer-mit-b0, precision: float32}
            distillation:
              - {method: heteroakd, projector: conv-bn, taps: {student: stage3}}
              - {method: ofa, taps: {teacher: [logits, logits, logits], student: [stage1, stage2, stage3]}}
              - {method: bpkd, weight: 0.1}
              - {method: ifvd, weight: 1, taps: {teacher: stage2, student: stage2}}
            """
        let losses = try losses(methods, student: "espnetv2-s0.5", steps: 8)
        for step in losses { #expect(step.values.allSatisfy { $0.isFinite && $0 > 0 }) }
        #expect(losses.last!["total"]! < losses.first!["total"]!)
    }

    private func losses(_ extra: String, student: String, steps: Int) throws -> [[String: Double]] {
        let scratch = try Scratch()
        var losses: [[String: Double]] = []
        var observer = TrainingObserver()
        observer.logged = { losses.append($0.losses) }
        let overrides = [
            "student.model=\(student)", "optimizer.kind=adamw", "optimizer.learningRate=0.001", "evaluation.every=\(steps)",
            "checkpoint.every=\(steps)",
        ]
        try train(tinyRecipe("families", steps: steps, extra, overrides: overrides), into: scratch["run"], observer: observer)
        return losses
    }
}
