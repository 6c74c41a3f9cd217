"""What the scripts share that try networks of other libraries against the built program."""
import subprocess
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def randomize(model):
    """Random numbers everywhere, batch statistics too; freshly made networks are too near to the identity to tell mistakes."""
    with torch.no_grad():
        for name, tensor in model.state_dict().items():  # what is not saved, such as frequencies, stays
            if not tensor.is_floating_point():
                continue
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
            elif tensor.dim() < 2:
                tensor.add_(0.2 * torch.randn_like(tensor))
            else:
                tensor.mul_(1.5).add_(0.05 * torch.randn_like(tensor))
    return model.eval()


def run(program, *arguments):
    result = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(result.stderr.strip().splitlines()[0] if result.stderr.strip() else f"exit code {result.returncode}")
    return result.stdout


def parity(program, image, weights, *name, **prompts):
    """What `segdistill parity model` gives for a folder, or for a file of the network called `name`."""
    with tempfile.TemporaryDirectory() as scratch:
        before, after = Path(scratch, "in.safetensors"), Path(scratch, "out.safetensors")
        save_file({"image": image, **prompts}, before)
        run(program, "parity", "model", *name, "--weights", weights, "--input", before, "--output", after)
        return load_file(after)


def worst(expected, found):
    errors = {}
    for name, value in expected.items():
        if name not in found:
            raise RuntimeError(f"no tap {name}; there are {', '.join(sorted(found))}")
        if found[name].shape != value.shape:
            raise RuntimeError(f"{name}: expected {list(value.shape)}, found {list(found[name].shape)}")
        errors[name] = ((found[name] - value).abs().max() / value.abs().max().clamp_min(1e-12)).item()
    name = max(errors, key=lambda name: errors[name] if errors[name] == errors[name] else float("inf"))
    return errors[name], name
