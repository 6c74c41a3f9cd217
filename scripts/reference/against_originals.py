#!/usr/bin/env python3
"""timm's and torchvision's own networks, at their published sizes with random weights, against `segdistill parity model`.

    against_originals.py SEGDISTILL [NAME …] [--family TEXT] [--cards] [--largest M] [--seed N]

Without names: every name `timm:…` and `torchvision:…` that `segdistill models list --json` knows; with --family those whose
name, or whose network's, has TEXT in it; networks of more than M (360) million parameters are left out. Every tap that both sides have
is compared, and the scores of classifiers. --cards compares pixel statistics, input size and licence with the libraries' own instead.
Needs no fixture and writes none.
"""
import argparse
import json
import tempfile
from pathlib import Path

import timm
import torch
import torchvision
from against import parity, randomize, run, worst
from safetensors.torch import save_file
from timm.models import eva, vision_transformer, vision_transformer_sam
from torchvision.models import VisionTransformer as TorchvisionViT, mobilenetv2, swin_transformer
from torchvision.models.resnet import Bottleneck
from torchvision.models.segmentation._utils import _SimpleSegmentationModel
from torchvision.models.segmentation.lraspp import LRASPP

SEGMENTERS = ("fcn_", "deeplabv3_", "lraspp_")


def create(name):
    """The original, and the size of an image to try it with: small and not square where it takes that."""
    library, name = name.split(":")
    if library == "torchvision":
        more = {"weights_backbone": None} if name.startswith(SEGMENTERS) else {}
        if name.startswith(SEGMENTERS[:2]):
            more["aux_loss"] = True
        network = torchvision.models.get_model(name, weights=None, **more)
        for block in network.modules():  # as timm makes them: with weak branches rounding errors stay small
            if isinstance(block, Bottleneck):
                torch.nn.init.zeros_(block.bn3.weight)
        return network, (224, 224) if name.startswith("vit") else (96, 128)
    kind = timm.model_entrypoint(name.split(".")[0])
    side = timm.get_pretrained_cfg(name).input_size[-1]
    if kind.__module__.endswith(("vision_transformer", "eva", "deit")):
        network = timm.create_model(name, dynamic_img_size=True)
        patch = network.patch_embed.patch_size[0]
        return network, (patch * 5, patch * 7)
    if kind.__module__.endswith("vision_transformer_sam"):
        size = (256, 320) if side > 256 else (side, side)
        return timm.create_model(name, img_size=size), size
    if kind.__module__.endswith(("swin_transformer", "swin_transformer_v2")):
        return timm.create_model(name, img_size=(side, side + 64)), (side, side + 64)
    return timm.create_model(name), (side, side) if kind.__module__.endswith(".hiera") else (96, 128)


def recorded(modules, call):
    """What `call()` gives, and by name the results of modules on the way."""
    found = {}

    def keep(name):
        def hook(_module, _inputs, output):
            found[name] = output
        return hook
    hooks = [module.register_forward_hook(keep(name)) for name, module in modules.items()]
    result = call()
    for hook in hooks:
        hook.remove()
    return result, found


