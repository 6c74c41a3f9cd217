#!/usr/bin/env python3
"""A network's pass here against PyTorch's own implementation, taking turns in one run, so that whatever else the machine does slows both.

    models.py SEGDISTILL [NAME …]     SEGDISTILL: the built program; NAME: rows of the table below (all unless given)

For each row: forward, and forward and backward, at equal precision (float32, PyTorch's layout); then our forward with our
defaults. A ratio is our median over PyTorch's: below 1 we are faster. Weights are random: the time does not depend on them.
"""
import argparse
import statistics
import subprocess
import time

import torch


def timm_model(name, size):
    import timm
    kwargs = {"img_size": size} if name.startswith(("vit", "deit", "eva", "swin", "sam", "hiera")) else {}
    return timm.create_model(name, pretrained=False, num_classes=0, global_pool="", **kwargs)


def torchvision_model(name, size):
    import torchvision
    network = getattr(torchvision.models, name)(weights=None)
    return torch.nn.Sequential(*list(network.children())[:-2])


def transformers_model(build):
    def make(_name, size):
        import transformers
        return build(transformers, size)
    return make


def dinov2(transformers, size):
    return transformers.Dinov2Model(transformers.Dinov2Config(hidden_size=384, num_attention_heads=6, image_size=518))


def segformer(transformers, size):
    return transformers.SegformerForSemanticSegmentation(transformers.SegformerConfig(num_labels=19))


# name here: (maker, name there, side)
ROWS = {
    "resnet50": (torchvision_model, "resnet50", 224),
}


def first(output):
    if isinstance(output, torch.Tensor):
        return output
    for key in ("logits", "last_hidden_state", "out"):
        if key in output:
            return output[key]
    raise SystemExit(f"no output known among {list(output)}")


class Ours:
    def __init__(self, program, name, size, *flags):
        command = [program, "bench", "model", name, "--height", str(size), "--width", str(size), "--paced", *flags]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def theirs(network, image, backward):
    def once():
        start = time.perf_counter()
        if backward:
            network.zero_grad(set_to_none=True)
            first(network(image)).float().sum().backward()
        else:
            with torch.no_grad():
                first(network(image))
        return time.perf_counter() - start
    return once


def turns(ours, theirs, rounds, warmup=2):
    times = []
    for index in range(rounds + warmup):
        pair = (ours(), theirs())
        if index >= warmup:
            times.append(pair)
    return [statistics.median(column) for column in zip(*times)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    threads = ["--threads", str(arguments.threads)]
    equal = ["--precision", "float32", "--no-channels-last", *threads]
    print(f"{'network':26}{'side':>5}{'PyTorch ms':>12}{'ours ms':>10}{'ratio':>8}   {'PyTorch f+b':>11}{'ours f+b':>10}{'ratio':>8}   "
          f"{'our defaults':>12}{'ratio':>8}")
    for name in arguments.names or ROWS:
        maker, rival, size = ROWS[name]
        network, image = maker(rival, size), torch.randn(1, 3, size, size)
        cells = []
        for backward in (False, True):
            network.train(backward)
            ours = Ours(arguments.program, name, size, *equal, *(["--backward"] if backward else []))
            cells.append(turns(ours, theirs(network, image, backward), arguments.rounds))
            ours.close()
        ours = Ours(arguments.program, name, size, *threads)
        network.eval()
        default = turns(ours, theirs(network, image, False), arguments.rounds)
        ours.close()
        (f_ours, f_theirs), (b_ours, b_theirs) = cells
        print(f"{name:26}{size:5}{f_theirs * 1e3:12.1f}{f_ours * 1e3:10.1f}{f_ours / f_theirs:8.2f}   "
              f"{b_theirs * 1e3:11.1f}{b_ours * 1e3:10.1f}{b_ours / b_theirs:8.2f}   {default[0] * 1e3:12.1f}{default[0] / default[1]:8.2f}", flush=True)


main()
