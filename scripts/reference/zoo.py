"""What the scripts for the model zoo share: a network of another library becomes a case of a fixture.

A case holds, for each tap, `<case>.<tap>.shape`, `.moments` (mean, standard deviation without Bessel's correction, mean of absolute
values; float64) and `.samples` (the 64 elements at row-major indices k * count / 64, rounded down), as in `models.py`. The
metadata's `cases` hold each case's input shape, the other library's names and shapes (`shapes`), its taps and, where it has one, its
`config` (config.json as text). Every tensor is filled by formula from its own name in that library (see README.md), so a test
writes the very file and no weights are committed. The image is 2 * formula("image").
"""
import json
import tempfile

import torch
from safetensors.torch import load_file
from fixture import backward, fill, formula, write


def saved_names(network):
    """The names under which transformers saves each tensor of the state dict, found by saving numbers."""
    for number, value in enumerate(network.state_dict().values()):
        if value.is_floating_point():
            value.fill_(number)
    with tempfile.TemporaryDirectory() as folder:
        network.save_pretrained(folder)
        saved = {int(value.flatten()[0]): key for key, value in load_file(f"{folder}/model.safetensors").items()}
    return {key: saved[number] for number, key in enumerate(network.state_dict()) if number in saved}


class Zoo:
    def __init__(self, name, **versions):
        self.name, self.versions, self.tensors, self.cases = name, versions, {}, {}

    def summary(self, name, value):
        value = value.detach().contiguous()
        flat, double = value.flatten(), value.flatten().double()
        index = torch.arange(64) * flat.numel() // 64
        self.tensors[f"{name}.shape"] = torch.tensor(value.shape)
        self.tensors[f"{name}.moments"] = torch.stack([double.mean(), double.std(correction=0), double.abs().mean()])
        self.tensors[f"{name}.samples"] = flat[index].float()

    def case(self, name, network, shape, taps, *, training=False, gradients=(), config=None, skip=(), prefill=None, rename=None):
        """Runs `taps(network, image)`, a dict of tensors by the names of `segdistill parity`, on the formula image.

        `gradients`: names of parameters (as in `network`) whose gradients of the sum over the taps of tap * cos(row-major index) are kept
        as `grad.<name>`; with any, `grad.image` is kept too. `config`: of a transformers model; its `to_dict()` is stored with the
        class in `architectures`. `skip`: names of the state dict that are not written to files. `prefill`: called after the filling.
        `rename`: a dict from names of the state dict to those in files, where a library saves others (see `saved_names`).
        """
        named = (rename or {}).get
        fill(network, lambda key: named(key, key)).train(training)
        if prefill is not None:
            prefill(network)
        image = (2 * formula("image", shape)).float().requires_grad_(bool(gradients))
        with torch.set_grad_enabled(bool(gradients) or training):
            outputs = taps(network, image)
        for tap, value in outputs.items():
            self.summary(f"{name}.{tap}", value)
        if gradients:
            backward(list(outputs.values()))
            self.summary(f"{name}.grad.image", image.grad)
            for key in gradients:
                self.summary(f"{name}.grad.{key}", network.get_parameter(key).grad)
        if training:
            for key, value in network.named_buffers():
                if value.is_floating_point():
                    self.summary(f"{name}.after.{key}", value)
        shapes = {named(key, key): list(value.shape) for key, value in network.state_dict().items()
                  if value.is_floating_point() and key not in skip}
        entry = {"input": list(shape), "training": training, "shapes": shapes, "taps": sorted(outputs)}
        if config is not None:
            entry["config"] = json.dumps({**config.to_dict(), "architectures": [type(network).__name__]}, default=str, sort_keys=True)
        self.cases[name] = entry
        print(name, {tap: (list(value.shape), round(value.float().std().item(), 3)) for tap, value in outputs.items()})

    def write(self):
        write("SegModelsTests", self.name, self.tensors, cases=self.cases, **self.versions)
