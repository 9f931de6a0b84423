# SPDX-License-Identifier: Apache-2.0
"""What the program says: help, near misses, notes, singular and plural. Usage: words.py PLUVIA"""
import os, shutil, subprocess, sys, tempfile

pluvia = sys.argv[1]


def said(*args, status=0, env=None):
    done = subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True, env=env)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    assert status == 0 or done.stderr.count("\n") == 1, done.stderr
    return done.stdout if status == 0 else done.stderr


# Choices: help lists them, an error names them and the nearest.
for command, option, word, near, others in (("derain", "--tile", "papr", "paper", "auto, none"),
                                            ("derain", "--precision", "flaot32", "float32", "float64"),
                                            ("import", "--order", "clean-lfet", "clean-left", "rainy-left")):
    text = said(command, "--help")
    assert near in text and all(c.isprintable() or c == "\n" for c in text), text
    words = ("a", "b", "c") if command == "derain" else ("a", "b")
    line = said(command, *words, option, word, status=2)
    assert f"did you mean '{near}'" in line and others in line and "Check" not in line, line
assert "{auto,none,paper}" in said("derain", "--help")

# A program without its manifests says so, and where they may lie.
with tempfile.TemporaryDirectory() as folder:
    alone = shutil.copy(pluvia, os.path.join(folder, "pluvia"))
    shipped = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../manifests")
    libraries = {os.path.dirname(word) for word in subprocess.run(["ldd", pluvia], capture_output=True, text=True).stdout.split()
                 if word.startswith("/") and "pluvia" in os.path.basename(word)}
    bare = {key: value for key, value in os.environ.items() if key != "PLUVIA_MANIFESTS"}
    bare["LD_LIBRARY_PATH"] = ":".join([*libraries, *filter(None, [bare.get("LD_LIBRARY_PATH")])])
    for args in (("synth", "vrds-mini", "--dry-run"), ("metrics", "--list-protocols"), ("metrics", "a", "b")):
        done = subprocess.run([alone, *args], capture_output=True, text=True, env=bare)
        assert done.returncode == 3 and done.stdout == "" and done.stderr.count("\n") == 1, done
        assert "manifests" in done.stderr and folder in done.stderr and "PLUVIA_MANIFESTS" in done.stderr, done.stderr
    help_text = subprocess.run([alone, "synth", "--help"], capture_output=True, text=True, env=bare).stdout
    assert "Recipes that ship: none" in help_text, help_text
    doctor = subprocess.run([alone, "doctor"], capture_output=True, text=True, env=bare)
    assert doctor.returncode == 3 and "does not fully work" in doctor.stdout and "PLUVIA_MANIFESTS" in doctor.stdout
    found = subprocess.run([alone, "metrics", "--list-protocols"], capture_output=True, text=True,
                           env={**bare, "PLUVIA_MANIFESTS": shipped})
    assert found.returncode == 0 and "vderain-rgb" in found.stdout
