# SPDX-License-Identifier: Apache-2.0
"""`pluvia repack`: every storage holds the same content, h5py reads what docs/format.md says, residuals become
their layers by the stated formulas, and what cannot be repacked says why.
Usage: repack.py PLUVIA"""
import json, os, pathlib, shutil, struct, subprocess, sys, tempfile, zlib

try:
    import h5py, numpy as np
except ImportError:
    sys.exit(77)

pluvia = sys.argv[1]


def run(*args, status=0):
    done = subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    if status:
        assert done.stderr.count("\n") == 1 and done.stderr.startswith("pluvia: "), done.stderr
    return done.stderr if status else done.stdout


def png(path, pixels):
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    chunk = lambda k, d: struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def contents(file):
    info = json.loads(run("info", file, "--json"))
    return [(c["id"], c["frames"], c["split"], c["source"], c["content_sha256"]) for c in info["clips"]], info["splits"], info["recipe"]


# What a reader of h5py has to know, and no more: docs/format.md.
FORMULAS = {
    "gt": lambda clip: layer(clip, "gt"),
    "min(255, drop + streak)": lambda clip: np.minimum(255, layer(clip, "drop").astype(int) + layer(clip, "streak")[..., None].astype(int)),
    "drop + streak_rgb": lambda clip: layer(clip, "drop").astype(int) + clip["streak_rgb"][:],
    "max(0, streak_rgb)": lambda clip: np.maximum(0, clip["streak_rgb"][:].max(-1)),
}


def layer(clip, name):
    if name in clip:
        pixels = clip[name][:]
        return pixels[clip["gt_index"][:]] if name == "gt" and "gt_index" in clip else pixels
    residual = clip[name + "_residual"]
    return (residual[:].astype(int) + FORMULAS[residual.attrs["predicted_by"]](clip)).astype("u1")


with tempfile.TemporaryDirectory() as folder:
    at = lambda name: pathlib.Path(folder) / name
    run("synth", "vrds-mini", "--size", "200x136", "--frames", "4", "--clips", "3", "--out", at("vrds.h5"))
    run("synth", "physical", "--size", "96x64", "--frames", "3", "--clips", "1", "--out", at("physical.h5"))
    random = np.random.default_rng(3)
    for i in (1, 2):
        clean = random.integers(0, 200, (20, 30, 3), dtype="u1")
        png(at("pictures") / f"ground_truth/{i}.png", clean)
        for k in (1, 2, 3):
            png(at("pictures") / f"rainy_image/{i}_{k}.png", clean + np.uint8(k))
    run("import", "paired-images", at("pictures"), "--out", at("pictures.h5"))

    for name in ("vrds", "physical", "pictures"):
        source, sizes = at(name + ".h5"), {}
        for storage in ("default", "fast", "small"):
            out = at(f"{name}-{storage}.h5")
            done = json.loads(run("repack", source, "--storage", storage, "--out", out, "--json"))
            assert done["storage"] == storage and done["bytes"] == os.path.getsize(out) and done["bytes_before"] == os.path.getsize(source)
            assert contents(out) == contents(source), storage
            run("verify", out)
            sizes[storage] = done["bytes"]
            with h5py.File(at(f"{name}-default.h5")) as f:
                decoded = sum(f["clips"][c][k].size * f["clips"][c][k].dtype.itemsize for c in f["clips"]
                              for k in f["clips"][c] if k not in ("frames", "gt_index"))
            assert done["raw_bytes"] == decoded, (done, decoded)
            with h5py.File(source) as a, h5py.File(out) as b:
                for clip in a["clips"]:
                    for key in ("lq", "gt", "streak", "mask", "drop", "streak_rgb"):
                        if key in a["clips"][clip]:
                            assert np.array_equal(layer(a["clips"][clip], key), layer(b["clips"][clip], key)), (name, storage, key)
                    assert ("lq" in b["clips"][clip]) == (storage != "small"), "a residual has a name of its own"
                    if storage == "fast":
                        assert all(d.chunks is None and d.compression is None for d in b["clips"][clip].values() if d.ndim > 2)
                    assert dict(a["clips"][clip].attrs) == dict(b["clips"][clip].attrs)
                    if "frames" in a["clips"][clip]:
                        assert np.array_equal(a["clips"][clip]["frames"][:], b["clips"][clip]["frames"][:])
            back = at(f"{name}-{storage}-back.h5")
            run("repack", out, "--out", back)
            assert back.read_bytes() == at(f"{name}-default.h5").read_bytes(), (name, storage)
        assert sizes["small"] < sizes["default"] < sizes["fast"] or name == "pictures", sizes
        assert sizes["small"] < 0.75 * sizes["default"], sizes

    # In a rendered set the rainy frame follows from the rest: its residual is nothing but zeros.
    with h5py.File(at("vrds-small.h5")) as f:
        assert all(not f["clips"][c]["lq_residual"][:].any() and "gt" in f["clips"][c] for c in f["clips"])
    with h5py.File(at("physical-small.h5")) as f:
        assert all(not f["clips"][c][k][:].any() for c in f["clips"] for k in ("lq_residual", "streak_residual"))

    # Everything else works on any of them: scores, exports, rendering again, merging.
    scores = lambda s: json.loads(run("eval", "identity", "--data", at(f"vrds-{s}.h5"), "--no-cache", "--out", at(s + ".json"), "--json"))["mean"]
    assert scores("fast") == scores("small") == scores("default")
    run("regen", at("vrds-small.h5"), "--clip", "001")
    run("export", at("vrds-small.h5"), "--layout", "vrds", "--out", at("exported"))
    assert any(at("exported").rglob("*.png"))
    run("merge", at("pictures-small.h5"), "--out", at("merged.h5"))
    assert contents(at("merged.h5"))[0] == contents(at("pictures.h5"))[0]

    # What is refused.
    assert "did you mean 'small'" in run("repack", at("vrds.h5"), "--storage", "smal", "--out", at("x.h5"), status=2)
    assert "exists" in run("repack", at("vrds.h5"), "--out", at("vrds-fast.h5"), status=2)
    assert "is the input" in run("repack", at("vrds.h5"), "--out", at("vrds.h5"), "--force", status=2)
    assert "other settings" in run("repack", at("vrds.h5"), "--storage", "small", "--out", at("vrds-fast.h5"), "--resume", status=3)
    run("repack", at("vrds.h5"), "--storage", "fast", "--out", at("vrds-fast.h5"), "--resume")
    shutil.copy(at("vrds.h5"), at("changed.h5"))
    with h5py.File(at("changed.h5"), "r+") as f:
        f["clips/001/gt"][0, 0, 0] ^= 1
    assert "clips/001: its content is not what the index says" in run("repack", at("changed.h5"), "--storage", "small", "--out", at("x.h5"), status=3)
    assert not at("x.h5").exists()
    shutil.copy(at("vrds-small.h5"), at("changed.h5"))
    with h5py.File(at("changed.h5"), "r+") as f:
        f["clips/001/lq_residual"].attrs["predicted_by"] = "tea leaves"
    assert "'tea leaves', which this program does not know" in run("eval", "identity", "--data", at("changed.h5"), "--clip", "001", "--split", "all", "--no-cache", "--out", at("x.json"), status=3)
    assert "tea leaves" in subprocess.run([pluvia, "verify", at("changed.h5")], capture_output=True, text=True).stdout
