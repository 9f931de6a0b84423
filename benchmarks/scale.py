# SPDX-License-Identifier: Apache-2.0
"""What only shows at size: start-up time, `info` on 100,000 clips, peak memory of packing a long clip,
h5py reading training crops. Usage: scale.py BUILD_FOLDER [--frames N] (needs numpy and h5py)"""
import argparse, os, random, subprocess, tempfile, time
import h5py, numpy as np

arguments = argparse.ArgumentParser()
arguments.add_argument("build")
arguments.add_argument("--frames", type=int, default=2000, help="length of the long clip")
arguments = arguments.parse_args()
pluvia = os.path.join(arguments.build, "pluvia")


def median_ms(*command, runs=15):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - start)
    return sorted(times)[runs // 2] * 1e3


def many_clips(path, count):
    """Real groups and layers, and the index that lists them, as format 1 says."""
    index = np.zeros(count, dtype=[("id", "S8"), ("frames", "<i4"), ("height", "<i4"), ("width", "<i4"), ("fps", "<f8"), ("split", "S5"),
                                   ("source", "S8"), ("seed", "<u8"), ("layers", "S2"), ("content_sha256", "S64"), ("sha256_lq", "S64")])
    with h5py.File(path, "w") as f:
        f.attrs.update(format="pluvia", format_version=1, kind="clips", formation="", recipe="{}", provenance="{}", generator="scale.py")
        pixels = np.zeros((1, 8, 8, 3), np.uint8)
        for i in range(count):
            name = "c%06d" % i
            f.create_dataset(f"clips/{name}/lq", data=pixels)
            index[i] = (name, 1, 8, 8, 25, "train", name, i, "lq", "0" * 64, "0" * 64)
        f["index/clips"] = index
        f["splits/train"] = index["id"]


def h5py_crops(path, count=40):
    draw = random.Random(7)
    with h5py.File(path) as f:
        clips = list(f["clips"].values())
        start = time.perf_counter()
        for _ in range(count):
            clip = draw.choice(clips)
            T, H, W = clip["mask"].shape
            t, y, x = draw.randint(0, T - 5), draw.randint(0, H - 256), draw.randint(0, W - 256)
            for key in ("lq", "gt", "streak", "mask"):
                clip[key][t:t + 5, y:y + 256, x:x + 256]
        return count / (time.perf_counter() - start)


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "set.h5")
    print("pluvia --help                          %6.1f ms (promised < 50)" % median_ms(pluvia, "--help"), flush=True)
    many_clips(path, 100_000)
    print("pluvia info, 100,000 clips             %6.0f ms (promised < 1000)" % median_ms(pluvia, "info", path, runs=3))
    print("pluvia info --json, 100,000 clips      %6.0f ms" % median_ms(pluvia, "info", "--json", path, runs=3), flush=True)
    os.remove(path)
    make = os.path.join(arguments.build, "make_photo_like")
    subprocess.run([make, path, "2", "30"], check=True)
    print("h5py, 5x256x256 crops of four layers   %6.1f a second" % h5py_crops(path), flush=True)
    os.remove(path)
    start = time.perf_counter()
    child = subprocess.Popen([make, path, "1", str(arguments.frames)])
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0, status
    print("packing %d frames of 1280x720: peak memory %.0f MB (promised < 300), %.0f s with making them, file %.2f GB" % (
        arguments.frames, usage.ru_maxrss / 1e3, time.perf_counter() - start, os.path.getsize(path) / 1e9))
