# SPDX-License-Identifier: Apache-2.0
"""Slow checks of training. `clip`: RainMamba in its official size learns one clip of 64x64 by heart, to more
than 35 dB. `memory`: 2000 iterations with rain rendered as it is needed take no more memory at the end than
after the first hundreds. Usage: overfit.py PLUVIA clip|memory"""
import json, os, subprocess, sys, tempfile

try:
    import h5py  # noqa: F401
except ImportError:
    sys.exit(77)

pluvia, which = sys.argv[1:]


def run(*args):
    done = subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == 0, (args, done.stderr)


SCHEDULE = {
    "name": "by-heart", "iterations": 900, "batch": 1, "frames": 5, "crop_px": 64, "clip_norm": 1,
    "validate_every": 900, "save_every": 900,
    "optimizer": {"kind": "adam", "learning_rate": 4e-4},
    "learning_rate": {"kind": "cosine", "least": 1e-6, "warmup_iterations": 50},
    "losses": [{"kind": "charbonnier", "epsilon": 1e-6}],
}


def by_heart(at):
    run("synth", "vrds-mini", "--size", "64x64", "--frames", "5", "--clips", "1", "--set", "test_share=0", "--out", at("one.h5"))
    with open(at("by-heart.json"), "w") as f:
        json.dump(SCHEDULE, f)
    run("train", "rainmamba", "--data", at("one.h5"), "--valid", at("one.h5"), "--schedule", at("by-heart.json"), "--out", at("run"))
    log = [json.loads(line) for line in open(at("run", "log.jsonl"))]
    psnr = [x["psnr"] for x in log if x["kind"] == "validation"][-1]
    print(f"by heart: {psnr:.2f} dB")
    assert psnr > 35, psnr


def resident_mb(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmRSS"))


def flat_memory(at):
    process = subprocess.Popen([pluvia, "train", "plain-cnn", "--data", "vrds-mini", "--schedule", "fixed-budget", "--out", at("run"),
                                "--set", "iterations=2000", "batch=2", "frames=3", "crop_px=32", "width=8", "blocks=1",
                                "validate_every=2000", "save_every=500", "data.size=160x96", "data.frames=8"],
                               stderr=subprocess.DEVNULL)
    seen = {}
    while process.poll() is None:
        try:
            lines = open(at("run", "log.jsonl")).read().splitlines()
            seen[json.loads(lines[-1])["iteration"]] = resident_mb(process.pid)
        except (OSError, IndexError, StopIteration, ValueError):
            pass
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            pass
    assert process.returncode == 0
    early = max(mb for at_iteration, mb in seen.items() if at_iteration <= 600)
    late = max(mb for at_iteration, mb in seen.items() if at_iteration >= 1400)
    print(f"memory: {early:.0f} MB up to iteration 600, {late:.0f} MB from 1400 on")
    assert late < early + 30, (early, late)


with tempfile.TemporaryDirectory() as folder:
    {"clip": by_heart, "memory": flat_memory}[which](lambda *name: os.path.join(folder, *name))
