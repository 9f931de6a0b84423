# SPDX-License-Identifier: Apache-2.0
"""Refuses includes that point sideways or upward, do not start at the root, or bring a third party
into core's headers. Rooms and their order are the table below: docs/map.md in code."""
import pathlib
import re
import sys

ROOMS = ["core", "synth", "datasets", "models", "eval/metrics", "eval", "cli"]
MAY_USE = {
    "core": [],
    "synth": ["core"],
    "datasets": ["core"],
    "models": ["core"],
    "eval/metrics": ["core"],
    "eval": ["core", "synth", "datasets", "models", "eval/metrics"],
    "cli": ["core", "synth", "datasets", "models", "eval/metrics", "eval"],
}
TOPS = sorted({room.split("/")[0] for room in ROOMS} | {"benchmarks", "tests"})
CORE_HEADERS_MAY_NAME = {"nlohmann/json_fwd.hpp"}
STANDARD = re.compile(r"[a-z0-9_]+$")  # <vector>; a slash or a dot marks a system or foreign header


def room_of(path):
    fitting = [room for room in ROOMS if path.startswith(room + "/")]
    return max(fitting, key=len) if fitting else None


def faults_of(name, text):
    room, faults = room_of(name), []
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not found:
            continue
        bracket, target = found.groups()
        where = f"{name}:{number}: includes {target}"
        if target.startswith(("/", ".")) or "/../" in target:
            faults.append(f"{where}: write paths from the root")
        elif bracket == '"' and target.split("/")[0] not in TOPS:
            faults.append(f"{where}: not a file of this project; use <> for others")
        elif bracket == '"' and room and room_of(target) != room \
                and room_of(target) not in MAY_USE[room]:
            faults.append(f"{where}: {room} may include {MAY_USE[room] or 'nothing else'}")
        elif bracket == "<" and room == "core" and name.endswith(".h") \
                and not STANDARD.match(target) and target not in CORE_HEADERS_MAY_NAME:
            faults.append(f"{where}: headers of core name only the standard library")
    return faults


def self_test():
    assert faults_of("synth/a.cpp", '#include "datasets/b.h"')
    assert faults_of("core/a.h", '#include "cli/b.h"')
    assert faults_of("core/a.h", "#include <png.h>")
    assert faults_of("eval/metrics/a.h", '#include "models/b.h"')
    assert faults_of("cli/a.cpp", '#include "b.h"')
    assert faults_of("cli/a.cpp", "#include </usr/include/x.h>")
    assert not faults_of("eval/a.cpp", '#include "models/b.h"\n#include <vector>')


def main():
    self_test()
    root, faults, count = pathlib.Path(sys.argv[1]), [], 0
    for top in TOPS:
        for path in sorted((root / top).rglob("*")):
            if path.suffix in {".h", ".cpp", ".cu", ".list"}:
                count += 1
                faults += faults_of(path.relative_to(root).as_posix(), path.read_text())
    print("\n".join(faults))
    print(f"{count} files, {len(faults)} includes against the law")
    return bool(faults) or count == 0


if __name__ == "__main__":
    sys.exit(main())
