"""UniMatch V2's loss on unlabelled images in plain PyTorch, in float64: two strong views whose rectangles come from the batch in reverse.

Images, labels, confidence and padding are mixed by indexing, the loss of each pixel is kept apart and masked afterwards, and the gradient is
PyTorch's own.
"""
import torch
import torch.nn.functional as F
from fixture import write

torch.manual_seed(11)
tensors, cases = {}, {}


def step(teacher, ignored, boxes, students, threshold):
    probabilities = teacher.softmax(dim=1)
    confidence, classes = probabilities.max(dim=1)
    total = 0
    for box, student in zip(boxes, students):
        mixed = []
        for map in (classes, confidence, ignored):
            copy = map.clone()
            copy[box] = map.flip(0)[box]
            mixed.append(copy)
        scores = F.interpolate(student, size=classes.shape[1:], mode="bilinear", align_corners=False)
        losses = F.cross_entropy(scores, mixed[0], reduction="none")
        total = total + (losses * ((mixed[1] >= threshold) & ~mixed[2])).sum() / max(1, (~mixed[2]).sum().item())
    return total / len(students)


def case(name, batch=3, classes=4, size=(10, 14), grid=(5, 7), views=2, threshold=0.6, padded=True):
    teacher = torch.randn(batch, classes, *size, dtype=torch.float64) * 2
    ignored = torch.zeros(batch, *size, dtype=torch.bool)
    if padded:
        ignored[0, 7:], ignored[1, :, 9:] = True, True
    if padded == "all":
        ignored[:] = True
    boxes = torch.zeros(views, batch, *size, dtype=torch.bool)
    for view in range(views):
        boxes[view, view, 2:8, 3:11] = True
        boxes[view, batch - 1, 0:4, 5:14] = True
    students = torch.randn(views, batch, classes, *grid, dtype=torch.float64, requires_grad=True)
    loss = step(teacher, ignored, boxes, list(students), threshold)
    loss.backward()
    own = {"teacher": teacher, "counts": ~ignored, "boxes": boxes, "students": students, "loss": loss, "grad.students": students.grad}
    tensors.update({f"{name}.{key}": value for key, value in own.items()})
    cases[name] = threshold


case("unimatch")
case("fixmatch", views=1, padded=False)
case("everything", threshold=0.0)
case("nothing", threshold=1.1)
case("padding", padded="all")
write("SegLossTests", "losses_unimatch", tensors, cases=cases, seed="11")
