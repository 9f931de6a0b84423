# SPDX-License-Identifier: Apache-2.0
"""`pluvia metrics` as users call it: pictures, folders, clips, arrays; what is refused and how.
Usage: metrics.py PLUVIA"""
import json, math, os, pathlib, random, struct, subprocess, sys, tempfile, zlib

pluvia = sys.argv[1]


def run(*args, status=0, env=None):
    done = subprocess.run([pluvia, "metrics", *map(str, args)], capture_output=True, text=True, env=env)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    if status not in (0, 1):
        assert done.stderr.count("\n") == 1 and done.stderr.startswith("pluvia: "), done.stderr
        assert done.stdout == "", done.stdout
    return done.stderr if status else done.stdout


def scores(*args, env=None):
    return json.loads(run(*args, "--json", env=env))


def png(path, height, width, value, channels=3, depth=8):
    """value(y, x, c) -> 0..255 or 0..65535"""
    kind = {1: 0, 3: 2, 4: 6}[channels]
    form = ">B" if depth == 8 else ">H"
    rows = b"".join(b"\0" + b"".join(struct.pack(form, value(y, x, c)) for x in range(width) for c in range(channels))
                    for y in range(height))
    chunk = lambda k, d: struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))
    return path


def npy(path, shape, values, order="<f4"):
    header = f"{{'descr': '{order}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
                     + struct.pack(f"<{len(values)}f", *values))
    return path


H, W = 24, 32
clean = lambda y, x, c: (7 * x + 5 * y + 40 * c) % 256
off = lambda d: lambda y, x, c: min(255, clean(y, x, c) + d)


def psnr_of(d):
    errors = [(off(d)(y, x, c) - clean(y, x, c)) ** 2 for y in range(H) for x in range(W) for c in range(3)]
    return 10 * math.log10(255 ** 2 / (sum(errors) / len(errors)))


