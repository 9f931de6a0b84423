# SPDX-License-Identifier: Apache-2.0
"""The report in a real browser: it loads without errors, the table sorts, the slider moves, also at 1:1 and by
keys, plots and error maps are drawn, regions are shown for every metric, published numbers beside ours and
apart. Usage: report_browser.py PLUVIA"""
import html, json, os, re, shutil, subprocess, sys, tempfile

pluvia = sys.argv[1]
MARKS = "<!--<script> & |"  # a label that HTML would take for something else
SEER = "seer-of-all-that-there-is"  # as long as names of networks are
browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if browser is None:
    print("no chromium: not tested")
    sys.exit(77)

PROBE = """
<script>
window.addEventListener('error', e => document.documentElement.dataset.errors = (document.documentElement.dataset.errors || '') + e.message);
</script>
"""
ACTIONS = """
<script>
(async () => {
  const out = {};
  const wait = ms => new Promise(done => setTimeout(done, ms));
  await wait(300);
  out.ready = document.documentElement.dataset.ready;
  const first = () => [...document.querySelectorAll('#table tbody tr')].map(r => r.cells[0].textContent);
  out.order = first();
  document.querySelectorAll('#table th button')[0].click();
  out.byName = first();
  document.querySelectorAll('#table th button')[0].click();
  out.byNameDown = first();
  const canvas = document.getElementById('canvas'), g = canvas.getContext('2d', {willReadFrequently: true});
  const sum = () => { const d = g.getImageData(0, 0, canvas.width, canvas.height).data; let s = 0; for (let i = 0; i < d.length; i += 4) s = (s * 31 + d[i]) % 1000003; return s; };
  out.size = [canvas.width, canvas.height];
  const viewer = document.getElementById('viewer'), box = viewer.getBoundingClientRect();
  const before = sum();
  viewer.dispatchEvent(new PointerEvent('pointerdown', {clientX: box.left + box.width * 0.9, clientY: box.top + 5, pointerId: 1}));
  await wait(300);
  out.divider = document.getElementById('divider').style.left;
  out.moved = sum() !== before;
  viewer.dispatchEvent(new KeyboardEvent('keydown', {key: 'Home'}));
  await wait(200);
  out.home = document.getElementById('divider').style.left;
  const full = document.getElementById('full'), scroller = document.getElementById('scroller');
  const key = (to, name) => to.dispatchEvent(new KeyboardEvent('keydown', {key: name, bubbles: true, cancelable: true}));
  out.fitted = Math.round(canvas.getBoundingClientRect().width / scroller.clientWidth * 100);
  scroller.style.width = '80px'; scroller.style.maxHeight = '40px';
  full.click();
  out.full = [canvas.getBoundingClientRect().width, canvas.getBoundingClientRect().height, scroller.tabIndex, full.getAttribute('aria-pressed')];
  out.scrolls = [scroller.scrollWidth, scroller.scrollHeight, getComputedStyle(scroller).overflowX, getComputedStyle(scroller).overflowY];
  key(viewer, 'End'); await wait(200);
  out.followed = [document.getElementById('divider').style.left, scroller.scrollLeft > 60];
  key(viewer, 'Home'); await wait(200);
  out.followedBack = [document.getElementById('divider').style.left, scroller.scrollLeft];
  const seat = viewer.getBoundingClientRect(), there = {clientX: seat.left + 40, clientY: seat.top + 5, pointerId: 1, pointerType: 'touch', bubbles: true};
  viewer.dispatchEvent(new PointerEvent('pointerdown', there)); await wait(100);
  out.finger = [document.getElementById('divider').style.left];
  viewer.dispatchEvent(new PointerEvent('click', there)); await wait(100);
  out.finger.push(document.getElementById('divider').style.left);
  key(viewer, 'Home'); await wait(100);
  viewer.dispatchEvent(new MouseEvent('dblclick', {clientX: box.left, clientY: box.top, bubbles: true}));
  out.back = [full.getAttribute('aria-pressed'), scroller.hasAttribute('tabindex')];
  key(viewer, '1'); out.byKey = full.getAttribute('aria-pressed'); key(viewer, '1');
  scroller.style.width = scroller.style.maxHeight = '';
  out.groups = [...document.querySelectorAll('#exhibit optgroup')].map(o => [o.label, o.children.length]);
  out.opensOn = [document.getElementById('exhibit').value, document.getElementById('exhibit').selectedOptions[0].textContent, document.getElementById('exhibit-kind').textContent];
  document.getElementById('right').value = 'e0'; document.getElementById('right').onchange();
  await wait(300);
  const d = g.getImageData(0, 0, canvas.width, canvas.height).data; let bright = 0; for (let i = 0; i < d.length; i += 4) bright += d[i];
  out.errorMap = bright > 0;
  out.clipDots = document.querySelectorAll('#clip-plot circle').length;
  out.timeLines = document.querySelectorAll('#time-plot polyline').length;
  out.regions = document.querySelectorAll('#region-table tbody tr').length;
  out.rules = [...document.querySelectorAll('#region-rules dt')].map(d => d.textContent);
  const regionMetric = document.getElementById('region-metric'), cell = () => document.querySelector('#region-table tbody td:nth-child(2) span').textContent;
  out.regionMetrics = [...regionMetric.options].map(o => o.textContent);
  const psnrCell = cell(); regionMetric.value = 'ssim'; regionMetric.onchange(); out.regionCells = [psnrCell, cell()]; regionMetric.value = 'psnr'; regionMetric.onchange();
  const blocks = id => [!document.getElementById(id).hidden, document.querySelectorAll('#' + id + ' table').length, document.querySelector('#' + id + ' h2').textContent];
  out.beside = blocks('beside'); out.apart = blocks('apart');
  out.besideHeads = [...document.querySelectorAll('#beside tr:not(.groups) th')].map(h => h.textContent);
  out.besideGroups = [...document.querySelectorAll('#beside .groups th')].map(h => h.textContent + ' ' + h.colSpan);
  const besideRow = () => [...document.querySelector('#beside tbody tr').cells].map(c => c.textContent);
  out.besideRow = besideRow();
  const select = document.querySelector('#beside select'); out.besideOf = select.selectedOptions[0].textContent;
  select.value = 0; select.onchange(); out.besideOther = besideRow();
  out.heads = [...document.querySelectorAll('#region-table th')].map(h => h.textContent);
  out.claims = [...document.querySelectorAll('#claim-table tbody tr')].map(r => r.cells[0].textContent);
  out.deltas = [...document.querySelectorAll('#table tr:not(.groups) th')].map(h => h.textContent).filter(h => h.startsWith('\u0394'));
  out.deltaGroup = [...document.querySelectorAll('#table .groups th')].map(h => h.textContent).filter(Boolean);
  out.tests = [...document.querySelectorAll('#table tbody small')].map(s => s.textContent).filter(t => t.includes(', W '));
  out.infinite = [number('inf', 1), number('-inf', 1)];
  out.claimHeads = [...document.querySelectorAll('#claim-table tr:not(.groups) th')].map(h => h.textContent);
  out.claimGroups = [...document.querySelectorAll('#claim-table .groups th')].map(h => h.textContent + ' ' + h.colSpan);
  out.claimRoom = document.querySelector('#claims .wide').clientWidth - document.getElementById('claim-table').offsetWidth;
  document.querySelectorAll('#claim-table tr:not(.groups) button')[1].click();
  out.claimSorted = document.querySelectorAll('#claim-table tr:not(.groups) th')[1].getAttribute('aria-sort');
  const exhibit = document.getElementById('exhibit');
  const seen = [...exhibit.options].findIndex((o, k) => data.exhibits[k].layers);
  exhibit.value = seen; exhibit.onchange();
  document.getElementById('left').value = 'mask/truth'; document.getElementById('right').value = 'mask/3'; document.getElementById('right').onchange();
  await wait(300);
  out.maskName = document.getElementById('right-name').textContent;
  const grey = g.getImageData(0, 0, canvas.width, canvas.height).data; out.grey = true;
  for (let i = 0; i < grey.length; i += 4) if (grey[i] !== grey[i + 1] || grey[i] !== grey[i + 2]) out.grey = false;
  out.wide = document.documentElement.scrollWidth <= window.innerWidth;
  out.errors = document.documentElement.dataset.errors || '';
  const e = document.createElement('pre'); e.id = 'test-result'; e.textContent = JSON.stringify(out); document.body.append(e);
})();
</script>
"""
with tempfile.TemporaryDirectory() as folder:
    os.environ["PLUVIA_CACHE"] = os.path.join(folder, "cache")
    at = lambda name: os.path.join(folder, name)
    run = lambda *args: subprocess.run([pluvia, *args], check=True, capture_output=True)
    run("synth", "vrds-mini", "--size", "160x90", "--frames", "4", "--clips", "6", "--out", at("set.h5"))
    methods = ["identity", "streak-opening", "temporal-median"]
    for method in methods:
        run("eval", method, "--data", at("set.h5"), "--out", at(method + ".json"))
    run("eval", "identity", "--data", at("set.h5"), "--label", MARKS, "--out", at("marks.json"))
    run("export", at("set.h5"), "--layout", "vrds", "--split", "test", "--out", at("vrds"))
    for layer, source in (("", "testlq"), ("mask", "test01drop"), ("streak", "testmstreak"), ("drop", "testlq")):
        for clip in ("002", "005"):
            shutil.copytree(at(f"vrds/{source}/{clip}"), os.path.join(at(SEER), clip, layer), dirs_exist_ok=True)
    run("eval", "folder:" + at(SEER), "--data", at("set.h5"), "--out", at(SEER + ".json"))
    methods.append(SEER)
    record = json.load(open(at("identity.json")))
    json.dump({"title": "Mine", "source": "nobody", "reliability": "read", "data": {"name": "this", "content_sha256": [record["data"]["sha256"]]},
               "protocol": ["vderain-vrds", "vderain-rgb"], "metrics": ["psnr", "lpips"],
               "rows": [{"method": "Temporal Median", "values": {"psnr": 20, "lpips": 0.1}}]}, open(at("mine.json"), "w"))
    ours = {name: json.load(open(at(name + ".json")))["mean"]["psnr"] for name in ("identity", "temporal-median")}
    lowest = min((p["score"], p["clip"], p["frame"]) for m in methods for p in json.load(open(at(m + ".json")))["pictures"] if p["role"] == "worst")
    run("report", *[at(m + ".json") for m in methods], "--table", "vrds", "--table", at("mine.json"), "--out", at("report"))
    page = open(at("report/index.html")).read()
    page = page.replace("<body>", "<body>" + PROBE).replace("</body>", ACTIONS + "</body>")
    open(at("probe.html"), "w").write(page)

    def shown_at(width, page):
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900", "--virtual-time-budget=15000",
                   "--user-data-dir=" + at("profile"), "--dump-dom", "file://" + at(page)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120).stdout

    run("report", at("marks.json"), "--out", at("marks"))
    shown = shown_at(1280, "marks/index.html")
    assert 'data-ready="yes"' in shown and html.escape(MARKS, quote=False) in shown.split('id="table"')[1], shown[:500]
    # Of several data sets: a table of groups of columns, links to the sets' pages, and nothing else.
    run("synth", "vrds-mini", "--size", "64x48", "--frames", "3", "--clips", "3", "--out", at("other.h5"))
    run("eval", "identity", "--data", at("other.h5"), "--out", at("other.json"))
    run("report", at("identity.json"), at("temporal-median.json"), at("other.json"), "--out", at("sets"))
    shown = shown_at(1280, "sets/index.html")
    assert 'data-ready="yes"' in shown and shown.count('colspan="2"') == 3 and '<a href="other/index.html">other</a>: 1 clip, 3 frames' in shown, shown[-3000:]
    assert all(f'<section id="{name}" hidden' in shown for name in ("regions", "claims", "looks", "clips", "time", "beside", "apart")), shown[-3000:]
    for width in (1280, 390):
        shown = shown_at(width, "probe.html")
        found = re.search(r'id="test-result">(.*?)</pre>', shown, re.S)
        assert found, shown[-2000:]
        result = json.loads(found.group(1).replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
        assert result["ready"] == "yes" and result["errors"] == "", result
        assert result["byName"] == sorted(methods) and result["byNameDown"] == sorted(methods, reverse=True), result
        assert result["size"] == [160, 90] and result["moved"] and float(result["divider"][:-1]) > 80 and result["home"] == "0%", result
        assert result["fitted"] == 100 and result["full"] == [160, 90, 0, "true"] and result["scrolls"] == [160, 90, "auto", "auto"], result
        assert result["followed"] == ["100%", True] and result["followedBack"] == ["0%", 0] and result["back"] == ["false", False] and result["byKey"] == "true", result
        assert result["finger"][0] == "0%" and abs(float(result["finger"][1][:-1]) - 25) < 1, result["finger"]
        assert [g[0] for g in result["groups"]] == ["Worst frames, the worst first", "Samples"] and all(g[1] for g in result["groups"]), result["groups"]
        opened = result["opensOn"]
        assert opened[0] == "0" and opened[1].startswith("clip %s, frame %s: worst of " % lowest[1:]) and "%.2f dB" % lowest[0] in opened[1], opened
        assert opened[2].startswith("Worst frame of "), opened
        assert result["rules"] == result["heads"][1:] and "changed" not in result["rules"], result["rules"]
        assert result["regionMetrics"] == ["PSNR [dB]", "SSIM"] and float(result["regionCells"][0]) > 1 > float(result["regionCells"][1]), result
        assert result["beside"] == [True, 1, "Published numbers beside ours"] and result["apart"] == [True, 1, "Other published numbers, not comparable"], result
        assert result["besideHeads"] == ["Published", "published", "ours", "difference", "published"], result
        assert result["besideGroups"] == [" 1", "PSNR [dB] 3", "LPIPS, not scored here 1"] and result["besideOf"] == "temporal-median", result
        for name, row in (("temporal-median", result["besideRow"]), ("identity", result["besideOther"])):
            assert row == ["Temporal Median", "20.00", "%.2f" % ours[name], "%+.2f" % (ours[name] - 20), "0.1000"], row
        assert result["errorMap"] and result["clipDots"] == 8 and result["timeLines"] == 4 and result["regions"] == 4, result
        assert len(set(result["heads"])) == len(result["heads"]) == 10 and "inside" in result["heads"], result["heads"]
        assert result["deltas"] == ["\u0394 PSNR", "\u0394 SSIM"] and result["deltaGroup"] == ["\u0394 to identity"], result
        assert len(result["tests"]) == 6 and all(re.search(r"p .+, W .+, d .+", t) for t in result["tests"]), result["tests"]
        assert result["infinite"] == ["\u221e", "\u2212\u221e"], result
        assert result["claims"] == [SEER] and result["claimHeads"] == ["Method", "IoU", "F1", "precision", "recall", "MAE [/255]", "PSNR [dB]", "PSNR [dB]"], result
        assert result["claimGroups"] == [" 1", "drop mask 4", "streak map 2", "stage 1 1"] and result["claimSorted"] == "ascending", result
        assert result["claimRoom"] >= 0 or width < 1280, "the table of claims scrolls sideways at %d pixels" % width
        assert result["maskName"] == "drop mask of " + SEER and result["grey"], result
        assert result["wide"], "the page scrolls sideways at %d pixels" % width
