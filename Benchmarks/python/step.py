#!/usr/bin/env python3
"""Times the whole distillation step in PyTorch eager and prints one line of JSON.

    step.py espnetv2     ESPNetv2 s 2.0 teaches ESPNetv2 s 0.5: cross-entropy + kd (T 1) on the full-size logits
    step.py deeplabv3    DeepLabV3-ResNet-50 teaches DeepLabV3-ResNet-18: cross-entropy + cwd (T 4) on the features before
                         the classifier, both dilated to stride 8
    step.py gkd          DINOv2 ViT-S teaches DeiT-Ti at patches of 16, without labels: GKD's three heads, whole attention matrices, and
                         a second pass with patches hidden (needs timm, whose attention is PyTorch's fused one)
    step.py mask2former  transformers' Mask2Former with Swin-T and its own criterion, ten true masks an image; no teacher

A step is: teacher forward (eval, no grad) where there is one, student forward (train), losses, backward, SGD (momentum 0.9,
weight decay 1e-4), gradients cleared. Data lie in memory. The weights are random: the time does not depend on them.
Options: --batch --height --width --steps --threads --channels-last --bf16 (autocast) --device
"""
import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F
from espnetv2 import ESPNetv2
from torch import nn
from torchvision.models import resnet18, resnet50
from torchvision.models.segmentation.deeplabv3 import DeepLabHead


class DeepLabV3(nn.Module):
    """torchvision's DeepLabV3 without the auxiliary head; returns logits at the input's size and the head's features."""

    def __init__(self, backbone, width, classes):
        super().__init__()
        self.backbone = nn.Sequential(*list(backbone.children())[:-2])
        *head, last = DeepLabHead(width, classes)
        self.head, self.classifier = nn.Sequential(*head), last

    def forward(self, x):
        features = self.head(self.backbone(x))
        logits = self.classifier(features)
        return F.interpolate(logits, x.shape[2:], mode="bilinear", align_corners=False), features


def dilated_resnet18():
    """ResNet-18 at stride 8; torchvision dilates bottlenecks only, so its rule is applied to the basic blocks here."""
    network, dilation = resnet18(), 1
    for stage in (network.layer3, network.layer4):
        previous, dilation = dilation, dilation * 2
        for index, block in enumerate(stage):
            rate = previous if index == 0 else dilation
            for convolution in (block.conv1, block.conv2):
                convolution.stride, convolution.padding, convolution.dilation = (1, 1), (rate, rate), (rate, rate)
            if block.downsample is not None:
                block.downsample[0].stride = (1, 1)
    return network


def kd(student, teacher):
    teacher, student = F.log_softmax(teacher, 1), F.log_softmax(student, 1)
    return (teacher.exp() * (teacher - student)).sum(1).mean()


def cwd(student, teacher, temperature=4.0):
    batch, channels = teacher.shape[:2]
    teacher = F.log_softmax(teacher.flatten(2) / temperature, 2)
    student = F.log_softmax(student.flatten(2) / temperature, 2)
    return F.kl_div(student, teacher, reduction="sum", log_target=True) / (batch * channels) * temperature**2


def espnetv2_job(classes):
    def losses(student, teacher, labels):
        return F.cross_entropy(student, labels, ignore_index=255) + kd(student.float(), teacher.float())
    return ESPNetv2(2.0, classes), ESPNetv2(0.5, classes), losses


def deeplabv3_job(classes):
    def losses(student, teacher, labels):
        return F.cross_entropy(student[0], labels, ignore_index=255) + 50 * cwd(student[1].float(), teacher[1].float())
    teacher = DeepLabV3(resnet50(replace_stride_with_dilation=[False, True, True]), 2048, classes)
    return teacher, DeepLabV3(dilated_resnet18(), 512, classes), losses


class QueryHead(nn.Module):
    """The student's tokens, mixed as they attend to the teacher's."""

    def __init__(self, width, wanted):
        super().__init__()
        self.query = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, wanted))
        self.value = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, wanted))

    def forward(self, x, teacher):
        return F.softmax(self.query(x) @ teacher.transpose(1, 2), dim=-1) @ self.value(x)


