# SPDX-License-Identifier: Apache-2.0
"""The completion script as bash runs it. Usage: completion.py PLUVIA"""
import os, subprocess, sys, tempfile

pluvia = sys.argv[1]


def complete(*words):
    script = subprocess.run([pluvia, "completion", "bash"], capture_output=True, text=True, check=True).stdout
    typed = " ".join("'%s'" % w for w in words)
    script += f"\nCOMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _pluvia; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    return subprocess.run(["bash", "-eu", "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()


assert "doctor" in complete("pluvia", "doc") and "completion" not in complete("pluvia", "doc")
assert complete("pluvia", "doctor", "--js") == ["--json"]
assert "/etc/passwd" in complete("pluvia", "doctor", "/etc/passw")
assert complete("pluvia", "--json", "doct") == ["doctor"] and complete("pluvia", "--device", "cpu", "doct") == ["doctor"]
assert complete("pluvia", "help", "doct") == ["doctor"] and complete("pluvia", "-q", "doctor", "--js") == ["--json"]
assert complete("pluvia", "completion", "") == ["bash", "zsh"]
assert complete("pluvia", "derain", "temporal-m") == ["temporal-median"]
assert complete("pluvia", "derain", "--tile", "p") == complete("pluvia", "derain", "--tile", "=", "p") == ["paper"]
assert complete("pluvia", "derain", "--tile", "=") == ["auto", "none", "paper"]
assert complete("pluvia", "metrics", "--protocol", "vderain-rgb-") == ["vderain-rgb-pooled"]
if "import" in complete("pluvia", ""):
    assert complete("pluvia", "import", "ra") == ["rainsynall100", "rainvidss"] == complete("pluvia", "export", "--layout", "ra")
    assert complete("pluvia", "reproduce", "dem") == ["demo"] and not any(complete("pluvia", "train", "temporal"))
with tempfile.TemporaryDirectory() as folder:
    open(os.path.join(folder, "my set.h5"), "w").close()
    assert complete("pluvia", "doctor", folder + "/m") == [folder + "/my set.h5"]
    assert complete("pluvia", "derain", "identity", "--layers", folder + "/m") == [folder + "/my set.h5"]
zsh = subprocess.run([pluvia, "completion", "zsh"], capture_output=True, text=True, check=True).stdout
assert zsh.startswith("#compdef pluvia\n") and "bashcompinit" in zsh
assert subprocess.run([pluvia, "completion", "fish"], capture_output=True).returncode == 2
