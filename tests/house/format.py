# SPDX-License-Identifier: Apache-2.0
"""Our C++ is laid out as .clang-format says. Other versions of clang-format than Debian 12's lay out
some lines otherwise: without that one the test is skipped."""
import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77
VERSION = " 14."
TOPS = ["core", "synth", "datasets", "models", "eval", "cli", "benchmarks", "tests"]


def tool():
    for name in ["clang-format-14", "clang-format"]:
        path = shutil.which(name)
        if path and VERSION in subprocess.run([path, "--version"], capture_output=True, text=True,
                                              check=True).stdout:
            return path
    return None


def main(root):
    path = tool()
    if path is None:
        print("no clang-format of version 14")
        return SKIPPED
    files = sorted(str(file) for top in TOPS for file in (root / top).rglob("*")
                   if file.suffix in {".h", ".cpp", ".cu"})
    run = subprocess.run([path, "--dry-run", "-Werror", *files], capture_output=True, text=True)
    faults = {line.split(":")[0] for line in run.stderr.splitlines() if "error:" in line}
    for fault in sorted(faults):
        print(f"{fault}: run clang-format -i on it")
    print(f"{len(files)} files, {len(faults)} laid out otherwise")
    return 1 if run.returncode else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
