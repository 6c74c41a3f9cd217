#!/usr/bin/env python3
"""A network's pass here against PyTorch's own implementation, taking turns in one run, so that whatever else the machine does slows both.

    models.py SEGDISTILL [NAME …]     SEGDISTILL: the built program; NAME: rows of the table below (all unless given)

For each row: forward, and forward and backward, at equal precision (float32, PyTorch's layout); then our forward with our
defaults. A ratio is our median over PyTorch's: below 1 we are faster. Weights are random: the time does not depend on them.
With --memory: the most memory that a process of its own takes for forward and backward, libraries and weights included.
"""
import argparse
import multiprocessing
import pathlib
import re
import statistics
import subprocess
import time

import torch


def timm(name, **kwargs):
    def make(size):
        import timm
        sized = {"img_size": size} if name.startswith(("vit", "deit", "eva", "swin", "samvit", "hiera")) else {}
        features = {"features_only": True} if kwargs.get("pyramid") else {"num_classes": 0, "global_pool": ""}
        return timm.create_model(name, pretrained=False, **features, **({} if kwargs.get("pyramid") else sized))
    return make


def torchvision(name, layers=None):
    """Without what only the classifier needs: of `features` the first `layers`, or all but the last two children."""
    def make(_size):
        import torchvision
        network = getattr(torchvision.models, name)(weights=None)
        if hasattr(network, "features"):
            return network.features[:layers]
        return torch.nn.Sequential(*list(network.children())[:-2])
    return make


def transformers(kind, **settings):
    def make(size):
        import transformers as library
        chosen = {key: value(library, size) if callable(value) else value for key, value in settings.items()}
        return getattr(library, kind)(getattr(library, CONFIGS[kind])(**chosen))
    return make


CONFIGS = {
    "Dinov2Model": "Dinov2Config", "SamVisionModel": "SamVisionConfig", "SegformerForSemanticSegmentation": "SegformerConfig",
    "UperNetForSemanticSegmentation": "UperNetConfig", "Mask2FormerForUniversalSegmentation": "Mask2FormerConfig",
    "DPTForSemanticSegmentation": "DPTConfig", "HieraModel": "HieraConfig",
}
STAGES = ["stage1", "stage2", "stage3", "stage4"]


def swin_tiny(library, size):
    return library.SwinConfig(image_size=size, out_features=STAGES)


# name here: (maker of the original, side of the image, images at once; UPerNet's pooling to one pixel needs two in training)
ROWS = {
    "vit-small-patch16": (timm("vit_small_patch16_224"), 224),
    "dinov2-small": (transformers("Dinov2Model", hidden_size=384, num_attention_heads=6, image_size=518), 518),
    "dinov2-small-registers": (timm("vit_small_patch14_reg4_dinov2"), 518),
    "dinov3-small": (timm("vit_small_patch16_dinov3"), 256),
    "eva02-small": (timm("eva02_small_patch14_224"), 224),
    "clip-base-patch16": (timm("vit_base_patch16_clip_224"), 224),
    "siglip-base-patch16": (timm("vit_base_patch16_siglip_224"), 224),
    "sam-base": (transformers("SamVisionModel", image_size=lambda _library, size: size), 512),
    "swin-tiny": (torchvision("swin_t"), 224),
    "convnext-tiny": (torchvision("convnext_tiny"), 224),
    "hiera-base": (transformers("HieraModel"), 224),
    "resnet50": (torchvision("resnet50"), 224),
    "resnet50-v1c": (timm("resnet50c"), 224),
    "mobilenetv2": (torchvision("mobilenet_v2", 18), 224),
    "mobilenetv3-large": (torchvision("mobilenet_v3_large", 16), 224),
    "efficientnet-lite0": (timm("tf_efficientnet_lite0", pyramid=True), 224),
    "hrnet-w18": (timm("hrnet_w18", pyramid=True), 224),
    "shufflenetv2-x1.0": (torchvision("shufflenet_v2_x1_0"), 224),
    "segformer-b0": (transformers("SegformerForSemanticSegmentation", num_labels=19), 512),
    "upernet-swin-tiny": (transformers("UperNetForSemanticSegmentation", backbone_config=swin_tiny, num_labels=19), 512, 2),
    "mask2former-swin-tiny": (transformers("Mask2FormerForUniversalSegmentation", backbone_config=swin_tiny, num_labels=19), 384),
}


