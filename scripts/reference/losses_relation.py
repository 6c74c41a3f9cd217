#!/usr/bin/env python3
"""Relation losses as the textbook has them -> Tests/DistillTests/Fixtures/losses_relation.safetensors

`skd`, `cirkd-minibatch` and `brd` with whole matrices of all pairs of positions, in float64 from float32 inputs. Cases are stored
as `losses.py` does: `<case>.<input>`, `<case>.loss`, each term, `<case>.grad.<input>`; the metadata's `cases` holds the settings.
A position whose label (nearest) is 255 is taken out of the matrices by indexing.
"""
import math

import torch
import torch.nn.functional as F
from fixture import write

tensors, cases = {}, {}


def counted(inputs, map):
    """B×h×w: where a position is not ignored."""
    if "labels" not in inputs:
        return torch.ones(map.shape[0], *map.shape[2:], dtype=torch.bool)
    return F.interpolate(inputs["labels"][:, None].double(), size=map.shape[2:], mode="nearest")[:, 0] != 255


def windows(size, side):
    """Starts and ends of cells of `side`; the last may be smaller."""
    return [(start, min(start + side, size)) for start in range(0, size, side)]


def adaptive(size, count):
    return [(index * size // count, -(-(index + 1) * size // count)) for index in range(count)]


def vectors(map, mask, rows, columns, reduce):
    """A list of images: the features at length 1 of the cells that have a counted pixel, n×C."""
    images = []
    for image, keep in zip(map, mask):
        cells = []
        for top, bottom in rows:
            for left, right in columns:
                pixels = image[:, top:bottom, left:right].flatten(1)[:, keep[top:bottom, left:right].flatten()]
                if pixels.shape[1]:
                    cells.append(reduce(pixels))
        images.append(F.normalize(torch.stack(cells), dim=1, eps=1e-12) if cells else None)
    return images


def both(inputs, role, grid, reduce):
    student, teacher = inputs[f"student.{role}"], inputs[f"teacher.{role}"]
    if teacher.shape[2:] != student.shape[2:]:
        teacher = F.interpolate(teacher, size=student.shape[2:], mode="bilinear", align_corners=False)
    mask = counted(inputs, student)
    rows, columns = grid(*student.shape[2:])
    return vectors(teacher, mask, rows, columns, reduce), vectors(student, mask, rows, columns, reduce)


def skd(inputs, pool=2):
    teacher, student = both(inputs, "features", lambda h, w: (windows(h, pool), windows(w, pool)), lambda pixels: pixels.amax(1))
    errors = [((s @ s.T - t @ t.T) ** 2).flatten() for t, s in zip(teacher, student) if s is not None]
    return {"loss": torch.cat(errors).mean()}


def divergence(t, t2, s, s2, temperature):
    """A row each."""
    teacher, student = F.log_softmax(t @ t2.T / temperature, dim=1), F.log_softmax(s @ s2.T / temperature, dim=1)
    return (teacher.exp() * (teacher - student)).sum(1)


def cirkd(inputs, temperature=0.1, pool=1):
    teacher, student = both(inputs, "features", lambda h, w: (windows(h, pool), windows(w, pool)), lambda pixels: pixels.mean(1))
    pairs = [(t, s) for t, s in zip(teacher, student) if s is not None]
    terms = [divergence(t, t2, s, s2, temperature).mean() for t, s in pairs for t2, s2 in pairs]
    return {"loss": torch.stack(terms).mean()}


def boundary_map(map, mask, reduction):
    batch, _, height, width = map.shape
    unit = F.normalize(map, dim=1, eps=1e-12)
    result = []
    for b in range(batch):
        for y in range(height):
            for x in range(width):
                near = [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]
                near = [(v, u) for v, u in near if 0 <= v < height and 0 <= u < width and mask[b, v, u]]
                if not near or not mask[b, y, x]:
                    result.append(torch.zeros((), dtype=map.dtype))
                    continue
                affinities = torch.stack([(unit[b, :, y, x] * unit[b, :, v, u]).sum().clamp(min=0) for v, u in near])
                result.append(1 - (affinities.min() if reduction == "min" else affinities.mean()))
    return torch.stack(result).reshape(batch, 1, height, width)


def head(inputs, side, maps, size):
    """The boundary map by a learned head; ignored positions are in no statistic and 0 afterwards."""
    branches = []
    for index, map in enumerate(maps):
        name = f"boundaries.{side}.stages.{index}"
        keep = counted(inputs, map)[:, None]
        x = F.conv2d(map * keep, inputs[f"{name}.conv.weight"])
        images = []
        for image, mask in zip(x, keep[:, 0]):
            groups = []
            for group in image.chunk(4):
                values = group[:, mask]
                mean, variance = values.mean(), values.var(unbiased=False)
                groups.append((group - mean) / (variance + 1e-5).sqrt())
            images.append(torch.cat(groups))
        scale, shift = inputs[f"{name}.norm.weight"], inputs[f"{name}.norm.bias"]
        x = F.relu(torch.stack(images) * scale[:, None, None] + shift[:, None, None]) * keep
        branches.append(F.interpolate(x, size=size, mode="bilinear", align_corners=False))
    return F.conv2d(torch.cat(branches, 1), inputs[f"boundaries.{side}.fuse.weight"], inputs[f"boundaries.{side}.fuse.bias"]).sigmoid()


def learned(inputs, stages, finest, radius):
    """IRNet's affinities of all pairs nearer than `radius`: the difference of the networks', and what trains their heads."""
    size = finest.shape[2:]
    maps = {side: [inputs[f"{side}.{stage}"] for stage in stages] for side in ("student", "teacher")}
    learning = head(inputs, "student", maps["student"], size)
    heads = [head(inputs, "teacher", maps["teacher"], size), head(inputs, "student", [map.detach() for map in maps["student"]], size)]
    taught, mask = heads[0].detach(), counted(inputs, finest)
    labels = F.interpolate(inputs["labels"][:, None].double(), size=size, mode="nearest")[:, 0]
    differences, same, other = [], [], []
    for b in range(finest.shape[0]):
        for y in range(size[0]):
            for x in range(size[1]):
                for dy in range(radius):
                    for dx in range(1 - radius, radius):
                        v, u = y + dy, x + dx
                        if not (dy > 0 or dx > 0) or dy * dy + dx * dx >= radius * radius or not (v < size[0] and 0 <= u < size[1]):
                            continue
                        if not mask[b, y, x] or not mask[b, v, u]:
                            continue
                        steps = max(dy, abs(dx))
                        half = lambda number: int(math.copysign(math.floor(abs(number) + 0.5), number))
                        way = [(y + half(dy * k / steps), x + half(dx * k / steps)) for k in range(steps + 1)]
                        affinity = lambda map: 1 - torch.stack([map[b, 0, p, q] for p, q in way]).max()
                        differences.append((affinity(learning) - affinity(taught)).abs())
                        for map in heads:
                            if labels[b, y, x] == labels[b, v, u]:
                                same.append(-(affinity(map) + 1e-5).log())
                            else:
                                other.append(-(1 + 1e-5 - affinity(map)).log())
    return torch.stack(differences).mean(), torch.stack(same).mean() + torch.stack(other).mean()


def brd(inputs, boundary="affinity", radius=5, alpha=10, beta=1, gamma=1, reduction="min", temperature=0.1, maxPositions=2048):
    stages = [f"stage{i}" for i in range(1, 9) if f"student.stage{i}" in inputs]
    finest = max((inputs[f"student.{stage}"] for stage in stages), key=lambda map: map.shape[2] * map.shape[3])

    def mean(side):
        maps = [inputs[f"{side}.{stage}"] for stage in stages]
        maps = [boundary_map(map, counted(inputs, map), reduction) for map in maps]
        return torch.stack([F.interpolate(map, size=finest.shape[2:], mode="bilinear", align_corners=False) for map in maps]).mean(0)

    if boundary == "learned":
        learned_boundary, heads = learned(inputs, stages, finest, radius)
    student, teacher = mean("student"), mean("teacher")
    errors = ((1 + gamma * teacher) * (student - teacher) ** 2)[:, 0]
    edges = errors[counted(inputs, finest)].mean()

    def grid(height, width):
        factor = 1
        while (height // factor) * (width // factor) > maxPositions:
            factor += 1
        return adaptive(height, height // factor), adaptive(width, width // factor)

    teacher, student = both(inputs, "features", grid, lambda pixels: pixels.mean(1))
    rows = [divergence(t, t, s, s, temperature) for t, s in zip(teacher, student) if s is not None]
    relation = torch.cat(rows).mean()
    if boundary == "learned":
        return {"loss": alpha * learned_boundary + beta * relation + heads, "boundary": learned_boundary, "relation": relation, "heads": heads}
    return {"loss": alpha * edges + beta * relation, "boundary": edges, "relation": relation}


LOSSES = {"skd": skd, "cirkd-minibatch": cirkd, "brd": brd}


def case(name, inputs, **settings):
    wide = {key: value if key == "labels" else value.double() for key, value in inputs.items()}
    for key, value in wide.items():
        if key.startswith(("student", "boundaries")):
            value.requires_grad_()
    values = LOSSES[name.split(".")[0]](wide, **settings)
    values["loss"].backward()
    for key, value in values.items():
        tensors[f"{name}.{key}"] = value.float()
    for key, value in inputs.items():
        tensors[f"{name}.{key}"] = value
        if wide[key].requires_grad:
            tensors[f"{name}.grad.{key}"] = wide[key].grad.float()
    cases[name] = settings


def pair(shape, student=None, role="features", draw=torch.randn):
    return {f"teacher.{role}": draw(shape), f"student.{role}": draw(student or shape)}


def labels(*shape):
    """Patches of ignored pixels, the last image's right half among them."""
    found = torch.zeros(shape, dtype=torch.int64)
    found[0, :3, :5] = 255
    found[-1, :, shape[2] // 2:] = 255
    return found


def near(shape, distance):
    teacher = torch.randn(shape)
    return {"teacher.features": teacher, "student.features": teacher + distance * torch.randn(shape)}


torch.manual_seed(0)
case("skd.default", pair((2, 6, 9, 13)))                                     # 35 positions after the pooling: wider maps go by positions
case("skd.channels", pair((2, 5, 8, 7)), pool=1)
case("skd.positions", pair((2, 24, 3, 4)), pool=1)
case("skd.wider", pair((2, 7, 8, 7), (2, 4, 8, 7)), pool=1)
case("skd.narrower", pair((1, 3, 8, 7), (1, 5, 8, 7)), pool=1)
case("skd.near", near((2, 8, 12, 12), 1e-3), pool=1)
case("skd.near-positions", near((2, 24, 4, 5), 1e-3), pool=1)
case("skd.sizes", pair((1, 5, 3, 4), (1, 5, 6, 8)))
case("skd.ignored", pair((2, 4, 9, 10)) | {"labels": labels(2, 9, 10)})
case("skd.ignored-positions", pair((2, 24, 4, 5)) | {"labels": labels(2, 8, 10)}, pool=1)

case("cirkd-minibatch.default", pair((3, 6, 4, 5)))
case("cirkd-minibatch.single", pair((1, 6, 4, 5)))
case("cirkd-minibatch.warm", pair((2, 6, 4, 5)), temperature=1.0)
case("cirkd-minibatch.cold", pair((2, 6, 4, 5)), temperature=0.01)
case("cirkd-minibatch.pool", pair((2, 6, 7, 5)), pool=2)
case("cirkd-minibatch.widths", pair((2, 9, 4, 5), (2, 4, 4, 5)))
case("cirkd-minibatch.sizes", pair((2, 6, 3, 4), (2, 6, 6, 8)))
case("cirkd-minibatch.ignored", pair((3, 6, 6, 8)) | {"labels": labels(3, 12, 16)})
gone = labels(3, 6, 8)
gone[1] = 255
case("cirkd-minibatch.image-ignored", pair((3, 6, 6, 8)) | {"labels": gone}, pool=2)


def stages(batch, teacher, student, sizes, teacher_sizes=None):
    found = pair((batch, teacher[-1], *sizes[-1]), (batch, student[-1], *sizes[-1]))
    for i, (t, s, size) in enumerate(zip(teacher, student, sizes)):
        found |= pair((batch, t, *(teacher_sizes or sizes)[i]), (batch, s, *size), f"stage{i + 1}", torch.rand)  # as after a ReLU: affinities above 0
    return found


four = [(8, 12), (4, 6), (2, 3), (2, 3)]
case("brd.default", stages(2, (5, 6, 7, 8), (3, 4, 5, 6), four))
case("brd.mean", stages(1, (4, 6), (4, 6), [(6, 7), (3, 4)]), reduction="mean", gamma=0.5, alpha=2, beta=3)
case("brd.one", stages(1, (4,), (6,), [(7, 10)]), maxPositions=20, temperature=0.5)
case("brd.sizes", stages(2, (5, 6), (3, 4), [(8, 12), (4, 6)], [(4, 6), (4, 6)]))
case("brd.ignored", stages(2, (5, 6), (3, 4), [(8, 12), (4, 6)]) | {"labels": labels(2, 16, 24)})
case("brd.ignored-mean", stages(2, (5, 6), (3, 4), [(8, 12), (4, 6)]) | {"labels": labels(2, 16, 24)}, reduction="mean", maxPositions=8)

found = stages(2, (5, 6), (3, 4), [(5, 6), (3, 4)]) | {"labels": torch.randint(0, 3, (2, 5, 6))}
found["labels"][1, :, 4:] = 255
for side, widths in (("teacher", (5, 6)), ("student", (3, 4))):
    for index, width in enumerate(widths):
        name = f"boundaries.{side}.stages.{index}"
        found |= {f"{name}.conv.weight": torch.randn(32, width, 1, 1), f"{name}.norm.weight": torch.rand(32) + 0.5, f"{name}.norm.bias": torch.randn(32)}
    found |= {f"boundaries.{side}.fuse.weight": torch.randn(1, 64, 1, 1) * 0.3, f"boundaries.{side}.fuse.bias": torch.randn(1)}
case("brd.learned", found, boundary="learned", radius=3)

write("DistillTests", "losses_relation", tensors, cases=cases)
