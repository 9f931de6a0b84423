# SPDX-License-Identifier: Apache-2.0
"""What may happen to a training run: stopped while it validates or searches, checkpoints that are damaged or
another run's, two processes in one folder, --force that comes to nothing, data that break in the middle.
Usage: train_stop.py PLUVIA"""
import glob, json, os, shutil, signal, struct, subprocess, sys, tempfile, time

try:
    import h5py
except ImportError:
    sys.exit(77)

pluvia = sys.argv[1]
QUICK = ["--set", "batch=2", "frames=3", "crop_px=32", "width=4", "blocks=1"]


def run(*args, status=0):
    done = subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return done.stderr


def start(*args):
    return subprocess.Popen([pluvia, *map(str, args)], stderr=subprocess.PIPE, text=True)


def wait_for(process, there):
    while process.poll() is None and not there():
        time.sleep(0.002)


def tensors(path):
    with open(path, "rb") as f:
        (size,) = struct.unpack("<Q", f.read(8))
        return f.read(size), f.read()  # names and places, then values


with tempfile.TemporaryDirectory() as folder:
    at = lambda *name: os.path.join(folder, *name)
    run("synth", "vrds-mini", "--size", "96x64", "--frames", "6", "--clips", "6", "--out", at("set.h5"))
    state_of = lambda out, k: tensors(at(out, "checkpoints", f"{k:09}", "state.safetensors"))
    log_of = lambda out, kind: [x["iteration"] for x in map(json.loads, open(at(out, "log.jsonl"))) if x["kind"] == kind]

    # Alphas that are searched move by their own half of the batch alone, and go on to the same bits.
    search = ["train", "rdmc-tiny", "--data", at("set.h5"), "--schedule", "fixed-budget", "--set", "mode=search", "batch=2", "frames=1",
              "crop_px=32", "iterations=8", "save_every=4", "validate_every=100", "--out"]
    run(*search, at("search"))
    process = start(*search, at("searched"))
    wait_for(process, lambda: os.path.isdir(at("searched", "checkpoints", "000000004")))
    process.kill()
    process.communicate()
    shutil.rmtree(at("searched", "checkpoints", "000000008"), ignore_errors=True)
    run(*search, at("searched"), "--resume")
    assert state_of("search", 8) == state_of("searched", 8)

    # Stopped while it validates: that validation is made up for, and chooses the weights as it would have.
    base = ["train", "plain-cnn", "--data", at("set.h5"), "--schedule", "fixed-budget"]
    valid = [*base, "--valid", at("set.h5"), *QUICK, "iterations=20", "save_every=10", "validate_every=10", "--out"]
    run(*valid, at("valid"))
    process = start(*valid, at("stopped"))
    wait_for(process, lambda: os.path.isdir(at("stopped", "validation")))
    process.send_signal(signal.SIGINT)
    process.communicate()
    if process.returncode == 130:
        run(*valid, at("stopped"), "--resume")
    shutil.copytree(at("valid"), at("unvalidated"))
    shutil.rmtree(at("unvalidated", "checkpoints", "000000010"))
    place = at("unvalidated", "checkpoints", "000000020", "state.json")
    state = json.load(open(place))
    assert state["validated"] == 20 and state["best_iteration"] in (10, 20)
    state.update(validated=10)
    json.dump(state, open(place, "w"))
    assert "iteration 20: psnr" in run(*valid, at("unvalidated"), "--resume")
    assert json.load(open(place))["validated"] == 20
    for out in ("valid", "stopped", "unvalidated"):
        assert log_of(out, "validation") == [10, 20], (out, log_of(out, "validation"))
        assert open(at(out, "weights.safetensors"), "rb").read() == open(at("valid", "weights.safetensors"), "rb").read()
    # Scores of another protocol, or of other clips, are no scores to go on with.
    assert "another validation" in run(*valid, at("valid"), "--resume", "--protocol", "derain-matlab-y", status=3)
    assert "another validation" in run(*valid, at("valid"), "--resume", "--valid-clips", "1", status=3)

    # Checkpoints: the newest that is whole; none of another configuration.
    kept = [*base, *QUICK, "iterations=30", "save_every=10", "validate_every=100", "keep=2", "--out"]
    run(*kept, at("kept"))
    assert sorted(os.listdir(at("kept", "checkpoints"))) == ["000000020", "000000030"]
    newest = lambda out, name: at(out, "checkpoints", "000000030", name)

    def copy(out):
        shutil.copytree(at("kept"), at(out))
        return out

    def flip(path):
        data = bytearray(open(path, "rb").read())
        data[-20] ^= 0x40
        open(path, "wb").write(data)

    for out, damage in (("short", lambda o: os.truncate(newest(o, "state.safetensors"), 1000)), ("gone", lambda o: os.remove(newest(o, "state.json"))),
                        ("bit", lambda o: flip(newest(o, "state.safetensors"))), ("empty", lambda o: open(newest(o, "state.json"), "w").write("{}"))):
        damage(copy(out))
        os.mkdir(at(out, "checkpoints", "part-1"))  # what kill -9 may leave
        error = run(*kept, at(out), "--resume")
        assert "checkpoint 30 cannot be used" in error and "going on from iteration 20" in error, error
        assert state_of(out, 30) == state_of("kept", 30), out
        assert sorted(os.listdir(at(out, "checkpoints"))) == ["000000020", "000000030"]
    copy("none")
    for k in ("000000020", "000000030"):
        os.remove(at("none", "checkpoints", k, "state.json"))
    error = run(*kept, at("none"), "--resume", status=3)
    assert "no checkpoint in" in error and "--force" in error, error
    state = json.load(open(newest(copy("other"), "state.json")))
    state["settings"]["schedule"]["batch"] = 77
    json.dump(state, open(newest("other", "state.json"), "w"))
    error = run(*kept, at("other"), "--resume", status=3)
    assert "another schedule" in error and "checkpoint 30" in error, error

    # --force: not in a folder that is in use; what it replaces stays until the new run is whole.
    long = [*base, *QUICK, "iterations=100000", "save_every=10", "validate_every=100000", "--out"]
    process = start(*long, at("live"))
    wait_for(process, lambda: os.path.isdir(at("live", "checkpoints", "000000010")))
    before = open(at("live", "settings.json")).read()
    error = run(*kept, at("live"), "--force", status=3)
    assert "another pluvia" in error and open(at("live", "settings.json")).read() == before, error
    process.send_signal(signal.SIGINT)
    process.communicate()
    first = open(at("kept", "weights.safetensors"), "rb").read()
    for _ in range(2):
        process = start(*long, at("kept"), "--force")
        wait_for(process, lambda: os.path.isdir(at("kept", "checkpoints", "000000010")))
        process.kill()
        process.communicate()
        assert open(at("kept", "replaced", "weights.safetensors"), "rb").read() == first
    run(*kept, at("kept"), "--force")
    assert not os.path.exists(at("kept", "replaced"))

    # Data that cannot be read any more cost none of the steps that were done.
    run("synth", "vrds-mini", "--size", "96x64", "--frames", "6", "--clips", "24", "--set", "test_share=0", "--out", at("broken.h5"))
    with h5py.File(at("broken.h5"), "r") as f:
        names = sorted(f["clips"])
        data = f["clips"][names[-1]]
        chunk = next(d for d in (data[k] for k in ("gt", *data)) if isinstance(d, h5py.Dataset) and d.chunks and d.nbytes > 10000)
        where = chunk.id.get_chunk_info(0)
    with open(at("broken.h5"), "r+b") as f:
        f.seek(where.byte_offset)
        f.write(os.urandom(where.size))
    broken = ["train", "plain-cnn", "--data", at("broken.h5"), "--schedule", "fixed-budget", *QUICK, "batch=1", "iterations=100000",
              "save_every=100000", "validate_every=100000", "--out", at("broken")]
    error = run(*broken, status=3)
    assert names[-1] in error, error
    assert len(os.listdir(at("broken", "checkpoints"))) == 1 or not os.path.exists(at("broken", "log.jsonl"))

    # TensorBoard is told where a run that is gone on with begins again.
    process = start(*base, *QUICK, "iterations=120", "save_every=15", "validate_every=1000", "--out", at("board"))
    wait_for(process, lambda: os.path.exists(at("board", "log.jsonl")) and 40 in log_of("board", "train"))
    process.kill()
    process.communicate()
    for k in glob.glob(at("board", "checkpoints", "*")):
        if not k.endswith("000000015"):
            shutil.rmtree(k)
    run(*base, *QUICK, "iterations=120", "save_every=15", "validate_every=1000", "--out", at("board"), "--resume")
    assert log_of("board", "train") == [1, *range(10, 121, 10)]
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        reader = EventAccumulator(at("board"), size_guidance={"scalars": 0})
        reader.Reload()
        assert [x.step for x in reader.Scalars("train/total")] == [1, *range(10, 121, 10)]
    except ImportError:
        pass

    # A disk that was full after the last checkpoint: its weights are there after all.
    shutil.copytree(at("search"), at("late"))
    os.remove(at("late", "weights.safetensors"))
    run(*search, at("late"), "--resume")
    assert open(at("late", "weights.safetensors"), "rb").read() == open(at("search", "weights.safetensors"), "rb").read()

    # Refused before anything is made: options that nothing would hear, crops that a network does not take.
    gone = at("gone_")
    fly = ["train", "plain-cnn", "--data", "vrds-mini", "--schedule", "fixed-budget", *QUICK]
    open(at("file"), "w").close()
    for args, words in (
        ((*base, *QUICK, "data.seed=3", "--out", gone), "is a set"),
        ((*fly, "--split", "train", "--out", gone), "no splits"),
        ((*base, *QUICK, "--protocol", "vderain-rgb", "--out", gone), "--valid"),
        ((*base, *QUICK, "--valid-clips", "2", "--out", gone), "--valid"),
        ((*base, *QUICK, "crop_px=50", "--out", gone), "multiples of"),
        (("train", "rdmc-tiny", *base[2:], "--set", "frames=1", "crop_px=40", "--out", gone), "multiples of"),
        (("train", "rainmamba-tiny", *base[2:], "--set", "frames=1", "crop_px=8", "--out", gone), "from"),
        ((*base, *QUICK, "--out", at("file")), "is a file"),
        ((*base, *QUICK, "--out", ""), "--out"),
    ):
        error = run(*args, status=2)
        assert words in error and error.count("\n") == 1, (args, error)
        assert not os.path.exists(gone), args
