"""What each method adds to a distillation step of DeepLabV3 ResNet-101 -> ResNet-18.

    python methods.py SEGDISTILL [METHOD ...] [--rounds 3] [--repeats 3] [--batch-size 2] [--size 512 1024]

Each takes turns with the step that has `kd` alone, from the package's root. Prints a Markdown table: the median over the rounds of the step's
seconds with the method over those of the step before it, less one. `kd` stands twice in its own row.
"""

import argparse
import re
import statistics
import subprocess

METHODS = (
    "at fitnet skd ifvd cwd dsd cirkd-minibatch cirkd-memory dist brd bpkd heteroakd ofa mgd af-dcd adversarial kd"
).split()


def seconds(arguments: argparse.Namespace, methods: str) -> float:
    """The fastest of the repeats: other programs only ever slow a step down."""
    height, width = arguments.size
    recipe = "Benchmarks/Recipes/methods.yaml"
    overrides = [
        f"data.size=[{height}, {width}]", f"data.augmentation.crop=[{height}, {width}]", f"data.loader.batchSize={arguments.batch_size}",
        f"distillation={methods}",
    ]
    command = [arguments.segdistill, "bench", "step", recipe, *overrides, "--repeats", str(arguments.repeats), "--warmup", "1"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(re.search(r"fastest ([\d.]+) ms", output).group(1)) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("segdistill")
    parser.add_argument("methods", nargs="*", default=METHODS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=2)
    parser.add_argument("--size", type=int, nargs=2, default=[512, 1024])
    arguments = parser.parse_args()
    costs: dict[str, list[float]] = {name: [] for name in arguments.methods}
    base: list[float] = []
    for round in range(arguments.rounds):
        for name in arguments.methods:
            alone = seconds(arguments, "[{method: kd}]")
            with_method = seconds(arguments, f"[{{method: kd}}, {{method: {name}}}]")
            base.append(alone)
            costs[name].append(with_method / alone - 1)
            print(f"round {round + 1}  {name:16} {alone:7.3f} s  {with_method:7.3f} s  {100 * costs[name][-1]:+6.1f} %", flush=True)
    print(f"\nThe step with `kd`: {statistics.median(base):.2f} s ({min(base):.2f} … {max(base):.2f})\n")
    print("| method | its part of the step | lowest … highest |\n|---|--:|---|")
    for name, found in sorted(costs.items(), key=lambda item: statistics.median(item[1])):
        low, middle, high = (100 * value for value in (min(found), statistics.median(found), max(found)))
        print(f"| {name} | {middle:+.1f} % | {low:+.1f} … {high:+.1f} |")


if __name__ == "__main__":
    main()
