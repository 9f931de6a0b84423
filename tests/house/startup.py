# SPDX-License-Identifier: Apache-2.0
"""Small commands are instant: the program is not linked to the slow libraries, and --help and
--version answer in 50 ms (best of ten, so that a busy machine does not fail the test)."""
import subprocess
import sys
import time

SLOW = ["libtorch", "libc10", "libavformat", "libavcodec", "libopencv_imgcodecs", "libopencv_video"]


def main():
    program = sys.argv[1]
    linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    for name in SLOW:
        assert name not in linked, f"{program} is linked to {name}"
    for flag in ["--help", "--version"]:
        times = []
        for _ in range(10):
            start = time.perf_counter()
            done = subprocess.run([program, flag], capture_output=True, check=True)
            times.append(time.perf_counter() - start)
            assert b"pluvia" in done.stdout
        print(f"{flag}: best {min(times) * 1e3:.1f} ms, worst {max(times) * 1e3:.1f} ms")
        assert min(times) < 0.05, f"{flag} takes {min(times) * 1e3:.0f} ms, expected under 50"


if __name__ == "__main__":
    sys.exit(main())
