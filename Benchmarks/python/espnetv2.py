"""ESPNetv2 for segmentation (Mehta et al., CVPR 2019) in PyTorch, for the benchmarks.

Tensor names are those of the published weights, so `load_state_dict` takes them unchanged.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn

WIDTHS = {0.5: (16, 32, 64, 128), 1.0: (32, 64, 128, 256), 2.0: (32, 128, 256, 512)}
BRANCHES = 4


class Unit(nn.Module):
    """Convolution, then optionally batch norm and PReLU, under the names `conv`, `bn`, `act`."""

    def __init__(self, inputs, outputs, kernel=1, stride=1, groups=1, dilation=1, norm=True, act=True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2 * dilation, dilation, groups, bias=False)
        if norm:
            self.bn = nn.BatchNorm2d(outputs)
        if act:
            self.act = nn.PReLU(outputs)

    def forward(self, x):
        for child in self.children():
            x = child(x)
        return x


def norm_act(channels):
    return nn.Sequential(nn.BatchNorm2d(channels), nn.PReLU(channels))


class NormAct(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.bn, self.act = nn.BatchNorm2d(channels), nn.PReLU(channels)

    def forward(self, x):
        return self.act(self.bn(x))


class EESP(nn.Module):
    """Reduce, four depth-wise branches of growing dilation fused one after the other, merge."""

    def __init__(self, inputs, outputs, reach, stride=1):
        super().__init__()
        width = outputs // BRANCHES
        # A branch whose receptive field would pass the reach falls back to an undilated kernel.
        dilations = sorted(i + 1 if 3 + 2 * i <= reach else 1 for i in range(BRANCHES))
        self.proj_1x1 = Unit(inputs, width, groups=BRANCHES)
        self.spp_dw = nn.ModuleList(Unit(width, width, 3, stride, width, d, norm=False, act=False) for d in dilations)
        self.br_after_cat = NormAct(outputs)
        self.conv_1x1_exp = Unit(outputs, outputs, groups=BRANCHES, act=False)
        self.module_act = nn.PReLU(outputs)
        self.stride = stride

    def forward(self, x):
        reduced = self.proj_1x1(x)
        fused = [self.spp_dw[0](reduced)]
        for branch in list(self.spp_dw)[1:]:
            fused.append(branch(reduced) + fused[-1])
        out = self.conv_1x1_exp(self.br_after_cat(torch.cat(fused, 1)))
        if self.stride == 2:
            return out
        return self.module_act(out + x if out.shape == x.shape else out)


class Down(nn.Module):
    """Halves the resolution: pooled input beside a strided EESP, plus the image pooled to that size."""

    def __init__(self, inputs, outputs, reach):
        super().__init__()
        self.eesp = EESP(inputs, outputs - inputs, reach, stride=2)
        self.inp_reinf = nn.Sequential(Unit(3, 3, 3), Unit(3, outputs, act=False))
        self.act = nn.PReLU(outputs)

    def forward(self, x, image):
        pooled = F.avg_pool2d(x, 3, 2, 1)
        out = torch.cat([pooled, self.eesp(x)], 1)
        while image.shape[2] > pooled.shape[2]:
            image = F.avg_pool2d(image, 3, 2, 1)
        return self.act(out + self.inp_reinf(image))


class Encoder(nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.level1 = Unit(3, widths[0], 3, 2)
        self.level2_0 = Down(widths[0], widths[1], 13)
        self.level3_0 = Down(widths[1], widths[2], 11)
        self.level3 = nn.Sequential(*(EESP(widths[2], widths[2], 9) for _ in range(3)))
        self.level4_0 = Down(widths[2], widths[3], 9)
        self.level4 = nn.Sequential(*(EESP(widths[3], widths[3], 7) for _ in range(7)))

    def forward(self, image):
        level1 = self.level1(image)
        level2 = self.level2_0(level1, image)
        level3 = self.level3(self.level3_0(level2, image))
        return level1, level2, level3, self.level4(self.level4_0(level3, image))


class Named(nn.Module):
    """A sequence under one name, as the published names have it."""

    def __init__(self, name, *layers):
        super().__init__()
        self.add_module(name, nn.Sequential(*layers))

    def forward(self, x):
        return next(self.children())(x)


def conv_norm_act(inputs, outputs, kernel, groups=1):
    return Named("cbr", nn.Conv2d(inputs, outputs, kernel, 1, kernel // 2, groups=groups, bias=False), *norm_act(outputs))


class Shuffle(nn.Module):
    def __init__(self, groups):
        super().__init__()
        self.groups = groups

    def forward(self, x):
        return F.channel_shuffle(x, self.groups)


class PyramidPool(nn.Module):
    """Depth-wise convolutions at five scales, joined by a grouped convolution."""

    scales = (2.0, 1.5, 1.0, 0.5, 0.1)

    def __init__(self, inputs, width, outputs, last=False):
        super().__init__()
        count = len(self.scales)
        self.projection_layer = conv_norm_act(inputs, width, 1)
        self.stages = nn.ModuleList(nn.Conv2d(width, width, 3, 1, 1, groups=width, bias=False) for _ in self.scales)
        self.merge_layer = nn.Sequential(
            Named("br", *norm_act(width * count)), Shuffle(count), conv_norm_act(width * count, width, 3, width),
            nn.Conv2d(width, outputs, 1, bias=last))
        if not last:
            self.br = Named("br", *norm_act(outputs))

    def forward(self, x):
        x = self.projection_layer(x)
        size = x.shape[2:]
        parts = []
        for scale, stage in zip(self.scales, self.stages):
            scaled = [max(5, math.ceil(side * scale)) for side in size]
            if scale == 1:
                parts.append(stage(x))
            elif scale < 1:
                part = stage(F.adaptive_avg_pool2d(x, scaled))
                parts.append(F.interpolate(part, size, mode="bilinear", align_corners=True))
            else:
                part = stage(F.interpolate(x, scaled, mode="bilinear", align_corners=True))
                parts.append(F.adaptive_avg_pool2d(part, size))
        out = self.merge_layer(torch.cat(parts, 1))
        return self.br(out) if hasattr(self, "br") else out


class Gate(nn.Module):
    """A grouped convolution weighted by channel attention from the pooled input."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.wt_layer = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(inputs, outputs, 1, bias=False), nn.Sigmoid())
        self.expansion_layer = conv_norm_act(inputs, outputs, 3, math.gcd(inputs, outputs))

    def forward(self, x):
        return self.expansion_layer(x) * self.wt_layer(x)


