#!/usr/bin/env python3
"""Losses in plain PyTorch -> Tests/DistillTests/Fixtures/losses.safetensors

For each case `<loss>.<case>`: `<case>.<input>` under the names of `segdistill parity loss` (teacher.logits, ...),
`<case>.loss` and `<case>.grad.<input>` for each student input and projector weight. The metadata's `cases` holds the
settings. The reductions are those of the published code: `kd` is the mean over pixels, `cwd` the sum over positions
divided by batch × channels, both times temperature²; no pixel is ignored in either.
"""
import torch
import torch.nn.functional as F
from fixture import write

tensors, cases = {}, {}


def kd(inputs, temperature):
    teacher = F.log_softmax(inputs["teacher.logits"] / temperature, dim=1)
    student = F.log_softmax(inputs["student.logits"] / temperature, dim=1)
    per_pixel = (teacher.exp() * (teacher - student)).sum(dim=1)
    return per_pixel.mean() * temperature**2


def cwd(inputs, temperature):
    teacher, student = inputs["teacher.features"], inputs["student.features"]
    if "projector.weight" in inputs:
        student = F.conv2d(student, inputs["projector.weight"], inputs["projector.bias"])
    batch, channels = teacher.shape[:2]
    teacher = F.log_softmax(teacher.flatten(2) / temperature, dim=2)
    student = F.log_softmax(student.flatten(2) / temperature, dim=2)
    return (teacher.exp() * (teacher - student)).sum() / (batch * channels) * temperature**2


def task(inputs, align_corners=True):
    """Cross-entropy at the labels' size; 255 is ignored."""
    labels = inputs["labels"]
    logits = F.interpolate(inputs["student.logits"], size=labels.shape[-2:], mode="bilinear", align_corners=align_corners)
    return F.cross_entropy(logits, labels, weight=inputs.get("classWeights"), ignore_index=255)


def case(name, loss, inputs, **settings):
    for key, value in inputs.items():
        if key.startswith(("student", "projector")):
            value.requires_grad_()
    value = loss(inputs, **settings)
    value.backward()
    tensors[f"{name}.loss"] = value
    for key, tensor in inputs.items():
        tensors[f"{name}.{key}"] = tensor
        if tensor.grad is not None:
            tensors[f"{name}.grad.{key}"] = tensor.grad
    cases[name] = settings


def pair(kind, *shape, scale=2.0, student_channels=None):
    student = list(shape)
    student[1] = student_channels or shape[1]
    return {f"teacher.{kind}": torch.randn(shape) * scale, f"student.{kind}": torch.randn(student) * scale}


torch.manual_seed(0)
case("kd.default", kd, pair("logits", 2, 5, 4, 6), temperature=1.0)
case("kd.temperature", kd, pair("logits", 2, 5, 4, 6), temperature=4.0)
case("kd.cold", kd, pair("logits", 1, 11, 3, 5), temperature=0.5)
case("kd.sharp", kd, pair("logits", 1, 3, 3, 3, scale=40.0), temperature=1.0)
same = torch.randn(1, 4, 3, 3)
case("kd.equal", kd, {"teacher.logits": same.clone(), "student.logits": same.clone()}, temperature=2.0)

case("cwd.default", cwd, pair("features", 2, 4, 5, 6), temperature=4.0)
case("cwd.one", cwd, pair("features", 1, 3, 4, 4), temperature=1.0)
case("cwd.sharp", cwd, pair("features", 2, 3, 4, 4, scale=30.0), temperature=1.0)
projected = pair("features", 2, 6, 4, 5, student_channels=3)
projected["projector.weight"] = torch.randn(6, 3, 1, 1) * 0.5
projected["projector.bias"] = torch.randn(6) * 0.5
case("cwd.projector", cwd, projected, temperature=4.0)


def labelled(batch, classes, size, label_size, ignored=0.2):
    labels = torch.randint(0, classes, (batch, *label_size))
    labels[torch.rand(labels.shape) < ignored] = 255
    return {"student.logits": torch.randn(batch, classes, *size) * 2, "labels": labels}


case("task.same", task, labelled(2, 5, (6, 7), (6, 7)), align_corners=True)
case("task.corners", task, labelled(2, 5, (3, 4), (12, 16)), align_corners=True)
case("task.centres", task, labelled(2, 5, (3, 4), (12, 16)), align_corners=False)
weighted = labelled(2, 5, (6, 7), (6, 7))
weighted["classWeights"] = torch.rand(5) + 0.5
case("task.weights", task, weighted, align_corners=True)

write("DistillTests", "losses", tensors, cases=cases)
