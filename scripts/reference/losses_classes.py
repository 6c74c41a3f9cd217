#!/usr/bin/env python3
"""Losses on class scores in plain PyTorch -> Tests/DistillTests/Fixtures/losses_classes.safetensors

As `losses.py`, for `heteroakd`, `dist`, `ofa`, `bpkd`, `ifvd` and `kd` reversed: `<loss>.<case>.<input>` under the names of `segdistill parity loss`,
`<case>.loss`, `<case>.term.<name>` for each term, `<case>.grad.<input>` for each student input and each trained parameter. Written from the
formulas with loops over images, classes and pixels where that is how the formula reads, and computed in float64: what is stored is rounded
once.
"""
import math

import torch
import torch.nn.functional as F
from fixture import write

tensors, cases = {}, {}
IGNORE = 255
DOUBLE = torch.float64


def on_grid(labels, size):
    return F.interpolate(labels[:, None].double(), size=size, mode="nearest")[:, 0].long()


def like(teacher, student):
    if teacher.shape[-2:] == student.shape[-2:]:
        return teacher
    return F.interpolate(teacher, size=student.shape[-2:], mode="bilinear", align_corners=False)


def one_hot(labels, classes):
    return torch.stack([(labels == k).to(DOUBLE) for k in range(classes)], dim=1)


def project(inputs, side, x, form):
    """1x1 convolution, batch normalisation of the batch's positions that are labelled, ReLU, 1x1 convolution, as far as the form goes.
    An ignored position is put at the mean."""
    get = lambda key: inputs[f"projector.{side}.{key}"]
    if form == "none":
        return x
    x = F.conv2d(x, get("0.weight"))
    known = on_grid(inputs["labels"], x.shape[-2:]) != IGNORE
    rows = x.permute(0, 2, 3, 1)
    normalized = torch.zeros_like(rows)
    normalized[known] = F.batch_norm(rows[known], None, None, training=True)
    x = (normalized * get("1.weight") + get("1.bias")).permute(0, 3, 1, 2)
    if form == "conv-bn":
        return x
    x = x.relu()
    return x if form == "conv-bn-relu" else F.conv2d(x, get("3.weight"), get("3.bias"))


def heteroakd(inputs, temperature=4.0, weighting="classes", divergence="cross-entropy", reduction="pixels", temperatureSquared=False,
              projector="conv-bn-relu-conv", reliabilityWeight=1.0, teacherProjectorLearns=False):
    zs = project(inputs, "student", inputs["student.features"], projector)
    zt = like(project(inputs, "teacher", inputs["teacher.features"], projector), zs)
    labels = on_grid(inputs["labels"], zs.shape[-2:])
    valid = (labels != IGNORE)[:, None].to(DOUBLE)
    y = one_hot(labels, zs.shape[1])
    batch, classes = zs.shape[:2]

    def entropy(z):
        return F.binary_cross_entropy_with_logits(z, y, reduction="none")

    hs, ht = entropy(zs), entropy(zt)
    trust = (1 - ht / (ht + hs + 1e-6)).detach()
    mixture = trust * zt + (1 - trust) * zs.detach()
    if not teacherProjectorLearns:
        mixture = mixture.detach()
    gain = (hs - entropy(mixture)).clamp(min=0).detach()
    worth = (hs + gain).detach()
    if weighting == "classes":
        weights = worth.softmax(dim=1)
    else:
        weights = torch.zeros_like(worth)
        for b in range(batch):
            known = valid[b, 0] > 0
            for k in range(classes):
                if known.any():
                    weights[b, k][known] = worth[b, k][known].softmax(dim=0)
    h, s = mixture / temperature, zs / temperature
    if divergence == "cross-entropy":
        terms = -weights * h.softmax(dim=1) * s.log_softmax(dim=1)
    else:
        p = h.sigmoid()
        terms = weights * (p * (F.logsigmoid(h) - F.logsigmoid(s)) + (1 - p) * (F.logsigmoid(-h) - F.logsigmoid(-s)))
    count = valid.sum().clamp(min=1)
    total = (terms * valid).sum()
    hybrid = {"pixels": total / count, "elements": total / (count * classes), "images": total / batch}[reduction]
    if temperatureSquared:
        hybrid = hybrid * temperature**2
    reliability = (hs * valid).sum() / (count * classes) + (ht * valid).sum() / (count * classes)
    return hybrid + reliabilityWeight * reliability, {"hybrid": hybrid, "reliability": reliability}


def pearson(a, b):
    a, b = a - a.mean(), b - b.mean()
    return (a * b).sum() / (a.norm() * b.norm() + 1e-8)


