#!/usr/bin/env python3
"""One forward and backward pass of a relation loss as the textbook has it; prints one line of JSON.

    relations.py skd|cirkd-minibatch|brd|gkd|sskd-contrast --shape 8,256,64,128 [--threads 2] [--set temperature=0.1]

Whole matrices of all pairs of positions, through PyTorch's graph, in float32; `brd` also gets the backbone's stages, `gkd`
class tokens and a masked view, `sskd-contrast` a strong view, masks and classes; heads are new and negatives drawn, so that
the losses are not equal. After the maps are made, `peak` counts from there: the most resident memory during the pass less
what there was before it. Linux only.
"""
import argparse
import copy
import json
import time

import torch
import torch.nn.functional as F

SETTINGS = {"skd": {"pool": 1.0}, "cirkd-minibatch": {"temperature": 0.1}, "brd": {"temperature": 0.1, "gamma": 1.0, "alpha": 10.0, "beta": 1.0}, "gkd": {}, "sskd-contrast": {}}


def rows(map):
    """B×C×h×w to B×N×C at length 1."""
    return F.normalize(map, dim=1).flatten(2).transpose(1, 2)


def skd(teacher, student, pool):
    if pool > 1:
        teacher, student = (F.max_pool2d(map, int(pool), ceil_mode=True) for map in (teacher, student))
    t, s = rows(teacher), rows(student)
    return ((s @ s.transpose(1, 2) - t @ t.transpose(1, 2)) ** 2).mean()


def divergence(t, t2, s, s2, temperature):
    """Summed over everything, from N×C or B×N×C."""
    student = F.log_softmax(s @ s2.transpose(-1, -2) / temperature, dim=-1)
    with torch.no_grad():
        teacher = F.softmax(t @ t2.transpose(-1, -2) / temperature, dim=-1)
    return F.kl_div(student, teacher, reduction="sum")


def cirkd(teacher, student, temperature):
    t, s = rows(teacher), rows(student)
    batch, positions = s.shape[:2]
    total = 0
    for i in range(batch):
        for j in range(batch):
            total = total + divergence(t[i], t[j], s[i], s[j], temperature)
    return total / (batch * batch * positions)


def boundary(map):
    batch, channels, height, width = map.shape
    unit = F.normalize(map, dim=1)
    near = F.unfold(unit, 3, padding=1).view(batch, channels, 9, height, width)
    affinity = (near * unit.unsqueeze(2)).sum(1).clamp(min=0)
    outside = F.unfold(torch.ones(1, 1, height, width), 3, padding=1).view(1, 9, height, width) == 0
    return 1 - affinity.masked_fill(outside, 1).amin(1, keepdim=True)


def brd(teacher, student, stages, temperature, gamma, alpha, beta):
    def mean(maps):
        size = maps[0].shape[2:]
        return sum(F.interpolate(boundary(map), size=size, mode="bilinear") for map in maps) / len(maps)

    s = mean([pair[1] for pair in stages])
    with torch.no_grad():
        t = mean([pair[0] for pair in stages])
    edges = ((1 + gamma * t) * (s - t) ** 2).mean()
    t, s = rows(teacher), rows(student)
    return alpha * edges + beta * divergence(t, t, s, s, temperature) / (s.shape[0] * s.shape[1])


class Head(torch.nn.Module):
    """QSD as its authors have it."""

    def __init__(self, width):
        super().__init__()
        self.query, self.value = (torch.nn.Sequential(torch.nn.LayerNorm(width), torch.nn.Linear(width, width)) for _ in range(2))

    def forward(self, x, t):
        return (self.query(x) @ t.transpose(1, 2)).softmax(-1) @ self.value(x)


def gkd(teacher, student, masked, classes, heads):
    t, s, m = (map.flatten(2).transpose(1, 2) for map in (teacher, student, masked))
    c, d = (x.unsqueeze(1) for x in classes)
    feature, patch, token = heads
    own = token(d, c)
    everything = F.mse_loss(torch.cat([own, feature(s, t)], 1), torch.cat([c, t], 1))
    return everything + F.mse_loss(patch(m, t), t) + F.mse_loss(own, c)


def contrast(weak, strong, masks, classes, heads, temperature=0.07, count=200):
    """SSKD with all weights and products of the batch, drawn by Gumbel's largest."""
    batch, _, height, width = weak.shape
    with torch.no_grad():
        m = F.softmax(F.interpolate(masks, size=(height, width), mode="bilinear") / 0.5, dim=1).flatten(2).transpose(1, 2)
        y = F.normalize(torch.cat([m, m @ F.softmax(classes, dim=-1)], dim=2), dim=2).flatten(0, 1)
        weights = (1 - y @ y.T).clamp(min=0) + 1e-6
        weights.fill_diagonal_(0)
        gumbel = -torch.log(-torch.log(torch.rand_like(weights)))
        negatives = (weights.log() + gumbel).topk(count, dim=1).indices
    z, positive = (F.normalize(head(map.flatten(2).transpose(1, 2).flatten(0, 1)), dim=1)
                   for head, map in zip(heads, (weak, strong.detach())))
    ahead = (z * positive).sum(1, keepdim=True)
    scores = torch.cat([ahead, (z @ z.T).gather(1, negatives)], dim=1) / temperature
    return F.cross_entropy(scores, torch.zeros(len(z), dtype=torch.long))


def embedding(channels, width=128):
    layers = [torch.nn.Linear(channels, width, bias=False), torch.nn.ReLU(), torch.nn.Linear(width, width, bias=False), torch.nn.ReLU(),
              torch.nn.Linear(width, width, bias=False)]
    return torch.nn.Sequential(*layers)


def status(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key))


def measured(name, shape, settings):
    batch, channels, height, width = shape

    def maps(channels, factor=1):
        size = (batch, channels, height * factor, width * factor)
        return torch.rand(size), torch.rand(size, requires_grad=True)

    inputs = list(maps(channels))
    if name == "brd":
        inputs.append([maps(64, 2), maps(128), maps(256), maps(512)])
    if name == "gkd":
        inputs += [maps(channels)[1], (torch.rand(batch, channels), torch.rand(batch, channels, requires_grad=True)),
                   [Head(channels) for _ in range(3)]]
    if name == "sskd-contrast":
        queries = torch.rand(batch, 100, 4 * height, 4 * width), torch.rand(batch, 100, 9)
        head = embedding(channels)
        inputs = [maps(channels)[1], torch.rand(shape), *queries, [head, copy.deepcopy(head)]]
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before, start = status("VmRSS"), time.perf_counter()
    loss = {"skd": skd, "cirkd-minibatch": cirkd, "brd": brd, "gkd": gkd, "sskd-contrast": contrast}[name](*inputs, **settings)
    loss.backward()
    return {"seconds": time.perf_counter() - start, "peak": status("VmHWM") - before, "resident": status("VmHWM"), "loss": loss.item()}


parser = argparse.ArgumentParser()
parser.add_argument("name", choices=list(SETTINGS))
parser.add_argument("--shape", default="8,256,64,128")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--set", action="append", default=[])
options = parser.parse_args()
torch.set_num_threads(options.threads)
settings = SETTINGS[options.name] | {key: float(value) for key, value in (entry.split("=") for entry in options.set)}
settings.pop("maxPositions", None)
measured(options.name, (4, 8, 8, 8), settings)
print(json.dumps(measured(options.name, [int(side) for side in options.shape.split(",")], settings)))
