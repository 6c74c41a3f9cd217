#!/usr/bin/env python3
"""Classical distillation losses in plain PyTorch -> Tests/DistillTests/Fixtures/losses_classic.safetensors

For each case `<method>.<case>`: `<case>.<input>` under the names of `segdistill parity loss`, `<case>.loss`, `<case>.term.<name>`, and
`<case>.grad.<input>` for each student input and parameter; `cirkd-memory` also `<case>.after.<buffer>`. The metadata's `cases` holds the
settings. Where a case has labels, what they ignore is left out by selecting the rest, one image or one position after the other.
`adversarial`'s inputs and weights are numbers by formula; of its gradients every eighth row and column is kept.
"""
import torch
import torch.nn.functional as F
from fixture import formula, weight_for, write

tensors, cases = {}, {}


def places(inputs, image, size):
    """The positions of an image that count, as indices into h*w."""
    if "labels" not in inputs:
        return torch.arange(size[0] * size[1])
    labels = F.interpolate(inputs["labels"][image][None, None].float(), size=size, mode="nearest")[0, 0]
    return (labels.flatten() != 255).nonzero()[:, 0]


def counted(inputs, size):
    batch = len(next(value for key, value in inputs.items() if key.startswith("student.")))
    return max(1, sum(len(places(inputs, image, size)) for image in range(batch)))


def projected(inputs, role="features", name="projector"):
    x = inputs[f"student.{role}"]
    return F.conv2d(x, inputs[f"{name}.weight"], inputs[f"{name}.bias"]) if f"{name}.weight" in inputs else x


def teacher(inputs, size, role="features"):
    x = inputs[f"teacher.{role}"]
    return x if tuple(x.shape[-2:]) == tuple(size) else F.interpolate(x, size=size, mode="bilinear", align_corners=False)


def attention(inputs, side, role, image, size):
    """The energy at each place of a grid; resized from the neighbours that count."""
    x = inputs[f"{side}.{role}"][image:image + 1]
    a, keep = x.pow(2).mean(1, keepdim=True), torch.zeros(1, 1, *x.shape[-2:])
    if tuple(a.shape[-2:]) == tuple(size):
        return a.flatten()
    keep.view(-1)[places(inputs, image, x.shape[-2:])] = 1
    resized = [F.interpolate(y, size=size, mode="bilinear", align_corners=False) for y in (a * keep, keep)]
    return (resized[0] / resized[1].clamp(min=1e-6)).flatten()


def at(inputs):
    student = inputs["student.features"]
    size = student.shape[-2:]
    total = 0.0
    for image in range(len(student)):
        keep = places(inputs, image, size)
        maps = [attention(inputs, side, "features", image, size)[keep] for side in ("student", "teacher")]
        total = total + (F.normalize(maps[0], dim=0) - F.normalize(maps[1], dim=0)).pow(2).sum()
    return total / counted(inputs, size), {}


def squared(inputs, made, target):
    total = 0.0
    for image in range(len(made)):
        keep = places(inputs, image, made.shape[-2:])
        total = total + (made[image].flatten(1)[:, keep] - target[image].flatten(1)[:, keep]).pow(2).sum()
    return total


def fitnet(inputs):
    student = projected(inputs)
    size = student.shape[-2:]
    return squared(inputs, student, teacher(inputs, size)) / (counted(inputs, size) * student.shape[1]), {}


def visible(inputs, size):
    """The mask without what is ignored."""
    mask = inputs["mask"].clone()
    for image in range(len(mask)):
        keep = torch.zeros(size[0] * size[1])
        keep[places(inputs, image, size)] = 1
        mask[image] *= keep.reshape(1, *size)
    return mask


def generated(inputs, x):
    x = F.relu(F.conv2d(x, inputs["generator.0.weight"], inputs["generator.0.bias"], padding=1))
    return F.conv2d(x, inputs["generator.2.weight"], inputs["generator.2.bias"], padding=1)


def mgd(inputs, maskRatio=0.75):
    student = projected(inputs)
    size = student.shape[-2:]
    return squared(inputs, generated(inputs, student * visible(inputs, size)), teacher(inputs, size)) / len(student), {}


