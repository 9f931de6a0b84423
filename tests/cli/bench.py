# SPDX-License-Identifier: Apache-2.0
"""`pluvia bench`: what lies beside the program is listed, run and put into one table.
Usage: bench.py PLUVIA"""
import json, subprocess, sys

pluvia = sys.argv[1]


def run(*args, status=0):
    done = subprocess.run([pluvia, "bench", *args], capture_output=True, text=True)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


names = json.loads(run("--list", "--json"))
assert names == run("--list").split() and names == sorted(names) and {"metrics", "rain"} <= set(names), names
assert "did you mean 'metrics'" in run("metrcs", status=2)
found = json.loads(run("metrics", "--filter", "y_double$|y_alone_double$|rgb_double$", "--json", "--quiet"))
rows = {row["name"]: row for row in found["benchmarks"]}
assert rows.keys() == {"y_double", "y_alone_double", "rgb_double"} and all(row["program"] == "metrics" for row in rows.values()), rows
assert all(0 < row["milliseconds"] < 10000 and row["per_second"] > 0 for row in rows.values()), rows
for ratio in found["ratios"]:
    ours, theirs = (rows[ratio[side]]["per_second"] for side in ("ours", "theirs"))
    assert abs(ratio["ratio"] - ours / theirs) < 1e-6 * ratio["ratio"] and ratio["held"] == (ratio["ratio"] >= ratio["promised"]), ratio
assert {ratio["ours"] for ratio in found["ratios"]} == {"y_double", "y_alone_double"}, found["ratios"]
table = run("metrics", "--filter", "y_alone_double$", "--quiet")
assert table.splitlines()[0].split() == ["program", "case", "ms"] and "ratio" not in table, table
