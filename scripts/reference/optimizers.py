#!/usr/bin/env python3
"""Optimisers, schedules, EMA and clipping -> Tests/TorchOptimTests/Fixtures/optimizers.safetensors

The network is Linear(6, 8) - tanh - Linear(8, 3), trained with cross-entropy on `data.x` (16×6) and `data.labels`, the
whole set each step, from `initial.<parameter>`. For each case: `<case>.loss` (100 values, before each step) and
`<case>.step<k>.<parameter>` after k = 1, 10, 100 steps. The metadata's `cases` holds each case's settings.
`schedule.<case>` are the learning rates of steps 0, 1, ... in float64, settings in the metadata's `schedules`.
"""
import copy

import torch
from fixture import write
from torch import nn
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, MultiStepLR, PolynomialLR, SequentialLR, StepLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

tensors, cases, schedules = {}, {}, {}
torch.manual_seed(0)
start = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
x, labels = torch.randn(16, 6), torch.randint(0, 3, (16,))
tensors.update({"data.x": x, "data.labels": labels})
tensors.update({f"initial.{key}": value for key, value in start.state_dict().items()})


def train(name, make, settings, clip=None, schedule=None, ema=None, accumulate=1):
    """Trains a copy of the start network with the optimiser that `make` builds for it."""
    network = copy.deepcopy(start)
    optimizer = make(network)
    scheduler = schedule(optimizer) if schedule else None
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(ema)) if ema else None
    losses, norms = [], []
    for step in range(1, 101):
        optimizer.zero_grad()
        total = 0.0
        for part, part_labels in zip(x.chunk(accumulate), labels.chunk(accumulate)):
            loss = nn.functional.cross_entropy(network(part), part_labels) / accumulate
            loss.backward()
            total += loss.item()
        losses.append(total)
        if clip:
            norms.append(nn.utils.clip_grad_norm_(network.parameters(), clip).item())
        optimizer.step()
        if scheduler:
            scheduler.step()
        if average:
            average.update_parameters(network)
        if step in (1, 10, 100):
            tensors.update({f"{name}.step{step}.{key}": value.clone() for key, value in network.state_dict().items()})
            if average:
                tensors.update({f"{name}.ema{step}.{key}": value.clone() for key, value in average.module.state_dict().items()})
    tensors[f"{name}.loss"] = torch.tensor(losses)
    if clip:
        tensors[f"{name}.norm"] = torch.tensor(norms)
    cases[name] = settings


def plain(kind, **settings):
    return lambda network: kind(network.parameters(), **settings)


def grouped(kind, weights, biases):
    """One group for the weights, one for the biases."""
    def make(network):
        named = list(network.named_parameters())
        return kind([
            {"params": [value for key, value in named if key.endswith("weight")], **weights},
            {"params": [value for key, value in named if key.endswith("bias")], **biases},
        ], lr=0.1)
    return make


