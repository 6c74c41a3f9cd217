import SegData
import Torch

/// Where a step began: what it needs besides the weights to be run again.
struct StepRecord {
    /// The number of the step, from 1.
    let step: Int
    let loader: LoaderPosition
    /// Of the unlabelled images, where there are any.
    let unlabelled: LoaderPosition?
    /// The states of the generators, by the names of ``TrainingSetup/randomState``.
    let random: [(String, Tensor)]
}
