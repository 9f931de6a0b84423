# SPDX-License-Identifier: Apache-2.0
"""An experiment from its file to its report: every step once, a killed run goes on, a change redoes only
what hangs on it, curves in the page, and files that say something impossible are refused.
Usage: reproduce.py PLUVIA"""
import copy, glob, json, os, re, shutil, subprocess, sys, tempfile, time

try:
    import numpy  # noqa: F401  (the test machine has Python's packages: run all or none of these tests)
except ImportError:
    sys.exit(77)

pluvia = sys.argv[1]
TRAIN = {"schedule": "fixed-budget", "data": "rain", "valid": "rain", "seeds": [1, 2],
         "set": ["iterations=12", "batch=2", "frames=3", "crop_px=32", "validate_every=12", "save_every=4", "width=4", "blocks=1"]}
EXPERIMENT = {
    "title": "small",
    "sets": {"rain": {"recipe": "vrds-mini", "set": ["size=96x64", "frames=5", "clips=4", "test_share=0.5"]},
             "sweep": {"recipe": "rain-sweep", "set": ["size=96x64", "frames=3", "clips=2"]}},
    "methods": [{"method": "identity", "label": "rainy input"}, {"method": "plain-cnn", "train": TRAIN}],
    "scores": [{"set": "rain", "protocol": "vderain-rgb"}, {"set": "sweep", "protocol": "vderain-rgb"}],
    "curves": [{"title": "Rain rate", "set": "sweep", "x": "rain_mm_h", "x_name": "rain, mm/h", "y": "psnr"}],
    "against": "rainy input",
}


def run(*args, status=0):
    done = subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return done.stderr


