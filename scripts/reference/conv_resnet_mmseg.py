"""mmsegmentation's ResNets -> Tests/SegModelsTests/Fixtures/conv_resnet_mmseg.safetensors; see `heads_mmseg.py` for what must be installed."""
import sys
from unittest.mock import MagicMock

sys.modules["mmcv._ext"] = MagicMock(__spec__=None)

import mmseg  # noqa: E402
import torch  # noqa: E402
from mmseg.models.backbones import ResNetV1c, ResNetV1d  # noqa: E402
from zoo import Zoo  # noqa: E402

torch.use_deterministic_algorithms(False)
zoo = Zoo("conv_resnet_mmseg", mmseg=mmseg.__version__)
dilated = dict(strides=(1, 2, 1, 1), dilations=(1, 1, 2, 4), contract_dilation=True)


def taps(network, image):
    return {f"stage{i + 1}": value for i, value in enumerate(network(image))}


zoo.case("18-v1c", ResNetV1c(depth=18), (2, 3, 64, 96), taps)
zoo.case("18-v1c-dilated", ResNetV1c(depth=18, **dilated), (1, 3, 75, 64), taps)
zoo.case("50-v1c-dilated", ResNetV1c(depth=50, **dilated), (1, 3, 64, 75), taps)
zoo.case("50-v1d", ResNetV1d(depth=50), (1, 3, 64, 91), taps)
zoo.write()
