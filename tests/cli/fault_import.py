# SPDX-License-Identifier: Apache-2.0
"""Importing under attack: kill -9 and Ctrl-C at random moments then --resume, two writers at once, a
full disk, a read-only target, unreadable and damaged inputs. Nothing half-done may have the final
name, nothing that was there may change, and a resumed import must equal an uninterrupted one.
Usage: fault_import.py PLUVIA MAKE_SYNTHETIC_SET"""
import hashlib, json, os, random, shutil, signal, struct, subprocess, sys, tempfile, time, zlib

pluvia, make_set = sys.argv[1:3]


def run(*args, **more):
    return subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True, **more)


def expect(done, status, *words):
    assert done.returncode == status, (done.args, done.returncode, done.stderr)
    lines = [l for l in done.stderr.splitlines() if l.startswith("pluvia: ")]
    if status not in (0, 1):
        assert len(lines) >= 1 and all(w in lines[-1] for w in words), (words, done.stderr)


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def stop_at_random(source, out, number, draw):
    """Starts an import, stops it with the signal after a random time; True when it came to its end."""
    process = subprocess.Popen([pluvia, "import", "paired", source, "--out", out, "--resume", "--quiet"], stderr=subprocess.PIPE, text=True)
    time.sleep(draw.uniform(0.005, 0.25))
    process.send_signal(number)
    _, err = process.communicate()
    if process.returncode == 0:
        return True
    assert process.returncode in ((-9,) if number == signal.SIGKILL else (128 + number, -number)), (process.returncode, err)
    if number != signal.SIGKILL:
        assert len(err.splitlines()) <= 1, err
    return False


def killed_and_resumed(folder, source, whole):
    draw = random.Random(5)
    for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
        out = os.path.join(folder, "resumed-%d.h5" % number)
        for _ in range(12):
            if stop_at_random(source, out, number, draw):
                break
            assert not os.path.exists(out) or run("verify", out).returncode == 0
        expect(run("import", "paired", source, "--out", out, "--resume"), 0)
        assert digest(out) == whole, number
        assert not os.path.exists(out + ".parts")


def guarded_outputs(folder, source, whole):
    out = os.path.join(folder, "whole.h5")
    expect(run("import", "paired", source, "--out", out), 2, "exists", "--force", "--resume")
    expect(run("import", "paired", source, "--out", out, "--resume", "--title", "other"), 3, "other settings")
    assert digest(out) == whole
    expect(run("import", "paired", source, "--out", out, "--resume"), 0)
    expect(run("import", "paired", source, "--out", out, "--force"), 0)
    assert digest(out) == whole
    expect(run("import", "paired", source, "--out", folder), 2, "folder")
    expect(run("import", "paired", source, "--out", out, "--rule", "did"), 2, "--rule", "paired-images")
    expect(run("import", "paired", source, "--out", out, "--order", "clean-left"), 2, "--order")
    expect(run("import", "piared", source, "--out", out), 2, "paired")
    expect(run("import", "paired", source + "-none", "--out", out, "--force"), 3, "-none")


def outputs_that_are_inputs(folder, whole):
    """A set or video that is being read must not be replaced by what is made of it."""
    place = os.path.join(folder, "place")
    expect(run("export", os.path.join(folder, "whole.h5"), "--layout", "paired", "--out", place), 0)
    inside = shutil.copy(os.path.join(folder, "whole.h5"), os.path.join(place, "inside.h5"))
    expect(run("export", inside, "--layout", "paired", "--out", place, "--force"), 2, "inside.h5", "--out")
    assert digest(inside) == whole
    picture = os.path.join(place, "train", "lq")
    picture = os.path.join(picture, sorted(os.listdir(picture))[0])
    picture = os.path.join(picture, sorted(os.listdir(picture))[0])
    before = digest(picture)
    expect(run("import", "paired", place, "--out", picture, "--force"), 2, "is a lq of clip")
    assert digest(picture) == before


