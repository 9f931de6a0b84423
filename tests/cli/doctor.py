# SPDX-License-Identifier: Apache-2.0
"""`pluvia doctor` against what Python and the system say of the same machine."""
import json
import os
import shutil
import subprocess
import sys


def main():
    program = sys.argv[1]
    done = subprocess.run([program, "doctor", "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", done.stderr
    facts = json.loads(done.stdout)
    assert facts["usable"] is True
    assert os.path.isfile(os.path.join(facts["manifests"], "recipes", "vrds.json"))
    assert 1 <= facts["cpu"]["cores"] <= len(os.sched_getaffinity(0))
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert abs(facts["memory"]["total_bytes"] - total) < 0.02 * total
    free = shutil.disk_usage(".").free
    assert abs(facts["disk_here"]["free_bytes"] - free) < 0.2 * free + 1e9
    flags = " " + open("/proc/cpuinfo").read().replace("\n", " ") + " "
    if " avx2 " in flags and " fma " in flags:
        assert facts["cpu"]["level"] in ("x86-64-v3", "x86-64-v4"), facts["cpu"]
    assert facts["gpu"]["nvcc"] == (shutil.which("nvcc") or "")
    text = subprocess.run([program, "doctor"], capture_output=True, text=True, check=True).stdout
    assert "works on this machine" in text.splitlines()[-1]
    lost = subprocess.run([program, "doctro"], capture_output=True, text=True)
    assert lost.returncode == 2 and "did you mean 'doctor'" in lost.stderr, lost.stderr


if __name__ == "__main__":
    sys.exit(main())
