# SPDX-License-Identifier: Apache-2.0
"""What makes two evaluations the same and what does not: labels, saved pictures, files of parameters by what
they hold, how tiles are joined; hints where predictions lie elsewhere or are called otherwise.
Usage: eval_settings.py PLUVIA"""
import json, os, random, shutil, struct, subprocess, sys, tempfile, zlib

try:
    import h5py
except ImportError:
    sys.exit(77)

pluvia = sys.argv[1]


def run(*args, status=0):
    done = subprocess.run([pluvia, *args], capture_output=True, text=True, errors="replace")
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def png(path, height, width, value):
    rows = b"".join(b"\0" + bytes(value(y, x, c) for x in range(width) for c in range(3)) for y in range(height))
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                           chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def random_weights(path, *options):
    noise, head, data = random.Random(5), {}, b""
    for tensor in json.loads(run("models", "plain-cnn", *options, "--json"))["state_dict"]:
        count = 1
        for n in tensor["shape"]:
            count *= n
        more = struct.pack(f"<{count}f", *(noise.uniform(-0.2, 0.2) for _ in range(count)))
        head[tensor["key"]] = {"dtype": "F32", "shape": tensor["shape"], "data_offsets": [len(data), len(data) + len(more)]}
        data += more
    text = json.dumps(head).encode()
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + data)


