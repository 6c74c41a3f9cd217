"""What the reference scripts share: where fixtures lie, how they are written, numbers that both sides can compute."""
import json
import math
import struct
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
TYPES = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64", torch.bool: "BOOL"}

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def write(target, script, tensors, **notes):
    """Writes `tensors` (a dict by name) to Tests/<target>/Fixtures/<script>.safetensors.

    The bytes depend on the tensors alone, so running a script again leaves the repository unchanged. `notes` join the
    metadata; what is not a string is stored as JSON.
    """
    metadata = {"script": f"scripts/reference/{script}.py", "torch": torch.__version__}
    metadata.update({key: value if isinstance(value, str) else json.dumps(value) for key, value in notes.items()})
    header, blobs, offset = {"__metadata__": dict(sorted(metadata.items()))}, [], 0
    for name in sorted(tensors):
        tensor = tensors[name].detach().contiguous()
        blob = tensor.numpy().tobytes()
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path = ROOT / "Tests" / target / "Fixtures" / f"{script}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))
    print(f"{path.relative_to(ROOT)}: {len(tensors)} tensors, {path.stat().st_size / 1024:.0f} KiB")


def cotangent(tensor):
    """What a gradient in a fixture is taken against: element j (row-major) is cos(j) in float32."""
    return torch.arange(tensor.numel(), dtype=torch.float32).cos().reshape(tensor.shape).to(tensor.dtype)


def backward(outputs):
    """Back-propagates the sum over all floating-point outputs of (output * cotangent)."""
    total = sum((output * cotangent(output)).sum() for output in outputs if output.is_floating_point())
    total.backward()


GAMMA = 0x9E3779B97F4A7C15
MASK = 2**64 - 1


def formula(name, shape):
    """Uniform numbers in [-1, 1) that depend on the name and the row-major index alone, in float64.

    They are SplitMix64's draws u in [0, 1) from the state (GAMMA ^ h) + GAMMA, mapped by 2u - 1, where h is the 64-bit
    FNV-1a hash of the name's UTF-8 bytes. So a test fills a network of any size without a file.
    """
    key = 0xCBF29CE484222325
    for byte in name.encode():
        key = ((key ^ byte) * 0x100000001B3) & MASK
    start = ((GAMMA ^ key) + GAMMA) & MASK
    count = int(np.prod(shape, dtype=np.int64))
    with np.errstate(over="ignore"):
        z = np.uint64(start) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GAMMA)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return torch.from_numpy((z >> np.uint64(11)).astype(np.float64) * 2.0**-53 * 2 - 1).reshape(shape)


def weight_for(name, value):
    """The formula number of a tensor made into a weight that keeps activations near 1 through a deep network."""
    number = formula(name, tuple(value.shape))
    leaf = name.rsplit(".", 1)[-1]
    if leaf == "running_mean":
        return 0.1 * number
    if leaf == "running_var":
        return 1 + 0.5 * number
    if leaf == "bias":
        return 0.1 * number
    if value.dim() >= 2:  # convolution or linear: the variance of He's initialisation
        return math.sqrt(6 / (value.numel() // value.shape[0])) * number
    return 0.75 + 0.25 * number  # scale of a normalisation


def fill(module, rename=lambda key: key):
    for key, value in module.state_dict().items():
        if value.is_floating_point():
            value.copy_(weight_for(rename(key), value))
    return module
