# SPDX-License-Identifier: Apache-2.0
"""What the program says: help, near misses, notes, singular and plural. Usage: words.py PLUVIA"""
import fcntl, glob, json, os, pty, re, shutil, signal, struct, subprocess, sys, tempfile, termios, time

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
    words = ("a", "b", "c") if command == "derain" else ("paired", "b")
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

# help, with and without a command; what is none.
assert said("help") == said("--help") == said()
assert said("help", "metrics") == said("metrics", "--help")
assert "did you mean 'metrics'" in said("help", "metrcs", status=2)
assert "did you mean 'metrics'" in said("metrcs", "--help", status=2)

# The layout of an import comes first.
for words in (("some/folder",), ("some/folder", "paired")):
    line = said("import", *words, "--out", "x.h5", status=2)
    assert "the layout comes first" in line and "paired" in line and "vrds" in line, line

with tempfile.TemporaryDirectory() as folder:
    at = lambda name: os.path.join(folder, name)
    tiny = ("synth", "streaks-only", "--size", "64x48", "--frames", "1", "--clips", "1")
    assert "1 clip of 1 frame," in said(*tiny, "--dry-run")
    said(*tiny, "--out", at("one.h5"), "-q")
    assert " 1 clip, 1 frame, " in said("info", at("one.h5"))
    assert "(1 clip, 1 frame, " in said("verify", at("one.h5"))
    (clip,) = [row["id"] for row in json.loads(said("info", at("one.h5"), "--json"))["clips"]]

    # info shows all it knows; what cannot be printed is a failure; a device that cannot be is said at once.
    text = said("info", at("one.h5"), "--all")
    (hashes,) = [row["content_sha256"] for row in json.loads(said("info", at("one.h5"), "--json"))["clips"]]
    assert all(value in text for value in hashes.values()) and '"settings_sha256"' in text and '"look"' in text, text
    for words in (("info", at("one.h5")), ("verify", at("one.h5")), ("completion", "bash"), ("info", "--help"), ("--version",), ()):
        with open("/dev/full", "w") as full:
            done = subprocess.run([pluvia, *words], stdout=full, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 3 and done.stderr.count("\n") == 1, (words, done)
    assert "expected auto, cpu, cuda or cuda:N" in said("info", at("one.h5"), "--device", "gpu", status=2)
    assert all(word in said("info", "--help") for word in ("--json", "--threads"))

    # Nothing of a file or a name moves the cursor.
    shutil.copy(at("one.h5"), at("odd.h5"))
    with open(at("odd.h5"), "r+b") as f:
        data = f.read()
        places = [m.start() for m in re.finditer(b"streaks-only: the", data) if data[m.start() - 1] != ord('"')]
        assert len(places) == 1, places  # the title; the recipe has it in quotes
        f.seek(places[0])
        f.write(b"\x1b[2J\n")
    assert "?[2J?" in said("info", at("odd.h5")) and "\x1b" not in said("info", at("odd.h5"))
    assert "\x1b" not in said("info", at("none\x1b[2J.h5"), status=3)

    assert said(*tiny[:2], "--dry-run", "--size", "64", status=2).startswith("pluvia: --size: '64' is no size; expected WIDTHxHEIGHT")

    # A narrow terminal keeps the count and loses the bar.
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
        os.execv(pluvia, [pluvia, *tiny[:-3], "40", "--clips", "2", "--out", at("bar.h5")])
    drawn = b""
    try:
        while chunk := os.read(terminal, 65536):
            drawn += chunk
    except OSError:  # the program has ended
        pass
    assert os.waitpid(child, 0)[1] == 0, drawn
    lines = [line for line in drawn.decode().split("\r\x1b[K") if line.startswith("rendering")]
    assert lines and all(re.match(r"rendering \d+/80 frames  ", line) and len(line) < 40 for line in lines), lines

    # Sets are scored by eval.
    for pair in ((at("one.h5"), "p"), ("p", at("one.h5")), (at("one.h5"),)):
        line = said("metrics", *pair, status=2)
        assert "one.h5 is a set" in line and "pluvia eval" in line, line

    # Clips are chosen by either word, and an unknown one lists those there are.
    for option in ("--clip", "--clips"):
        for words in (("export", at("one.h5"), "--layout", "vrds", "--dry-run"),
                      ("preview", at("one.h5"), "--out", at("sheet.png"), "--force"),
                      ("derain", "identity", at("one.h5"), at("frames"), "--force"),
                      ("eval", "identity", "--data", at("one.h5"), "--out", at("run.json"), "--force"),
                      ("regen", at("one.h5"))):
            said(*words, option, clip)
            done = subprocess.run([pluvia, *words, option, "gone"], capture_output=True, text=True)
            assert done.returncode in (2, 3) and f"there are {clip}" in done.stderr, done.stderr

    # Interrupted work says how to go on.
    long = subprocess.Popen([pluvia, *tiny[:-3], "100", "--clips", "500", "--out", at("long.h5")], stderr=subprocess.PIPE, text=True)
    while not glob.glob(at("*long.h5*")) and long.poll() is None:
        time.sleep(0.02)
    long.send_signal(signal.SIGINT)
    line = long.communicate()[1].splitlines()[-1]
    assert long.returncode == 130 and line.endswith("interrupted; the same command with --resume goes on"), line
