# SPDX-License-Identifier: Apache-2.0
"""Reports of odd things: names of every kind, records that were edited, scores that hardly differ, an earlier
report in the same folder, a disk that is full. Usage: report_odd.py PLUVIA"""
import csv, hashlib, json, os, resource, shutil, subprocess, sys, tempfile

pluvia = sys.argv[1]
browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LONG = "long-" * 80


def run(*args, status=0, **more):
    done = subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True, **more)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


with tempfile.TemporaryDirectory() as folder:
    os.environ["PLUVIA_CACHE"] = os.path.join(folder, "cache")
    at = lambda *name: os.path.join(folder, *name)
    load = lambda name: json.load(open(at(name)))
    dump = lambda value, name: json.dump(value, open(at(name), "w"))
    for name, seed in (("rain,heavy \"1\"", 1), ("light", 2), ("third", 3)):
        run("synth", "vrds-mini", "--size", "64x48", "--frames", "3", "--clips", "6", "--seed", seed, "--out", at(name + ".h5"))
        run("eval", "identity", "--data", at(name + ".h5"), "--out", at(name[:5] + ".json"))
    run("eval", "temporal-median", "--data", at("light.h5"), "--out", at("median.json"))

    # Every row of the table has as many fields as its head, whatever sets and scores are called.
    run("report", at("rain,.json"), at("light.json"), "--out", at("sets"))
    rows = list(csv.reader(open(at("sets", "table.csv"))))
    assert len({len(row) for row in rows}) == 1 and 'rain,heavy "1"/psnr' in rows[0], [len(row) for row in rows]
    dump({"metrics": [{"metric": "psnr", "name": "a,b"}]}, "p.json")
    run("eval", "identity", "--data", at("light.h5"), "--protocol", at("p.json"), "--out", at("comma.json"))
    run("report", at("comma.json"), "--out", at("comma"))
    rows = list(csv.reader(open(at("comma", "table.csv"))))
    assert len({len(row) for row in rows}) == 1 and "a,b" in rows[0], rows[0]
    run("eval", "identity", "--data", at("light.h5"), "--label", "two\nlines\r_x_", "--out", at("lines.json"))
    run("report", at("lines.json"), at("median.json"), "--out", at("lines"))
    assert all(line.startswith(("%", "\\", "Method", "two lines \\_x\\_", "temporal")) for line in open(at("lines", "table.tex")).read().splitlines())

    # Of an earlier report's data sets nothing stays but what is not its own.
    run("report", at("rain,.json"), at("light.json"), at("third.json"), "--out", at("old"))
    kept = [name for name in os.listdir(at("old")) if os.path.isdir(at("old", name))]
    assert len(kept) == 3
    os.mkdir(at("old", "mine")), shutil.copy(at("old", "table.md"), at("old", "mine", "index.html"))
    open(at("old", "third", "note.txt"), "w").write("mine")
    run("report", at("rain,.json"), at("light.json"), "--out", at("old"), "--force")
    assert sorted(os.listdir(at("old", "third"))) == ["note.txt"] and set(kept) - {"third"} <= set(os.listdir(at("old")))
    run("report", at("light.json"), "--out", at("old"), "--force")
    assert sorted(os.listdir(at("old"))) == ["index.html", "mine", "table.csv", "table.md", "table.tex", "third"], os.listdir(at("old"))

    # A disk that is full in the middle leaves the earlier report as it was, or nothing.
    everything = lambda: {name: open(at("old", name), "rb").read() for name in os.listdir(at("old")) if os.path.isfile(at("old", name))}
    before = everything()
    small = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
    error = run("report", at("light.json"), at("median.json"), "--out", at("old"), "--force", status=3, preexec_fn=small)
    assert "index.html" in error and everything() == before, error
    run("report", at("light.json"), "--out", at("new", "er"), status=3, preexec_fn=small)
    assert not os.path.exists(at("new"))

    # Records that were edited.
    for spoil, part in ((lambda r: r["mean"].update(psnr="nan"), "score 'nan'"), (lambda r: r["mean"].update(ssim=0.99), "its mean of ssim is 0.99"),
                        (lambda r: r["clips"][0]["mean"].update(psnr_outside=99), "its mean of psnr_outside"), (lambda r: r["clips"][0]["frames"][0].update(psnr="30.1"), "score '30.1'"),
                        (lambda r: r["clips"][0]["mean"].update(psnr=True), "score true"),
                        (lambda r: r["protocol"].update(average="frames"), "changed after it was written"),
                        (lambda r: r["data"].update(sha256="0" * 64), "changed after it was written"),
                        (lambda r: r["data"]["clips"][0].update(content_sha256="0" * 64), "changed after it was written")):
        spoilt = load("light.json")
        spoil(spoilt)
        dump(spoilt, "spoilt.json")
        assert part in run("report", at("spoilt.json"), "--out", at("none"), status=3), part
    assert not os.path.exists(at("none"))

    # Tables that were written by hand.
    table = {"title": "t", "source": "s", "reliability": "read", "data": {"name": "d", "content_sha256": []}, "protocol": "vderain-rgb",
             "metrics": ["psnr"], "rows": [{"method": "m", "values": {"psnr": 30}}]}
    for change, part in (({"rows": [{"method": "m", "value": {}}]}, "did you mean 'values'"), ({"rows": {}}, "'rows': expected a list"), ({"metrics": "psnr"}, "'metrics': expected a list"),
                         ({"data": {"name": "d", "content_sha256": "00"}}, "'content_sha256': expected a list"), ({"data": {"name": "d", "sha256": []}}, "content_sha256")):
        dump({**table, **change}, "table.json")
        assert part in run("report", at("light.json"), "--table", at("table.json"), "--out", at("none"), status=3), change

    # Scores that differ in their last digits, and names without end: the page opens and is no wider than the window.
    if browser is None:
        print("no chromium: pages not tested")
        sys.exit(0)
    near = load("light.json")
    near["method"]["label"] = LONG
    near["mean"].update(psnr=30, ssim=1.5e-13)
    for i, clip in enumerate(near["clips"]):
        clip["mean"].update(psnr=30 + i * 4e-15, ssim=1e-13 * (i + 1))
        for frame in clip["frames"]:
            frame.update(psnr=30.0, ssim=0.9)
        clip["id"] = near["data"]["clips"][i]["id"] = LONG + str(i)
    lines = "".join(f"{c['id']} {c['frames']} {c['content_sha256']}\n" for c in near["data"]["clips"])
    near["data"]["sha256"] = hashlib.sha256(lines.encode()).hexdigest()
    dump(near, "near.json")
    run("report", at("near.json"), "--out", at("near"))
    page = open(at("near", "index.html")).read()
    wide = "<script>document.documentElement.dataset.wide = document.documentElement.scrollWidth > window.innerWidth;</script></body>"
    open(at("near", "index.html"), "w").write(page.replace("</body>", wide))
    shown = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1280,900", "--virtual-time-budget=5000",
                            "--user-data-dir=" + at("profile"), "--dump-dom", "file://" + at("near", "index.html")], capture_output=True, text=True, timeout=120).stdout
    assert 'data-ready="yes"' in shown and 'data-wide="false"' in shown, shown[:300]
    assert 10 < shown.count("<text") < 100 and 'width="-' not in shown and 'x2="-' not in shown, shown.count("<text")