def first(output):
    """The tensor that the backward pass starts from: the scores, or the deepest map."""
    if isinstance(output, torch.Tensor):
        return output
    if isinstance(output, (list, tuple)):
        return output[-1]
    for key in ("logits", "class_queries_logits", "last_hidden_state"):
        if key in output:
            return output[key]
    raise SystemExit(f"no output known among {list(output)}")


class Ours:
    def __init__(self, program, name, size, batch, *flags):
        sizes = ["--height", str(size), "--width", str(size), "--batch", str(batch)]
        command = [program, "bench", "model", name, *sizes, "--paced", *flags]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(self.process.args)} ended early")
        return float(line)

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


def peak(process="self"):
    """The most memory that a process has had, in MB."""
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{process}/status").read_text())[1]) / 1024


def their_peak(name, size, batch, threads):
    torch.set_num_threads(threads)
    step = theirs(ROWS[name][0](size).train(), torch.randn(batch, 3, size, size), True)
    step(), step()
    return peak()


def memory(program, name, size, batch, flags, threads):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        other = pool.apply(their_peak, (name, size, batch, threads))
    ours = Ours(program, name, size, batch, *flags, "--backward")
    ours(), ours()
    own = peak(ours.process.pid)
    ours.close()
    print(f"{name:26}{size:5}{batch:6}{other:12.0f}{own:10.0f}{own / other:8.2f}", flush=True)


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
    parser.add_argument("--side", type=int, help="of the images, in place of the table's")
    parser.add_argument("--batch", type=int, help="images at once, in place of the table's")
    parser.add_argument("--memory", action="store_true", help="peak memory in place of time")
    arguments = parser.parse_intermixed_args()
    torch.set_num_threads(arguments.threads)
    threads = ["--threads", str(arguments.threads)]
    equal = ["--precision", "float32", "--no-channels-last", *threads]
    rows = [(name, arguments.side or ROWS[name][1], arguments.batch or (*ROWS[name], 1)[2]) for name in arguments.names or ROWS]
    if arguments.memory:
        print(f"{'network':26}{'side':>5}{'batch':>6}{'PyTorch MB':>12}{'ours MB':>10}{'ratio':>8}")
        for row in rows:
            memory(arguments.program, *row, equal, arguments.threads)
        return
    print(f"{'network':26}{'side':>5}{'PyTorch ms':>12}{'ours ms':>10}{'ratio':>8}   {'PyTorch f+b':>11}{'ours f+b':>10}{'ratio':>8}   "
          f"{'our defaults':>12}{'ratio':>8}")
    for name, size, batch in rows:
        network, image = ROWS[name][0](size), torch.randn(batch, 3, size, size)
        cells = []
        for backward in (False, True):
            network.train(backward)
            ours = Ours(arguments.program, name, size, batch, *equal, *(["--backward"] if backward else []))
            cells.append(turns(ours, theirs(network, image, backward), arguments.rounds))
            ours.close()
        ours = Ours(arguments.program, name, size, batch, *threads)
        network.eval()
        default = turns(ours, theirs(network, image, False), arguments.rounds)
        ours.close()
        (f_ours, f_theirs), (b_ours, b_theirs) = cells
        print(f"{name:26}{size:5}{f_theirs * 1e3:12.1f}{f_ours * 1e3:10.1f}{f_ours / f_theirs:8.2f}   "
              f"{b_theirs * 1e3:11.1f}{b_ours * 1e3:10.1f}{b_ours / b_theirs:8.2f}   {default[0] * 1e3:12.1f}{default[0] / default[1]:8.2f}", flush=True)


if __name__ == "__main__":
    main()
