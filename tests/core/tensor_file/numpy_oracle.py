# SPDX-License-Identifier: Apache-2.0
"""numpy writes, our reader and writer pass it on, numpy reads: every dtype, byte order, memory
order, format version, empty and zero-dimensional arrays, stored and deflated archives."""
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("skipped: this Python has no numpy")
    sys.exit(77)

TOOL = sys.argv[1]
DTYPES = ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]


def run(*arguments):
    return subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True)


def same(a, b):
    return a.shape == b.shape and a.dtype.newbyteorder("<") == b.dtype and \
        a.astype(b.dtype).tobytes() == b.tobytes()


def arrays():
    random = np.random.default_rng(1)
    for dtype in DTYPES:
        for shape in [(), (0,), (5,), (3, 4), (2, 3, 4, 5), (2, 0, 3)]:
            array = (random.random(shape) * 100).astype(dtype)
            yield f"{dtype}-{len(shape)}", array
            yield f"{dtype}-{len(shape)}-big", array.astype(array.dtype.newbyteorder(">"))
            yield f"{dtype}-{len(shape)}-fortran", np.asfortranarray(array)


def write(path, array, version):
    with open(path, "wb") as file:
        np.lib.format.write_array(file, array, version=version)


def check_npy(folder):
    count = 0
    for name, array in arrays():
        # One version a dtype keeps the number of processes small; all three are met.
        version = [(1, 0), (2, 0), (3, 0)][count % 3]
        write(folder / "in.npy", array, version)
        done = run(folder / "in.npy", folder / "out.npy")
        assert done.returncode == 0, (name, done.stderr)
        assert same(array, np.load(folder / "out.npy")), name
        count += 1
    return count


def check_npz(folder):
    saved = {name: array for name, array in arrays()}
    for save in [np.savez, np.savez_compressed]:
        for packing in [[], ["deflate"]]:
            save(folder / "in.npz", **saved)
            done = run(folder / "in.npz", folder / "out.npz", *packing)
            assert done.returncode == 0, done.stderr
            with np.load(folder / "out.npz") as found:
                assert sorted(found.files) == sorted(saved)
                for name, array in saved.items():
                    assert same(array, found[name]), name
    return len(saved)


def check_refusals(folder):
    refused = {
        "objects": np.array([{"a": 1}], dtype=object),
        "text": np.array(["abc"]),
        "records": np.zeros(2, dtype=[("a", "f4"), ("b", "i2")]),
        "complex": np.zeros(2, dtype="c8"),
    }
    for name, array in refused.items():
        np.save(folder / "bad.npy", array, allow_pickle=True)
        done = run(folder / "bad.npy", folder / "none.npy")
        assert done.returncode == 3 and "bad.npy" in done.stderr, (name, done)
        assert not (folder / "none.npy").exists()


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        print(check_npy(folder), "arrays as .npy,", check_npz(folder), "in each .npz")
        check_refusals(folder)


if __name__ == "__main__":
    sys.exit(main())
