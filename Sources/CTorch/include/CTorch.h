// CTorch exports one symbol, `ctorch_api`; its types are in CTorchABI's `ctorch.h`.
#pragma once
