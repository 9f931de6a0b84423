# SPDX-License-Identifier: Apache-2.0
"""The completion script as bash runs it. Usage: completion.py PLUVIA"""
import subprocess, sys

pluvia = sys.argv[1]


def complete(*words):
    script = subprocess.run([pluvia, "completion", "bash"], capture_output=True, text=True, check=True).stdout
    typed = " ".join("'%s'" % w for w in words)
    script += f"\nCOMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; _pluvia; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    return subprocess.run(["bash", "-eu", "-c", script], capture_output=True, text=True, check=True).stdout.split()


assert "doctor" in complete("pluvia", "doc") and "completion" not in complete("pluvia", "doc")
assert complete("pluvia", "doctor", "--js") == ["--json"]
assert "/etc/passwd" in complete("pluvia", "doctor", "/etc/passw")
zsh = subprocess.run([pluvia, "completion", "zsh"], capture_output=True, text=True, check=True).stdout
assert zsh.startswith("#compdef pluvia\n") and "bashcompinit" in zsh
assert subprocess.run([pluvia, "completion", "fish"], capture_output=True).returncode == 2