class MaskedStudent(nn.Module):
    """The tokens of a whole and of a half hidden batch, beside the heads that they are compared through."""

    def __init__(self, network, wanted):
        super().__init__()
        self.network, width = network, network.embed_dim
        self.hidden = nn.Parameter(torch.zeros(width))
        self.heads = nn.ModuleDict({name: QueryHead(width, wanted) for name in ("feature", "patch", "token")})

    def tokens(self, images, hides=False):
        x = self.network.patch_embed(images)
        if hides:
            count, half = x[0, ..., 0].numel(), len(x) // 2
            mask = torch.zeros(len(x), count, dtype=torch.bool, device=x.device)
            mask[:half].scatter_(1, torch.rand(half, count, device=x.device).argsort(1)[:, : count // 2], True)
            x = torch.where(mask.reshape(*x.shape[:-1], 1), self.hidden.to(x.dtype), x)
        x = self.network.norm(self.network.blocks(self.network._pos_embed(x)))
        return x[:, :1], x[:, self.network.num_prefix_tokens:]

    def forward(self, images):
        return self.heads, *self.tokens(images), self.tokens(images, hides=True)[1]


class Tokens(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, images):
        x = self.network.forward_features(images)
        return x[:, :1], x[:, self.network.num_prefix_tokens:]


def gkd_job(classes):
    import timm

    def losses(student, teacher, labels):
        heads, token, patches, hidden = student
        wanted_token, wanted = teacher
        named = heads["token"](token, wanted_token)
        feature = torch.cat([named, heads["feature"](patches, wanted)], 1)
        return (F.mse_loss(feature.float(), torch.cat([wanted_token, wanted], 1).float())
                + F.mse_loss(heads["patch"](hidden, wanted).float(), wanted.float()) + F.mse_loss(named.float(), wanted_token.float()))
    options = dict(num_classes=0, dynamic_img_size=True)
    teacher = timm.create_model("vit_small_patch14_dinov2", patch_size=16, img_size=224, **options)
    student = timm.create_model("deit_tiny_distilled_patch16_224", **options)
    return Tokens(teacher), MaskedStudent(student, teacher.embed_dim), losses


class MaskSegmenter(nn.Module):
    """Mask2Former and its loss on ten true masks an image: blocks that share no pixel, each of another class."""

    def __init__(self, network, classes):
        super().__init__()
        self.network, self.classes = network, classes

    def forward(self, images):
        batch, _, height, width = images.shape
        masks = torch.zeros(10, height, width)
        for index in range(10):
            top, left = index // 5 * (height // 2), index % 5 * (width // 5)
            masks[index, top : top + height // 2, left : left + width // 5] = 1
        labels = torch.arange(10) % self.classes
        return self.network(pixel_values=images, mask_labels=[masks] * batch, class_labels=[labels] * batch).loss


def mask2former_job(classes):
    from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, SwinConfig

    swin = SwinConfig(embed_dim=96, depths=[2, 2, 6, 2], num_heads=[3, 6, 12, 24], drop_path_rate=0.0,
                      out_features=["stage1", "stage2", "stage3", "stage4"])
    network = Mask2FormerForUniversalSegmentation(Mask2FormerConfig(backbone_config=swin, num_labels=classes))
    return None, MaskSegmenter(network, classes), lambda loss, taught, labels: loss


# maker, classes, batch, height and width
JOBS = {"espnetv2": (espnetv2_job, 11, 8, (352, 480)), "deeplabv3": (deeplabv3_job, 11, 2, (352, 480)), "gkd": (gkd_job, 11, 8, (224, 224)),
        "mask2former": (mask2former_job, 11, 2, (256, 256))}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=JOBS)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--height", type=int)
    parser.add_argument("--width", type=int)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)

    make, classes, batch, (height, width) = JOBS[arguments.job]
    batch, height, width = arguments.batch or batch, arguments.height or height, arguments.width or width
    device = torch.device(arguments.device)
    layout = torch.channels_last if arguments.channels_last else torch.contiguous_format
    teacher, student, losses = make(classes)
    if teacher:
        teacher = teacher.to(device, memory_format=layout).eval().requires_grad_(False)
    student = student.to(device, memory_format=layout).train()
    optimizer = torch.optim.SGD(student.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    images = torch.randn(batch, 3, height, width, device=device).to(memory_format=layout)
    labels = torch.randint(0, classes, (batch, height, width), device=device)

    def step():
        with torch.autocast(device.type, torch.bfloat16, enabled=arguments.bf16):
            with torch.no_grad():
                taught = teacher(images) if teacher else None
            loss = losses(student(images), taught, labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return loss

    for _ in range(arguments.warmup):
        step()
    seconds = []
    for _ in range(arguments.steps):
        start = time.perf_counter()
        loss = step()
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    print(json.dumps({
        "job": arguments.job, "engine": f"PyTorch {torch.__version__} eager", "stepsPerSecond": round(1 / median, 4),
        "medianSeconds": round(median, 4), "fastestSeconds": round(min(seconds), 4), "steps": arguments.steps,
        "batch": batch, "height": height, "width": width, "device": arguments.device,
        "threads": torch.get_num_threads(), "precision": "bf16" if arguments.bf16 else "float32",
        "layout": "channels-last" if arguments.channels_last else "contiguous", "finalLoss": round(loss.item(), 4),
    }))


if __name__ == "__main__":
    main()
