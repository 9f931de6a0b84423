# SPDX-License-Identifier: Apache-2.0
"""Rendering a set as a user does: same content whatever the threads, shards and interruptions; rules
of the formation; sources of one's own; what is refused. Usage: synth.py PLUVIA"""
import json, os, shutil, signal, subprocess, sys, tempfile, time

pluvia = sys.argv[1]
tiny = ["synth", "vrds-mini", "--size", "96x64", "--frames", "4", "--clips", "5"]


def run(*args, status=0):
    done = subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def launched(**launcher):
    """--shard auto as a launcher's process sees it: its clips' names, or what is wrong."""
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "OMPI_", "PMI_", "JOB_"))}
    shard = launcher.pop("shard", "auto")
    done = subprocess.run([pluvia, *tiny, "--shard", shard, "--dry-run", "--json"], env={**keep, **launcher}, capture_output=True, text=True)
    return [clip["id"] for clip in json.loads(done.stdout)["clips"]] if done.returncode == 0 else (done.returncode, done.stderr)


def content(path):
    return {c["id"]: c["content_sha256"] for c in json.loads(run("info", "--json", path))["clips"]}


with tempfile.TemporaryDirectory() as folder:
    at = lambda name: os.path.join(folder, name)

    def recipe(name, what):
        with open(at(name + ".json"), "w") as file:
            json.dump(what, file)
        return at(name + ".json")

    run(*tiny, "--out", at("a.h5"), "--threads", "1")
    whole = content(at("a.h5"))
    assert len(whole) == 5 and len({c["lq"] for c in whole.values()}) == 5
    report = json.loads(run("verify", "--json", at("a.h5")))
    assert report["ok"] and report["checked"]["formation_frames"] == 20, report
    info = json.loads(run("info", "--json", at("a.h5")))
    assert info["formation"] == "vrds" and info["recipe"]["look"] == "vrds"
    assert len(info["splits"]["train"]) == 4 and len(info["splits"]["test"]) == 1, info["splits"]

    run(*tiny, "--out", at("b.h5"), "--threads", "3")
    assert content(at("b.h5")) == whole
    run(*tiny, "--out", at("c.h5"), "--seed", "2")
    assert not set(c["lq"] for c in content(at("c.h5")).values()) & set(c["lq"] for c in whole.values())
    for i in (0, 1):
        run(*tiny, "--out", at(f"shard{i}.h5"), "--shard", f"{i}/2")
    array = {"SLURM_ARRAY_TASK_MIN": "3", "SLURM_ARRAY_TASK_STEP": "2", "SLURM_ARRAY_TASK_COUNT": "2", "SLURM_PROCID": "0", "SLURM_NTASKS": "1"}
    assert launched(SLURM_ARRAY_TASK_ID="3", **array) == ["000", "002", "004"]
    assert launched(SLURM_ARRAY_TASK_ID="5", **array) == ["001", "003"]
    assert launched(OMPI_COMM_WORLD_RANK="4", OMPI_COMM_WORLD_SIZE="5") == ["004"]
    assert launched(SLURM_PROCID="1", SLURM_NTASKS="2") == launched(PMI_RANK="1", PMI_SIZE="2") == ["001", "003"]
    assert launched(JOB_COMPLETION_INDEX="2", shard="auto/3") == ["002"]
    for wrong, says in [({}, "no launcher"), ({"JOB_COMPLETION_INDEX": "2"}, "auto/N"), ({"PMI_RANK": "x", "PMI_SIZE": "2"}, "no whole number"),
                        ({"SLURM_ARRAY_TASK_ID": "4", **array}, "steps of 2"), ({"SLURM_ARRAY_TASK_ID": "9", **array}, "process 3 of 2")]:
        status, said = launched(**wrong)
        assert status == 2 and says in said and said.count("\n") == 1, said
    run(*tiny, "--out", at("part-{shard}.h5"), "--shard", "4/5")
    assert os.path.exists(at("part-4.h5")) and not os.path.exists(at("part-{shard}.h5"))
    run("merge", at("shard1.h5"), at("shard0.h5"), "--out", at("merged.h5"))
    assert content(at("merged.h5")) == whole
    assert "5 clips rendered again, 0 different" in run("regen", at("merged.h5"))
    subprocess.run([os.path.abspath(pluvia), "merge", "--link", "shard0.h5", "shard1.h5", "--out", "linked.h5"], cwd=folder, check=True, capture_output=True)
    run("verify", at("linked.h5"))

    stopped = subprocess.Popen([pluvia, *tiny, "--out", at("d.h5"), "--quiet"], stderr=subprocess.PIPE)
    time.sleep(0.3)
    stopped.send_signal(signal.SIGINT)
    stopped.communicate()
    assert stopped.returncode in (0, 130), stopped.returncode
    run(*tiny, "--out", at("d.h5"), "--resume")
    assert content(at("d.h5")) == whole

    # No rain and no drops: pixels equal the source's.
    run("synth", "vrds-mini", "--size", "96x64", "--frames", "2", "--clips", "2", "--out", at("dry.h5"), "--set", "rain_mm_h=0", "--set", "drops=0")
    for hashes in content(at("dry.h5")).values():
        assert hashes["lq"] == hashes["gt"] == hashes["drop"]
    run("synth", "physical", "--size", "97x63", "--frames", "2", "--clips", "2", "--out", at("p.h5"))
    assert json.loads(run("verify", "--json", at("p.h5")))["checked"]["formation_frames"] == 4

    # Rain over footage: the ground truth is the footage.
    run("export", at("a.h5"), "--layout", "paired", "--split", "train", "--out", at("back"))
    clean = at("back/train/gt") if os.path.isdir(at("back/train/gt")) else at("back/gt")
    run("synth", "vrds-mini", "--source", clean, "--frames", "4", "--out", at("own.h5"))
    own = content(at("own.h5"))
    assert {k: v["gt"] for k, v in own.items()} == {k: whole[k]["gt"] for k in own} and len(own) == 4
    assert all(v["lq"] != v["gt"] for v in own.values())

    # Variants: the same scene, seed and split; what a twin lacks is not there, the rest is equal.
    run("synth", "twins", "--size", "96x64", "--frames", "3", "--clips", "2", "--out", at("twins.h5"))
    twins = content(at("twins.h5"))
    assert set(twins) == {c + v for c in ("000", "001") for v in ("", "_no-streaks", "_no-drops", "_still-drops")}
    for clip in ("000", "001"):
        full, dry, clear = twins[clip], twins[clip + "_no-streaks"], twins[clip + "_no-drops"]
        assert full["gt"] == dry["gt"] == clear["gt"] and full["mask"] == dry["mask"] != clear["mask"]
        assert dry["lq"] == dry["drop"] == full["drop"] != full["lq"]
        assert clear["drop"] == clear["gt"] and twins[clip + "_still-drops"]["mask"] != full["mask"]
    splits = json.loads(run("info", "--json", at("twins.h5")))["splits"]
    assert {len(set(i[:3] for i in ids)) for ids in splits.values()} == {1}, splits

    # Rendered again from what the set says: equal, and different once the set is another.
    again = json.loads(run("regen", at("a.h5"), "--clip", "003", "--json"))
    assert again["ok"] and again["clips"][0]["found"] == whole["003"]
    assert "1 different" not in run("regen", at("twins.h5"), "--clip", "001_no-drops", "--threads", "1")
    shutil.copy(at("a.h5"), at("named-otherwise"))
    assert "1 clip rendered again, 0 different" in run("regen", at("named-otherwise"), "--clip", "000")
    run("synth", "vrds-mini", "--size", "96x64", "--frames", "1", "--seed", "7", "--out", at("seven.h5"), "--shard", "5/6")
    run("merge", at("a.h5"), at("seven.h5"), "--out", at("mixed.h5"))
    assert "different recipes or seeds" in run("regen", at("mixed.h5"), status=3)
    assert "did you mean" in run("regen", at("a.h5"), "--clip", "0003", status=2)
    run("import", "paired", at("back"), "--out", at("imported.h5"))
    assert "not rendered by synth" in run("regen", at("imported.h5"), status=3)
    assert "where this footage lies" in run("regen", at("own.h5"), status=2)
    run("regen", at("own.h5"), "--source", clean)
    # The same with a recipe of one's own over footage: camera, twins and numbers drawn for each clip
    # come back from the set; other footage under the same names does not give the same content.
    mine = {"look": "physical", "frames": 3, "camera": {"speed_m_s": [5, 20], "fov_deg": 70}, "twins": ["no-streaks"], "rain": {"rain_mm_h": [20, 90]}}
    run("synth", recipe("mine", mine), "--source", clean, "--seed", "5", "--out", at("mine.h5"), "--set", "wind_m_s=3")
    again = json.loads(run("regen", at("mine.h5"), "--source", clean, "--json", "--threads", "1"))
    assert again["ok"] and {c["id"]: c["found"] for c in again["clips"]} == content(at("mine.h5")) and len(again["clips"]) == 8, again
    shutil.copytree(clean, at("other/" + os.path.basename(clean)))
    names = sorted(os.listdir(clean))
    for name in os.listdir(at("other/" + os.path.basename(clean) + "/" + names[0])):
        shutil.copy(os.path.join(clean, names[1], name), at("other/" + os.path.basename(clean) + "/" + names[0]))
    changed = subprocess.run([pluvia, "regen", at("mine.h5"), "--source", at("other/" + os.path.basename(clean)), "--json"], capture_output=True, text=True)
    assert changed.returncode == 1, (changed.returncode, changed.stderr)
    changed = json.loads(changed.stdout)
    assert not changed["ok"] and [c["same"] for c in changed["clips"]] == [False, False] + [True] * 6, changed

    # The glass goes with the camera, unless it is given a speed of its own.
    fast = recipe("fast", {"look": "physical", "frames": 2, "camera": {"speed_m_s": 25}, "rain": {"rain_mm_h": 100, "arrival_gain": 5}})
    for name, more in (("as-camera", []), ("same", ["--set", "glass_speed_m_s=25"]), ("still", ["--set", "glass_speed_m_s=0"])):
        run("synth", fast, "--source", clean, "--clips", "1", "--out", at(name + ".h5"), *more)
    assert content(at("as-camera.h5")) == content(at("same.h5")) != content(at("still.h5"))

    # The device that is there: without a GPU the CPU, with the same content; with one, a sound set.
    run(*tiny, "--out", at("auto.h5"), "--device", "auto")
    assert json.loads(run("verify", "--json", at("auto.h5")))["ok"]
    assert content(at("auto.h5")) == whole or shutil.which("nvidia-smi")
    assert "0 different" in run("regen", recipe("once", {"clips": 1, "frames": 2, "size": "64x48", "scenes": ["street-view"]}))

    # Parts of long footage, brought to a size; layers that scenes know.
    run("synth", "vrds-mini", "--source", os.path.join(clean, sorted(os.listdir(clean))[0]), "--clips", "2", "--frames", "2", "--size", "48x32", "--out", at("parts.h5"))
    parts = json.loads(run("info", "--json", at("parts.h5")))["clips"]
    assert [(c["frames"], c["width"], c["height"]) for c in parts] == [(2, 48, 32)] * 2 and len({c["content_sha256"]["gt"] for c in parts}) == 2
    # Footage that is another one by now is not gone on with.
    shutil.copytree(os.path.join(clean, sorted(os.listdir(clean))[0]), at("moving"))
    run("synth", "vrds-mini", "--source", at("moving"), "--frames", "2", "--out", at("moving.h5"))
    run("synth", "vrds-mini", "--source", at("moving"), "--frames", "2", "--out", at("moving.h5"), "--resume")
    names = sorted(os.listdir(at("moving")))
    shutil.copyfile(os.path.join(at("moving"), names[0]), os.path.join(at("moving"), names[1]))
    assert "other settings" in run("synth", "vrds-mini", "--source", at("moving"), "--frames", "2", "--out", at("moving.h5"), "--resume", status=3)
    # Footage that ends early: what came of it, not what was asked for.
    short = [pluvia, "synth", "physical", "--source", os.path.join(clean, sorted(os.listdir(clean))[0]), "--clips", "1", "--frames", "500"]
    assert "at most 500 frames" in subprocess.run(short + ["--dry-run"], capture_output=True, text=True, check=True).stdout
    said = subprocess.run(short + ["--out", at("short.h5")], capture_output=True, text=True, check=True).stderr
    there = json.loads(run("info", "--json", at("short.h5")))["clips"][0]["frames"]
    assert there < 500 and f"1 clip, {there} frames in all" in said, said

    run("synth", recipe("deep", {"frames": 2, "size": "64x48", "scenes": ["city-drive"], "layers": ["depth", "flow"]}), "--out", at("deep.h5"))
    assert json.loads(run("verify", "--json", at("deep.h5")))["ok"]
    assert {"depth", "flow"} <= set(json.loads(run("info", "--json", at("deep.h5")))["clips"][0]["layers"])
    assert "only built-in scenes" in run("synth", recipe("flow", {"layers": ["flow"]}), "--source", clean, "--out", at("x.h5"), status=2)

    assert "vrds-mini" in run("synth", "vrds-mimi", "--out", at("x.h5"), status=2)
    assert "rain_mm_h" in run(*tiny, "--out", at("x.h5"), "--set", "rain.rain_mm=3", status=2)
    assert "0 to 200" in run(*tiny, "--out", at("x.h5"), "--set", "rain_mm_h=900", status=2)
    assert "smaller number first" in run(*tiny, "--out", at("x.h5"), "--set", "rain_mm_h=[60,20]", status=2)
    assert "goes with --source" in run(*tiny, "--out", at("x.h5"), "--set", "camera.fov_deg=90", status=2)
    assert "cuda" in run(*tiny, "--out", at("x.h5"), "--device", "cuda", status=3)
    assert "expected I/N" in run(*tiny, "--out", at("x.h5"), "--shard", "2/2", status=2)
    assert "no such file" in run("synth", "vrds-mini", "--source", at("gone"), "--out", at("x.h5"), status=3)
    assert "exists" in run(*tiny, "--out", at("a.h5"), status=2)
    assert "other settings" in run(*tiny, "--seed", "9", "--out", at("a.h5"), "--resume", status=3)
    assert "would render 5 clips" in run(*tiny, "--dry-run")
    plan = json.loads(run(*tiny, "--dry-run", "--json"))
    assert len(plan["clips"]) == 5 and plan["bytes"] == 11 * 5 * 4 * 96 * 64 and plan["estimated_s"] > 0
    # Bytes go by the layers that there will be, for footage by its own sizes and lengths.
    planned = lambda *args: json.loads(run("synth", *args, "--dry-run", "--json"))["bytes"]
    assert planned("vrds-mini", "--size", "10x8", "--frames", "2", "--clips", "1", "--set", "formation=physical") == 17 * 2 * 80
    assert planned("physical", "--size", "10x8", "--frames", "2", "--clips", "1", "--set", "formation=vrds") == 11 * 2 * 80
    assert planned("vrds-mini", "--source", clean, "--frames", "3") == 11 * 4 * 3 * 96 * 64
    assert planned("vrds-mini", "--source", clean, "--frames", "99") == 11 * 4 * 4 * 96 * 64
    # What cannot be rendered shows before the first frame: unreadable footage, clips beyond its end or of
    # one name, rain that one clip draws wrongly, a shard without clips.
    for name in ("000", "000_2"):
        shutil.copytree(os.path.join(clean, sorted(os.listdir(clean))[0]), at("named/" + name))
    assert "would be called '000_2'" in run("synth", "vrds-mini", "--source", at("named"), "--clips", "3", "--frames", "2", "--out", at("x.h5"), status=2)
    assert "it has 4 frames" in run("synth", "vrds-mini", "--source", at("named/000"), "--clips", "3", "--frames", "2", "--out", at("x.h5"), status=3)
    os.makedirs(at("named/zz"))
    assert "zz: no pictures" in run("synth", "vrds-mini", "--source", at("named"), "--frames", "2", "--out", at("x.h5"), status=3)
    assert "clip 008: drop_least_mm" in run(*tiny[:-1], "40", "--set", "drop_least_mm=[0.3,4]", "--set", "drop_most_mm=[0.5,5]", "--out", at("x.h5"), status=2)
    assert "has only 5 clips" in run(*tiny, "--shard", "7/9", "--out", at("x.h5"), status=2)
    assert "expected an object" in run("synth", recipe("list", [1]), "--clips", "2", "--dry-run", status=3)
    assert not [name for name in os.listdir(folder) if name.startswith("x.h5")]

    # The page on recipes names every key, distribution, twin, scene and parameter of a camera.
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/recipes.md")) as file:
        page = file.read()
    keys = run("synth", recipe("unknown", {"nothing": 1}), "--dry-run", status=3).strip().partition("; known: ")[2].split(", ")
    scenes = run("synth", recipe("nowhere", {"scenes": ["nowhere"]}), "--dry-run", status=3).strip().partition("expected one of ")[2].split(", ")
    camera = run("synth", "vrds-mini", "--set", "camera.no=1", "--dry-run", status=2).strip().partition("; known: ")[2].split(", ")
    twins_known = run("synth", "vrds-mini", "--set", 'twins=["no"]', "--dry-run", status=2).strip().partition("; known: ")[2].split(", ")
    kinds = run("synth", "vrds-mini", "--set", 'drops={"no":1}', "--dry-run", status=2).strip().partition("; known: ")[2].split(", ")
    assert len(keys) == 16 and len(scenes) >= 3 and len(camera) == 4 and len(twins_known) == 4 and len(kinds) == 4, (keys, scenes, camera, twins_known, kinds)
    for word in keys + scenes + camera + twins_known + kinds:
        assert word in page, word
