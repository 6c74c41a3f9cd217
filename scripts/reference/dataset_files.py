"""Files of data sets' own formats, for SegDataTests: MATLAB files, a PNG with 16 bits a channel, tar shards.

    python scripts/reference/dataset_files.py

The MATLAB files' first line says which versions wrote the fixtures.

split.mat       GTA5's split: trainIds 1 and 3, valIds 2, testIds none
cocostuff.mat   COCO-Stuff 10K's labels: the matrix S of 2 x 4, compressed, between a structure and a text
synthia.png     SYNTHIA's labels: 4 x 2, class in red and number in green, 16 bits each
train-000.tar   two samples, one of them with labels and a text: ustar
train-001.tar   a sample whose name has 120 letters: pax
gnu.tar         the same in GNU's format
climbing.tar, absolute.tar, link.tar   members that lead out of the archive
cmyk.jpg        a picture of one colour, (200, 100, 50), in four inks
"""

import io
import struct
import tarfile
import zlib
from pathlib import Path

import numpy as np
import PIL
import scipy
import scipy.io
from PIL import Image

folder = Path(__file__).resolve().parents[2] / "Tests/SegDataTests/Fixtures"
folder.mkdir(parents=True, exist_ok=True)

scipy.io.savemat(
    folder / "split.mat",
    {"trainIds": np.array([[1.0], [3.0]]), "valIds": np.array([[2.0]]), "testIds": np.zeros((0, 1))},
)
scipy.io.savemat(
    folder / "cocostuff.mat",
    {
        "names": {"first": 1},
        "S": np.array([[0, 1, 72, 92], [182, 182, 2, 3]], dtype=np.uint16),
        "captions": "two lines",
    },
    do_compression=True,
)
# In place of the time, which would make other bytes every time.
versions = f"MATLAB 5.0 MAT-file; scipy {scipy.__version__}, numpy {np.__version__}, Pillow {PIL.__version__}"
for name in ["split.mat", "cocostuff.mat"]:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(versions.encode().ljust(116) + content[116:])


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


classes = [[0, 1, 2, 3], [8, 13, 17, 20]]
rows = b"".join(b"\0" + b"".join(struct.pack(">HHH", c, 500 + c, 0) for c in row) for row in classes)
(folder / "synthia.png").write_bytes(
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 2, 16, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(rows))
    + chunk(b"IEND", b"")
)

Image.fromarray(np.full((6, 8, 3), (200, 100, 50), dtype=np.uint8)).convert("CMYK").save(folder / "cmyk.jpg", quality=95)

def picture(value: int, kind: str) -> bytes:
    file = io.BytesIO()
    if kind == "png":
        Image.fromarray(np.full((6, 8), value, dtype=np.uint8)).save(file, "PNG")
    else:
        Image.fromarray(np.full((6, 8, 3), value, dtype=np.uint8)).save(file, "JPEG", quality=95)
    return file.getvalue()


def shard(name: str, form: int, members: list[tuple[str, bytes]]) -> None:
    with tarfile.open(folder / name, "w", format=form) as archive:
        for path, content in members:
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


shard(
    "train-000.tar",
    tarfile.USTAR_FORMAT,
    [
        ("a/1.jpg", picture(40, "jpg")),
        ("a/1.png", picture(1, "png")),
        ("a/1.txt", b"a caption"),
        ("a/2.jpg", picture(80, "jpg")),
    ],
)
long = "b/" + "x" * 120
shard("train-001.tar", tarfile.PAX_FORMAT, [(long + ".jpg", picture(120, "jpg")), (long + ".png", picture(0, "png"))])
shard("gnu.tar", tarfile.GNU_FORMAT, [(long + ".image.png", picture(120, "png")), (long + ".label.png", picture(0, "png"))])
shard("climbing.tar", tarfile.USTAR_FORMAT, [("a/../../evil.jpg", picture(0, "jpg"))])
shard("absolute.tar", tarfile.USTAR_FORMAT, [("/tmp/evil.jpg", picture(0, "jpg"))])
with tarfile.open(folder / "link.tar", "w", format=tarfile.USTAR_FORMAT) as archive:
    info = tarfile.TarInfo("a/1.jpg")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    archive.addfile(info)
