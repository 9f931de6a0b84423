# SPDX-License-Identifier: Apache-2.0
"""Scoring and reporting as a user does, against numpy: PSNR of whole frames and inside the mask, means
over clips, predictions from folders and programs, what is refused, resuming, the report's files.
Usage: eval.py PLUVIA"""
import json, os, re, shutil, signal, struct, subprocess, sys, tempfile, time, zlib

try:
    import h5py, numpy as np
except ImportError:
    sys.exit(77)

pluvia = sys.argv[1]


def run(*args, status=0):
    done = subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def psnr(a, b, where=None):
    error = (a.astype(float) - b.astype(float)) ** 2
    return 10 * np.log10(255**2 / (error.mean() if where is None else error[where].mean()))


with tempfile.TemporaryDirectory() as folder:
    os.environ["PLUVIA_CACHE"] = os.path.join(folder, "cache")
    at = lambda name: os.path.join(folder, name)
    load = lambda name: json.load(open(at(name)))
    run("synth", "vrds-mini", "--size", "160x90", "--frames", "4", "--clips", "6", "--out", at("set.h5"))
    run("eval", "identity", "--data", at("set.h5"), "--protocol", "vderain-rgb", "--out", at("id.json"))
    record = load("id.json")
    assert record["protocol"]["name"] == "vderain-rgb" and [c["id"] for c in record["clips"]] == ["002", "005"]
    with h5py.File(at("set.h5")) as f:
        means, inside = [], []
        for clip in record["clips"]:
            lq, gt, mask = (f[f"clips/{clip['id']}/{k}"][:] for k in ("lq", "gt", "mask"))
            values = [psnr(a, b) for a, b in zip(lq, gt)]
            assert np.allclose([x["psnr"] for x in clip["frames"]], values, atol=1e-9)
            within = [psnr(a, b, m >= 128) for a, b, m in zip(lq, gt, mask)]
            assert np.allclose([x["psnr_inside"] for x in clip["frames"]], within, atol=1e-9)
            means.append(np.mean(values)), inside.append(np.mean(within))
    assert abs(record["mean"]["psnr"] - np.mean(means)) < 1e-9
    assert abs(record["mean"]["psnr_inside"] - np.mean(inside)) < 1e-9
    assert all(os.path.exists(os.path.join(folder, p[k])) for p in record["pictures"] for k in ("rainy", "prediction", "truth"))

    # A protocol that leaves out frames at both ends and a part of each: PSNR of unrounded luma.
    run("synth", "vrds-mini", "--size", "160x90", "--frames", "6", "--clips", "6", "--out", at("six.h5"))
    run("eval", "identity", "--data", at("six.h5"), "--protocol", "temporal-tecogan", "--out", at("teco.json"))
    teco = load("teco.json")
    luma = lambda x: 16 + x[13:77, 16:144].astype(float) @ np.array([65.481, 128.553, 24.966]) / 255
    with h5py.File(at("six.h5")) as f:
        for clip in teco["clips"]:
            lq, gt = (f[f"clips/{clip['id']}/{k}"][2:4] for k in ("lq", "gt"))
            assert [x["name"] for x in clip["frames"]] == ["00000002", "00000003"], clip["frames"]
            assert np.allclose([x["psnr"] for x in clip["frames"]], [psnr(luma(a), luma(b)) for a, b in zip(lq, gt)], atol=1e-9)
            assert clip["mean"]["tof"] > 0
    assert teco["frames_scored"] == 4 and all(p["frame"] in ("00000002", "00000003") for p in teco["pictures"])
    assert "which is all of 4" in run("eval", "identity", "--data", at("set.h5"), "--protocol", "temporal-tecogan", "--out", at("no.json"), status=3)

    # Pictures are kept of the run's worst frames, wherever they are, and of a clip's middle.
    run("eval", "temporal-median", "--data", at("set.h5"), "--split", "all", "--out", at("whole.json"))
    whole = load("whole.json")
    ranked = sorted((f["psnr"], c["id"], f["name"]) for c in whole["clips"] for f in c["frames"])
    assert [(p["score"], p["clip"], p["frame"]) for p in whole["pictures"] if p["role"] == "worst"] == ranked[:4]
    assert len({(p["clip"], p["frame"]) for p in whole["pictures"]}) == len(whole["pictures"])

    # The same pictures from a folder and from another program: the same scores.
    export = run("export", at("set.h5"), "--layout", "paired", "--split", "test", "--out", at("out"))
    lq = next(d for d in (at("out/test/lq"), at("out/lq")) if os.path.isdir(d))
    gt = lq[:-2] + "gt"
    for spec, name in ((f"folder:{lq}", "folder"), ("cmd:cp -r {in}/. {out}", "cmd")):
        run("eval", spec, "--data", at("set.h5"), "--out", at(name + ".json"))
        assert load(name + ".json")["mean"] == record["mean"], name
    assert load("cmd.json")["method"]["label"] == "cp" and load("folder.json")["method"]["label"] == os.path.basename(lq)
    open(at("copy.sh"), "w").write('cp -r "$1"/. "$2"')
    for command, label in ((f"LEVEL=2 bash -e {at('copy.sh')} {{in}} {{out}}", "copy.sh"), (f"cd {folder} && nice sh ./copy.sh {{in}} {{out}}; true", "copy.sh")):
        run("eval", "cmd:" + command, "--data", at("set.h5"), "--frames", "1", "--out", at("label.json"), "--force")
        assert load("label.json")["method"]["label"] == label, command
    os.chdir(lq), run("eval", "folder:.", "--data", at("set.h5"), "--out", at("label.json"), "--force"), os.chdir("/")
    assert load("label.json")["method"]["label"] == os.path.basename(lq)
    run("eval", f"folder:{gt}", at("set.h5"), "--out", at("truth.json"))
    perfect = load("truth.json")
    assert perfect["identical_frames"] == 8 and perfect["mean"]["psnr"] == "inf" and perfect["mean"]["ssim"] == 1

    # Pooled errors: of regions as of whole frames, with what an interval needs.
    run("eval", "identity", at("set.h5"), "--protocol", "ffmpeg", "--out", at("pooled.json"))
    pooled = load("pooled.json")
    with h5py.File(at("set.h5")) as f:
        errors = {clip["id"]: (f[f"clips/{clip['id']}/lq"][:].astype(float) - f[f"clips/{clip['id']}/gt"][:]) ** 2 for clip in record["clips"]}
        masks = {clip: f[f"clips/{clip}/mask"][:] >= 128 for clip in errors}
    decibels = lambda parts: 10 * np.log10(255**2 / np.concatenate([p.ravel() for p in parts]).mean())
    assert abs(pooled["mean"]["psnr"] - decibels(errors.values())) < 1e-9
    for region, where in (("inside", lambda m: m), ("outside", lambda m: ~m)):
        assert abs(pooled["mean"]["psnr_" + region] - decibels([e[where(masks[c])] for c, e in errors.items()])) < 1e-9
        for clip in pooled["clips"]:
            e, m = errors[clip["id"]], where(masks[clip["id"]])
            assert np.allclose(clip["pooled"]["psnr_" + region], [(e[t][m[t]].sum(), 3 * m[t].sum()) for t in range(4)])
    low, whole, high = sorted(pooled["mean"][k] for k in ("psnr", "psnr_inside", "psnr_outside"))
    assert whole == pooled["mean"]["psnr"]  # between its parts
    run("eval", "identity", at("set.h5"), "--protocol", "ffmpeg", "--out", at("pooled2.json"))  # from the cache
    assert load("pooled2.json")["clips"] == pooled["clips"] and load("pooled2.json")["mean"] == pooled["mean"]

    # Unrelated pictures are units, whatever stack of equal sizes they lie in.
    def png(path, picture):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        rows = b"".join(b"\0" + row.tobytes() for row in picture)
        header = struct.pack(">IIBBBBB", picture.shape[1], picture.shape[0], 8, 2, 0, 0, 0)
        open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

    random, singles = np.random.default_rng(4), []
    for i in range(30):
        clean = random.integers(0, 200, (24, 40, 3) if i % 3 else (40, 24, 3)).astype(np.uint8)
        wet = (clean + random.integers(0, 2 + i, clean.shape)).astype(np.uint8)
        png(at(f"pictures/clean/{i:02}.png"), clean), png(at(f"pictures/rainy/{i:02}.png"), wet)
        singles.append(psnr(wet, clean))
    run("import", "paired-images", at("pictures"), "--out", at("pictures.h5"))
    refused = run("eval", "identity", "--data", at("pictures.h5"), "--protocol", "temporal-flow", "--out", at("no.json"), status=2)
    assert "scores along clips" in refused and "unrelated pictures" in refused, refused
    assert "30 pictures" in run("eval", "identity", at("pictures.h5"), "--out", at("pictures.json"))
    run("eval", "streak-opening", at("pictures.h5"), "--out", at("pictures2.json"))
    stacks = load("pictures.json")
    assert stacks["unit"] == "picture" and record["unit"] == "clip" and len(stacks["clips"]) == 2
    assert abs(stacks["mean"]["psnr"] - np.mean(singles)) < 1e-9 and stacks["columns"][0]["average"] == "pictures"
    run("report", at("pictures.json"), at("pictures2.json"), "--out", at("pictures"))
    csv = [line.split(",") for line in open(at("pictures/table.csv")).read().splitlines()]
    first, second = (dict(zip(csv[0], line)) for line in csv[1:])
    assert first["unit"] == "picture" and first["units"] == "30" and len(csv[0]) == len(csv[1]) == len(csv[2])
    wide = (float(first["psnr_high95"]) - float(first["psnr_low95"])) / (2 * 1.96 * np.std(singles) / np.sqrt(30))
    assert 0.85 < wide < 1.15, wide  # as wide as normal theory says
    gains = [b["psnr"] - a["psnr"] for x, y in zip(stacks["clips"], load("pictures2.json")["clips"]) for a, b in zip(x["frames"], y["frames"])]
    assert abs(float(second["psnr_delta"]) - np.mean(gains)) < 1e-9 and abs(float(second["psnr_d"]) - np.mean(gains) / np.std(gains, ddof=1)) < 1e-9
    assert float(second["psnr_p"]) < 0.05 and float(second["psnr_p_wilcoxon"]) < 0.05 and float(second["psnr_p_holm"]) >= float(second["psnr_p"])
    page = open(at("pictures/index.html")).read()
    assert "30 pictures, protocol" in page and "bootstrap over pictures" in page
    # A record of an earlier build says neither: it is read as it was meant, and does not mix with new ones.
    old = load("pictures.json")
    old.pop("unit")
    for column in old["columns"]:
        column.pop("average"), column.pop("pooled_in_clips")
    json.dump(old, open(at("old.json"), "w"))
    run("report", at("old.json"), "--out", at("old"))
    assert "an earlier build" in run("report", at("old.json"), at("pictures2.json"), "--out", at("old2"), status=3)

    # Layers in sub-folders: the set's own are perfect; pushed one pixel aside they score as numpy counts.
    run("export", at("set.h5"), "--layout", "vrds", "--split", "test", "--out", at("vrds"))
    shutil.copytree(lq, at("claims"))
    for layer, source in (("mask", "test01drop"), ("streak", "testmstreak"), ("drop", "testdrop")):
        for clip in ("002", "005"):
            shutil.copytree(at(f"vrds/{source}/{clip}"), at(f"claims/{clip}/{layer}"))
    run("eval", f"folder:{at('claims')}", "--data", at("set.h5"), "--out", at("claims.json"), "--save", at("saved"))
    seen = load("claims.json")
    perfect_layers = {"mask_iou": 1, "mask_f1": 1, "mask_precision": 1, "mask_recall": 1, "streak_mae": 0, "streak_psnr": "inf", "drop_psnr": "inf"}
    assert {k: seen["mean"][k] for k in perfect_layers} == perfect_layers, seen["mean"]
    assert {c["key"]: c["layer"] for c in seen["columns"] if c["layer"]} == {k: k.split("_")[0] for k in perfect_layers}
    assert all(seen["mean"][k] == v for k, v in record["mean"].items()) and seen["layers_left_out"] == {}
    assert sorted(os.listdir(at("saved/002"))) == ["0000000%d.png" % t for t in range(4)] + ["drop", "mask", "streak"]
    for clip in ("002", "005"):  # the next frame's mask, the last one's twice
        names = sorted(os.listdir(at(f"claims/{clip}/mask")))
        for name, later in zip(names, names[1:]):
            os.replace(at(f"claims/{clip}/mask/{later}"), at(f"claims/{clip}/mask/{name}"))
        shutil.copy(at(f"claims/{clip}/mask/{names[-2]}"), at(f"claims/{clip}/mask/{names[-1]}"))
    run("eval", f"folder:{at('claims')}", "--data", at("set.h5"), "--out", at("late.json"), "--label", "late")
    with h5py.File(at("set.h5")) as f:
        ious = []
        for clip in ("002", "005"):
            true = f[f"clips/{clip}/mask"][:] >= 128
            said = true[[1, 2, 3, 3]]
            ious.append((said & true).sum() / (said | true).sum())
    assert abs(load("late.json")["mean"]["mask_iou"] - np.mean(ious)) < 1e-12 and np.mean(ious) < 1

    # Everything wrong is named at once.
    shutil.copytree(lq, at("bad"))
    names = sorted(os.listdir(at("bad/002")))
    os.remove(at("bad/002/" + names[1]))
    open(at("bad/005/extra.png"), "wb").write(open(at("bad/005/" + names[0]), "rb").read())
    with open(at("bad/005/" + names[2]), "r+b") as f:
        f.truncate(8)
    with open(at("bad/005/" + names[3]), "r+b") as f:  # its header is whole
        f.truncate(os.path.getsize(f.name) - 20)
    with open(at("bad/002/" + names[2]), "r+b") as f:  # its length too
        f.seek(os.path.getsize(f.name) // 2), f.write(b"damage")
    run("synth", "vrds-mini", "--size", "80x46", "--frames", "1", "--clips", "1", "--out", at("small.h5"))
    run("export", at("small.h5"), "--layout", "paired", "--out", at("small"))
    shutil.copy(next(os.path.join(d, f[0]) for d, _, f in os.walk(at("small")) if d.split("/")[-2] == "lq"), at("bad/002/" + names[3]))
    error = run("eval", f"folder:{at('bad')}", "--data", at("set.h5"), "--out", at("x.json"), status=3)
    for part in ("6 problems", "missing " + at("bad/002/" + names[1]), "extra.png", "005/" + names[2], "005/" + names[3], "002/" + names[2], names[3] + " is 80x46, the frame 160x90"):
        assert part in error, (part, error)
    assert not [name for name in os.listdir(folder) if name.startswith("x.")]
    assert "status 3" in run("eval", "cmd:false {in} {out}; exit 3", "--data", at("set.h5"), "--out", at("x.json"), status=3)
    error = run("eval", "cmd:cp {in}/00000000.png {out}", "--data", at("set.h5"), "--out", at("x.json"), status=3)
    assert "missing" in error, error
    error = run("eval", "cmd:cp {in}/* {out}; for i in 1 2; do truncate -s -20 {out}/0000000$i.png; done", "--data", at("set.h5"), "--out", at("x.json"), status=3)
    assert "2 problems" in error, error
    assert "{in}" in run("eval", "cmd:true", "--data", at("set.h5"), "--out", at("x.json"), status=2)
    assert "identity" in run("eval", "identiy", "--data", at("set.h5"), "--out", at("x.json"), status=2)
    assert "did you mean" in run("eval", "identity", "--data", at("set.h5"), "--out", at("x.json"), "--protocol", "vderain-rbg", status=2)
    assert "expected test, train, all" in run("eval", "identity", "--data", at("set.h5"), "--out", at("x.json"), "--split", "valid", status=2)
    run("eval", "identity", "--data", at("set.h5"), "--out", at("all.json"), "--split", "all", "--frames", "1")
    assert {clip["split"] for clip in json.load(open(at("all.json")))["clips"]} == {"test", "train"}
    assert "exists" in run("eval", "identity", "--data", at("set.h5"), "--out", at("id.json"), status=2)
    assert not os.path.exists(at("x.json"))

    # Stopped and gone on with: the same record but for times.
    whole = ["eval", "temporal-median", "--data", at("set.h5"), "--split", "train"]
    run(*whole, "--out", at("a.json"), "--no-cache")
    stopped = subprocess.Popen([pluvia, *whole, "--out", at("b.json"), "--no-cache", "--threads", "1"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while not os.path.exists(at("b.json.journal")) or len(open(at("b.json.journal")).readlines()) < 2:
        if stopped.poll() is not None:
            break
        time.sleep(0.01)
    stopped.send_signal(signal.SIGINT)
    stopped.wait()
    run(*whole, "--out", at("b.json"), "--resume", "--no-cache")
    strip = lambda r: {k: v for k, v in r.items() if k in ("mean", "clips", "columns", "data", "protocol_sha256", "method")}
    assert strip(load("a.json")) == strip(load("b.json"))
    run(*whole, "--out", at("c.json"))
    run(*whole, "--out", at("d.json"))  # from the cache
    assert strip(load("c.json")) == strip(load("d.json")) == strip(load("a.json"))

    # From the cache or not: one prediction that changed is scored anew, the others are as before.
    shutil.copytree(lq, at("edit"))
    before = [c["frames"] for c in record["clips"]]
    names = sorted(os.listdir(at("edit/005")))
    shutil.copy(at("edit/005/" + names[0]), at("edit/005/" + names[2]))
    for name, more in (("kept", []), ("new", ["--no-cache"])):
        run("eval", f"folder:{at('edit')}", "--data", at("set.h5"), "--out", at(name + ".json"), *more)
        after = [c["frames"] for c in load(name + ".json")["clips"]]
        differ = [(c, t) for c in range(2) for t in range(4) if before[c][t] != after[c][t]]
        assert differ == [(1, 2)], (name, differ)
    assert load("kept.json")["clips"] == load("new.json")["clips"]

    # A folder that has changed since is not gone on with. A set that was written to is read anew.
    edited = ["eval", f"folder:{at('edit')}", "--data", at("set.h5"), "--out", at("new.json")]
    run(*edited, "--resume")
    shutil.copy(at("edit/005/" + names[0]), at("edit/005/" + names[3]))
    assert "predictions that have changed" in run(*edited, "--resume", status=3)
    run(*edited, "--force")
    hashes = [[c["predictions_sha256"] for c in load(name)["clips"]] for name in ("id.json", "folder.json", "cmd.json", "kept.json", "new.json")]
    assert hashes[0] == hashes[1] == hashes[2] and len({h[1] for h in hashes}) == 3 and len({h[0] for h in hashes}) == 1
    shutil.copy(at("set.h5"), at("written.h5"))
    written = ["eval", "identity", "--data", at("written.h5"), "--out", at("written.json"), "--force"]
    run(*written)
    assert load("written.json")["clips"] == record["clips"]
    with h5py.File(at("written.h5"), "r+") as f:
        f["clips/005/gt"][1] = 0
    run(*written)
    after = load("written.json")["clips"]
    run(*written, "--no-cache")
    assert load("written.json")["clips"] == after and after[1]["frames"][1] != record["clips"][1]["frames"][1]

    # Scores of whole clips, too, are known again while all of the clip is as it was.
    moving = ["eval", f"folder:{at('edit')}", "--data", at("set.h5"), "--protocol", "temporal-flow", "--out", at("moving.json"), "--force"]
    run(*moving)
    first = load("moving.json")["clips"]
    assert first[0]["mean"]["tof"] > 0
    for name in os.listdir(at("cache/scores")):  # that they come from there shows when they are not true there
        text = open(at("cache/scores/" + name)).read()
        open(at("cache/scores/" + name), "w").write(text.replace(repr(first[0]["mean"]["tof"]), "77.5"))
    run(*moving)
    false = load("moving.json")["clips"]
    assert false[0]["mean"]["tof"] == 77.5 and false[1] == first[1], (false, first)
    shutil.rmtree(at("cache/scores"))
    shutil.copy(at("edit/005/" + names[1]), at("edit/005/" + names[2]))
    run(*moving)
    after = load("moving.json")["clips"]
    run(*moving, "--no-cache")
    assert load("moving.json")["clips"] == after and after[0] == first[0] and after[1]["mean"] != first[1]["mean"]

    # What reading loses, and what belongs to no clip, is said.
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(160 * 6) for _ in range(90))
    deep = chunk(b"IHDR", struct.pack(">IIBBBBB", 160, 90, 16, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    open(at("edit/002/" + names[0]), "wb").write(b"\x89PNG\r\n\x1a\n" + deep), os.mkdir(at("edit/zzz"))
    said = subprocess.run([pluvia, *edited, "--force"], capture_output=True, text=True).stderr
    assert "16 reduced to 8" in said and "no clip of the set: zzz" in said, said
    assert "16 reduced to 8" in load("new.json")["predictions_lost"][0]

    # Only this very run is gone on with; a finished record is kept as it is, and survives a run that fails.
    before = open(at("a.json")).read()
    assert "another method" in run("eval", "identity", "--data", at("set.h5"), "--split", "train", "--out", at("a.json"), "--resume", status=3)
    run(*whole, "--out", at("a.json"), "--resume")
    kept = sorted(os.listdir(at("id.pictures")))
    run("eval", "cmd:false {in} {out}", "--data", at("set.h5"), "--out", at("id.json"), "--force", status=3)
    assert load("id.json") == record and sorted(os.listdir(at("id.pictures"))) == kept
    assert open(at("a.json")).read() == before

    # A run that fails before a clip is scored leaves nothing: the corrected command runs as it is.
    assert not [name for name in os.listdir(folder) if name.startswith(("x.", "id.json."))]
    run("eval", "cmd:cp -r {in}/. {out}", "--data", at("set.h5"), "--out", at("x.json"))
    # One that has scored some keeps those: this run goes on, another is told what it would lose.
    half = f"echo >> {at('calls')}; test $(wc -l < {at('calls')}) != 2 && cp -r {{in}}/. {{out}}"
    partly = lambda command, *more, status=0: run("eval", command, "--data", at("set.h5"), "--out", at("y.json"), "--threads", "1", *more, status=status)
    partly("cmd:" + half, status=3)
    error = partly("cmd:" + half, status=2)
    assert "y.json.journal holds 1 clip" in error and "--resume goes on" in error, error
    for more, status in (((), 2), (("--resume",), 3)):
        error = partly("identity", *more, status=status)
        assert "another method" in error and "--force starts anew" in error and "another --out" in error, error
    partly("cmd:" + half, "--resume")
    assert load("y.json")["mean"] == record["mean"] and len(open(at("calls")).read()) == 3
    assert not os.path.exists(at("y.json.journal"))

    # The report.
    for method in ("temporal-median", "best-affine-colour-fit"):
        run("eval", method, "--data", at("set.h5"), "--out", at(method + ".json"))
    affine = load("best-affine-colour-fit.json")
    assert affine["mean"]["psnr"] > record["mean"]["psnr"] and affine["method"]["sees_truth"]
    run("report", at("id.json"), at("temporal-median.json"), at("best-affine-colour-fit.json"), "--table", "vrds", "--table", "rain13k-test100", "--out", at("report"))
    page = open(at("report/index.html")).read()
    # Nothing is fetched from anywhere: the name space of SVG is the only address there is.
    assert set(re.findall(r"https?:[^'\"\s]*", page.replace("\\/", "/"))) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"(src|href)\s*=\s*[\"'](?!data:)", page) and "fetch(" not in page and "@import" not in page
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S).group(1).replace("<\\/", "</"))
    assert [r["label"] for r in data["runs"]] == ["identity", "temporal-median", "best-affine-colour-fit"]
    assert not data["published"][0]["comparable"] and len(data["published"]) == 1  # recalled ones are not shown
    assert data["runs"][1]["against"]["psnr"]["p"] <= 1 and data["runs"][1]["against"]["ssim"]["p_wilcoxon"] <= 1 and data["exhibits"]
    assert "claim to see" not in open(at("report/table.md")).read()
    run("report", at("id.json"), at("claims.json"), at("late.json"), "--out", at("seen"))
    data = json.loads(re.search(r'id="data">(.*?)</script>', open(at("seen/index.html")).read(), re.S).group(1).replace("<\\/", "</"))
    assert [r["claims_layers"] for r in data["runs"]] == [False, True, True] and data["runs"][0]["mean"]["mask_iou"] is None
    assert data["exhibits"][0]["layers"]["mask"].keys() == {"truth", "claimed"}
    for name, rank in (("table.md", "**1.0000**"), ("table.tex", r"\textbf{1.0000}")):
        second = open(at("seen/" + name)).read().split("claim to see")[1]
        assert "identity" not in second and rank in second and "mask IoU" in second, second
    assert "mask_iou_low95" in open(at("seen/table.csv")).read()
    tex = open(at("report/table.tex")).read()
    assert r"\toprule" in tex and r"\textit{best-affine-colour-fit}" in tex and r"\textbf" in tex
    csv = open(at("report/table.csv")).read().splitlines()
    assert float(csv[1].split(",")[csv[0].split(",").index("psnr")]) == record["mean"]["psnr"]
    assert open(at("report/table.md")).read().startswith("| method |")
    run("eval", "identity", "--data", at("set.h5"), "--protocol", "basicsr-y", "--out", at("luma.json"))
    assert "protocol" in run("report", at("id.json"), at("luma.json"), "--out", at("r2"), status=3)
    run("eval", "identity", "--data", at("set.h5"), "--clip", "005", "--out", at("part.json"))
    assert "different data" in run("report", at("id.json"), at("part.json"), "--out", at("r2"), status=3)
    again = subprocess.run([pluvia, "report", at("id.json"), at("cmd.json"), "--out", at("r3")], capture_output=True, text=True)
    assert again.returncode == 0 and "training seeds" not in again.stderr
    shutil.copy(at("id.json"), at("twice.json"))
    again = subprocess.run([pluvia, "report", at("id.json"), at("twice.json"), "--out", at("r4")], capture_output=True, text=True)
    assert "2 records are called 'identity'" in again.stderr and "training seeds" in open(at("r4/index.html")).read()
    for name, spoil, part in (("evil", lambda r: r["pictures"][0].update(rainy="../../secret.png"), "below the record's folder"),
                              ("root", lambda r: r["pictures"][0].update(truth="/etc/hostname"), "below the record's folder"),
                              ("short", lambda r: r["clips"][0]["frames"].pop(), "for 4 frames"),
                              ("fewer", lambda r: r["clips"].pop(), "it holds 1 clip,"),
                              ("text", lambda r: r.update(columns=3), "damaged"),
                              ("average", lambda r: r["columns"][0].update(average="?"), "average '?'"),
                              ("law", lambda r: r["columns"][0].update(average="pooled-mse"), "damaged"),
                              ("pool", lambda r: r["clips"][0].update(pooled={"psnr": [[1, 1]]}), "for 4 frames")):
        spoilt = load("id.json")
        spoil(spoilt)
        json.dump(spoilt, open(at(name + ".json"), "w"))
        assert part in run("report", at(name + ".json"), "--out", at("r2"), status=3), name
    shorter = load("id.json")
    shorter["data"]["clips"][0]["frames"] = 3
    shorter["clips"][0]["frames"].pop()
    json.dump(shorter, open(at("shorter.json"), "w"))
    assert "changed after it was written" in run("report", at("id.json"), at("shorter.json"), "--out", at("r2"), status=3)
    open(at("cut.json"), "w").write(open(at("id.json")).read()[:2000])
    run("report", at("cut.json"), "--out", at("r2"), status=3)
    open(at("no.json"), "w").write("{}")
    assert "not a run record" in run("report", at("no.json"), "--out", at("r2"), status=3)
