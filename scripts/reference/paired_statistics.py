"""Writes Tests/SegEvalTests/StatisticsReference.swift: Student's t, t tests and intervals as SciPy computes them, Holm's method as
statsmodels does.

python3 scripts/reference/paired_statistics.py      (needs scipy and statsmodels; made with 1.17.1 and 0.15.0)
"""

from pathlib import Path

import numpy as np
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests

lines = [
    "// Written by scripts/reference/paired_statistics.py from SciPy; do not edit.",
    "",
    "enum StatisticsReference {",
    "    /// Degrees of freedom, confidence, two-sided quantile.",
    "    static let quantiles: [(Double, Double, Double)] = [",
]
for freedom in [1, 2, 3, 4.5, 9, 30, 1000]:
    for confidence in [0.5, 0.9, 0.95, 0.999]:
        lines.append(f"        ({freedom:.1f}, {confidence}, {float(stats.t.ppf(0.5 + confidence / 2, freedom))!r}),")
lines += ["    ]", "    /// Degrees of freedom, t, two-sided tail.", "    static let tails: [(Double, Double, Double)] = ["]
for freedom in [1, 2, 5.3, 40]:
    for t in [0.1, 1.0, 2.5, 12.0]:
        lines.append(f"        ({freedom:.1f}, {t}, {float(2 * stats.t.sf(t, freedom))!r}),")
lines.append("    ]")

arm, reference = [0.612, 0.598, 0.631, 0.607], [0.589, 0.592, 0.601, 0.588]
paired = stats.ttest_rel(arm, reference)
welch = stats.ttest_ind(arm, reference, equal_var=False)
for name, values in [("arm", arm), ("reference", reference)]:
    lines.append(f"    static let {name}: [Double] = {values}")
for name, test in [("paired", paired), ("welch", welch)]:
    interval = test.confidence_interval(0.95)
    lines.append(f"    static let {name} = (lower: {float(interval.low)!r}, upper: {float(interval.high)!r}, p: {float(test.pvalue)!r})")

# Differences by class and pair, and half the width of each class's 95 % interval over the images.
rng = np.random.default_rng(5)
differences = (np.array([0.05, 0.012, -0.03, 0.002, -0.0004]) + rng.normal(0, 0.004, (4, 5))).round(6)
halves = [0.008, 0.01, 0.002, 0.001, 0.05]


def combined_p(values, half):
    """The level at which the seeds' t half-width and the images' normal one, added in quadrature, reach the difference."""
    mean, error = abs(np.mean(values)), stats.sem(values)
    normal = half / stats.norm.ppf(0.975)

    def excess(level):
        return np.hypot(stats.t.ppf(1 - level / 2, len(values) - 1) * error, normal * stats.norm.ppf(1 - level / 2)) - mean

    return optimize.brentq(excess, 1e-12, 1, xtol=1e-16, rtol=1e-13)


combined = [combined_p(column, half) for column, half in zip(differences.T, halves)]
adjusted = multipletests(combined, method="holm")[1]
lines.append("    /// By seed, then by class.")
lines += ["    static let classDifferences: [[Double]] = ["] + [f"        {row}," for row in differences.tolist()] + ["    ]"]
for name, values in [("imageHalves", halves), ("combined", combined), ("holm", adjusted)]:
    lines += [f"    static let {name}: [Double] = ["] + [f"        {float(value)!r}," for value in values] + ["    ]"]
lines.append("}")

target = Path(__file__).parents[2] / "Tests/SegEvalTests/StatisticsReference.swift"
target.write_text("\n".join(lines) + "\n")
