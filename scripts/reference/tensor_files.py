"""Writes the files that Tests/TensorFilesTests read: checkpoints by torch.save in both formats and every
pickle protocol, with the tensors that they should give beside them as .safetensors.

    python scripts/reference/tensor_files.py        (torch 2.11.0, safetensors 0.8.0, numpy)

A second run writes the same bytes, except for *legacy.pth (PyTorch calls the storages there by their
memory addresses) and script.pt; their content is the same.
"""

import argparse
import os
import zipfile
from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import save, save_file

OUT = Path(__file__).resolve().parents[2] / "Tests" / "TensorFilesTests" / "Fixtures"
DTYPES = ["float16", "bfloat16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64", "bool"]


def every_dtype():
    values = torch.tensor([[0, 1, 2], [3, 4, 5]])
    return {name: values.to(getattr(torch, name)) for name in DTYPES}


def layouts():
    base = torch.arange(24, dtype=torch.float32)
    grid = base.view(4, 6)
    return {
        "base": base,
        "transposed": grid.t(),
        "rows": grid[1:3],
        "columns": grid[:, 1::2],
        "channels_last": torch.arange(48, dtype=torch.int16).view(2, 3, 2, 4).to(memory_format=torch.channels_last),
        "expanded": torch.tensor([7.0]).expand(3, 2),
        "scalar": torch.tensor(2.5, dtype=torch.float64),
        "empty": torch.zeros(0, 3),
        "empty_tail": base[24:],
        "one": torch.ones(1, 1, 1),
    }


def network():
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3, bias=False), torch.nn.BatchNorm2d(3), torch.nn.Linear(2, 2))


def checkpoint():
    net = network()
    tagged = torch.tensor([1.0, 2.0])
    tagged.remark = "a tensor with a Python attribute"
    return {
        "epoch": 3,
        "negative": -70000,
        "long": 2**40,
        "huge": 2**70,
        "loss": 0.125,
        "note": "größer \U0001f600",
        "flag": True,
        "nothing": None,
        "raw": b"\x00\xff\x80",
        "no_bytes": b"",
        "pair": (1, "two"),
        "steps": [1, 2, 3],
        "classes": {5, 6},
        "size": torch.Size([2, 3]),
        "device": torch.device("cuda:1"),
        "dtype": torch.bfloat16,
        "milestones": {0: "warm-up", 10: "poly"},
        "ordered": OrderedDict([("b", 1), ("a", 2)]),
        "model": {"state_dict": net.state_dict()},
        "more": {
            "dtypes": every_dtype(),
            "layouts": layouts(),
            "extras": [torch.nn.Parameter(torch.tensor([[1.5, -2.5]])), tagged],
            "remark": "not a state dict",
        },
    }


def tensors_of(value, path=""):
    """Every tensor of `value` by its dotted path, contiguous."""
    if isinstance(value, torch.Tensor):
        return {path: value.detach().clone(memory_format=torch.contiguous_format)}
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, (list, tuple)):
        pairs = list(enumerate(value))
    else:
        return {}
    found = {}
    for key, item in pairs:
        found.update(tensors_of(item, f"{path}.{key}" if path else str(key)))
    return found


class Command:
    def __reduce__(self):
        return (os.system, ("touch /tmp/segdistill-must-not-exist",))


def rezip(source, target, compression):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", compression) as new:
        for info in old.infolist():
            new.writestr(zipfile.ZipInfo(info.filename), old.read(info), compression)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    content = checkpoint()
    torch.save(content, OUT / "zip.pth")
    torch.save(content, OUT / "legacy.pth", _use_new_zipfile_serialization=False)
    save_file(tensors_of(content), OUT / "checkpoint.safetensors")

    for protocol in (2, 3, 4, 5):
        torch.save(network().state_dict(), OUT / f"state_protocol{protocol}.pth", pickle_protocol=protocol)
    torch.save(network().state_dict(), OUT / "state_legacy.pth", pickle_protocol=4, _use_new_zipfile_serialization=False)
    save_file(network().state_dict(), OUT / "state.safetensors")

    small = {"weight": torch.ones(2)}
    torch.save({"student": small, "teacher": {"weight": torch.zeros(2)}, "epoch": 1}, OUT / "two_state_dicts.pth")
    torch.save({"epoch": 1, "weights": {"weight": torch.ones(2), "step": 3}}, OUT / "no_state_dict.pth")
    torch.save([torch.ones(2), 1], OUT / "list.pth")

    torch.save({"weight": torch.ones(2), "command": Command()}, OUT / "malicious.pth")
    torch.save({"weight": torch.ones(2), "command": Command()}, OUT / "malicious_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({"model": small, "args": argparse.Namespace(lr=0.1)}, OUT / "namespace.pth")
    torch.save({"weight": torch.ones(2, dtype=torch.complex64)}, OUT / "complex.pth")
    torch.save({"weight": torch.ones(2).to(torch.float8_e4m3fn)}, OUT / "float8.pth")
    torch.jit.save(torch.jit.script(torch.nn.Linear(1, 1)), OUT / "script.pt")

    rezip(OUT / "two_state_dicts.pth", OUT / "compressed.pth", zipfile.ZIP_DEFLATED)
    # With these limits every number goes into the zip64 records.
    zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 0, 0
    rezip(OUT / "state_protocol2.pth", OUT / "zip64.pth", zipfile.ZIP_STORED)

    (OUT / "dtypes.safetensors").write_bytes(save(every_dtype(), metadata={"format": "pt", "quo\"te\n": "\x01ü\\"}))
    (OUT / "float8.safetensors").write_bytes(save({"weight": torch.ones(2).to(torch.float8_e4m3fn)}))


if __name__ == "__main__":
    main()
