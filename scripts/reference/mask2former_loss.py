#!/usr/bin/env python3
"""Mask2Former's criterion and the assignment under it -> Tests/SegLossTests/Fixtures/mask2former_loss.safetensors

The functions of transformers' `Mask2FormerLoss` themselves, in float64 from float32 inputs, at given points in place of random ones. Cases
are stored as `segdistill parity loss mask2former` names them: `<case>.<input>`, `<case>.loss`, each term, `<case>.assignment.<b>` (a
target's query, -1 for none), `<case>.grad.<input>`. With more targets than queries transformers' own matcher works as scipy does.
`assignment.<case>.costs` and `.total` (and `.columns` where scipy's assignment is the only one of least cost) are of
scipy.optimize.linear_sum_assignment.
"""
import itertools

import numpy as np
import scipy
import torch
import transformers
from fixture import write
from scipy.optimize import linear_sum_assignment
from transformers import Mask2FormerConfig
from transformers.models.mask2former import modeling_mask2former as hf

tensors, cases = {}, {}
torch.manual_seed(7)
torch.use_deterministic_algorithms(False)


class Given(hf.Mask2FormerLoss):
    """The loss at points that are given."""

    def __init__(self, config, matching, points):
        super().__init__(config, {})
        self.matching, self.points = matching, points
        self.matched = []
        matcher = self.matcher

        def match(*arguments):
            random, torch.rand = torch.rand, lambda *shape, **_: matching[None]
            try:
                self.matched.append(matcher(*arguments))
            finally:
                torch.rand = random
            return self.matched[-1]

        del self.matcher
        self.matcher = match

    def sample_points_using_uncertainty(self, logits, *_):
        assert len(self.rows) == len(logits)
        return self.points[self.rows]

    def loss_masks(self, masks, labels, indices, num_masks):
        starts = np.cumsum([0] + [len(label) for label in labels])
        self.rows = torch.cat([start + target for start, (_, target) in zip(starts, indices)])
        if not len(self.rows):
            return {"loss_mask": masks.sum() * 0, "loss_dice": masks.sum() * 0}
        return super().loss_masks(masks, labels, indices, num_masks)


def blobs(count, height, width):
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    found = []
    for _ in range(count):
        cy, cx, ry, rx = torch.rand(4) * torch.tensor([height, width, height / 3, width / 3]) + torch.tensor([0, 0, 1.0, 1.0])
        found.append(((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 < 1)
    return torch.stack(found) if found else torch.zeros(0, height, width, dtype=torch.bool)


def case(name, counts, queries=6, classes=4, size=(7, 9), full=(26, 35), points=40, classWeight=2.0, maskWeight=5.0, diceWeight=5.0,
         noObject=0.1, scale=2.0, masks=None):
    batch = len(counts)
    inputs = {"class.logits": torch.randn(batch, queries, classes + 1) * 2, "mask.logits": torch.randn(batch, queries, *size) * scale,
              "matching.points": torch.rand(points, 2), "loss.points": torch.rand(sum(counts), points, 2)}
    for image, count in enumerate(counts):
        inputs[f"target.{image}.labels"] = torch.randint(0, classes, (count,))
        inputs[f"target.{image}.masks"] = blobs(count, *full) if masks is None else masks[image]
    leaves = {key: inputs[key].double().requires_grad_() for key in ["class.logits", "mask.logits"]}
    config = Mask2FormerConfig(num_labels=classes, class_weight=classWeight, mask_weight=maskWeight, dice_weight=diceWeight,
                               no_object_weight=noObject, train_num_points=points)
    loss = Given(config, inputs["matching.points"].double(), inputs["loss.points"].double()).double()
    found = loss(leaves["mask.logits"], leaves["class.logits"], [inputs[f"target.{b}.masks"].double() for b in range(batch)],
                 [inputs[f"target.{b}.labels"] for b in range(batch)])
    terms = {"class": found["loss_cross_entropy"], "mask": found["loss_mask"], "dice": found["loss_dice"]}
    total = classWeight * terms["class"] + maskWeight * terms["mask"] + diceWeight * terms["dice"]
    total.backward()
    tensors.update({f"{name}.{key}": value for key, value in inputs.items()})
    tensors.update({f"{name}.{key}": value.float() for key, value in terms.items()})
    tensors[f"{name}.loss"] = total.float()
    for key, leaf in leaves.items():
        tensors[f"{name}.grad.{key}"] = (torch.zeros_like(leaf) if leaf.grad is None else leaf.grad).float()
    for image, (rows, columns) in enumerate(loss.matched[0]):
        assignment = torch.full((counts[image],), -1)
        assignment[columns] = rows
        tensors[f"{name}.assignment.{image}"] = assignment
    cases[name] = [f"{key}={value}" for key, value in
                   dict(classWeight=classWeight, maskWeight=maskWeight, diceWeight=diceWeight, noObject=noObject).items()]


case("default", [3, 5])
case("none", [0, 0])
case("some", [0, 4, 1])
case("crowded", [9, 2], queries=5)
case("many", [17], queries=20)
case("weights", [3, 2], classWeight=1.0, maskWeight=20.0, diceWeight=1.0, noObject=0.4)
case("sure", [4, 4], scale=40.0)
pixel = torch.zeros(2, 26, 35, dtype=torch.bool)
pixel[0, 0, 0] = pixel[1, 25, 34] = True
case("pixels", [2], masks=[pixel])


def assignment(name, costs):
    rows, columns = linear_sum_assignment(costs)
    total = costs[rows, columns].sum()
    tensors[f"assignment.{name}.costs"] = torch.from_numpy(costs)
    tensors[f"assignment.{name}.total"] = torch.tensor(total, dtype=torch.float64)
    # It is the only one when to forbid any of its pairs costs more.
    for row, column in zip(rows, columns):
        other = costs.copy()
        other[row, column] = np.abs(costs).sum() + 1
        if other[linear_sum_assignment(other)].sum() <= total + 1e-9:
            return
    found = np.full(costs.shape[0], -1)
    found[rows] = columns
    tensors[f"assignment.{name}.columns"] = torch.from_numpy(found)


random = np.random.default_rng(11)
for number, (rows, columns) in enumerate([(1, 1), (1, 9), (9, 1), (5, 5), (20, 20), (7, 40), (40, 7), (60, 60), (20, 100), (100, 20)]):
    assignment(f"float{number}", random.standard_normal((rows, columns)))
    assignment(f"ties{number}", random.integers(0, 4, (rows, columns)).astype(np.float64))
assignment("equal", np.ones((12, 15)))
assignment("steps", np.add.outer(np.arange(15.0), np.arange(11.0)) ** 2)
assignment("products", np.multiply.outer(np.arange(1, 31.0), np.arange(1, 31.0)))

write("SegLossTests", "mask2former_loss", tensors, cases=cases, seed="7", transformers=transformers.__version__, scipy=scipy.__version__)
