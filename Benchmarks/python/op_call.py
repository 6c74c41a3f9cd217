#!/usr/bin/env python3
"""The cost of one call of a tiny operator from Python, in microseconds, as one line of JSON.

`add` is torch.add of two one-element tensors without autograd, one thread; `relu` and `matmul` likewise. The fastest of
several rounds is reported: what is measured is the way to the kernel, not the kernel.
"""
import json
import time

import torch

ROUNDS, CALLS = 60, 5_000


def microseconds(call):
    for _ in range(2_000):
        call()
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(CALLS):
            call()
        best = min(best, time.perf_counter() - start)
    return round(best / CALLS * 1e6, 4)


torch.set_num_threads(1)
x, y, square = torch.ones(1), torch.ones(1), torch.ones(2, 2)
with torch.no_grad():
    result = {
        "engine": f"PyTorch {torch.__version__} from Python",
        "unit": "µs per call",
        "empty": microseconds(lambda: None),
        "add": microseconds(lambda: torch.add(x, y)),
        "relu": microseconds(lambda: torch.relu(x)),
        "matmul": microseconds(lambda: torch.matmul(square, square)),
    }
# The loop and the lambda are Python's, not the operator's.
result["net"] = {name: round(result[name] - result["empty"], 4) for name in ("add", "relu", "matmul")}
print(json.dumps(result, ensure_ascii=False))
