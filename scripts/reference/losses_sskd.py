"""`sskd-contrast` in plain PyTorch: SSKD's contrast of two views, with whole matrices, in float64.

Cases `loss.…` are what `segdistill parity loss` computes: embeddings and given negatives. Cases `method.…` are the whole method, from the
encoder's maps on, with its heads, ignored labels and smaller grids. A position is a row, negatives are looked up one by one, and the
gradient is PyTorch's own.
"""
import torch
import torch.nn.functional as F
from fixture import write

torch.manual_seed(7)
tensors, cases = {}, {}


def rows(map):
    return map.permute(0, 2, 3, 1).flatten(0, 2)


def posterior(inputs, size, sampler="fusion", maskTemperature=0.5, normalize=True):
    """P×E; None: nothing is known."""
    def at(map):
        return F.interpolate(map, size=size, mode="bilinear", align_corners=False)
    if sampler == "uniform":
        return None
    if sampler == "class" and "scores" in inputs:
        y = rows(F.softmax(at(inputs["scores"]), dim=1))
    else:
        masks = F.softmax(at(inputs["masks"]) / maskTemperature, dim=1)
        y = [rows(masks)] if sampler in ("fusion", "mask") else []
        if sampler in ("fusion", "class"):
            y.append(rows(torch.einsum("bkhw,bkc->bchw", masks, F.softmax(inputs["classes"], dim=-1))))
        y = torch.cat(y, dim=1)
    return F.normalize(y, dim=1) if normalize else y


def weights(y, images, positions, candidates="all", counted=None):
    count = images * positions
    image = torch.arange(count) // positions
    w = torch.ones(count, count, dtype=torch.float64) if y is None else (1 - y @ y.T).clamp(min=0) + 1e-6
    same = image[:, None] == image[None, :]
    if candidates != "all":
        w = w * (same if candidates == "same" else ~same)
    w = w * (1 - torch.eye(count))
    return w if counted is None else w * counted[None, :]


def contrast(weak, strong, negatives, temperature, hinge=False, counted=None):
    z, positive = F.normalize(weak, dim=1), F.normalize(strong, dim=1)
    ahead = (z * positive).sum(1, keepdim=True) / temperature
    behind = torch.einsum("pd,prd->pr", z, z[negatives]) / temperature
    if hinge:
        behind = torch.clamp(behind - 0.5, min=0)
    losses = F.cross_entropy(torch.cat([ahead, behind], dim=1), torch.zeros(len(z), dtype=torch.long), reduction="none")
    return losses.mean() if counted is None else losses[counted].mean()


def write_case(name, inputs, leaves, results, settings):
    tensors.update({f"{name}.{key}": value for key, value in inputs.items()})
    tensors.update({f"{name}.{key}": value.detach().float() for key, value in results.items()})
    tensors.update({f"{name}.grad.{key}": leaf.grad.float() for key, leaf in leaves.items() if leaf.grad is not None})
    cases[name] = [f"{key}={str(value).lower()}" for key, value in settings.items()]


def doubles(inputs):
    return {key: value.double().requires_grad_() if value.is_floating_point() else value for key, value in inputs.items()}


def loss_case(name, batch=2, grid=(3, 4), masks=None, count=6, twice=False, **settings):
    width, queries, classes = 5, 4, 3
    inputs = {"weak.embeddings": torch.randn(batch, width, *grid), "strong.embeddings": torch.randn(batch, width, *grid),
              "mask.logits": torch.randn(batch, queries, *(masks or grid)) * 2, "class.logits": torch.randn(batch, queries, classes + 1) * 2}
    leaves = doubles(inputs)
    logits = {"masks": leaves["mask.logits"].detach(), "classes": leaves["class.logits"].detach()}
    kinds = {key: settings[key] for key in ("sampler", "maskTemperature", "normalize") if key in settings}
    w = weights(posterior(logits, grid, **kinds), batch, grid[0] * grid[1], settings.get("candidates", "all"))
    negatives = torch.multinomial(w, count, replacement=False)
    if twice:
        negatives[:, 1] = negatives[:, 0]
    inputs["negatives"] = negatives
    loss = contrast(rows(leaves["weak.embeddings"]), rows(leaves["strong.embeddings"]), negatives,
                    settings.get("temperature", 0.07), settings.get("hinge", False))
    loss.backward()
    write_case(f"loss.{name}", inputs, leaves, {"loss": loss, "weights": w}, settings)


