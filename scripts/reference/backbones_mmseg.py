"""mmsegmentation's Swin and Mix Transformer -> Tests/SegModelsTests/Fixtures/backbones_mmseg.safetensors

Tiny networks with their maps as `stage1` … `stage4`; see `heads_mmseg.py` for what must be installed.
"""
import sys
from unittest.mock import MagicMock

sys.modules["mmcv._ext"] = MagicMock(__spec__=None)

import mmseg  # noqa: E402
import torch  # noqa: E402
from mmseg.models.backbones import MixVisionTransformer, SwinTransformer  # noqa: E402
from zoo import Zoo  # noqa: E402

torch.use_deterministic_algorithms(False)
zoo = Zoo("backbones_mmseg", mmseg=mmseg.__version__)


def taps(network, image):
    return {f"stage{i + 1}": value for i, value in enumerate(network(image))}


zoo.case("swin", SwinTransformer(embed_dims=8, depths=(1, 2, 2, 2), num_heads=(1, 2, 2, 4), window_size=4, drop_path_rate=0.0),
         (2, 3, 94, 131), taps)
zoo.case("mit", MixVisionTransformer(embed_dims=8, num_layers=[1, 2, 1, 2], num_heads=[1, 2, 3, 4], drop_path_rate=0.0), (2, 3, 64, 101), taps)
zoo.write()