with tempfile.TemporaryDirectory() as folder:
    os.environ["PLUVIA_CACHE"] = os.path.join(folder, "cache")
    at = lambda *name: os.path.join(folder, *name)
    load = lambda name: json.load(open(at(name)))
    dump = lambda value, name: json.dump(value, open(at(name), "w"))
    run("synth", "vrds-mini", "--size", "96x64", "--frames", "4", "--clips", "6", "--out", at("set.h5"))
    score = lambda method, out, *more, status=0: run("eval", method, "--data", at("set.h5"), "--out", at(out), *more, status=status)

    # A record keeps its label, and pictures are saved of all clips or the run is another.
    score("identity", "a.json", "--label", "A")
    score("identity", "a.json", "--label", "A", "--resume")
    assert "is called 'A', here 'B'" in score("identity", "a.json", "--label", "B", "--resume", status=3)
    assert "--save" in score("identity", "a.json", "--label", "A", "--resume", "--save", at("saved"), status=3) and not os.path.exists(at("saved"))
    score("identity", "s.json", "--save", at("saved"))
    score("identity", "s.json", "--save", at("saved"), "--resume")
    assert "UTF-8" in score("identity", "x.json", "--label", b"\xff", status=2)
    os.mkdir(at("folder.json"))
    assert "it is a folder" in score("identity", "folder.json", "--force", status=2)

    # Predictions that lie elsewhere or are called otherwise: all is named, and what would mend it.
    for clip in os.listdir(at("saved")):
        for name in os.listdir(at("saved", clip)):
            os.makedirs(at("renamed", clip), exist_ok=True), os.makedirs(at("flat"), exist_ok=True), os.makedirs(at("upper", "C" + clip), exist_ok=True)
            shutil.copy(at("saved", clip, name), at("renamed", clip, "Out_%d_derained.png" % int(name[:-4])))
            shutil.copy(at("saved", clip, name), at("flat", name))
            shutil.copy(at("saved", clip, name), at("upper", "C" + clip, name))
    error = score("folder:" + at("renamed"), "x.json", status=3)
    assert "16 problems" in error and "missing " + at("renamed", "002", "00000003.png") in error and "extra" in error, error
    assert "rename Out_0_derained.png to 00000000.png, and the others alike" in error, error
    assert at("flat") + " holds pictures itself" in score("folder:" + at("flat"), "x.json", status=3)
    assert "did you mean 'C002'" in score("folder:" + at("upper"), "x.json", status=3)
    os.rename(at("renamed", "002", "Out_2_derained.png"), at("renamed", "002", "other.png"))
    os.rename(at("renamed", "005", "Out_2_derained.png"), at("renamed", "005", "other.png"))
    assert "seems to be there" not in score("folder:" + at("renamed"), "x.json", status=3)  # not all of them
    error = score("folder:" + at("set.h5"), "x.json", status=3)
    assert "it is a file, expected a folder" in error and "pluvia export" in error, error

    # Frames' names become files' names: none leads elsewhere, no two are one.
    for clip in ("002", "005"):
        for side in ("lq", "gt"):
            os.makedirs(at("named", side, clip), exist_ok=True)
            for t in range(4):
                shutil.copy(at("saved", clip, f"{t:08}.png"), at("named", side, clip, f"outside-{t}.png"))
    run("import", "paired", at("named"), "--lq", "lq", "--gt", "gt", "--out", at("named.h5"))
    for name, part in (("../escape", "'../escape' cannot be a frame's name"), ("/tmp/esca", "cannot be"), ("", "cannot be"), ("outside-1", "two of its frames are called outside-1")):
        shutil.copy(at("named.h5"), at("odd.h5"))
        with h5py.File(at("odd.h5"), "r+") as f:
            table = f["clips/002/frames"]
            rows = table[:]
            assert len(name) <= rows["name"].dtype.itemsize
            rows["name"][0] = name.encode()
            table[:] = rows
        for method in ("identity", "cmd:cp {in}/* {out}"):
            error = run("eval", method, "--data", at("odd.h5"), "--out", at("x.json"), "--save", at("away", "in"), status=3)
            assert part in error and not os.path.exists(at("away", "in", "002")), (name, error)
        if "/" in name:
            run("verify", at("odd.h5"), status=1)
            assert part in run("derain", "identity", at("odd.h5"), at("derained"), status=3)
    assert not os.path.exists(at("escape.png")) and not os.path.exists(at("away", "escape.png"))

    # Kept pictures of clip a, frame b_0 and of clip a_b, frame 0 are two.
    for t in range(4):
        for side in ("lq", "gt"):
            for clip, name, source in (("a", f"b_{t}.png", "002"), ("a_b", f"{t}.png", "005")):
                os.makedirs(at("alike", side, clip), exist_ok=True)
                shutil.copy(at("saved", source, f"{t:08}.png"), at("alike", side, clip, name))
    shutil.copy(at("saved", "002", "00000001.png"), at("alike", "gt", "a", "b_0.png")), shutil.copy(at("saved", "005", "00000001.png"), at("alike", "gt", "a_b", "0.png"))
    run("import", "paired", at("alike"), "--lq", "lq", "--gt", "gt", "--out", at("alike.h5"))
    run("eval", "identity", "--data", at("alike.h5"), "--out", at("alike.json"))
    kept = load("alike.json")["pictures"]
    worst = [p for p in kept if p["role"] == "worst"]
    assert sorted((p["clip"], p["frame"]) for p in worst) == [("a", "b_0"), ("a_b", "0")], kept
    assert open(at(worst[0]["rainy"]), "rb").read() != open(at(worst[1]["rainy"]), "rb").read()
    assert len({p["rainy"] for p in kept}) == len(kept) == len([n for n in os.listdir(at("alike.pictures")) if "rainy" in n])

    # NIQE's parameters count by what they hold: not by where they lie, not by what was there before.
    noise = random.Random(3)
    for i in range(2):
        png(at("natural", f"{i}.png"), 480, 480, lambda y, x, c: noise.getrandbits(8))
    run("metrics", "--fit-niqe", at("natural"), "--out", at("niqe.npz"))
    shutil.copy(at("niqe.npz"), at("copy.npz"))
    niqe = ("--protocol", "real-niqe-y601", "--json", "--niqe-model")
    first = json.loads(run("metrics", at("natural"), *niqe, at("niqe.npz")))
    assert json.loads(run("metrics", at("natural"), *niqe, at("copy.npz"))) == first
    dump({"color": "y601-rounded", "metrics": [{"metric": "niqe", "model": at("copy.npz")}]}, "niqe.json")
    run("synth", "vrds-mini", "--size", "200x100", "--frames", "2", "--clips", "3", "--out", at("wide.h5"))
    wide = lambda out: (run("eval", "identity", "--data", at("wide.h5"), "--protocol", at("niqe.json"), "--out", at(out)), load(out))[1]
    before = wide("n1.json")
    assert before["protocol"]["metrics"][0]["model"].startswith("sha256:") and [c["key"] for c in before["columns"]] == ["niqe"], before["columns"]
    png(at("natural", "2.png"), 480, 480, lambda y, x, c: noise.getrandbits(7) + x // 8)
    run("metrics", "--fit-niqe", at("natural"), "--out", at("copy.npz"), "--force")
    after = wide("n2.json")
    assert after["protocol_sha256"] != before["protocol_sha256"] and after["mean"]["niqe"] != before["mean"]["niqe"]
    assert "by another one of that name" in run("report", at("n1.json"), at("n2.json"), "--out", at("r"), status=3)

    # A score of another program is that of its version: said in the record, and not taken from the cache of another.
    fake = at("ffmpeg")
    for version in (1, 2):
        open(fake, "w").write(f"""#!{sys.executable}
import json, sys
if "-filters" in sys.argv:
    sys.exit(print(" .. libvmaf           VV->V      Calculate the VMAF"))
if "-version" in sys.argv:
    sys.exit(print("ffmpeg version {version}, a fake\\nbuilt so"))
json.dump({{"frames": [0] * 4, "pooled_metrics": {{"vmaf": {{"mean": {version * 10}}}}}}}, open("log", "w"))
""")
        os.chmod(fake, 0o755)
        os.environ["PLUVIA_FFMPEG"] = fake
        if version == 2:
            assert "another method" in score("folder:" + at("saved"), "vmaf.json", "--protocol", "vmaf-external", "--resume", status=3)
        score("folder:" + at("saved"), "vmaf.json", "--protocol", "vmaf-external", "--force")
        record = load("vmaf.json")
        assert record["mean"]["vmaf"] == version * 10 and record["environment"]["programs"]["vmaf"]["version"] == f"ffmpeg version {version}, a fake", record["environment"]

    # What a protocol says of seams is done: as the papers cut them, or the mean of all tiles.
    names = [line.split()[0] for line in run("models").splitlines() if line.strip()]
    if any(name.rstrip(":") == "plain-cnn" for name in names):
        random_weights(at("w.safetensors"))
        shot = {}
        for blend in ("cut-half-overlap", "mean"):
            dump({"metrics": [{"metric": "psnr"}], "inference": {"window_frames": 1, "tile_rows": 32, "tile_columns": 48, "tile_overlap": 16, "blend": blend}}, "p.json")
            score("plain-cnn", "b.json", "--weights", at("w.safetensors"), "--protocol", at("p.json"), "--force")
            shot[blend] = load("b.json")["clips"][0]["predictions_sha256"]
        assert shot["mean"] != shot["cut-half-overlap"], shot
