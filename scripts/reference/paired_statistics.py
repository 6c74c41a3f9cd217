"""Writes Tests/SegEvalTests/StatisticsReference.swift: Student's t, t tests and intervals as SciPy computes them.

python3 scripts/reference/paired_statistics.py      (needs scipy; made with 1.17.1)
"""

from pathlib import Path

from scipy import stats

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
lines.append("}")

target = Path(__file__).parents[2] / "Tests/SegEvalTests/StatisticsReference.swift"
target.write_text("\n".join(lines) + "\n")
