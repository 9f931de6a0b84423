# SPDX-License-Identifier: Apache-2.0
"""Reads a set with plain h5py and holds it to docs/format.md; then writes sets the way h5py users
do and asks pluvia to verify them. Usage: h5py_oracle.py PLUVIA MAKE_SYNTHETIC_SET SOURCE_DIR"""
import hashlib, json, os, subprocess, sys, tempfile
try:
    import h5py, numpy as np
except ImportError as error:
    print("skipped:", error)
    sys.exit(77)

pluvia, make_set, source_dir = sys.argv[1:4]


def run(*args, expect=0):
    done = subprocess.run([pluvia, *args], capture_output=True, text=True)
    assert done.returncode == expect, (args, done.returncode, done.stdout, done.stderr)
    return done.stdout


def check_format(path):
    with h5py.File(path) as f:
        assert f.attrs["format"] == "pluvia" and isinstance(f.attrs["format"], str)
        assert f.attrs["format_version"] == 1 and f.attrs["kind"] == "clips" and f.attrs["formation"] == "vrds"
        assert json.loads(f.attrs["recipe"]) == {"name": "synthetic"}
        index = f["index/clips"][:]
        ids = [row["id"].decode() for row in index]
        assert ids == ["clip0", "clip1", "clip2"], ids
        assert list(f["splits/train"].asstr()[:]) == ["clip0", "clip1"]
        assert list(f["splits/test"].asstr()[:]) == ["clip2"]
        for row in index:
            clip = f["clips"][row["id"].decode()]
            shape = (row["frames"], row["height"], row["width"])
            assert row["fps"] == clip.attrs["fps"] == 25 and row["seed"] == clip.attrs["seed"]
            assert json.loads(clip.attrs["rain"]) == {"rate_mm_h": 25}
            for key, channels in dict(lq=3, gt=3, drop=3, streak=0, mask=0).items():
                data = clip[key]
                assert data.dtype == np.uint8 and data.shape == shape + ((3,) if channels else ()), (key, data.shape)
                assert data.chunks[0] == 1 and data.compression == "gzip" and not data.shuffle
                digest = hashlib.sha256(data[:].tobytes()).hexdigest()
                assert row["sha256_" + key].decode() == data.attrs["sha256"] == digest
            lq, gt, drop, streak, mask = (clip[k][:].astype(int) for k in ("lq", "gt", "drop", "streak", "mask"))
            assert (drop[mask == 0] == gt[mask == 0]).all()
            assert (lq == np.minimum(255, drop + streak[..., None])).all()
            table = clip["frames"][:]
            assert table["time_s"][1] == 1 / 25 and table["name"][2] == b"frame2"
            assert table["position"].shape == (row["frames"], 3) and table["orientation"].shape[1] == 4
            assert set(table.dtype.names) >= {"exposure_s", "focal_px", "speed_m_s", "rain_mm_h", "wind", "drops_on_glass"}


def rewrite(path, out, tile=None, **storage):
    """The same set as another program would write it."""
    with h5py.File(path) as f, h5py.File(out, "w") as g:
        g.attrs.update({k: v for k, v in f.attrs.items()})
        g["index/clips"] = f["index/clips"][:]  # numpy bytes: ASCII text, where pluvia writes UTF-8
        for name, ids in f["splits"].items():
            g.require_group("splits").create_dataset(name, data=list(ids.asstr()[:]), dtype=h5py.string_dtype())
        for key, clip in f["clips"].items():
            made = g.create_group("clips/" + key)
            made.attrs.update(clip.attrs)
            for layer in clip:
                extra = {} if layer == "frames" else dict(storage)
                if tile and layer != "frames":
                    extra["chunks"] = (1, *tile) + clip[layer].shape[3:]
                made.create_dataset(layer, data=clip[layer][:], **extra)


def train_like_a_user(path):
    try:
        import torch
    except ImportError as error:
        # A CUDA wheel without its NVIDIA packages does not import; the rest of this test still ran.
        print("PyTorch cannot be imported here, the Dataset example was not run:", error)
        return
    sys.path.insert(0, os.path.join(source_dir, "docs"))
    from pytorch_dataset import PluviaCrops
    loader = torch.utils.data.DataLoader(PluviaCrops(path, frames=3, size=32), batch_size=2, num_workers=2)
    (batch,) = list(loader)
    assert batch["lq"].shape == (2, 3, 32, 32, 3) and batch["lq"].dtype == torch.uint8
    assert (batch["lq"].int() - batch["gt"].int()).abs().max() > 0


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "set.h5")
    subprocess.run([make_set, path], check=True)
    run("verify", path)
    check_format(path)
    hashes = {c["id"]: c["content_sha256"] for c in json.loads(run("info", "--json", path))["clips"]}
    for name, storage in dict(contiguous={}, shuffled=dict(compression="gzip", shuffle=True), deep=dict(chunks=True, compression="gzip"),
                              checked=dict(fletcher32=True), unfiltered=dict(tile=(33, 51))).items():
        out = os.path.join(folder, name + ".h5")
        rewrite(path, out, **storage)
        report = json.loads(run("verify", "--json", out))
        assert report["ok"] and report["checked"]["frames"] == 12, report
        assert {c["id"]: c["content_sha256"] for c in json.loads(run("info", "--json", out))["clips"]} == hashes
    run("merge", path, "--link", "--out", os.path.join(folder, "index.h5"))
    with h5py.File(os.path.join(folder, "index.h5")) as f:
        assert f["clips/clip1/lq"].shape == (4, 70, 200, 3)  # h5py follows the links by itself
    train_like_a_user(path)