def assumptions_are_told(folder):
    """What reading changed is in the set's provenance, and `info` says it."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    rows = b"".join(b"\0" + bytes(range(16)) for _ in range(8))  # 8x8, grey, 16 bits
    picture = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 16, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    deep = os.path.join(folder, "deep")
    for layer in ("lq", "gt"):
        os.makedirs(os.path.join(deep, layer, "a"))
        with open(os.path.join(deep, layer, "a", "0.png"), "wb") as f:
            f.write(picture)
    expect(run("import", "paired", deep, "--out", deep + ".h5"), 0)
    told = json.loads(run("info", deep + ".h5", "--json").stdout)["provenance"]["read_as"]
    assert told == {"lq.bit_depth": ["16 reduced to 8"], "gt.bit_depth": ["16 reduced to 8"]}, told
    assert "read as    bit_depth: 16 reduced to 8 (gt,lq)" in run("info", deep + ".h5").stdout


def two_writers(folder, source, whole):
    out = os.path.join(folder, "two.h5")
    first = subprocess.Popen([pluvia, "import", "paired", source, "--out", out, "--quiet"])
    while not os.path.exists(out + ".parts/settings.json") and first.poll() is None:
        time.sleep(0.001)
    first.send_signal(signal.SIGSTOP)  # holds its lock while the second one tries
    if first.poll() is None and os.path.exists(out + ".parts"):
        expect(run("import", "paired", source, "--out", out, "--resume"), 3, "another pluvia", str(first.pid))
        expect(run("import", "paired", source, "--out", out, "--force"), 3, "another pluvia")
    first.send_signal(signal.SIGCONT)
    assert first.wait() == 0 and digest(out) == whole


def damaged_inputs(folder, source):
    bad = os.path.join(folder, "bad")
    shutil.copytree(source, bad)
    clean = os.path.join(bad, "train", "gt")
    clip = sorted(os.listdir(clean))[1]
    frames = sorted(os.listdir(os.path.join(clean, clip)))
    victim = os.path.join(clean, clip, frames[1])
    out = os.path.join(folder, "bad.h5")
    data = open(victim, "rb").read()
    for size in (0, 20, len(data) // 2, len(data) - 5):
        with open(victim, "wb") as f:
            f.write(data[:size])
        expect(run("import", "paired", bad, "--out", out), 3, frames[1])
        assert not os.path.exists(out)
        shutil.rmtree(out + ".parts", ignore_errors=True)
    os.remove(victim)
    os.remove(os.path.join(bad, "train", "lq", clip, frames[0]))
    done = run("import", "paired", bad, "--out", out)
    expect(done, 3)
    everything = json.loads(run("import", "paired", bad, "--dry-run", "--json").stdout)
    named = json.dumps(everything["problems"])
    assert frames[0].split(".")[0] in named and frames[1].split(".")[0] in named and len(everything["problems"]) >= 2, named
    expect(run("import", "paired", bad, "--out", out, "--allow-missing"), 0)
    expect(run("verify", out), 0)


def with_small_disk(folder, source, whole):
    """A file system of 600 KB: needs root; elsewhere this part is left out, and says so."""
    disk = os.path.join(folder, "disk")
    os.mkdir(disk)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", disk], capture_output=True).returncode != 0:
        print("no right to mount a small disk: full and read-only disks were not tried")
        return
    try:
        out = os.path.join(disk, "set.h5")
        expect(run("import", "paired", source, "--out", out), 3, "set.h5")
        assert not os.path.exists(out)
        assert sum(os.path.getsize(os.path.join(p, f)) for p, _, fs in os.walk(disk) for f in fs) < 600_000
        subprocess.run(["mount", "-o", "remount,size=60m", disk], check=True)
        expect(run("import", "paired", source, "--out", out, *(["--resume"] if os.path.exists(out + ".parts") else [])), 0)
        assert digest(out) == whole
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        expect(run("import", "paired", source, "--out", os.path.join(disk, "other.h5")), 3, "Read-only")
        expect(run("import", "paired", source, "--out", out, "--force"), 3, "Read-only")
        assert digest(out) == whole
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


with tempfile.TemporaryDirectory() as folder:
    made = os.path.join(folder, "made.h5")
    subprocess.run([make_set, made, "6", "5", "90", "160"], check=True)
    source = os.path.join(folder, "source")
    expect(run("export", made, "--layout", "paired", "--out", source), 0)
    expect(run("import", "paired", source, "--out", os.path.join(folder, "whole.h5")), 0)
    whole = digest(os.path.join(folder, "whole.h5"))
    guarded_outputs(folder, source, whole)
    outputs_that_are_inputs(folder, whole)
    assumptions_are_told(folder)
    killed_and_resumed(folder, source, whole)
    two_writers(folder, source, whole)
    damaged_inputs(folder, source)
    with_small_disk(folder, source, whole)