def dist(inputs, temperature=1.0, beta=1.0, gamma=1.0):
    zs = inputs["student.logits"]
    zt = like(inputs["teacher.logits"], zs)
    rows = lambda z: (z / temperature).softmax(dim=1).permute(0, 2, 3, 1).reshape(-1, z.shape[1])
    ys, yt = rows(zs), rows(zt)
    if "labels" in inputs:
        known = on_grid(inputs["labels"], zs.shape[-2:]).flatten() != IGNORE
        ys, yt = ys[known], yt[known]
    inter = 1 - torch.stack([pearson(a, b) for a, b in zip(ys, yt)]).mean()
    intra = 1 - torch.stack([pearson(a, b) for a, b in zip(ys.T, yt.T)]).mean()
    return temperature**2 * (beta * inter + gamma * intra), {"inter": inter, "intra": intra}


def ofa(inputs, temperature=1.0, eps=(1.0,)):
    stages = sorted(key.split(".")[1] for key in inputs if key.startswith("student."))
    eps = list(eps) * (len(stages) if len(eps) == 1 else 1)
    terms = {}
    for stage, exponent in zip(stages, eps):
        zs = project(inputs, stage, inputs[f"student.{stage}"], "conv-bn-relu-conv")
        pt = (like(inputs[f"teacher.{stage}"], zs) / temperature).softmax(dim=1)
        labels = on_grid(inputs["labels"], zs.shape[-2:])
        y = one_hot(labels, zs.shape[1])
        values = -(((pt + y) ** exponent - y) * (zs / temperature).softmax(dim=1).log()).sum(dim=1)
        terms[stage] = values[labels != IGNORE].mean()
    return sum(terms.values()), terms


def bpkd(inputs, temperature=1.0, edgeWeight=50.0, bodyWeight=20.0, alpha=2.0, radius=3):
    zs = inputs["student.logits"]
    zt = like(inputs["teacher.logits"], zs)
    batch, classes, height, width = zs.shape
    labels = inputs["labels"]
    full = torch.zeros(batch, classes, *labels.shape[1:], dtype=DOUBLE)
    for b in range(batch):
        for y in range(labels.shape[1]):
            for x in range(labels.shape[2]):
                window = labels[b, max(0, y - radius):y + radius + 1, max(0, x - radius):x + radius + 1].flatten().tolist()
                seen = set(window) - {IGNORE}
                if len(seen) > 1:
                    for k in seen:
                        full[b, k, y, x] = 1
    known = on_grid(labels, (height, width)) != IGNORE
    edges = F.adaptive_avg_pool2d(full, (height, width)) * known[:, None].to(DOUBLE)

    edge = 0
    for b in range(batch):
        p = (edges[b] * zt[b] / temperature).log_softmax(dim=0)
        q = (edges[b] * zs[b] / temperature).log_softmax(dim=0)
        phi = (p.exp() * (p - q)).sum(dim=0) * temperature**2
        for k in range(classes):
            edge = edge + alpha * (phi * edges[b, k]).sum() / edges[b, k].sum().clamp(min=1) / batch
    body = 0
    for b in range(batch):
        if not known[b].any():
            continue
        for k in range(classes):
            p = ((1 - edges[b, k]) * zt[b, k] / temperature)[known[b]].log_softmax(dim=0)
            q = ((1 - edges[b, k]) * zs[b, k] / temperature)[known[b]].log_softmax(dim=0)
            body = body + (p.exp() * (p - q)).sum() * temperature**2 / (batch * classes)
    return edgeWeight * edge + bodyWeight * body, {"edge": edge, "body": body}


def ifvd(inputs):
    fs = inputs["student.features"]
    ft = like(inputs["teacher.features"], fs)
    labels = on_grid(inputs["labels"], fs.shape[-2:])

    def likeness(features):
        rows = []
        for feature, label in zip(features, labels):
            centre = feature.clone()
            for k in label.unique():
                if k != IGNORE:
                    mask = (label == k).to(DOUBLE)
                    mean = (feature * mask).sum(dim=(1, 2)) / (mask.sum() + 1e-6)
                    centre = (1 - mask) * centre + mask * mean[:, None, None]
            rows.append(F.cosine_similarity(feature, centre, dim=0, eps=1e-8))
        return torch.stack(rows)

    return (likeness(fs) - likeness(ft)).square().mean(), {}


def kd(inputs, temperature=1.0, reversed=False):
    p, q = [(inputs[f"{side}.logits"] / temperature).log_softmax(dim=1) for side in ["teacher", "student"]]
    if reversed:
        p, q = q, p
    return (p.exp() * (p - q)).sum(dim=1).mean() * temperature**2, {}


def case(name, loss, inputs, **settings):
    """The inputs are rounded to float32 as they are stored, and computed with in float64."""
    inputs = {key: value if value.dtype == torch.int64 else value.float().double() for key, value in inputs.items()}
    for key, value in inputs.items():
        if key.startswith(("student", "projector")):
            value.requires_grad_()
    value, terms = loss(inputs, **settings)
    value.backward()
    tensors[f"{name}.loss"] = value.float()
    for key, term in terms.items():
        tensors[f"{name}.term.{key}"] = term.float()
    for key, tensor in inputs.items():
        tensors[f"{name}.{key}"] = tensor if tensor.dtype == torch.int64 else tensor.float()
        if tensor.grad is not None:
            tensors[f"{name}.grad.{key}"] = tensor.grad.float()
    cases[name] = settings