with tempfile.TemporaryDirectory() as folder:
    at = lambda *name: os.path.join(folder, *name)

    def write(name, change=lambda e: None):
        experiment = copy.deepcopy(EXPERIMENT)
        change(experiment)
        with open(at(name), "w") as f:
            json.dump(experiment, f)
        return at(name)

    def contents(which):
        """Weights byte by byte, sets by what they hold."""
        out = {}
        for file in glob.glob(at(which, "training", "*", "weights.safetensors")):
            out[os.path.relpath(file, at(which))] = open(file, "rb").read()
        for name in sorted(os.path.basename(x)[:-3] for x in glob.glob(at(which, "sets", "*.h5"))):
            info = subprocess.run([pluvia, "info", "--json", "--all", at(which, "sets", name + ".h5")], capture_output=True, text=True, check=True)
            out[name] = re.findall(r'"\w+":"[0-9a-f]{64}"', info.stdout)
            assert len(out[name]) > 10, info.stdout
        return out

    # Killed in the middle of the first training, gone on with: the same scores as a run in one piece.
    file = write("small.json")
    process = subprocess.Popen([pluvia, "reproduce", file, "--out", at("killed")], stderr=subprocess.DEVNULL)
    while process.poll() is None and not glob.glob(at("killed", "training", "*", "checkpoints", "0*")):
        time.sleep(0.002)
    process.kill()
    process.wait()
    again = run("reproduce", file, "--out", at("killed"))
    assert "render rain: done before" in again, again
    first = run("reproduce", file, "--out", at("whole"))
    assert "done before" not in first, first
    records = sorted(os.path.relpath(x, at("whole")) for x in glob.glob(at("whole", "runs", "*", "*.json")))
    assert len(records) == 2 * 3, records  # two sets; the rainy input, and a network of two seeds
    whole, killed = contents("whole"), contents("killed")
    assert whole.keys() == killed.keys() and len(whole) == 4, whole.keys()
    assert whole == killed, [name for name in whole if whole[name] != killed[name]]
    for name in records:
        a, b = (json.load(open(at(which, name)))["mean"] for which in ("whole", "killed"))
        # LibTorch promises the last bit of what a network gives to no other process; our own steps do, above.
        apart = {key: (a[key], b[key]) for key in a if a[key] != b[key] and not abs(a[key] - b[key]) < 0.01}
        assert a.keys() == b.keys() and not apart, (name, apart)
    seeds = [json.load(open(at("whole", "runs", "rain", f"plain-cnn-seed{s}.json")))["mean"]["psnr"] for s in (1, 2)]
    assert seeds[0] != seeds[1], seeds

    page = open(at("whole", "report", "index.html")).read()
    assert "Rain rate" in page and "rain, mm/h" in page and "plain-cnn" in page
    assert "plain-cnn" in open(at("whole", "report", "table.md")).read()

    # Nothing twice; another number of iterations redoes training and its scores, nothing else.
    third = run("reproduce", file, "--out", at("whole"))
    steps = 2 + 2 + 6
    assert third.count("done before") == steps, third
    fourth = run("reproduce", file, "--out", at("whole"), "--set", "train.iterations=8")
    assert fourth.count("done before") == 2 + 2, fourth

    # Killed when a step of new inputs has just begun, with what older ones left around it: goes on all the same.
    def one(e):
        e["scores"] = e["scores"][:1]
        e.pop("curves")
        e["sets"].pop("sweep")
        e["methods"][1]["train"].update(seeds=[1])

    small = write("one.json", one)
    change = ("--set", "sets.rain.seed=9", "train.iterations=8")
    run("reproduce", small, "--out", at("before"))
    run("reproduce", small, "--out", at("after"), *change)
    for name in ("render_rain", "train_plain-cnn__seed_1", "score_rainy_input_on_rain"):
        shutil.copytree(at("before"), at("unlucky"))
        begun = [open(at(which, "steps", name + ".begun")).read() for which in ("before", "after")]
        assert begun[0] != begun[1]
        process = subprocess.Popen([pluvia, "reproduce", small, "--out", at("unlucky"), *change], stderr=subprocess.DEVNULL)
        while process.poll() is None and open(at("unlucky", "steps", name + ".begun")).read() != begun[1]:
            time.sleep(0.001)
        process.kill()
        process.wait()
        run("reproduce", small, "--out", at("unlucky"), *change)
        assert contents("unlucky") == contents("after"), name
        shutil.rmtree(at("unlucky"))

    # One set by two protocols: records of their own, and nothing twice either.
    two = write("two.json", lambda e: (e["scores"].insert(1, {"set": "rain", "protocol": "derain-matlab-y"}), e["methods"].pop(1), e.pop("curves")))
    run("reproduce", two, "--out", at("two"))
    protocols = {name: json.load(open(at("two", "runs", name, "rainy_input.json")))["protocol"]["name"] for name in ("rain", "rain-derain-matlab-y")}
    assert protocols == {"rain": "vderain-rgb", "rain-derain-matlab-y": "derain-matlab-y"}, protocols
    assert run("reproduce", two, "--out", at("two")).count("done before") == 2 + 3

    # A training set from elsewhere counts by what it holds, wherever its name stays the same.
    def elsewhere(e):
        e["methods"][1]["train"].update(data=at("own.h5"), seeds=[1])
        e["methods"][1]["train"].pop("valid")
        e["scores"] = e["scores"][:1]
        e.pop("curves")
    for seed, again in ((1, 0), (1, 1), (2, 0)):
        if not again:
            subprocess.run([pluvia, "synth", "vrds-mini", "--size", "96x64", "--frames", "5", "--clips", "2", "--seed", str(seed), "--force",
                            "--out", at("own.h5")], check=True, capture_output=True)
        said = run("reproduce", write("own.json", elsewhere), "--out", at("own"))
        assert ("train plain-cnn, seed 1: done before" in said) == bool(again), (seed, said)

    # Clean footage counts by what it holds, too.
    run("export", at("after", "sets", "rain.h5"), "--layout", "paired", "--out", at("clean"))
    (first, second, *_) = sorted(glob.glob(at("clean", "*", "gt", "*")))
    with open(at("footage.json"), "w") as f:
        json.dump({"look": "vrds", "sources": [os.path.relpath(first, folder)], "frames": 3, "clips": 1}, f)
    footage = write("over.json", lambda e: (e.update(sets={"rain": {"recipe": at("footage.json")}}, scores=e["scores"][:1], methods=e["methods"][:1]),
                                            e.pop("curves")))
    for again in (False, True, False):
        assert ("render rain: done before" in run("reproduce", footage, "--out", at("over"))) == again
        if again:
            name = sorted(os.listdir(first))[0]
            shutil.copy(os.path.join(second, name), os.path.join(first, name))

    # Refused, before anything is rendered.
    for change, words in (
        (lambda e: e["scores"].append({"set": "rian", "protocol": "vderain-rgb"}), "rain"),
        (lambda e: e["methods"].append({"method": "identity", "label": "rainy input"}), "two are called"),
        (lambda e: e["curves"][0].update(set="rain2"), "rain2"),
        (lambda e: e["methods"][1]["train"].pop("data"), "no key 'data'"),
        (lambda e: e["methods"][1]["train"].update(seeds=[]), "seeds"),
        (lambda e: e["methods"][1]["train"].update(data="vrds-mni"), "vrds-mini"),
        (lambda e: e.update(methods=[]), "at least one"),
        (lambda e: e.update(scroes=[]), "scroes"),
        (lambda e: e["sets"]["rain"].update(recipe="vrds-mni"), "vrds-mini"),
        (lambda e: e["methods"][1].update(method="plain-cn"), "plain-cnn"),
        (lambda e: e["scores"][0].update(protocol="vderain-rgbb"), "vderain-rgb"),
        (lambda e: e["methods"][1]["train"].update(schedule="fixed-budge"), "fixed-budget"),
        (lambda e: e["methods"][1]["train"].update(seeds=[1, 1]), "twice"),
        (lambda e: e["methods"][1]["train"].update(seeds=[-1]), "seed -1"),
        (lambda e: e["methods"][1]["train"]["set"].append("crop_px=50"), "multiples of"),
        (lambda e: e["methods"][1]["train"]["set"].append("data.size=64x64"), "is a set"),
        (lambda e: e["methods"][1]["train"].update(schedule="vimpnet-vrds"), "does not predict"),
        (lambda e: e["methods"][1]["train"].update(data=at("nowhere.h5")), "nowhere.h5"),
        (lambda e: e["methods"][1].update(weights="w.safetensors"), "expected one of them"),
        (lambda e: e["methods"].append({"method": "identity", "label": "rainy_input"}), "both be kept"),
        (lambda e: e["scores"].append({"set": "rain", "protocol": "vderain-rgb"}), "twice"),
        (lambda e: e["sets"].update({"a/b": {"recipe": "vrds-mini"}}), "a/b"),
        (lambda e: e.update(against="rainy inptu"), "rainy input"),
        (lambda e: e.update(tables=["vrdss"]), "vrds"),
        (lambda e: e["curves"][0].update(x="rain_mmh"), "rain_mm_h"),
        (lambda e: e["curves"][0].update(y="psnrr"), "psnr"),
    ):
        error = subprocess.run([pluvia, "reproduce", write("bad.json", change), "--out", at("bad")], capture_output=True, text=True)
        assert error.returncode in (2, 3) and words in error.stderr, (words, error)
        assert error.stderr.count("\n") == 1, error.stderr
        assert not glob.glob(at("bad", "sets", "*")), (words, error.stderr)
    error = run("reproduce", file, "--out", at("bad"), "--set", "trian.iterations=8", status=2)
    assert "train.KEY=VALUE" in error, error
