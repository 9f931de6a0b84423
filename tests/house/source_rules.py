# SPDX-License-Identifier: Apache-2.0
"""What every file of ours must have (a licence line, a bounded length) and must not have (notes of
unfinished work, tabs, trailing blanks, paths of one machine); and no two headers define one type: the
linker would keep one of their destructors for both."""
import pathlib
import re
import sys

CODE = {".h", ".cpp", ".cu", ".py", ".cmake", ".list", ".sh"}
TOPS = ["core", "synth", "datasets", "models", "eval", "cli", "benchmarks", "tests", "cmake",
        "scripts", "docs", ".ci"]
# Spelt in pieces, so that this file passes its own test.
FORBIDDEN = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.$}/])/(home|root|work|mnt|Users)/")
LONGEST = 400
NAMESPACE = re.compile(r"^namespace ([\w:]+) \{")
TYPE = re.compile(r"^(?:struct|class|enum class|union) (\w+)\b[^;()]*\{")


def is_code(path):
    if path.suffix in CODE or path.name == "CMakeLists.txt":
        return True
    return path.suffix == "" and path.is_file() and path.read_bytes()[:2] == b"#!"


def faults_of(path, name):
    text = path.read_text()
    lines = text.splitlines()
    faults = []
    if is_code(path) and not any("SPDX-License-Identifier: Apache-2.0" in l for l in lines[:2]):
        faults.append(f"{name}: no SPDX line at the top")
    if path.suffix in {".h", ".cpp", ".cu"} and len(lines) > LONGEST:
        faults.append(f"{name}: {len(lines)} lines, at most {LONGEST}")
    for number, line in enumerate(lines, 1):
        if FORBIDDEN.search(line):
            faults.append(f"{name}:{number}: a note of unfinished work")
        if MACHINE_PATH.search(line):
            faults.append(f"{name}:{number}: a path of one machine")
        if is_code(path) and (line != line.rstrip() or "\t" in line):
            faults.append(f"{name}:{number}: a tab or a trailing blank")
    return faults


def types_of(header):
    inside = ""
    for line in header.read_text().splitlines():
        if found := NAMESPACE.match(line):
            inside = found[1]
        elif found := TYPE.match(line):
            yield f"{inside}::{found[1]}"


def double_types(headers, root):
    first, faults = {}, []
    for header in headers:
        name = header.relative_to(root).as_posix()
        for kind in types_of(header):
            if first.setdefault(kind, name) != name:
                faults.append(f"{name}: defines {kind}, as {first[kind]} does")
    return faults


def main():
    root, faults, count = pathlib.Path(sys.argv[1]), [], 0
    files = [p for top in TOPS for p in (root / top).rglob("*")] + list(root.glob("*"))
    for path in sorted(files):
        text_like = is_code(path) or path.suffix in {".md", ".txt", ".json"} \
            or path.name == "Containerfile"
        if path.is_file() and text_like and "__pycache__" not in path.parts:
            count += 1
            faults += faults_of(path, path.relative_to(root).as_posix())
    faults += double_types([path for path in sorted(files) if path.suffix == ".h"], root)
    print("\n".join(faults))
    print(f"{count} files, {len(faults)} faults")
    return bool(faults) or count == 0


if __name__ == "__main__":
    sys.exit(main())
