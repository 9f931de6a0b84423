# SPDX-License-Identifier: Apache-2.0
"""Frames per second of `synth` from start to finished set: from built-in scenes, a folder of PNG files
and a video, into HDF5; and where the time goes. Each row is run with and without rain: what is left
without it is the source (drawing a scene, decoding) and packing (compression, hashes, the disk).
Usage: synth_speed.py BUILD_FOLDER [--frames N] [--size WxH] [--rounds N]"""
import argparse, os, resource, subprocess, tempfile, time

arguments = argparse.ArgumentParser()
arguments.add_argument("build")
arguments.add_argument("--frames", type=int, default=24)
arguments.add_argument("--size", default="1280x720")
arguments.add_argument("--rounds", type=int, default=2)
arguments = arguments.parse_args()
pluvia = os.path.join(arguments.build, "pluvia")
dry = ["--set", "rain_mm_h=0", "--set", "drops=0"]


def run(*command):
    """Seconds by the clock and of the processor."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([pluvia, *command, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return wall, sum(getattr(after, k) - getattr(before, k) for k in ("ru_utime", "ru_stime"))


def synth(recipe, *more):
    """The best of some rounds, per frame in ms."""
    out = os.path.join(folder, "timed.h5")
    rounds = [run("synth", recipe, "--clips", "1", "--frames", str(arguments.frames), "--out", out, "--force", *more)
              for _ in range(arguments.rounds)]
    return [min(times) / arguments.frames * 1e3 for times in zip(*rounds)]


with tempfile.TemporaryDirectory() as folder:
    clean = os.path.join(folder, "clean.h5")
    run("synth", "vrds", "--clips", "1", "--frames", str(arguments.frames), "--size", arguments.size, "--out", clean, *dry)
    run("export", clean, "--layout", "paired", "--out", os.path.join(folder, "paired"))
    frames = next(root for root, _, files in os.walk(os.path.join(folder, "paired")) if files and "/gt" in root)
    video = os.path.join(folder, "clean.mp4")
    run("derain", "identity", frames, video)
    size = ["--size", arguments.size]
    print("%-14s %-10s %12s %14s %22s %24s" % ("source", "recipe", "frames/s", "ms/frame, CPU", "without rain, frames/s", "ms/frame, CPU, of rain"))
    for source, more in (("scene", size), ("PNG folder", ["--source", frames]), ("video", ["--source", video])):
        for recipe in ("vrds", "physical"):
            (wall, cpu), (bare_wall, bare_cpu) = synth(recipe, *more), synth(recipe, *more, *dry)
            print("%-14s %-10s %12.1f %14.1f %22.1f %24.1f" % (source, recipe, 1e3 / wall, cpu, 1e3 / bare_wall, cpu - bare_cpu))
