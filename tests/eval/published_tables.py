# SPDX-License-Identifier: Apache-2.0
"""Tables that ship: every protocol they name is there and gives the table's numbers alike, sets of video
name their own protocol, averages are the means of what they average, recalled ones are shown by nobody.
Usage: published_tables.py PLUVIA"""
import json, os, pathlib, subprocess, sys

pluvia = sys.argv[1]
folder = pathlib.Path(__file__).resolve().parents[2] / "manifests" / "tables"
tables = {file.stem: json.loads(file.read_text()) for file in folder.glob("*.json")}
listed = subprocess.run([pluvia, "metrics", "--list-protocols", "--json"], check=True, capture_output=True, text=True).stdout
protocols = {p["name"]: p["definition"] for p in json.loads(listed)}


def names_of(table):
    return table["protocol"] if isinstance(table["protocol"], list) else [table["protocol"]]


def scoring(name, key):
    """All that decides the number `key`, or None where the protocol has none."""
    p = protocols[name]
    metrics = [m for m in p["metrics"] if m["name"] == key]
    return (metrics[0], p["crop_border"], p["average"], p["identical"]) if metrics else None


assert len(tables) > 30
for name, table in tables.items():
    assert set(names_of(table)) <= set(protocols), name
    for key in table["metrics"]:
        ways = [scoring(protocol, key) for protocol in names_of(table)]
        assert all(way == ways[0] for way in ways), (name, key, ways)
        assert all(way is not None for way in ways) or key.startswith("lpips"), (name, key)
    for row in table["rows"]:
        assert set(row["values"]) == set(table["metrics"]), (name, row)
        assert 5 < row["values"]["psnr"] < 60 and 0 < row["values"]["ssim"] < 1, (name, row)
    assert (table["reliability"] == "recalled") == ("not read" in table["source"]), name

# What is run by windows and tiles of a set's own protocol is what that set's table is about.
for name, protocol in {"vrds": "vderain-vrds", "vrds-ablation": "vderain-vrds", "lwdds": "vderain-lwdds",
                       "rainsynall100": "vderain-rainsynall100", "rainvidss-cam-vid": "vderain-rainvidss",
                       "rainvidss-imagenet-vid": "vderain-rainvidss"}.items():
    assert protocol in names_of(tables[name]), name
    assert "inference" in protocols[protocol] and any("inference" not in protocols[p] for p in names_of(tables[name])), name
assert names_of(tables["lwdds-log"]) == []  # nobody knows

# How many methods each source prints, counted by hand.
for name, count in {"rainheavy": 7, "rainlight": 7, "spa-rainlight": 7, "vrds-ablation": 5, "lwdds-log": 1, "vrds": 13}.items():
    assert len(tables[name]["rows"]) == count, name
five = [tables["rain13k-" + s] for s in ("test100", "rain100h", "rain100l", "test2800", "test1200")]
for row in tables["rain13k-average"]["rows"]:
    for key, digits in (("psnr", 2), ("ssim", 3)):
        values = [r["values"][key] for t in five for r in t["rows"] if r["method"] == row["method"]]
        # Of numbers that were rounded, rounded again.
        assert len(values) == 5 and abs(sum(values) / 5 - row["values"][key]) < 1.01 * 10**-digits, (row, key, values)