with tempfile.TemporaryDirectory() as folder:
    at = lambda name: pathlib.Path(folder) / name
    a = png(at("a.png"), H, W, clean)
    b = png(at("b.png"), H, W, off(9))
    one = scores(a, b)
    assert one["protocol"] == "vderain-rgb" and one["frames"] == 1 and len(one["protocol_sha256"]) == 64
    assert abs(one["mean"]["psnr"] - psnr_of(9)) < 1e-9 and one["items"][0]["name"] == "a", one
    assert one["items"][0]["psnr"] == one["mean"]["psnr"] and 0 < one["mean"]["ssim"] < 1

    # --out takes what standard output would have got; an existing file is kept.
    for more in ((), ("--json",), ("--all-protocols",), ("--all-protocols", "--json")):
        out = at("result" + "".join(more))
        assert run(a, b, *more, "--out", out) == "" and out.read_text() == run(a, b, *more), more
    assert "exists; --force" in run(a, b, "--out", out, status=2)
    run(a, b, "--out", out, "--force", "--require", "psnr>=90", status=1)
    assert out.read_text() == run(a, b)
    run("--list-protocols", "--out", at("list"))
    assert at("list").read_text() == run("--list-protocols")

    # Conditions; the same numbers in any locale.
    run(a, b, "--require", "psnr>=20", "--require", "ssim>0.1")
    run("--require", "psnr>=20", a, b)
    text = run("--help")
    assert "--require KEY>=NUMBER" in text and "several times" in text
    assert "unexpected argument" in run(a, b, "--require", "psnr>=5", "ssim>=.2", status=2)
    assert "psnr is" in run(a, b, "--require", "psnr>=90", status=1)
    assert "did you mean 'psnr'" in run(a, b, "--require", "pnsr>=3", status=2)
    for bad in ("psnr", "psnr>=", ">=3", "psnr>=3x", "psnr>=3,5", "psnr>=nan"):
        assert "expected a score" in run(a, b, "--require", bad, status=2), bad
    german = dict(os.environ, LC_ALL="de_DE.UTF-8", LANG="de_DE.UTF-8")
    assert run(a, b, env=german) == run(a, b) and "psnr 29" in run(a, b)

    # Folders pair by name, whatever the order of a listing; leading zeros do not count.
    for i in range(12):
        png(at(f"ref/{i}.png"), H, W, clean)
        png(at(f"pred/{i:03}.png"), H, W, off(i + 1))
    got = scores(at("ref"), at("pred"))
    assert [item["name"] for item in got["items"]] == [f"{i:03}" for i in range(12)]
    for i, item in enumerate(got["items"]):
        assert abs(item["psnr"] - psnr_of(i + 1)) < 1e-9, (i, item)
    assert abs(got["mean"]["psnr"] - sum(psnr_of(i + 1) for i in range(12)) / 12) < 1e-9
    assert scores(at("ref"), at("pred"), "--threads", "1") == got

    # Everything wrong is said at once, and a missing frame never shifts a pair.
    (at("pred") / "004.png").unlink()
    (at("pred") / "007.png").write_bytes((at("pred") / "007.png").read_bytes()[:200])
    (at("pred") / "008.png").write_bytes(b"no picture")
    png(at("pred/009.png"), H, W + 1, clean)
    png(at("pred/099.png"), H, W, clean)
    png(at("ref/05.png"), H, W, clean)
    line = run(at("ref"), at("pred"), status=3)
    for word in ("6 problems", "5.png: a second picture of the same frame", "4.png: missing", "007.png", "008.png", "009.png: is 33x24", "099.png: extra"):
        assert word in line, (word, line)
    kept = scores(at("ref"), at("pred"), "--allow-missing")
    (at("ref") / "05.png").unlink()
    assert [item["name"] for item in kept["items"]] == [f"{i:03}" for i in (0, 1, 2, 3, 5, 6, 10, 11)], kept
    for item in kept["items"]:
        assert abs(item["psnr"] - psnr_of(int(item["name"]) + 1)) < 1e-9

    # Regions are those of the clips that have a mask, wherever these stand among the others.
    for clip in "ab":
        png(at(f"mref/{clip}/0.png"), H, W, clean)
        png(at(f"mpred/{clip}/0.png"), H, W, off(3))
    png(at("masks/b/0.png"), H, W, lambda y, x, c: 255 if x < 9 else 0)
    some = scores(at("mref"), at("mpred"), "--mask", at("masks"), "--allow-missing")
    assert some["mean"]["psnr_inside"] == some["items"][1]["psnr_inside"] and "psnr_inside" not in some["items"][0], some["mean"]

    # VMAF is another program's. Ours gets both videos whole, in order and the right way round.
    fake = at("ffmpeg")
    fake.write_text(f"""#!{sys.executable}
import json, sys
if "-filters" in sys.argv:
    sys.exit(print(" .. libvmaf           VV->V      Calculate the VMAF"))
inputs = [sys.argv[i + 1] for i, word in enumerate(sys.argv) if word == "-i"]
assert inputs == ["prediction.raw", "reference.raw"] and sys.argv.count("{W}x{H}") == 2 and sys.argv.count("rgb24") == 2
a, b = (open(name, "rb").read() for name in inputs)
n = {W * H * 3}
steps = [sum(p - r for p, r in zip(a[i:i + n], b[i:i + n])) / n for i in range(0, len(b), n)]
json.dump({{"frames": steps, "pooled_metrics": {{"vmaf": {{"mean": sum(s * 100 ** t for t, s in enumerate(steps))}}}}}}, open("log", "w"))
""")
    fake.chmod(0o755)
    for name, gain in (("vref", 0), ("vpred", 1)):
        for t in range(3):
            png(at(f"{name}/{t}.png"), H, W, lambda y, x, c: 100 + gain * (t + 1))
    got = scores(at("vref"), at("vpred"), "--protocol", "vmaf-external", env=dict(os.environ, PLUVIA_FFMPEG=str(fake)))
    assert got["mean"]["vmaf"] == 1 + 2 * 100 + 3 * 100**2, got
    beside = dict(os.environ, PLUVIA_FFMPEG=os.path.relpath(fake))
    assert scores(at("vref"), at("vpred"), "--protocol", "vmaf-external", env=beside) == got
    line = run(at("vref"), at("vpred"), "--protocol", "vmaf-external", status=2, env=dict(os.environ, PLUVIA_FFMPEG="/no/such"))
    assert "libvmaf" in line and "PLUVIA_FFMPEG" in line, line

    # Clips by relative path; clips weigh equally or frames do, as the protocol says.
    for clip, frames in (("x/long", 3), ("short", 1)):
        for i in range(frames):
            png(at(f"cref/{clip}/{i:04}.png"), H, W, clean)
            png(at(f"cpred/{clip}/{i:04}.png"), H, W, off(2 if clip == "short" else 8))
    clips = scores(at("cref"), at("cpred"))
    assert abs(clips["mean"]["psnr"] - (psnr_of(2) + psnr_of(8)) / 2) < 1e-9
    assert {c["name"]: c["frames"] for c in clips["clips"]} == {"x/long": 3, "short": 1}
    assert "x/long/0002" in [item["name"] for item in clips["items"]]
    pooled = scores(at("cref"), at("cpred"), "--protocol", "vderain-rgb-pooled")
    assert abs(pooled["mean"]["psnr"] - (psnr_of(2) + 3 * psnr_of(8)) / 4) < 1e-9
    for i in range(3):
        (at("cpred/x/long") / f"{i:04}.png").unlink()
    assert "clip 'x/long': missing" in run(at("cref"), at("cpred"), status=3)

    # Identical frames: counted, left out of the mean of PSNR; all identical: inf.
    for i in range(3):
        png(at(f"sref/{i}.png"), H, W, clean)
        png(at(f"spred/{i}.png"), H, W, off(0 if i == 1 else 5))
    same = scores(at("sref"), at("spred"))
    assert same["identical_frames"] == 1 and abs(same["mean"]["psnr"] - psnr_of(5)) < 1e-9
    assert same["items"][1]["psnr"] == "inf" and same["items"][1]["ssim"] == 1 and same["items"][1]["identical"]
    assert "1 frame equals the reference" in run(at("sref"), at("spred"))
    assert scores(at("sref"), at("spred"), "--protocol", "ffmpeg")["mean"]["psnr"] != "inf"
    assert scores(a, a)["mean"]["psnr"] == "inf" and scores(a, a)["identical_frames"] == 1
    run(a, a, "--require", "psnr>=100")

    # Regions: in a mask, by distance, on streaks, or where the input differs.
    drop = lambda y, x: 8 <= y < 16 and 10 <= x < 20
    mask = png(at("mask.png"), H, W, lambda y, x, c: 128 if drop(y, x) else 127, channels=1)
    hurt = png(at("hurt.png"), H, W, lambda y, x, c: clean(y, x, c) ^ (16 if drop(y, x) else 0))
    regions = scores(a, hurt, "--mask", mask)["mean"]
    assert abs(regions["psnr_inside"] - 10 * math.log10(255 ** 2 / 256)) < 1e-9, regions
    assert regions["psnr_outside"] == "inf" and regions["psnr_rim_in_8_up"] is None and regions["ssim_inside"] < regions["ssim_outside"] < 1
    assert abs(regions["psnr"] - 10 * math.log10(255 ** 2 / (256 * 80 / (H * W)))) < 1e-9
    changed = scores(a, hurt, "--lq", hurt)["mean"]
    assert changed["psnr_changed"] == regions["psnr_inside"] and changed["psnr_unchanged"] == "inf"
    streak = scores(a, hurt, "--streak", mask)["mean"]
    assert streak["psnr_off_streak"] is None and streak["psnr_on_streak"] == regions["psnr"]
    for i in range(3):
        png(at(f"smask/{i:02}.png"), H, W, lambda y, x, c: 255 if drop(y, x) else 0, channels=1)
    assert "psnr_inside" in scores(at("sref"), at("spred"), "--mask", at("smask"))["mean"]
    (at("smask") / "02.png").unlink()
    assert "has no mask picture" in run(at("sref"), at("spred"), "--mask", at("smask"), status=3)
    assert "mask is 5x5" in run(a, b, "--mask", png(at("m5.png"), 5, 5, lambda y, x, c: 0, channels=1), status=3)

    # Odd inputs have a defined result.
    grey = png(at("grey.png"), H, W, lambda y, x, c: clean(y, x, 0), channels=1)
    rgb_of_grey = png(at("grey3.png"), H, W, lambda y, x, c: clean(y, x, 0))
    assert scores(grey, rgb_of_grey)["mean"]["psnr"] == "inf" and scores(a, grey)["mean"] == scores(a, rgb_of_grey)["mean"]
    deep = png(at("deep.png"), H, W, lambda y, x, c: clean(y, x, c) * 257, depth=16)
    assert scores(a, deep)["mean"]["psnr"] == "inf"
    assert "16 reduced to 8" in subprocess.run([pluvia, "metrics", a, deep], capture_output=True, text=True).stderr
    alpha = png(at("alpha.png"), H, W, lambda y, x, c: 100 if c == 3 else clean(y, x, c), channels=4)
    assert scores(a, alpha)["mean"]["psnr"] == "inf"
    noted = lambda *args: subprocess.run([pluvia, "metrics", a, alpha, *args], capture_output=True, text=True).stderr
    assert "note: " in noted() and "alpha" in noted() and noted("-q") == ""

    # Arrays are scored without rounding; a NaN is named.
    values = [clean(y, x, c) / 255 for c in range(3) for y in range(H) for x in range(W)]
    exact = npy(at("one.npy"), (3, H, W), values)
    assert scores(a, exact)["mean"]["psnr"] > 120
    half = npy(at("half.npy"), (1, 3, H, W), [min(1, v + 0.25 / 255) for v in values])
    assert 60.1 < scores(a, half)["mean"]["psnr"] < 60.3
    assert "frame 0: nan at row 1, column 2" in run(a, npy(at("nan.npy"), (1, 3, H, W), [math.nan if i == W + 2 else v for i, v in enumerate(values)]), status=3)
    assert "goes on" in run(exact, npy(at("two.npy"), (2, 3, H, W), values * 2), status=3)
    assert "expected float" in run(a, npy(at("flat.npy"), (H, W), values[:H * W]), status=3)
    numbered = scores(at("spred"), npy(at("three.npy"), (3, 3, H, W), values * 3))
    assert [item["name"] for item in numbered["items"]] == ["0", "1", "2"] and numbered["items"][1]["psnr"] > 120

    (at("spred") / "1.png").unlink()
    assert "have a gap" in run(at("spred"), at("three.npy"), status=3)
    assert "no pair is complete" in run(at("spred"), at("three.npy"), "--allow-missing", status=3)

    # One-line refusals.
    tiny = png(at("tiny.png"), 8, 40, clean)
    assert "smaller than its 11x11 window" in run(tiny, tiny, status=3)
    assert scores(tiny, tiny, "--protocol", "matlab-builtin-y")["mean"]["ssim"] == 1
    assert "33x24" in run(a, png(at("wide.png"), H, W + 1, clean), status=3)
    at("empty").mkdir()
    assert "holds no pictures" in run(at("ref"), at("empty"), status=3)
    assert "no such file" in run(a, at("gone.png"), status=3)
    assert "needs REFERENCE and PREDICTION" in run(a, status=2)
    assert "derain-matlab-y" in run(a, b, "--protocol", "derain-matlab-x", status=2)
    assert "no name in it pairs" in run(at("sref"), png(at("other/q.png"), H, W, clean).parent, status=3)
    own = at("own.json")
    for text, word in (('{"metrics": [{"metric": "psnr", "paek": 255}]}', "did you mean 'peak'"),
                       ('{"metrics": [{"metric": "pnsr"}]}', "did you mean 'psnr'"),
                       ('{"metrics": [{"metric": "psnr"}], "colour": "rgb"}', "did you mean 'color'"),
                       ('{"metrics": [{"metric": "psnr", "color": "y610"}]}', "did you mean 'y601'"),
                       ('{"metrics": []}', "at least one metric"), ('{"metrics": [{"metric": "psnr"}, {"metric": "psnr"}]}', "a second score"),
                       ('{"metrics": [{"metric": "psnr", "name": "clip"}]}', "cannot name a score"),
                       ('{"metrics": [{"metric": "psnr", "name": "identical"}]}', "cannot name a score"),
                       (r'{"metrics": [{"metric": "psnr", "name": "a\nb"}]}', "'a?b' cannot name a score"),
                       ('{"metrics": [{"metric": "psnr"}, {"metric": "mae", "name": "psnr_outside"}]}', "in region 'outside'"),
                       ('{"metrics": [{"metric": "ssim", "size": 10}]}', "odd"), ('{"metrics": [{"metric": "ssim", "range": -1}]}', "range"),
                       ('{"metrics": [{"metric": "psnr"}], "inference": {"tile_rows": 8, "tile_overlap": 8}}', "less than"),
                       ('{"metrics": [{"metric": "niqe"}]}', "--niqe-model"), ("{", "not valid JSON")):
        own.write_text(text)
        line = subprocess.run([pluvia, "metrics", a, b, "--protocol", own], capture_output=True, text=True)
        assert line.returncode in (2, 3) and word in line.stderr and line.stderr.count("\n") == 1, (text, line.stderr)

    # Without metrics that compare, a path alone is the prediction.
    noise = random.Random(3)
    for i in range(2):
        png(at(f"natural/{i}.png"), 480, 480, lambda y, x, c: noise.getrandbits(8))
    model = at("niqe.npz")
    run("--fit-niqe", at("natural"), "--out", model)
    open_ended = ("--protocol", "real-niqe-yfull", "--niqe-model", model)
    alone = scores(at("natural"), *open_ended)
    assert alone == scores(at("natural"), at("natural"), *open_ended) and alone["frames"] == 2
    assert alone["mean"]["niqe"] >= 0 and alone["identical_frames"] == 0

    # The list, and all of it side by side.
    listed = json.loads(run("--list-protocols", "--json"))
    names = [p["name"] for p in listed]
    assert {"vderain-rgb", "derain-matlab-y", "derain-prenet-y"} <= set(names) and len(names) == len(set(names))
    for p in listed:
        assert p["used_by"] and p["definition"]["metrics"] and p["title"], p
    everything = scores(a, b, "--all-protocols")["protocols"]
    others = lambda some: [n for n in some if n != "vmaf-external" and "niqe" not in n]
    assert others(p["protocol"] for p in everything) == others(names)
    by_name = {p["protocol"]: p for p in everything}
    assert "refusal" in by_name["ms-ssim-y"] and by_name["vderain-rgb"]["mean"] == one["mean"]
    assert by_name["derain-matlab-y"]["mean"]["psnr"] != by_name["basicsr-y"]["mean"]["psnr"]
    masked = scores(a, hurt, "--mask", mask, "--streak", mask, "--all-protocols")["protocols"]
    inside = {"libvmaf-ssim-y": "ssim_inside", "temporal-flow": "tof", "vmaf-external": "vmaf"}
    assert all("refusal" in p or inside.get(p["protocol"], "psnr_inside") in p["mean"] for p in masked)
    text = run(a, b, "--all-protocols")
    assert all(name in text for name in others(names))

    # A definition decides the hash; names and notes do not.
    own.write_text('{"metrics": [{"metric": "ssim"}, {"metric": "psnr"}], "average": "clips"}')
    first = scores(a, b, "--protocol", own)["protocol_sha256"]
    own.write_text('{"note": "x", "average": "clips", "metrics": [{"size": 11, "metric": "ssim"}, {"metric": "psnr", "color": "rgb"}]}')
    assert scores(a, b, "--protocol", own)["protocol_sha256"] == first
    own.write_text('{"average": "clips", "metrics": [{"size": 9, "metric": "ssim"}, {"metric": "psnr"}]}')
    assert scores(a, b, "--protocol", own)["protocol_sha256"] != first

    # TecoGAN's: of 70x90 pixels the middle 32x64, of 7 frames the middle 3; the same as scoring those alone.
    luma = lambda f, y, x: 16 + sum(w * f(y, x, c) for w, c in ((65.481, 0), (128.553, 1), (24.966, 2))) / 255
    waves = lambda t, d: lambda y, x, c: int(120 + 60 * math.sin((x - 2 * t) / 4 + c) + 50 * math.cos((y + t) / 5)) + d * ((x + y + t) % 5)
    part = lambda f: lambda y, x, c: f(y + 19, x + 13, c)
    expected = []
    for t in range(7):
        for side, d in (("teco", 0), ("teco out", 4)):
            png(at(side) / f"{t}.png", 70, 90, waves(t, d))
            if 2 <= t < 5:
                png(at("middle " + side) / f"{t}.png", 32, 64, part(waves(t, d)))
        errors = [(luma(part(waves(t, 4)), y, x) - luma(part(waves(t, 0)), y, x)) ** 2 for y in range(32) for x in range(64)]
        expected.append(10 * math.log10(255 ** 2 / (sum(errors) / len(errors))))
    got = scores(at("teco"), at("teco out"), "--protocol", "temporal-tecogan")
    assert got["frames"] == 3 and [i["name"] for i in got["items"]] == ["2", "3", "4"], got
    assert all(abs(i["psnr"] - e) < 1e-9 for i, e in zip(got["items"], expected[2:5])), (got, expected)
    own.write_text('{"average": "clips", "metrics": [{"metric": "psnr", "color": "y601"}, {"metric": "tof"}]}')
    alone = scores(at("middle teco"), at("middle teco out"), "--protocol", own)
    assert alone["mean"]["tof"] > 0 and alone["mean"] == got["mean"], (alone, got)
    assert scores(at("teco"), at("teco out"), "--protocol", own)["mean"] != got["mean"]
    for t in (0, 1, 2):
        (at("teco") / f"{t}.png").unlink(), (at("teco out") / f"{t}.png").unlink()
    assert "leaves out 2 frames at both ends, which is all of 4" in run(
        at("teco"), at("teco out"), "--protocol", "temporal-tecogan", status=3)
    own.write_text('{"crop": "tecogan", "metrics": [{"metric": "psnr"}]}')
    assert "needs 48 pixels a side" in run(a, b, "--protocol", own, status=3)
    own.write_text('{"crop": "tecogan", "crop_border": 4, "metrics": [{"metric": "psnr"}]}')
    assert "'crop_border' does not go with" in run(a, b, "--protocol", own, status=3)

    # Frames are equal when what counts of them is; infinite scores are counted, by column, whatever they come from.
    edge = lambda y, x, c: 255 if y < 2 else clean(y, x, c)
    for t, f in enumerate((clean, off(9), edge)):
        png(at("cut truth") / f"{t}.png", H, W, clean), png(at("cut") / f"{t}.png", H, W, f)
    own.write_text('{"crop_border": 4, "metrics": [{"metric": "psnr"}]}')
    cut = scores(at("cut truth"), at("cut"), "--protocol", own)
    assert cut["identical_frames"] == 2 and cut["infinite_scores"] == {"psnr": 2} and abs(cut["mean"]["psnr"] - cut["items"][1]["psnr"]) < 1e-12
    assert scores(at("cut truth"), at("cut"))["identical_frames"] == 1
    upper = png(at("upper.png"), H, W, lambda y, x, c: 255 if y < 8 else 0, channels=1)
    split = scores(at("cut truth"), at("cut"), "--mask", upper)
    assert split["infinite_scores"] == {"psnr": 1, "psnr_inside": 1, "psnr_outside": 2, **{k: v for k, v in split["infinite_scores"].items() if "rim" in k}}
    text = run(at("cut truth"), at("cut"), "--mask", upper)
    assert "1 frame equals the reference; infinite scores (psnr of 1 frame, psnr_inside of 1 frame, psnr_outside of 2 frames" in text, text
    own.write_text('{"average": "pooled-mse", "metrics": [{"metric": "psnr"}]}')
    pooled = run(at("cut truth"), at("cut"), "--protocol", own)
    assert "1 frame equals the reference\n" in pooled and "infinite" not in pooled, pooled

    # Of very many faults fifty are named, with --verbose all.
    for t in range(61):
        png(at("many truth") / f"{t:03d}.png", 12, 12, clean)
    png(at("many") / "000.png", 12, 12, clean)
    short = run(at("many truth"), at("many"), status=3)
    assert "60 problems" in short and "and 10 more (--verbose names all)" in short and "060" not in short, short
    long = subprocess.run([pluvia, "--verbose", "metrics", at("many truth"), at("many")], capture_output=True, text=True).stderr
    assert all(f"{t:03d}" in long for t in range(1, 61)) and "more" not in long, long

    # A pipe in place of a picture is a fault like any other.
    (at("many") / "001.png").unlink(missing_ok=True)
    os.mkfifo(at("many") / "001.png")
    for t in range(2, 61):
        (at("many truth") / f"{t:03d}.png").unlink()
    assert "001.png: it is a pipe or a device" in run(at("many truth"), at("many"), status=3)
