# SPDX-License-Identifier: Apache-2.0
"""What a report says beside its scores: published numbers and differences to them, which protocols count as
the same, notes of every method, the order of frames, regions by name and rule, labels full of marks.
Usage: report.py PLUVIA"""
import html, json, os, re, subprocess, sys, tempfile

pluvia = sys.argv[1]
EVIL = r"a|b <img src=x onerror=alert(1)> *c* _d_ \e & `f`"


def run(*args):
    done = subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == 0, (args, done.returncode, done.stderr)
    return done.stderr


def cells(line):
    """Of a line of a Markdown table, as a reader sees them."""
    parts = re.split(r"(?<!\\)\|", line.strip())[1:-1]
    return [html.unescape(re.sub(r"\\(.)", r"\1", part.strip())) for part in parts]


with tempfile.TemporaryDirectory() as folder:
    os.environ["PLUVIA_CACHE"] = os.path.join(folder, "cache")
    at = lambda name: os.path.join(folder, name)
    load = lambda name: json.load(open(at(name)))
    dump = lambda value, name: json.dump(value, open(at(name), "w"))

    def report(out, *args):
        said = run("report", *args, "--out", at(out))
        page = open(at(out + "/index.html")).read()
        data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S).group(1).replace("<\\/", "</"))
        return data, open(at(out + "/table.md")).read(), said

    run("synth", "vrds-mini", "--size", "160x90", "--frames", "4", "--clips", "6", "--out", at("set.h5"))
    for method in ("identity", "temporal-median"):
        run("eval", method, "--data", at("set.h5"), "--out", at(method + ".json"))
    ours = load("identity.json")
    data_hash = ours["data"]["sha256"]
    table = {"title": "A | <b>table</b>", "source": "nobody", "reliability": "read",
             "data": {"name": "this set", "content_sha256": ["00", data_hash]},
             "protocol": ["vderain-rgb", "vderain-vrds"], "metrics": ["psnr", "ssim", "lpips_alex_bgr"],
             "rows": [{"method": EVIL, "values": {"psnr": 20.25, "ssim": 0.75, "lpips_alex_bgr": 0.1}},
                      {"method": "half", "values": {"psnr": 31.5}}]}
    dump(table, "mine.json")

    # Beside: published, ours and ours - published, of every method and metric.
    data, md, _ = report("beside", at("identity.json"), at("temporal-median.json"), "--table", at("mine.json"), "--table", "vrds")
    beside, apart = data["published"]
    assert beside["comparable"] and not apart["comparable"] and "ours" not in apart and "VRDS test" in apart["why"]
    for m, method in enumerate(("identity", "temporal-median")):
        mean = load(method + ".json")["mean"]
        for r, row in enumerate(table["rows"]):
            want = {k: mean[k] - v for k, v in row["values"].items() if k != "lpips_alex_bgr"}
            got = beside["ours"][m]["differences"][r]
            assert got.keys() == want.keys() and all(abs(got[k] - want[k]) < 1e-12 for k in want), (got, want)
            line = next(c for c in map(cells, md.splitlines()) if c[:2] == [row["method"], method])
            ssim = ["%.4f" % row["values"]["ssim"], "%.4f" % mean["ssim"], "%+.4f" % want["ssim"]] if "ssim" in want else ["n/a", "%.4f" % mean["ssim"], "n/a"]
            assert line[2:] == ["%.2f" % row["values"]["psnr"], "%.2f" % mean["psnr"], "%+.2f" % want["psnr"], *ssim], line
    heads = [line for line in md.splitlines() if line.startswith("## ")]
    assert heads == ["## Published numbers on the same data by the same protocol", "## Other published numbers, not comparable"]
    same, other = md.split(heads[1])
    assert "RainMamba" in other and "RainMamba" not in same and "LPIPS-ALEX-BGR" in same and "<b>" not in md

    # What a protocol says counts, whatever its file is called; windows and tiles of the set's own count as well.
    dump({"metrics": [{"metric": "psnr"}, {"metric": "ssim"}], "average": "frames"}, "vderain-rgb.json")
    dump({"metrics": [{"metric": "psnr", "peak": 255}, {"metric": "ssim"}], "average": "clips"}, "other-name.json")
    for protocol, why in ((at("vderain-rgb.json"), "one of other contents that is called vderain-rgb too"), (at("other-name.json"), ""),
                          ("vderain-vrds", ""), ("vderain-rgb-pooled", "The table was measured by protocol vderain-rgb or vderain-vrds, ours by vderain-rgb-pooled")):
        run("eval", "identity", "--data", at("set.h5"), "--out", at("p.json"), "--protocol", protocol, "--force")
        data, _, _ = report(os.path.basename(protocol) + ".d", at("p.json"), "--table", at("mine.json"))
        assert data["published"][0]["comparable"] == (why == "") and why in data["published"][0]["why"], data["published"][0]["why"]
    dump({**table, "protocol": []}, "unknown.json"), dump({**table, "protocol": "vderain-rgb"}, "one.json")
    data, _, _ = report("known", at("identity.json"), "--table", at("unknown.json"), "--table", at("one.json"))
    assert [t["why"] for t in data["published"]] == ["By which protocol the table was measured is not known.", ""]
    dump({**table, "protocol": ["vderain-rbg"]}, "typo.json")
    done = subprocess.run([pluvia, "report", at("identity.json"), "--table", at("typo.json"), "--out", at("typo")], capture_output=True, text=True)
    assert done.returncode in (2, 3) and "vderain-rgb" in done.stderr and not os.path.exists(at("typo")), done.stderr

    # Every table that ships is read; recalled numbers are never shown.
    manifests = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../manifests/tables")
    shipped = sorted(name[:-5] for name in os.listdir(manifests))
    recalled = [name for name in shipped if json.load(open(f"{manifests}/{name}.json"))["reliability"] == "recalled"]
    data, md, said = report("all", at("identity.json"), *[part for name in shipped for part in ("--table", name)])
    assert len(data["published"]) == len(shipped) - len(recalled) and len(recalled) > 9
    assert all(f"table {name}: its numbers were recalled" in said for name in recalled) and "recalled" not in md

    # Several data sets: a table of all with the mean of their means, and a report of each.
    run("synth", "vrds-mini", "--size", "64x48", "--frames", "3", "--clips", "3", "--seed", "4", "--out", at("other_1.h5"))
    run("synth", "vrds-mini", "--size", "64x48", "--frames", "3", "--clips", "3", "--seed", "5", "--out", at("third.h5"))
    records = {"set": ["identity", "temporal-median"]}
    for name, methods in (("other_1", ("identity", "temporal-median")), ("third", ("identity", "streak-opening"))):
        records[name] = [name + "-" + m for m in methods]
        for method, record in zip(methods, records[name]):
            run("eval", method, "--data", at(name + ".h5"), "--split", "all", "--out", at(record + ".json"))
    two = [at(r + ".json") for name in ("set", "other_1") for r in records[name]]
    data, md, _ = report("two", *two)
    assert [(m["key"], m["set"]) for m in data["metrics"]] == [(f"{s}/{k}", s) for s in ("set", "other_1", "mean of sets") for k in ("psnr", "ssim")]
    assert [s["page"] for s in data["sets"]] == ["set/index.html", "other_1/index.html"] and "2 clips, 8 frames" in data["sets"][0]["lead"]
    for m, method in enumerate(("identity", "temporal-median")):
        means = [load(r[m] + ".json")["mean"] for r in (records["set"], records["other_1"])]
        shown = data["runs"][m]["mean"]
        assert data["runs"][m]["label"] == method and all(abs(shown["mean of sets/" + k] - (means[0][k] + means[1][k]) / 2) < 1e-12 for k in ("psnr", "ssim"))
        assert shown["set/psnr"] == means[0]["psnr"] and shown["other_1/psnr"] == means[1]["psnr"]
        csv = [line.split(",") for line in open(at("two/table.csv")).read().splitlines()]
        row = dict(zip(csv[0], csv[m + 1]))
        assert float(row["other_1/psnr"]) == means[1]["psnr"] and row["clips"] == "5" and row["runs"] == "1" and row["protocol"] == "vderain-rgb" and "set/psnr_delta" not in row and len(csv[0]) == len(csv[m + 1])
    tex = open(at("two/table.tex")).read()
    assert r" & \multicolumn{2}{c}{set} & \multicolumn{2}{c}{other\_1} & \multicolumn{2}{c}{mean of sets} \\" in tex, tex
    assert r"\cmidrule(lr){2-3}\cmidrule(lr){4-5}\cmidrule(lr){6-7}" in tex and cells(md.splitlines()[0])[1:3] == ["set PSNR dB", "set SSIM"]
    assert open(at("two/other_1/table.md")).read() == report("alone", *[at(r + ".json") for r in records["other_1"]])[1]
    data, md, _ = report("three", *two, *[at(r + ".json") for r in records["third"]])
    rows = {r["label"]: r["mean"] for r in data["runs"]}
    assert rows["temporal-median"]["third/psnr"] is None and rows["streak-opening"]["set/psnr"] is None
    assert [label for label, mean in rows.items() if mean["mean of sets/psnr"] is not None] == ["identity"]
    run("eval", "identity", "--data", at("third.h5"), "--protocol", "basicsr-y", "--out", at("luma.json"))
    data, md, _ = report("mixed", at("identity.json"), at("luma.json"))
    assert [m["set"] for m in data["metrics"]] == ["set", "set", "third", "third"] and "different protocols" in data["table_hint"]
    for text in (open(at("mixed/table.md")).read(), open(at("mixed/table.tex")).read()):
        assert "protocol vderain-rgb (" in text.replace("\\", "") and "protocol basicsr-y (" in text.replace("\\", "") and "third: " in text
    data, md, said = report("against", *two, *[at(r + ".json") for r in records["third"]], "--against", "temporal-median")
    assert "third has no run called 'temporal-median'" in said
    done = subprocess.run([pluvia, "report", at("identity.json"), at("identity.json"), "--out", at("no")], capture_output=True, text=True)
    assert done.returncode == 2 and "named twice" in done.stderr
    # Names that folders cannot tell apart, and one that is that of the mean.
    renamed = []
    for i, (file, record) in enumerate((("a.b.h5", "identity"), ("A-b.h5", "other_1-identity"), ("mean of sets.h5", "third-identity"))):
        one = load(record + ".json")
        one["data"]["file"] = file
        dump(one, f"renamed{i}.json")
        renamed.append(at(f"renamed{i}.json"))
    data, md, _ = report("names", *renamed)
    assert [s["page"] for s in data["sets"]] == ["a-b/index.html", "A-b-2/index.html", "mean-of-sets--a-set-/index.html"]
    assert all(os.path.exists(at("names/" + s["page"])) for s in data["sets"])
    heads = open(at("names/table.csv")).read().splitlines()[0].split(",")
    assert len(heads) == len(set(heads)) and "mean of sets/psnr" in heads and "mean of sets (a set)/psnr" in heads
    other = load("other_1-identity.json")
    other["data"]["file"], other["data"]["split"] = "set.h5", "test"
    dump(other, "same-name.json")
    done = subprocess.run([pluvia, "report", at("identity.json"), at("same-name.json"), "--out", at("no")], capture_output=True, text=True)
    assert done.returncode == 3 and "different data" in done.stderr and "both called 'set test" in done.stderr and not os.path.exists(at("no")), done.stderr

    # Notes of all methods, with few clips too; labels that are full of marks.
    run("export", at("set.h5"), "--layout", "paired", "--split", "test", "--out", at("out"))
    run("eval", f"folder:{at('out/test/gt')}", "--data", at("set.h5"), "--label", EVIL, "--out", at("truth.json"))
    last = load("identity.json")
    last["method"]["label"], last["layers_left_out"] = "last", {"mask": "because"}
    dump(last, "last.json")
    data, md, _ = report("notes", at("identity.json"), at("truth.json"), at("last.json"), at("temporal-median.json"))
    notes = "\n".join(data["notes"])
    assert f"{EVIL}: 8 frames equal the truth" in notes and "last also claims to see a layer" in notes and "because" in notes
    assert notes.count("With 2 clips") == 1
    lines = [cells(line) for line in md.splitlines() if line.startswith("|")]
    assert [line[0] for line in lines[2:]] == ["identity", EVIL, "last", "temporal-median"] and len({len(line) for line in lines}) == 1
    assert "<img" not in md

    # Worst frames first, the worst of any method on top, then samples; each says which it is.
    first = load("identity.json")
    frames = {}
    for name in ("identity.json", "temporal-median.json"):
        for picture in load(name)["pictures"]:
            frames.setdefault(f"clip {picture['clip']}, frame {picture['frame']}", []).append((picture["role"] == "worst", picture["score"]))
    worst = {name: min(s for is_worst, s in kept if is_worst) for name, kept in frames.items() if any(k[0] for k in kept)}
    names = [exhibit["name"] for exhibit in report("order", at("identity.json"), at("temporal-median.json"))[0]["exhibits"]]
    assert sorted(names) == sorted(frames) and names[:len(worst)] == sorted(worst, key=worst.get) and 0 < len(worst) < len(names)
    for picture in first["pictures"]:  # the other way round: a sample that is the lowest of all stays behind
        picture["score"] = 1.0 if picture["role"] == "sample" else picture["score"]
    dump(first, "low.json")
    data, _, _ = report("low", at("low.json"))
    kinds = [bool(exhibit["worst"]) for exhibit in data["exhibits"]]
    assert kinds == sorted(kinds, reverse=True) and data["exhibits"][-1]["scores"] == {"0": 1.0}

    # Regions are named, with the rule, those that are there and no others.
    run("import", "paired", at("out"), "--lq", "lq", "--gt", "gt", "--out", at("bare.h5"))
    run("eval", "identity", "--data", at("bare.h5"), "--out", at("bare.json"))
    for name, wanted in (("bare.json", ["changed", "unchanged"]), ("identity.json", ["inside", "outside"])):
        data, _, _ = report(name + ".r", at(name))
        rules = {m["region"]: m["region_rule"] for m in data["metrics"] if m["region"]}
        assert list(rules)[:2] == wanted and all(rules.values()) and ("changed" in rules) == (name == "bare.json"), rules
        assert {m["base"] for m in data["metrics"] if m["region"]} == {"psnr", "ssim"}
    assert report("rule", at("bare.json"))[0]["metrics"][2]["region_rule"] == "|rainy - truth| > 3 of 255 in some channel"
