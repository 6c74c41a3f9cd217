"""Writes Tests/VisionTests/Fixtures/inflate.json: zlib streams of every kind of block, by Python's zlib.

    python scripts/reference/inflate.py
"""

import base64
import json
import pathlib
import random
import zlib

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/VisionTests/Fixtures/inflate.json"


def inputs(rng: random.Random):
    yield "one byte", b"x"
    yield "run", b"\x07" * 3000
    yield "short period", b"abc" * 900
    yield "text", b" ".join(rng.choice([b"road", b"building", b"sky", b"pole", b"sidewalk"]) for _ in range(700))
    yield "noise", rng.randbytes(1500)
    yield "skewed", bytes(min(255, int(rng.expovariate(0.15))) for _ in range(4000))
    # Fibonacci weights give the longest codes.
    weights, symbols = [1, 1], list(range(24))
    while len(weights) < 24:
        weights.append(weights[-1] + weights[-2])
    yield "long codes", bytes(rng.choices(symbols, weights, k=6000))
    yield "far matches", (far := rng.randbytes(300)) + bytes(32000) + far
    yield "mixed", rng.randbytes(400) + bytes(500) + b"abcd" * 200 + rng.randbytes(200)


def main():
    rng = random.Random(0)
    cases = []
    for name, data in inputs(rng):
        kinds = [("stored", 0, zlib.Z_DEFAULT_STRATEGY), ("fixed", 6, zlib.Z_FIXED), ("huffman", 6, zlib.Z_HUFFMAN_ONLY)]
        kinds += [(f"level {level}", level, zlib.Z_DEFAULT_STRATEGY) for level in (1, 6, 9)]
        if len(data) > 10000:
            kinds = kinds[3:]
        for kind, level, strategy in kinds:
            encoder = zlib.compressobj(level, zlib.DEFLATED, 15, 8, strategy)
            stream = encoder.compress(data[: len(data) // 2])
            stream += encoder.flush(zlib.Z_FULL_FLUSH) + encoder.compress(data[len(data) // 2 :]) + encoder.flush()
            cases.append({
                "name": f"{name}, {kind}", "stream": base64.b64encode(stream).decode(), "count": len(data),
                "crc": zlib.crc32(data), "adler": zlib.adler32(data),
            })
    fixture = {"script": "scripts/reference/inflate.py", "zlib": zlib.ZLIB_RUNTIME_VERSION, "seed": 0, "cases": cases}
    OUT.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(OUT, OUT.stat().st_size, len(cases))


if __name__ == "__main__":
    main()