def regions(batch, classes, size, ignored=0.0):
    """Labels in blocks, so that classes have edges and bodies."""
    coarse = torch.randint(0, classes, (batch, math.ceil(size[0] / 5), math.ceil(size[1] / 5)))
    labels = coarse.repeat_interleave(5, dim=1).repeat_interleave(5, dim=2)[:, :size[0], :size[1]].contiguous()
    labels[torch.rand(labels.shape) < ignored] = IGNORE
    return labels


def pair(kind, batch, channels, size, teacher_channels=None, teacher_size=None, scale=2.0):
    return {
        f"teacher.{kind}": torch.randn(batch, teacher_channels or channels, *(teacher_size or size)) * scale,
        f"student.{kind}": torch.randn(batch, channels, *size) * scale,
    }


def projectors(form, classes, **channels):
    parameters = {}
    for side, width in channels.items():
        hidden = min(width, 256) if form == "conv-bn-relu-conv" else classes
        parameters[f"projector.{side}.0.weight"] = torch.randn(hidden, width, 1, 1) / width**0.5
        parameters[f"projector.{side}.1.weight"] = torch.rand(hidden) + 0.5
        parameters[f"projector.{side}.1.bias"] = torch.randn(hidden) * 0.3
        if form == "conv-bn-relu-conv":
            parameters[f"projector.{side}.3.weight"] = torch.randn(classes, hidden, 1, 1) / hidden**0.5
            parameters[f"projector.{side}.3.bias"] = torch.randn(classes) * 0.3
    return parameters


torch.manual_seed(0)
K, SIZE, IMAGE = 5, (4, 6), (16, 24)


def maps(**shapes):
    return pair("features", 2, K, SIZE, **shapes) | {"labels": regions(2, K, IMAGE, ignored=0.1)}


case("heteroakd.maps", heteroakd, maps(), projector="none")
case("heteroakd.resized", heteroakd, maps(teacher_size=(2, 3)), projector="none")
case("heteroakd.sharp", heteroakd, maps(scale=20.0), projector="none")
case("heteroakd.pixels", heteroakd, maps(), projector="none", weighting="pixels", reduction="images", temperatureSquared=True)
case("heteroakd.bernoulli", heteroakd, maps(), projector="none", divergence="bernoulli", temperature=2.0, reliabilityWeight=0.5)
case("heteroakd.elements", heteroakd, maps(), projector="none", reduction="elements", temperature=1.0)
for form in ["conv-bn-relu-conv", "conv-bn", "conv-bn-relu"]:
    projected = pair("features", 2, 6, SIZE, teacher_channels=8, teacher_size=(8, 12)) | projectors(form, K, student=6, teacher=8)
    projected["labels"] = regions(2, K, IMAGE, ignored=0.1)
    case(f"heteroakd.{form}", heteroakd, projected, projector=form)
case("heteroakd.learning", heteroakd, dict(projected), projector="conv-bn-relu", teacherProjectorLearns=True)

case("dist.default", dist, pair("logits", 2, K, SIZE))
case("dist.settings", dist, pair("logits", 2, K, SIZE, teacher_size=(8, 12)), temperature=3.0, beta=2.0, gamma=0.5)
case("dist.ignored", dist, pair("logits", 2, K, SIZE) | {"labels": regions(2, K, IMAGE, ignored=0.3)})

stages = {"student.stage1": torch.randn(2, 4, 8, 12), "student.stage2": torch.randn(2, 6, 4, 6)}
stages |= {key.replace("student", "teacher"): torch.randn(2, K, 8, 12) * 2 for key in list(stages)}
stages |= projectors("conv-bn-relu-conv", K, stage1=4, stage2=6) | {"labels": regions(2, K, IMAGE, ignored=0.1)}
case("ofa.default", ofa, dict(stages))
case("ofa.eps", ofa, dict(stages), eps=[1.0, 1.5], temperature=2.0)

scores = lambda **shapes: pair("logits", 2, K, SIZE, **shapes) | {"labels": regions(2, K, IMAGE, ignored=0.05)}
case("bpkd.default", bpkd, scores())
case("bpkd.settings", bpkd, scores(teacher_size=(8, 12)), temperature=4.0, edgeWeight=3.0, bodyWeight=2.0, alpha=1.0, radius=1)
case("bpkd.full", bpkd, pair("logits", 1, 3, (12, 15)) | {"labels": regions(1, 3, (12, 15))})

case("ifvd.default", ifvd, pair("features", 2, 7, SIZE) | {"labels": regions(2, K, SIZE)})
case("ifvd.widths", ifvd, maps(teacher_channels=9, teacher_size=(8, 12)))

case("kd.reversed", kd, pair("logits", 2, K, SIZE), reversed=True, temperature=2.0)

write("DistillTests", "losses_classes", tensors, cases=cases)