for name, settings in {
    "sgd": {"lr": 0.1},
    "sgd.momentum": {"lr": 0.1, "momentum": 0.9},
    "sgd.nesterov": {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    "sgd.decay": {"lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4},
    "sgd.dampening": {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "weight_decay": 1e-2},
}.items():
    train(name, plain(SGD, **settings), settings)
for name, settings in {
    "adamw": {"lr": 1e-2, "weight_decay": 1e-2, "betas": [0.9, 0.999], "eps": 1e-8},
    "adamw.betas": {"lr": 5e-3, "weight_decay": 0.05, "betas": [0.8, 0.95], "eps": 1e-6},
}.items():
    train(name, plain(AdamW, **settings), settings)

groups = {"weights": {"lr": 0.1, "momentum": 0.9, "weight_decay": 1e-2}, "biases": {"lr": 0.2, "momentum": 0.9, "weight_decay": 0.0}}
train("sgd.groups", grouped(SGD, **groups), groups)
groups = {"weights": {"lr": 1e-2, "weight_decay": 0.1}, "biases": {"lr": 2e-2, "weight_decay": 0.0}}
train("adamw.groups", grouped(AdamW, **groups), groups)

settings = {"lr": 0.2, "momentum": 0.9}
train("sgd.clip", plain(SGD, **settings), {**settings, "clip": 0.05}, clip=0.05)
train("sgd.ema", plain(SGD, **settings), {**settings, "ema": 0.9}, ema=0.9)
train("sgd.accumulate", plain(SGD, **settings), {**settings, "accumulate": 4}, accumulate=4)
train("sgd.poly", plain(SGD, **settings), {**settings, "schedule": "poly"},
      schedule=lambda optimizer: PolynomialLR(optimizer, total_iters=100, power=0.9))


def schedule(name, make, steps, settings):
    """Records the learning rate of each of `steps` steps, base 0.01."""
    optimizer = SGD([nn.Parameter(torch.zeros(1))], lr=0.01)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    tensors[f"schedule.{name}"] = torch.tensor(rates, dtype=torch.float64)
    schedules[name] = {"lr": 0.01, "steps": steps, **settings}


def warmed(make, warmup=10, factor=0.1):
    """`factor` × lr rising in a straight line to lr over `warmup` steps, then the schedule `make` from its beginning."""
    return lambda optimizer: SequentialLR(
        optimizer, [LinearLR(optimizer, start_factor=factor, total_iters=warmup), make(optimizer)], milestones=[warmup])


schedule("poly", lambda o: PolynomialLR(o, total_iters=50, power=0.9), 50, {"kind": "poly", "power": 0.9})
schedule("poly.square", lambda o: PolynomialLR(o, total_iters=50, power=2.0), 50, {"kind": "poly", "power": 2.0})
schedule("cosine", lambda o: CosineAnnealingLR(o, T_max=50), 50, {"kind": "cosine", "minimum": 0.0})
schedule("cosine.minimum", lambda o: CosineAnnealingLR(o, T_max=50, eta_min=1e-3), 50, {"kind": "cosine", "minimum": 1e-3})
schedule("step", lambda o: StepLR(o, step_size=20, gamma=0.1), 50, {"kind": "step", "every": 20, "factor": 0.1})
schedule("milestones", lambda o: MultiStepLR(o, milestones=[15, 40], gamma=0.5), 50, {"kind": "step", "at": [15, 40], "factor": 0.5})
schedule("warmup.poly", warmed(lambda o: PolynomialLR(o, total_iters=40, power=0.9)), 50,
         {"kind": "poly", "power": 0.9, "warmup": 10, "warmupFactor": 0.1})
schedule("warmup.cosine", warmed(lambda o: CosineAnnealingLR(o, T_max=40)), 50,
         {"kind": "cosine", "minimum": 0.0, "warmup": 10, "warmupFactor": 0.1})
schedule("warmup.step", warmed(lambda o: StepLR(o, step_size=20, gamma=0.1)), 50,
         {"kind": "step", "every": 20, "factor": 0.1, "warmup": 10, "warmupFactor": 0.1})

# Clipping by itself: gradients, the norm that is returned, the gradients afterwards; with and without an effect.
for name, limit in (("clip", 1.0), ("clip.idle", 100.0)):
    torch.manual_seed(1)
    parameters = [nn.Parameter(torch.zeros(4, 3)), nn.Parameter(torch.zeros(5))]
    for index, parameter in enumerate(parameters):
        parameter.grad = torch.randn_like(parameter)
        tensors[f"{name}.before.{index}"] = parameter.grad.clone()
    tensors[f"{name}.norm"] = nn.utils.clip_grad_norm_(parameters, limit)
    for index, parameter in enumerate(parameters):
        tensors[f"{name}.after.{index}"] = parameter.grad
    cases[name] = {"limit": limit}

write("TorchOptimTests", "optimizers", tensors, cases=cases, schedules=schedules)