def windows(inputs, x, image, pool):
    """Max-pooled vectors of one image by place, without the windows that have no position that counts."""
    height, width = x.shape[-2:]
    keep = set(places(inputs, image, (height, width)).tolist())
    found = {}
    for row in range(height // pool):
        for column in range(width // pool):
            inside = [(row * pool + i, column * pool + j) for i in range(pool) for j in range(pool)]
            vectors = [x[image, :, i, j] for i, j in inside if i * width + j in keep]
            if vectors:
                found[row, column] = torch.stack(vectors).amax(0)
    return found


def af_dcd(inputs, groups, pool, patch, temperature, reconstructionWeight=2e-6, contrastWeight=0.005, maskRatio=0.75):
    student = projected(inputs)
    size = student.shape[-2:]
    target = teacher(inputs, size)
    made = generated(inputs, student * visible(inputs, size))
    reconstruction = squared(inputs, made, target) / len(student)
    total, count = 0.0, 0
    for image in range(len(made)):
        mine, theirs = windows(inputs, made, image, pool), windows(inputs, target, image, pool)
        count += len(mine)
        for place, vector in mine.items():
            neighbours = [other for other in mine if (other[0] // patch, other[1] // patch) == (place[0] // patch, place[1] // patch)]
            parts = vector.chunk(groups)
            for group in range(groups):
                def similarity(other, channels):
                    return -(parts[group] - theirs[other].chunk(groups)[channels]).abs().sum() / temperature
                own = similarity(place, group)
                unlike = [similarity(other, channels) for other in neighbours for channels in range(groups) if channels != group]
                total = total - own + torch.logsumexp(torch.stack([own] + unlike), 0)
    contrast = total / max(1, count)
    return reconstruction * reconstructionWeight + contrast * contrastWeight, {"reconstruction": reconstruction, "contrast": contrast}


def dsd(inputs, pixelWeight=1000.0, categoryWeight=10.0, temperature=4.0):
    stages = [f"stage{n}" for n in range(1, 9) if f"student.stage{n}" in inputs]
    size = max((inputs[f"student.{name}"].shape[-2:] for name in stages), key=lambda size: size[0] * size[1])
    batch = len(inputs["student.logits"])
    total, pairs = 0.0, len(stages) * (len(stages) - 1) // 2
    for image in range(batch):
        keep = places(inputs, image, size)
        def vectors(side):
            return [F.normalize(attention(inputs, side, name, image, size)[keep], dim=0) for name in stages]
        mine, theirs = vectors("student"), vectors("teacher")
        for n in range(len(stages)):
            for m in range(n + 1, len(stages)):
                change = [F.normalize(maps[m] - maps[n], dim=0) for maps in (mine, theirs)]
                total = total + (change[0] - change[1]).pow(2).sum()
    pixel = total / (counted(inputs, size) * pairs)

    scores = inputs["student.logits"]
    height, width = scores.shape[-2:]
    def gram(x, image):
        keep = set(places(inputs, image, (height, width)).tolist())
        columns = []
        for row in range(0, height, 2):
            for column in range(0, width, 2):
                inside = [(i, j) for i in (row, row + 1) for j in (column, column + 1) if i < height and j < width and i * width + j in keep]
                if inside:
                    columns.append(torch.stack([x[image, :, i, j] for i, j in inside]).mean(0))
        p = F.softmax(torch.stack(columns, 1) / temperature, dim=1)
        return p @ p.T
    target = teacher(inputs, (height, width), "logits")
    category = torch.stack([(gram(scores, b) - gram(target, b)).pow(2).mean() for b in range(batch)]).mean()
    return pixel * pixelWeight + category * categoryWeight, {"pixel": pixel, "category": category}


def vitkd(inputs, mimickingWeight=3e-5, generationWeight=3e-6, maskRatio=0.5):
    batch = len(inputs["student.features"])
    mimicking = 0.0
    for n in (1, 2):
        student = projected(inputs, f"block{n}", f"projector.block.{n - 1}")
        mimicking = mimicking + squared(inputs, student, teacher(inputs, student.shape[-2:], f"block{n}")) / batch
    student = projected(inputs)
    size = student.shape[-2:]
    mask = visible(inputs, size)
    made = generated(inputs, student * mask + inputs["mask_token"] * (1 - mask))
    hidden = 1 - inputs["mask"]
    generation = squared(inputs, made * hidden, teacher(inputs, size) * hidden) / batch / maskRatio
    return mimicking * mimickingWeight + generation * generationWeight, {"mimicking": mimicking, "generation": generation}


def cirkd_memory(inputs, pixelMemory, regionMemory, temperature=0.1, pixelContrast=4096, regionContrast=1024):
    """Also fills `after`: the queues with this batch in them."""
    x = inputs["student.features"]
    batch, _, height, width = x.shape
    size = (height, width)
    keep = torch.cat([places(inputs, b, size) + b * height * width for b in range(batch)])
    rows = lambda map: map.permute(0, 2, 3, 1).flatten(0, 2)[keep]
    hidden = rows(F.conv2d(x, inputs["projector.0.weight"]))
    hidden = F.relu(F.batch_norm(hidden, None, None, inputs["projector.1.weight"], inputs["projector.1.bias"], training=True))
    student = F.normalize(hidden @ inputs["projector.3.weight"].flatten(1).T, dim=1)
    target = F.normalize(teacher(inputs, size), dim=1)
    queues = {kind: (inputs[f"queue.{kind}.vectors"].clone(), inputs[f"queue.{kind}.next"].clone()) for kind in ("pixels", "regions")}

    def put(kind, label, vector):
        vectors, pointer = queues[kind]
        vectors[label, pointer[label]] = vector
        pointer[label] = (pointer[label] + 1) % vectors.shape[1]

    if "labels" in inputs:
        labels = F.interpolate(inputs["labels"][:, None].float(), size=size, mode="nearest")[:, 0].long()
        for image in range(batch):
            for label in range(len(queues["pixels"][0])):
                own = (labels[image].flatten() == label).nonzero()[:, 0]
                if len(own):
                    vectors = target[image].flatten(1).T[own]
                    put("regions", label, F.normalize(vectors.mean(0), dim=0))
                    ranked = inputs["order"][image].flatten()[own].argsort(descending=True)
                    for index in ranked[:16]:
                        put("pixels", label, vectors[index])
    terms = {}
    for kind, term in (("pixels", "pixel"), ("regions", "region")):
        keys = queues[kind][0][:, inputs[kind]].flatten(0, 1)
        mine = F.log_softmax(student @ keys.T / temperature, dim=1)
        theirs = F.log_softmax(rows(target) @ keys.T / temperature, dim=1)
        terms[term] = (theirs.exp() * (theirs - mine)).sum(1).mean()
        inputs[f"after.{kind}.vectors"], inputs[f"after.{kind}.next"] = queues[kind]
    return terms["pixel"] + terms["region"], terms


def case(name, loss, inputs, **settings):
    learned = ("student", "projector", "generator", "mask_token")
    leaves = {key: value.requires_grad_() for key, value in inputs.items() if key.startswith(learned)}
    value, terms = loss(inputs, **settings)
    value.backward()
    tensors[f"{name}.loss"] = value
    for term, part in terms.items():
        tensors[f"{name}.term.{term}"] = part
    for key, tensor in inputs.items():
        tensors[f"{name}.{key}"] = tensor
    for key, leaf in leaves.items():
        tensors[f"{name}.grad.{key}"] = leaf.grad
    cases[name] = settings


def features(batch, student, target, role="features", scale=1.0):
    """`student` and `target` are (channels, height, width)."""
    return {f"teacher.{role}": torch.randn(batch, *target) * scale, f"student.{role}": torch.randn(batch, *student) * scale}


def projector(student, target, name="projector"):
    return {f"{name}.weight": torch.randn(target, student, 1, 1) * 0.5, f"{name}.bias": torch.randn(target) * 0.5}


def generator(channels):
    scale = (2 / (9 * channels)) ** 0.5
    return {f"generator.{n}.{part}": torch.randn(*shape) * scale
            for n in (0, 2) for part, shape in (("weight", (channels, channels, 3, 3)), ("bias", (channels,)))}


def mask(batch, height, width, ratio):
    return {"mask": (torch.rand(batch, 1, height, width) > ratio).float()}


def labels(batch, height, width, classes=4, ignored=0.3):
    found = torch.randint(0, classes, (batch, height, width))
    found[torch.rand(found.shape) < ignored] = 255
    return {"labels": found}


torch.manual_seed(0)
case("at.default", at, features(2, (5, 4, 6), (5, 4, 6)))
case("at.widths", at, features(2, (3, 4, 6), (7, 4, 6), scale=5.0))
case("at.sizes", at, features(1, (3, 4, 6), (4, 2, 3)))
case("at.labels", at, features(2, (3, 4, 6), (4, 2, 3)) | labels(2, 8, 12))
case("fitnet.default", fitnet, features(2, (3, 4, 5), (5, 4, 5)) | projector(3, 5))
case("fitnet.equal", fitnet, features(1, (4, 3, 5), (4, 3, 5)) | projector(4, 4))
case("fitnet.labels", fitnet, features(2, (3, 4, 5), (4, 2, 3)) | projector(3, 4) | labels(2, 8, 10))
case("mgd.default", mgd, features(2, (3, 5, 6), (4, 5, 6)) | projector(3, 4) | generator(4) | mask(2, 5, 6, 0.75))
case("mgd.equal", mgd, features(1, (4, 5, 4), (4, 5, 4)) | generator(4) | mask(1, 5, 4, 0.5))
case("mgd.labels", mgd, features(2, (3, 5, 6), (4, 3, 3)) | projector(3, 4) | generator(4) | mask(2, 5, 6, 0.5) | labels(2, 10, 12))
contrast = dict(groups=2, pool=2, patch=2)
case("af-dcd.default", af_dcd, features(2, (3, 8, 8), (4, 8, 8)) | projector(3, 4) | generator(4) | mask(2, 8, 8, 0.5),
     **contrast, temperature=0.07)
case("af-dcd.soft", af_dcd, features(1, (6, 8, 4), (6, 8, 4)) | generator(6) | mask(1, 8, 4, 0.5), groups=3, pool=1, patch=4, temperature=2.0)
case("af-dcd.uneven", af_dcd, features(1, (4, 7, 10), (4, 7, 10)) | generator(4) | mask(1, 7, 10, 0.5), **contrast, temperature=1.0)
case("af-dcd.labels", af_dcd, features(2, (3, 6, 8), (4, 6, 8)) | projector(3, 4) | generator(4) | mask(2, 6, 8, 0.5)
     | labels(2, 6, 8, ignored=0.7), **contrast, temperature=0.5)
maps = lambda size: features(2, (5, *size), (5, *size), "logits") | features(2, (3, 4, 6), (6, 4, 6), "stage1") \
    | features(2, (4, *size), (5, *size), "stage2")
case("dsd.default", dsd, maps((4, 6)))
case("dsd.sizes", dsd, maps((7, 9)))
third = maps((4, 6)) | features(2, (2, 2, 3), (4, 4, 6), "stage3") | labels(2, 8, 12, ignored=0.4)
case("dsd.labels", dsd, third, pixelWeight=10.0, categoryWeight=1000.0, temperature=0.5)
blocks = lambda student, target: features(2, student, target) | features(2, student, target, "block1") | features(2, student, target, "block2")
tokens = lambda channels: {"mask_token": torch.randn(1, channels, 1, 1)}
heads = projector(3, 5) | projector(3, 5, "projector.block.0") | projector(3, 5, "projector.block.1")
case("vitkd.default", vitkd, blocks((3, 4, 5), (5, 4, 5)) | heads | generator(5) | tokens(5) | mask(2, 4, 5, 0.5))
case("vitkd.equal", vitkd, blocks((4, 3, 4), (4, 3, 4)) | generator(4) | tokens(4) | mask(2, 3, 4, 0.25), maskRatio=0.25)
case("vitkd.labels", vitkd, blocks((4, 4, 4), (4, 3, 5)) | generator(4) | tokens(4) | mask(2, 4, 4, 0.5) | labels(2, 64, 64))


def memory(classes, channels, pixels, regions, batch, height, width):
    unit = lambda *shape: F.normalize(torch.randn(*shape), dim=-1)
    return {"queue.pixels.vectors": unit(classes, pixels, channels), "queue.pixels.next": torch.randint(0, pixels, (classes,)),
            "queue.regions.vectors": unit(classes, regions, channels), "queue.regions.next": torch.randint(0, regions, (classes,)),
            "order": torch.rand(batch, height, width), "pixels": torch.randperm(pixels)[:5], "regions": torch.randperm(regions)[:2]}


head = lambda student, target: {"projector.0.weight": torch.randn(target, student, 1, 1), "projector.1.weight": torch.rand(target) + 0.5,
                                "projector.1.bias": torch.randn(target), "projector.3.weight": torch.randn(target, target, 1, 1)}
sizes = dict(pixelMemory=20, regionMemory=3)
case("cirkd-memory.default", cirkd_memory, features(2, (3, 6, 7), (4, 6, 7)) | head(3, 4) | memory(4, 4, 20, 3, 2, 6, 7)
     | labels(2, 6, 7, ignored=0.0), **sizes)
case("cirkd-memory.labels", cirkd_memory, features(3, (3, 5, 8), (4, 3, 4)) | head(3, 4) | memory(4, 4, 20, 3, 3, 5, 8)
     | labels(3, 10, 16, classes=3), **sizes, temperature=0.5)


def spectral(x, name, weights, after):
    weight = weights[f"{name}.weight"]
    matrix = weight.flatten(1)
    with torch.no_grad():
        v = F.normalize(matrix.T @ after[f"{name}.u"], dim=0)
        after[f"{name}.u"] = F.normalize(matrix @ v, dim=0)
    return F.conv2d(x, weight / (after[f"{name}.u"] @ matrix @ v), weights[f"{name}.bias"], stride=2, padding=1)


def discriminator(x, weights, after):
    x = F.batch_norm(x, None, None, weights["norm.weight"], weights["norm.bias"], training=True)
    for n in range(4):
        x = F.leaky_relu(spectral(x, f"layers.{n}", weights, after), 0.1)
        if n >= 2:
            query, key, value = (F.conv2d(x, weights[f"attention.{n - 2}.{part}.weight"], weights[f"attention.{n - 2}.{part}.bias"]).flatten(2)
                                 for part in ("query", "key", "value"))
            weight = F.softmax(query.transpose(1, 2) @ key, dim=-1)
            x = x + weights[f"attention.{n - 2}.gamma"] * (value @ weight.transpose(1, 2)).reshape(x.shape)
    return F.conv2d(x, weights["last.weight"], weights["last.bias"])


def adversarial(name, classes, size, ignored=None):
    shapes = {"norm.weight": (classes,), "norm.bias": (classes,), "last.weight": (1, 512, 4, 4), "last.bias": (1,)}
    widths = [classes, 64, 128, 256, 512]
    for n in range(4):
        shapes |= {f"layers.{n}.weight": (widths[n + 1], widths[n], 4, 4), f"layers.{n}.bias": (widths[n + 1],), f"layers.{n}.u": (widths[n + 1],)}
    for n, width in enumerate(widths[3:]):
        shapes[f"attention.{n}.gamma"] = (1,)
        for part, out in (("query", width // 8), ("key", width // 8), ("value", width)):
            shapes |= {f"attention.{n}.{part}.weight": (out, width, 1, 1), f"attention.{n}.{part}.bias": (out,)}
    weights = {key: weight_for(f"discriminator.{key}", torch.empty(shape)).float() for key, shape in shapes.items()}
    after = {key: weights.pop(key) for key in list(weights) if key.endswith(".u")}
    scores = {side: (formula(f"{side}.logits", (2, classes, *size)) * 3).float() for side in ("teacher", "student")}
    student = scores["student"].requires_grad_()
    keep = torch.ones(2, 1, *size)
    if ignored:  # the lower rows of the first image
        keep[0, :, -ignored:] = 0
    loss = -discriminator(student * keep, weights, after).mean()
    loss.backward()
    for weight in weights.values():
        weight.requires_grad_()
    fake = F.relu(1 + discriminator(student.detach() * keep, weights, after)).mean()
    real = F.relu(1 - discriminator(scores["teacher"] * keep, weights, after)).mean()
    opponent = 0.1 * (fake + real)
    opponent.backward()
    tensors[f"{name}.loss"], tensors[f"{name}.term.opponent"] = loss, opponent
    tensors[f"{name}.grad.student.logits"] = student.grad[:, :, ::8, ::8]
    for key in ("norm.weight", "layers.0.bias", "layers.3.bias", "attention.0.gamma", "attention.1.query.bias", "last.bias"):
        tensors[f"{name}.grad.discriminator.{key}"] = weights[key].grad
    for n in range(4):
        tensors[f"{name}.after.discriminator.layers.{n}.u"] = after[f"layers.{n}.u"]
    cases[name] = {"classes": classes, "height": size[0], "width": size[1], "ignored": ignored or 0}


adversarial("adversarial.default", 5, (64, 72))
adversarial("adversarial.labels", 3, (64, 64), ignored=40)

write("DistillTests", "losses_classic", tensors, cases=cases)
