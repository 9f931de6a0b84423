# SPDX-License-Identifier: Apache-2.0
"""What the program says: help, near misses, notes, singular and plural. Usage: words.py PLUVIA"""
import subprocess, sys, tempfile

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
