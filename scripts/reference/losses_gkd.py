#!/usr/bin/env python3
"""GKD's loss in plain PyTorch -> Tests/DistillTests/Fixtures/losses_gkd.safetensors

For each case: `<case>.<input>` under the names of `segdistill parity loss gkd`, `<case>.loss`, `<case>.term.<name>`, and `<case>.grad.<input>`
for each student input and parameter. The metadata's `cases` holds the settings as the command line takes them. Computed in float64, with
whole attention matrices through PyTorch's graph, an image at a time; what labels ignore is left out by selecting the rest.
"""
import torch
import torch.nn.functional as F
from fixture import write

torch.manual_seed(6)
tensors, cases = {}, {}


def branch(inputs, head, name, x):
    norm, linear = f"projector.{head}.{name}Norm", f"projector.{head}.{name}"
    x = F.layer_norm(x, x.shape[-1:], inputs[f"{norm}.weight"], inputs[f"{norm}.bias"])
    return F.linear(x, inputs[f"{linear}.weight"], inputs[f"{linear}.bias"])


def qsd(inputs, head, x, t, kind, scale):
    """N×Cs and N×Ct to N×Ct."""
    values = branch(inputs, head, "value", x)
    if kind == "linear":
        return values
    products = branch(inputs, head, "query", x) @ t.T
    return F.softmax(products / t.shape[-1] ** 0.5 if scale else products, dim=-1) @ values


def tokens(map, size=None, labels=None):
    """B×N×C, or B×C×h×w averaged to `size`, as a list of n×C: the tokens of each image that count."""
    if map.dim() == 3:
        return list(map)
    keep = torch.ones(len(map), 1, *map.shape[-2:], dtype=map.dtype)
    if labels is not None:
        keep = (F.interpolate(labels[:, None].double(), size=map.shape[-2:], mode="nearest") != 255).double()
    if size:
        # Every cell is the mean of its pixels that count.
        share = F.adaptive_avg_pool2d(keep, size)
        map, keep = F.adaptive_avg_pool2d(map * keep, size) / share.clamp(min=1e-12), share
    return [x.flatten(1).T[k.flatten() > 0] for x, k in zip(map, keep)]


def gkd(inputs, head="qsd", scale=False, size=None, featureWeight=1.0, maskWeight=1.0, tokenWeight=1.0):
    labels = inputs.get("labels")
    s, t, m = inputs["student.patches"], inputs["teacher.patches"], inputs["student.maskedPatches"]
    if t.dim() == 4 and t.shape[-2:] != s.shape[-2:]:
        t = F.interpolate(t, size=s.shape[-2:], mode="bilinear", align_corners=False)
    s, t, m = (tokens(x, size, labels) for x in (s, t, m))
    feature, mask, token, wanted, hidden = [], [], [], [], []
    for image in range(len(s)):
        if not len(s[image]):
            continue
        if "student.cls" in inputs:
            c = qsd(inputs, "token", inputs["student.cls"][image:image + 1], inputs["teacher.cls"][image:image + 1], head, scale)
            token.append((c, inputs["teacher.cls"][image:image + 1]))
            feature.append(c)
            wanted.append(token[-1][1])
        feature.append(qsd(inputs, "feature", s[image], t[image], head, scale))
        wanted.append(t[image])
        mask.append(qsd(inputs, "patch", m[image], t[image], head, scale))
        hidden.append(t[image])
    terms = {"feature": F.mse_loss(torch.cat(feature), torch.cat(wanted)), "mask": F.mse_loss(torch.cat(mask), torch.cat(hidden))}
    if token:
        terms["token"] = F.mse_loss(torch.cat([c for c, _ in token]), torch.cat([t for _, t in token]))
    weights = {"feature": featureWeight, "mask": maskWeight, "token": tokenWeight}
    return sum(weights[name] * value for name, value in terms.items()), terms


def case(name, inputs, size=None, **settings):
    leaves = {key: value.double().requires_grad_() if value.is_floating_point() else value for key, value in inputs.items()}
    loss, terms = gkd(leaves, size=size, **{key: value for key, value in settings.items() if key != "maxTokens"})
    loss.backward()
    tensors.update({f"{name}.{key}": value for key, value in inputs.items()})
    tensors[f"{name}.loss"] = loss.float()
    tensors.update({f"{name}.term.{key}": value.float() for key, value in terms.items()})
    for key, leaf in leaves.items():
        if leaf.is_floating_point() and not key.startswith("teacher."):
            tensors[f"{name}.grad.{key}"] = (torch.zeros_like(leaf) if leaf.grad is None else leaf.grad).float()
    cases[name] = [f"{key}={str(value).lower()}" for key, value in settings.items()]


def heads(student, teacher, names=("feature", "patch", "token"), branches=("query", "value")):
    found = {}
    for head in names:
        for name in branches:
            found[f"projector.{head}.{name}Norm.weight"] = torch.rand(student) + 0.5
            found[f"projector.{head}.{name}Norm.bias"] = torch.randn(student) * 0.1
            found[f"projector.{head}.{name}.weight"] = torch.randn(teacher, student) * student ** -0.5
            found[f"projector.{head}.{name}.bias"] = torch.randn(teacher) * 0.1
    return found


def inputs(batch, student, teacher, own, theirs=None, token=True):
    """`own` and `theirs`: the number of tokens, or a grid."""
    theirs = theirs or own
    shape = lambda channels, grid: (batch, grid, channels) if isinstance(grid, int) else (batch, channels, *grid)
    found = {"teacher.patches": torch.randn(shape(teacher, theirs)), "student.patches": torch.randn(shape(student, own)),
             "student.maskedPatches": torch.randn(shape(student, own))}
    if token:
        found |= {"teacher.cls": torch.randn(batch, teacher), "student.cls": torch.randn(batch, student)}
    return found | heads(student, teacher, ("feature", "patch", "token") if token else ("feature", "patch"))


def labels(batch, height, width, ignored=0.4):
    found = torch.randint(0, 4, (batch, height, width))
    found[torch.rand(batch, height, width) < ignored] = 255
    found[-1] = 255
    return {"labels": found}


case("default", inputs(3, 6, 8, 12))
case("equal", inputs(2, 5, 5, 7))
case("one", inputs(2, 6, 8, 1))
case("scaled", inputs(2, 6, 8, 10), scale=True)
case("weights", inputs(2, 4, 6, 9), featureWeight=0.5, maskWeight=3.0, tokenWeight=0.25)
linear = inputs(3, 6, 8, 12)
case("linear", {key: value for key, value in linear.items() if ".query" not in key}, head="linear")
case("grids", inputs(2, 6, 8, (3, 4), (5, 6)))
case("labels", inputs(3, 6, 8, (3, 4), (4, 4)) | labels(3, 6, 8))
case("classless", inputs(2, 6, 8, (3, 5), (2, 3), token=False))
case("pooled", inputs(3, 6, 8, (6, 8), (3, 4), token=False) | labels(3, 12, 16), size=(3, 4), maxTokens=12)

write("DistillTests", "losses_gkd", tensors, cases=cases, seed="6")