def stages(maps, image):
    """Of several maps of a size the last is the stage."""
    return {{4: "stage1", 8: "stage2", 16: "stage3", 32: "stage4"}.get(image.shape[-1] // m.shape[-1], ""): m for m in maps}


def tokens(network, image, blocks, prefix, norm):
    logits, found = recorded({f"block.{i}": block for i, block in enumerate(blocks)}, lambda: network(image))
    last = norm(found[f"block.{len(blocks) - 1}"])
    return {**found, "patches": last[:, prefix:], **({"cls": last[:, 0]} if prefix else {}), "logits": logits}


def timms(network, image):
    if isinstance(network, vision_transformer_sam.VisionTransformerSAM):
        blocks = {f"block.{i}": block for i, block in enumerate(network.blocks)}
        logits, found = recorded({**blocks, "patches": network.neck}, lambda: network(image))
        patches = found.pop("patches").flatten(2).transpose(1, 2)
        found = {**{name: value.flatten(1, 2) for name, value in found.items()}, "patches": patches, "logits": logits}
    elif isinstance(network, (vision_transformer.VisionTransformer, eva.Eva)):
        found = tokens(network, image, network.blocks, network.num_prefix_tokens, network.norm)
    else:
        last, maps = network.forward_intermediates(image)
        found = {**stages(maps, image), "logits": network.forward_head(last)}
    if not network.num_classes:
        del found["logits"]
    return found


def torchvisions(network, image):
    if isinstance(network, TorchvisionViT):
        return tokens(network, image, network.encoder.layers, 1, network.encoder.ln)
    if isinstance(network, (_SimpleSegmentationModel, LRASPP)):
        out = network(image)["out"]
        names = {"out": "stage4", "high": "stage4", "low": "stage2", "aux": "stage3" if "layer3" in network.backbone else "stage2"}
        return {**{names[name]: m for name, m in network.backbone(image).items()}, "logits": out}
    if hasattr(network, "features"):
        layers = list(network.features)[:-1 if isinstance(network, mobilenetv2.MobileNetV2) else None]
    else:
        layers = [child for name, child in network.named_children() if name.startswith(("layer", "stage", "maxpool"))]
    logits, found = recorded(dict(enumerate(layers)), lambda: network(image))
    maps = list(found.values())
    if isinstance(network, swin_transformer.SwinTransformer):
        maps = [m.permute(0, 3, 1, 2) for m in maps if m.dim() == 4]
    return {**stages(maps, image), "logits": logits}


def settle(network, image):
    """Batch statistics of the image: deep networks with others make their numbers so large, or their rounding errors, that nothing can be told."""
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1
        norm.train()
    with torch.no_grad():
        network(image)
    network.eval()


def attempt(program, name):
    network, size = create(name)
    randomize(network)
    for module in network.modules():  # tables of distances are saved, but are no weights
        if hasattr(module, "define_relative_position_bias_table"):
            module.define_relative_position_bias_table()
    image = torch.randn(2, 3, *size)
    settle(network, image)
    with torch.no_grad():
        expected = (timms if name.startswith("timm:") else torchvisions)(network, image)
    expected.pop("", None)
    with tempfile.TemporaryDirectory() as scratch:
        weights = Path(scratch, "model.safetensors")
        save_file({key: value.contiguous().clone() for key, value in network.state_dict().items()}, weights)
        found = parity(program, image, weights, name)
    error, tap = worst(expected, found)
    return error, tap, size, len(expected)


def parameters(name):
    with torch.device("meta"):
        return sum(p.numel() for p in create(name)[0].parameters())


def theirs(name):
    """The card of the library's default weights (or of those that a tag names)."""
    library, bare = name.split(":")
    if library == "timm":
        config = timm.get_pretrained_cfg(bare)
        return {"mean": config.mean, "std": config.std, "inputSize": config.input_size[-1], "licence": config.license}
    weights = torchvision.models.get_model_weights(bare)
    transform = next(iter(weights)).transforms()
    size = getattr(transform, "crop_size", [None])[0]
    return {"mean": transform.mean, "std": transform.std, "inputSize": size, "licence": "bsd-3-clause"}


def letters(text):
    return "".join(filter(str.isalnum, text.lower())).replace("license", "")


def card(row):
    """What of a card differs from the library's; a licence only where the library states one."""
    wrong = []
    for key, value in theirs(row["name"]).items():
        own = row.get(key)
        if key == "licence":
            same = value is None or letters(value) in letters(own)
        elif key == "inputSize":
            same = own == value
        else:
            same = all(abs(a - b) < 1e-6 for a, b in zip(own, value))
        if not same:
            wrong.append(f"{key}: {own}, there {value}")
    return wrong


def tried(program, name):
    try:
        error, tap, size, count = attempt(program, name)
    except Exception as problem:  # every network is tried, whatever happens to one
        print(f"FAIL {name:50} {type(problem).__name__}: {str(problem)[:300]}", flush=True)
        return False
    good = error < 1e-4
    print(f"{'ok  ' if good else 'BAD '} {name:50} {size[0]}×{size[1]}  {count} taps  worst {tap:9} {error:.1e}", flush=True)
    return good


def compared(row):
    try:
        wrong = card(row)
    except Exception as problem:
        wrong = [f"{type(problem).__name__}: {problem}"]
    print(f"{'BAD ' if wrong else 'ok  '} {row['name']:50} {'; '.join(wrong)}", flush=True)
    return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--family")
    parser.add_argument("--cards", action="store_true")
    parser.add_argument("--largest", type=float, default=360)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = [row for row in json.loads(run(arguments.program, "models", "list", *filter(None, [arguments.family]), "--json"))
            if row["name"].startswith(("timm:", "torchvision:")) and (not arguments.names or row["name"] in arguments.names)]
    failures, seen = 0, set()
    for row in rows:
        torch.manual_seed(arguments.seed)
        if arguments.cards:
            failures += not compared(row)
        elif (same := (row["network"], row["name"].split(".")[0])) in seen:
            print(f"same {row['name']:50} as without the tag", flush=True)
        elif parameters(row["name"]) > arguments.largest * 1e6:
            print(f"left {row['name']:50} too large", flush=True)
        else:
            seen.add(same)
            failures += not tried(arguments.program, row["name"])
    print(f"{len(rows)} networks, {failures} differ")
    raise SystemExit(failures > 0)


main()
