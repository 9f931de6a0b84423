# SPDX-License-Identifier: Apache-2.0
"""`derain` between every kind of footage, against numpy and h5py: what comes out of `identity` is what
went in; what is refused; nothing is left of a run that failed, and what was there stays; memory does
not grow with the length. Usage: derain.py PLUVIA"""
import json, os, resource, shutil, signal, subprocess, sys, tempfile, time

try:
    import h5py, numpy as np
except ImportError:
    sys.exit(77)

pluvia = sys.argv[1]


def run(*args, status=0):
    done = subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def codes(x):
    return np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)


with tempfile.TemporaryDirectory() as folder:
    at = lambda *name: os.path.join(folder, *name)
    run("synth", "vrds-mini", "--size", "64x48", "--frames", "5", "--clips", "3", "--out", at("set.h5"))
    with h5py.File(at("set.h5")) as f:
        ids = list(f["clips"])
        lq = {i: f[f"clips/{i}/lq"][:] for i in ids}
        gt = {i: f[f"clips/{i}/gt"][:] for i in ids}

    # A set in, a set out: equal frames, the truth beside them, scored as the rainy frames were.
    run("derain", "identity", at("set.h5"), at("same.h5"))
    run("verify", at("same.h5"))
    with h5py.File(at("same.h5")) as f:
        for i in ids:
            assert np.array_equal(f[f"clips/{i}/lq"][:], lq[i]) and np.array_equal(f[f"clips/{i}/gt"][:], gt[i])
            assert "drop" not in f[f"clips/{i}"] and f.attrs["formation"] == ""

    # Set -> folders -> set; clip -> lossless video -> array -> picture folder.
    run("derain", "identity", at("set.h5"), at("folders"))
    assert sorted(os.listdir(at("folders"))) == ids
    run("derain", "identity", at("folders"), at("back.h5"))
    with h5py.File(at("back.h5")) as f:
        assert all(np.array_equal(f[f"clips/{i}/lq"][:], lq[i]) for i in ids)
    run("derain", "identity", at("set.h5"), at("clip.mkv"), "--clip", ids[1])
    run("derain", "identity", at("clip.mkv"), at("clip.npy"))
    array = np.load(at("clip.npy"))
    assert array.dtype == np.float32 and np.array_equal(array, lq[ids[1]].transpose(0, 3, 1, 2) / np.float32(255))

    # Arrays are exact: what lies outside 0..1 and between codes stays.
    rng = np.random.default_rng(1)
    exact = rng.uniform(-0.5, 1.5, (7, 3, 33, 41)).astype(np.float32)
    np.save(at("exact.npy"), exact)
    for tiling in ("auto", "none"):
        run("derain", "identity", at("exact.npy"), at(tiling + ".npy"), "--tile", tiling)
        assert np.array_equal(np.load(at(tiling + ".npy")), exact), tiling
    run("derain", "identity", at("exact.npy"), at("frames"))
    run("derain", "identity", at("frames"), at("frames.npy"))
    assert np.array_equal(codes(np.load(at("frames.npy"))), codes(exact))
    run("derain", "identity", at("frames", "00000003.png"), at("one.png"))
    run("derain", "identity", at("one.png"), at("one.npy"))
    assert np.array_equal(codes(np.load(at("one.npy")))[0], codes(exact[3]))

    # Refused, in one line, before any work; what was there stays as it was.
    before = open(at("clip.npy"), "rb").read()
    for args, words in (
        (("identity", at("exact.npy"), at("two.png")), "one picture"),
        (("identity", at("set.h5"), at("two.mp4")), "--clip"),
        (("identity", at("set.h5"), at("two.mp4"), "--clip", "nothing"), "no such clip"),
        (("identity", at("exact.npy"), at("clip.npy")), "--force"),
        (("identity", at("set.h5"), at("folders")), "--force"),
        (("identity", at("clip.npy"), at("clip.npy"), "--force"), "the input itself"),
        (("best-affine-colour-fit", at("clip.npy"), at("x.npy")), "sees the truth"),
        (("identity", at("clip.npy"), at("x.npy"), "--tile", "paper"), "no test protocol"),
        (("identity", at("clip.npy"), at("x.npy"), "--layers", at("layers")), "nothing but the clean"),
        (("idenity", at("clip.npy"), at("x.npy")), "identity"),
        (("identity", at("clip.npy"), at("x.npy"), "--weights", at("w.pth")), "no weights"),
    ):
        error = run("derain", *args, status=2)
        assert words in error and error.count("\n") == 1, (args, error)
    np.save(at("wide.npy"), np.zeros((2, 8, 8, 3), np.float32))
    np.save(at("double.npy"), np.zeros((2, 3, 8, 8)))
    bad = exact.copy()
    bad[4, 1, 2, 3] = np.nan
    np.save(at("nan.npy"), bad)
    with open(at("short.npy"), "wb") as f:
        f.write(before[:-4])
    open(at("broken.mp4"), "wb").write(b"not a video" * 100)
    for name, words in (("wide.npy", "(2,8,8,3)"), ("double.npy", "f8"), ("nan.npy", "frame 4"),
                        ("short.npy", "bytes of data"), ("broken.mp4", "broken.mp4"), ("absent.npy", "no such file")):
        error = run("derain", "identity", at(name), at("clip.npy"), "--force", status=3)
        assert words in error and error.count("\n") == 1, (name, error)
    assert open(at("clip.npy"), "rb").read() == before
    open(at("frames", "notes.txt"), "w").write("mine")
    assert "notes.txt" in run("derain", "identity", at("exact.npy"), at("frames"), "--force", status=2)
    os.remove(at("frames", "notes.txt"))
    run("derain", "identity", at("clip.npy"), at("frames"), "--force")
    assert len(os.listdir(at("frames"))) == 5
    assert not [n for n in os.listdir(folder) if ".part" in n], os.listdir(folder)

    # A full disk: one line, nothing left, the old file whole. The limit on file sizes stands for it.
    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    np.save(at("long.npy"), np.zeros((40, 3, 64, 64), np.float32))
    done = subprocess.run([pluvia, "derain", "identity", at("long.npy"), at("clip.npy"), "--force"],
                          capture_output=True, text=True, preexec_fn=limited)
    assert done.returncode == 3 and "File too large" in done.stderr and done.stderr.count("\n") == 1, done
    assert open(at("clip.npy"), "rb").read() == before
    assert not [n for n in os.listdir(folder) if ".part" in n]

    # Stopped and gone on with: clips that were finished are kept, the result is the same.
    os.makedirs(at("many"))
    for k in range(12):
        shutil.copytree(at("folders", ids[0]), at("many", f"c{k:02}"))
    process = subprocess.Popen([pluvia, "derain", "drop-inpaint", at("many"), at("done")], stderr=subprocess.PIPE)
    ready = at("done.parts", "done")
    while process.poll() is None and not (os.path.isdir(ready) and os.listdir(ready)):
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    status = process.wait()
    assert status in (0, 130), status
    if status == 130:
        assert not os.path.exists(at("done"))
        assert "other settings" in run("derain", "identity", at("many"), at("done"), "--resume", status=3)
    run("derain", "drop-inpaint", at("many"), at("done"), "--resume")
    assert len(os.listdir(at("done"))) == 12 and not os.path.exists(at("done.parts"))
    run("derain", "drop-inpaint", at("many", "c03"), at("alone"))
    for name in os.listdir(at("alone")):
        assert open(at("alone", name), "rb").read() == open(at("done", "c03", name), "rb").read()

    # What is still needed is not replaced, and nothing that is there without --force.
    run("derain", "identity", at("exact.npy"), at("f", "in"))
    for args, words in (
        ((at("f", "in"), at("f"), "--force"), "holds the input"),
        ((at("f", "in", "00000000.png"), at("f", "in"), "--force"), "holds the input"),
    ):
        error = run("derain", "identity", *args, status=2)
        assert words in error and error.count("\n") == 1, (args, error)
    assert len(os.listdir(at("f", "in"))) == 7
    os.makedirs(at("frames.parts", "done"))
    for name in ("lock", "settings.txt"):
        open(at("frames.parts", name), "w").write("of a run that was killed")
    old = open(at("frames", "00000000.png"), "rb").read()
    assert "--force" in run("derain", "drop-inpaint", at("exact.npy"), at("frames"), status=2)
    assert "other settings" in run("derain", "drop-inpaint", at("exact.npy"), at("frames"), "--resume", status=3)
    assert open(at("frames", "00000000.png"), "rb").read() == old
    shutil.rmtree(at("frames.parts"))

    # --force and --resume together begin anew where nothing was left to go on with.
    run("derain", "identity", at("exact.npy"), at("frames"), "--force")
    run("derain", "streak-opening", at("exact.npy"), at("frames"), "--force", "--resume")
    assert open(at("frames", "00000000.png"), "rb").read() != old
    run("derain", "identity", at("exact.npy"), at("frames"), "--force")
    run("derain", "identity", at("exact.npy"), at("again.h5"))
    assert "other settings" in run("derain", "streak-opening", at("exact.npy"), at("again.h5"), "--resume", status=3)
    run("derain", "streak-opening", at("exact.npy"), at("again.h5"), "--resume", "--force")
    with h5py.File(at("again.h5")) as f:
        assert not np.array_equal(f["clips/clip/lq"][0], codes(exact[0]).transpose(1, 2, 0))

    # A set of unrelated pictures is no clip: a method of clips sees each by itself.
    os.makedirs(at("pairs", "lq"))
    for k in range(5):
        shutil.copy(at("frames", f"0000000{k}.png"), at("pairs", "lq", f"{k}.png"))
    shutil.copytree(at("pairs", "lq"), at("pairs", "gt"))
    run("import", "paired-images", at("pairs"), "--lq", "lq", "--gt", "gt", "--out", at("pairs.h5"))
    run("derain", "temporal-median", at("pairs.h5"), at("pairs.npy"), "--clip", "41x33")
    assert np.array_equal(codes(np.load(at("pairs.npy"))), codes(exact[:5]))
    run("eval", "temporal-median", "--data", at("pairs.h5"), "--out", at("pairs.json"))
    assert json.load(open(at("pairs.json")))["identical_frames"] == 5

    # What reading lost or may be wrong is said.
    np.save(at("values.npy"), exact * 255)
    done = subprocess.run([pluvia, "derain", "identity", at("values.npy"), at("values-out.npy")],
                          capture_output=True, text=True)
    assert done.returncode == 0 and "0..1" in done.stderr, done.stderr

    # Memory is that of a window, whatever the length.
    def peak(frames):
        np.save(at("m.npy"), np.zeros((frames, 3, 128, 128), np.float32))
        code = ("import resource,subprocess,sys; subprocess.run(sys.argv[1:],check=True);"
                "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        out = subprocess.run([sys.executable, "-c", code, pluvia, "-q", "derain", "temporal-median",
                              at("m.npy"), at("n.npy"), "--force"], capture_output=True, text=True, check=True)
        return int(out.stdout)

    short, long = peak(60), peak(400)
    assert long < 1.15 * short + 4096, (short, long)