def head(x, inputs, name):
    for layer in range(3):
        x = F.linear(F.relu(x) if layer else x, inputs[f"projector.{name}.{layer}.weight"])
    return x


def method_case(name, batch=2, grid=(4, 6), size=None, progress=1.0, labels=None, masks=(8, 12), count=5, semantic=False, **settings):
    channels, width, queries, classes = 6, settings.get("width", 8), 4, 3
    inputs = {"features": torch.randn(batch, channels, *grid), "strongFeatures": torch.randn(batch, channels, *grid)}
    if semantic:
        inputs["scores"] = torch.randn(batch, classes, *masks) * 2
    else:
        inputs |= {"masks": torch.randn(batch, queries, *masks) * 2, "classes": torch.randn(batch, queries, classes + 1) * 2}
    for view in ("weak", "strong"):
        for layer in range(3):
            inputs[f"projector.{view}.{layer}.weight"] = torch.randn(width, width if layer else channels) * 0.5
    if labels is not None:
        inputs["labels"] = labels
    leaves = doubles(inputs)
    counted, pooled = None, lambda map: map
    keep = torch.ones(batch, 1, *grid, dtype=torch.float64)
    if labels is not None:
        keep = (F.interpolate(labels[:, None].double(), size=grid, mode="nearest") != 255).double()
    if size:
        share = F.adaptive_avg_pool2d(keep, size)
        whole, keep = keep, share
        pooled = lambda map: F.adaptive_avg_pool2d(map * whole, size) / share.clamp(min=1e-12)
    if labels is not None:
        counted = keep.flatten() > 0
    size = size or grid
    y = posterior({key: value.detach() for key, value in leaves.items()}, size, settings.get("sampler", "fusion"))
    w = weights(y, batch, size[0] * size[1], settings.get("candidates", "all"), None if counted is None else counted.double())
    negatives = torch.multinomial(w, count, replacement=False)
    inputs["negatives"] = negatives
    weak = head(rows(pooled(leaves["features"])), leaves, "weak")
    strong = head(rows(pooled(leaves["strongFeatures"].detach())), leaves, "strong")
    temperature = 0.3 + (0.07 - 0.3) * progress
    loss = contrast(weak, strong, negatives, temperature, counted=counted)
    loss.backward()
    inputs["progress"] = torch.tensor(progress)
    write_case(f"method.{name}", inputs, leaves, {"loss": loss}, settings)


def ignoring(batch, height, width, share):
    labels = torch.randint(0, 3, (batch, height, width))
    labels[torch.rand(batch, height, width) < share] = 255
    return labels


loss_case("default")
loss_case("others", candidates="others")
loss_case("same", candidates="same")
loss_case("alone", batch=1)
loss_case("uniform", sampler="uniform")
loss_case("mask", sampler="mask")
loss_case("class", sampler="class")
loss_case("code", sampler="class", normalize=False, candidates="others", hinge=True, maskTemperature=1.0)
loss_case("warm", temperature=0.5, hinge=True)
loss_case("resized", masks=(6, 8))
loss_case("twice", twice=True)
method_case("default", width=8)
method_case("annealed", progress=0.25, width=8)
method_case("labels", labels=ignoring(2, 4, 6, 0.4), width=8)
method_case("pooled", grid=(6, 8), size=(3, 4), labels=ignoring(2, 12, 16, 0.7), width=8, maxPositions=12)
method_case("semantic", semantic=True, sampler="class", width=8)

write("DistillTests", "losses_sskd", tensors, cases=cases, seed="7")
