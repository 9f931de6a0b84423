# SPDX-License-Identifier: Apache-2.0
"""Training as a user does it: a run that learns, logs that TensorBoard's own reader takes, a run that
is stopped and gone on with to the same bits, rain rendered on the fly, and what is refused.
Usage: train.py PLUVIA"""
import glob, json, os, resource, signal, struct, subprocess, sys, tempfile, time, zlib

try:
    import h5py, numpy as np
except ImportError:
    sys.exit(77)

pluvia = sys.argv[1]
QUICK = ["--set", "batch=2", "frames=3", "crop_px=32", "width=4", "blocks=1", "validate_every=20", "save_every=10"]


def run(*args, status=0):
    done = subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def safetensors(path):
    with open(path, "rb") as f:
        (size,) = struct.unpack("<Q", f.read(8))
        head = json.loads(f.read(size))
        data = f.read()
    return {k: data[v["data_offsets"][0]: v["data_offsets"][1]] for k, v in head.items() if k != "__metadata__"}


with tempfile.TemporaryDirectory() as folder:
    at = lambda *name: os.path.join(folder, *name)
    run("synth", "vrds-mini", "--size", "96x64", "--frames", "6", "--clips", "6", "--out", at("set.h5"))
    base = ["train", "plain-cnn", "--data", at("set.h5"), "--schedule", "fixed-budget", "--valid", at("set.h5")]

    # A key that nothing has: the nearest of the schedule's, the optimizer's and the network's.
    for pair, near in (("itrations=3", "iterations"), ("optimzer.learning_rate=1", "optimizer.learning_rate"), ("widht=4", "width")):
        line = run(*base, "--out", at("none"), "--set", "frames=3", pair, status=2)
        assert f"did you mean '{near}'" in line and line.count("\n") == 1, line
    assert not os.path.exists(at("none"))

    # Learns: the loss falls, the validation is better than the rainy frames'.
    run(*base, "--out", at("learn"), *QUICK, "iterations=120", "width=8", "optimizer.learning_rate=2e-3",
        "learning_rate.warmup_iterations=5", "validate_every=60", "save_every=60")
    log = [json.loads(line) for line in open(at("learn", "log.jsonl"))]
    steps = [x for x in log if x["kind"] == "train"]
    assert np.mean([x["total"] for x in steps[-3:]]) < 0.8 * steps[0]["total"], (steps[0], steps[-1])
    assert {"charbonnier", "learning_rate", "gradient_norm", "iterations_per_s", "waiting_share"} <= set(steps[-1])
    run("eval", "identity", "--data", at("set.h5"), "--out", at("identity.json"))
    rainy = json.load(open(at("identity.json")))["mean"]["psnr"]
    scores = {x["iteration"]: x["psnr"] for x in log if x["kind"] == "validation"}
    assert list(scores) == [60, 120] and max(scores.values()) > rainy, (scores, rainy)
    # What is published is the best; eval gives it the score that validation gave.
    run("eval", "plain-cnn", "--weights", at("learn", "weights.safetensors"), "--data", at("set.h5"), "--out", at("net.json"))
    assert abs(json.load(open(at("net.json")))["mean"]["psnr"] - max(scores.values())) < 1e-6
    run("derain", "plain-cnn", at("set.h5"), at("clean.h5"), "--weights", at("learn", "weights.safetensors"))
    run("verify", at("clean.h5"))
    # Options that no tensor's shape shows come with the weights.
    run("train", "rainmamba-tiny", *base[2:], "--out", at("options"), "--set", "batch=1", "frames=3", "crop_px=32",
        "iterations=2", "validate_every=2", "save_every=2", "input_residual=false", "level_residual=true", "block_pairs=[1,1,1]")
    run("eval", "rainmamba-tiny", "--weights", at("options", "weights.safetensors"), "--data", at("set.h5"), "--out", at("options.json"))
    run("models", "rainmamba-tiny", "--convert", at("options", "weights.safetensors"), at("converted.safetensors"))
    said = json.loads(run("models", "rainmamba-tiny", "--weights", at("converted.safetensors"), "--json"))["options"]
    assert said["input_residual"] is False and said["level_residual"] is True, said
    (found,) = (x["psnr"] for x in map(json.loads, open(at("options", "log.jsonl"))) if x["kind"] == "validation")
    assert abs(json.load(open(at("options.json")))["mean"]["psnr"] - found) < 1e-6
    events = glob.glob(at("learn", "events.out.tfevents.*"))
    assert len(events) == 1
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        reader = EventAccumulator(events[0])
        reader.Reload()
        assert len(reader.Scalars("train/total")) == len(steps)
        assert abs(reader.Scalars("validation/psnr")[-1].value - scores[120]) < 1e-4
        assert reader.Images(reader.Tags()["images"][0])[0].width == 96
    except ImportError:
        pass

    # Twenty iterations are ten and ten more, to the bit; with averages, groups and augmentation.
    more = [*QUICK, "iterations=20", "ema_decay=0.9", "clip_norm=1", "crops_per_window=3"]
    run(*base, "--out", at("whole"), *more)
    whole = safetensors(at("whole", "checkpoints", "000000020", "state.safetensors"))
    process = subprocess.Popen([pluvia, *base, "--out", at("parts"), *more], stderr=subprocess.DEVNULL)
    while process.poll() is None and not os.path.isdir(at("parts", "checkpoints", "000000010")):
        time.sleep(0.002)
    process.kill()
    process.wait()
    run(*base, "--out", at("parts"), *more, "--resume")
    parts = safetensors(at("parts", "checkpoints", "000000020", "state.safetensors"))
    assert whole.keys() == parts.keys() and all(whole[k] == parts[k] for k in whole)
    lines = [json.loads(x)["iteration"] for x in open(at("parts", "log.jsonl"))]
    assert lines == sorted(lines) and len(set(lines)) + 1 >= len(lines), lines
    # Ctrl-C keeps what was done.
    process = subprocess.Popen([pluvia, *base, "--out", at("stopped"), *QUICK, "iterations=5000"], stderr=subprocess.DEVNULL)
    while process.poll() is None and not os.path.exists(at("stopped", "log.jsonl")):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130 and os.listdir(at("stopped", "checkpoints"))

    # A checkpoint that cannot be written leaves those before it whole: files may suddenly not grow.
    process = subprocess.Popen([pluvia, *base, "--out", at("full"), *QUICK, "iterations=400", "keep=3"], stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not os.path.isdir(at("full", "checkpoints", "000000010")):
        time.sleep(0.002)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))
    error = process.communicate()[1].strip().splitlines()[-1]
    assert process.returncode == 3 and "too large" in error, (process.returncode, error)
    kept = os.listdir(at("full", "checkpoints"))
    assert "000000010" in kept or len(kept) == 3, kept
    assert all(len(os.listdir(at("full", "checkpoints", x))) == 3 for x in kept)
    run(*base, "--out", at("full"), *QUICK, "iterations=400", "keep=3", "--resume")
    assert max(os.listdir(at("full", "checkpoints"))) == "000000400"

    # Rain rendered as it is needed; the same draws from any number of loader threads.
    fly = ["train", "plain-cnn", "--data", "vrds-mini", "--schedule", "fixed-budget", *QUICK, "iterations=4",
           "data.size=96x64", "data.frames=8"]
    for threads in (1, 3):
        run(*fly, "--out", at(f"fly{threads}"), "--loader-threads", threads)
    a, b = (safetensors(at(f"fly{n}", "weights.safetensors")) for n in (1, 3))
    assert all(a[k] == b[k] for k in a)

    # Mixed precision follows the same course, not the same bits.
    for name, schedule in (("plain-cnn", "fixed-budget"), ("vimpnet-tiny", "vimpnet-vrds")):
        totals = {}
        for precision in ("float32", "bfloat16"):
            run("train", name, "--data", at("set.h5"), "--schedule", schedule, "--out", at(name + precision), "--set", "batch=1", "frames=3",
                "crop_px=32", "iterations=10", "save_every=10", "validate_every=10", f"precision={precision}")
            totals[precision] = json.loads(open(at(name + precision, "log.jsonl")).read().splitlines()[-1])["total"]
        assert 0 < abs(totals["bfloat16"] / totals["float32"] - 1) < 0.02, (name, totals)

    # Refused before any work.
    gone = at("gone")
    for args, status, words in (
        ((*base, "--out", at("whole"), *more), 2, "--resume"),
        ((*base, "--out", at("whole"), *more, "batch=4", "--resume"), 3, "another schedule"),
        ((*base, "--out", folder, *QUICK), 2, "no training run"),
        ((*base, "--out", gone, *QUICK, "crop_px=128"), 3, "the largest is 6 frames of 96x64"),
        ((*base, "--out", gone, *QUICK, "frames=9"), 3, "the largest is 6 frames"),
        ((*base, "--out", gone, *QUICK, "--split", "tran"), 2, "train"),
        ((*base, "--out", gone, *QUICK, "widht=4"), 2, "width"),
        ((*base[:5], "vimpnet-vrds", "--out", gone, *QUICK), 2, "does not predict"),
        (("train", "plain-cn", *base[2:], "--out", gone, *QUICK), 2, "plain-cnn"),
        ((*base[:5], "fixed-budge", "--out", gone), 2, "fixed-budget"),
        ((*base, "--out", gone, *QUICK, "--init", at("set.h5")), 3, "set.h5"),
    ):
        error = run(*args, status=status)
        assert words in error and error.count("\n") <= 2, (args, error)
        assert not os.path.exists(gone), args
    run("derain", "identity", at("set.h5"), at("nodrop.h5"))
    error = run("train", "plain-cnn", "--data", at("nodrop.h5"), "--schedule", "vimpnet-vrds", "--out", gone, *QUICK, status=3)
    assert "drop" in error and "needed by" in error, error

    # A part may begin with weights of its own, here frozen ones; that it does not is said.
    def write(name, entries):
        head, data = {}, b""
        for key, value in entries:
            raw = np.ascontiguousarray(value, np.float32).tobytes()
            head[key] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(raw)]}
            data += raw
        text = json.dumps(head).encode()
        open(at(name), "wb").write(struct.pack("<Q", len(text)) + text + data)

    keys = json.loads(run("models", "vimpnet-tiny", "--json"))["state_dict"]
    spynet = [(e["key"][7:], np.random.default_rng(1).normal(0, 0.01, e["shape"])) for e in keys if e["key"].startswith("spynet.")]
    write("spynet.safetensors", spynet)
    joint = ["train", "vimpnet-tiny", "--data", at("set.h5"), "--schedule", "vimpnet-vrds", "--set", "batch=1", "frames=3", "crop_px=32",
             "iterations=1", "validate_every=9", "save_every=9", "--out"]
    run(*joint, at("joint"), "--init-part", "spynet=" + at("spynet.safetensors"))
    after = safetensors(at("joint", "weights.safetensors"))
    assert all(after["spynet." + key] == np.ascontiguousarray(value, np.float32).tobytes() for key, value in spynet)
    done = subprocess.run([pluvia, *joint, at("joint2")], capture_output=True, text=True)
    assert done.returncode == 0 and "spynet begins with random values" in done.stderr, done.stderr
    write("short.safetensors", spynet[1:])
    assert spynet[0][0] in run(*joint, gone, "--init-part", "spynet=" + at("short.safetensors"), status=3)
    assert "spynet" in run(*joint, gone, "--init-part", "spinet=" + at("spynet.safetensors"), status=2)

    # RainMamba's encoder from an image classifier's file: its own names, one norm, a head that nobody takes.
    keys = json.loads(run("models", "rainmamba-tiny", "--json"))["state_dict"]
    encoder = [(e["key"][13:], np.random.default_rng(2).normal(0, 0.01, e["shape"])) for e in keys
               if e["key"].startswith("feat_extract.") and e["key"][13:18] not in ("norm0", "norm1", "norm2")]
    write("convnext.safetensors", [("backbone." + key, value) for key, value in encoder] + [("head.fc.weight", np.zeros((10, 4)))])
    still = ["train", "rainmamba-tiny", "--data", at("set.h5"), "--schedule", "rainmamba-vrds", "--set", "batch=1", "frames=3", "crop_px=32",
             "iterations=1", "validate_every=9", "save_every=9", "optimizer.learning_rate=0", "losses.vgg-perceptual.weight=0", "--out"]
    run(*still, at("encoder"), "--init-part", "feat_extract=" + at("convnext.safetensors"))
    after = safetensors(at("encoder", "weights.safetensors"))
    assert all(after["feat_extract." + key] == np.ascontiguousarray(value, np.float32).tobytes() for key, value in encoder)
    done = subprocess.run([pluvia, *still, at("encoder2")], capture_output=True, text=True)
    assert done.returncode == 0 and "feat_extract begins with random values" in done.stderr, done.stderr
    settings = json.load(open(at("encoder2", "settings.json")))
    assert settings["loss_networks"] == [{"loss": kind, "features": "fixed random"} for kind in ("vgg-perceptual", "contrast-patches")], settings
    assert settings["schedule"]["losses"][1]["weight"] == 0 and settings["schedule"]["accumulate"] == 1
    error = run(*still[:-1], "losses.vgg-perceptual.weights=" + at("nowhere.pth"), "--out", gone, status=3)
    assert "nowhere.pth" in error and not os.path.exists(gone), error

    # A loss that is not finite stops the run with the batch that caused it.
    state = json.loads(run("models", "plain-cnn", "--set", "width=4", "blocks=1", "--json"))["state_dict"]
    write("huge.safetensors", [(entry["key"], np.full(entry["shape"], 1e30)) for entry in state])
    error = run("train", "plain-cnn", "--data", at("set.h5"), "--schedule", "fixed-budget", "--out", at("nan"), *QUICK,
                "iterations=50", "--init", at("huge.safetensors"), status=3)
    assert "not finite" in error and "iteration 0" in error, error
    # Unrelated pictures are drawn equally often, whatever the stack of their size: one of ten is white.
    def png(path, width, value):
        chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        head = struct.pack(">IIBBBBB", width, 40, 8, 2, 0, 0, 0)
        rows = (b"\0" + bytes([value]) * (3 * width)) * 40
        open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

    for name in ("rain", "norain"):
        os.makedirs(at("pictures", name))
        for i in range(10):
            png(at("pictures", name, f"{i}.png"), *((48, 255) if i == 9 else (40, 0)))
    run("import", "paired-images", at("pictures"), "--lq", "rain", "--gt", "norain", "--out", at("pictures.h5"))
    pictures = ["train", "plain-cnn", "--data", at("pictures.h5"), "--schedule", "fixed-budget", "--out", at("drawn"), *QUICK]
    assert "unrelated pictures" in run(*pictures, status=2)
    run(*pictures, "frames=1", "batch=100", "iterations=1", "--init", at("huge.safetensors"), status=3)
    (drawn,) = glob.glob(at("drawn", "bad_batch_*.npz"))
    white = np.load(drawn)["gt"].mean()
    assert 0.02 < white < 0.2, white

    state = json.loads(run("models", "vimpnet-tiny", "--json"))["state_dict"]
    write("hugemask.safetensors", [(entry["key"], 1e30 * np.random.default_rng(3).choice([-1, 1], entry["shape"])) for entry in state])
    error = run(*joint, at("nanmask"), "--init", at("hugemask.safetensors"), status=3)
    assert "not finite" in error and glob.glob(at("nanmask", "bad_batch_0.npz")), error
    bad = glob.glob(at("nan", "bad_batch_*.npz"))
    assert len(bad) == 1 and np.load(bad[0])["lq"].shape == (2, 3, 3, 32, 32)