class ESPNetv2(nn.Module):
    def __init__(self, scale, classes=20):
        super().__init__()
        widths, outs = WIDTHS[scale], (64, 48, 32)
        self.base_net = Encoder(widths)
        width = max(10, min(classes // 2, 16))
        self.bu_dec_l1 = PyramidPool(widths[3], width, outs[0])
        self.bu_dec_l2 = PyramidPool(outs[0], width, outs[1])
        self.bu_dec_l3 = PyramidPool(outs[1], width, outs[2])
        self.bu_dec_l4 = PyramidPool(outs[2], width, classes, last=True)
        self.merge_enc_dec_l2, self.bu_br_l2 = Gate(widths[2], outs[0]), norm_act(outs[0])
        self.merge_enc_dec_l3, self.bu_br_l3 = Gate(widths[1], outs[1]), norm_act(outs[1])
        self.merge_enc_dec_l4, self.bu_br_l4 = Gate(widths[0], outs[2]), norm_act(outs[2])

    def forward(self, image):
        level1, level2, level3, level4 = self.base_net(image)

        def join(x, skip, merge, activate):
            return activate(merge(skip) + F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True))

        x = self.bu_dec_l1(level4)
        x = self.bu_dec_l2(join(x, level3, self.merge_enc_dec_l2, self.bu_br_l2))
        x = self.bu_dec_l3(join(x, level2, self.merge_enc_dec_l3, self.bu_br_l3))
        x = self.bu_dec_l4(join(x, level1, self.merge_enc_dec_l4, self.bu_br_l4))
        return F.interpolate(x, image.shape[2:], mode="bilinear", align_corners=True)
