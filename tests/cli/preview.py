# SPDX-License-Identifier: Apache-2.0
"""Previews as a browser and ffmpeg see them. Usage: preview.py PLUVIA MAKE_SYNTHETIC_SET HAVE_VIDEO"""
import base64, html.parser, json, os, re, subprocess, sys, tempfile

pluvia, make_set, have_video = sys.argv[1:4]


def run(*args, status=0):
    done = subprocess.run([pluvia, *args], capture_output=True, text=True)
    assert done.returncode == status, (args, done.returncode, done.stderr)
    return done.stderr


def probe(path):
    out = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=width,height,nb_read_frames", "-of", "json", path],
                         capture_output=True, text=True, check=True).stdout
    return json.loads(out)["streams"][0]


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.pictures, self.links, self.sections, self.depth = [], [], 0, []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in ("meta", "img", "input"):
            self.depth.append(tag)
        self.sections += tag == "section"
        if tag == "img":
            self.pictures.append(attributes["src"])
        self.links += [v for k, v in attributes.items() if k in ("href", "src") and not v.startswith("data:")]

    def handle_endtag(self, tag):
        assert self.depth.pop() == tag, tag


with tempfile.TemporaryDirectory() as folder:
    made = os.path.join(folder, "a<b.h5")
    subprocess.run([make_set, made, "4", "6", "90", "160"], check=True)
    sheet = os.path.join(folder, "sheet.png")
    run("preview", made, "--out", sheet, "--width", "80")
    size = probe(sheet)
    assert size["width"] >= 5 * 80 and size["height"] > 4 * 45, size
    assert "exists" in run("preview", made, "--out", sheet, status=2)
    assert "clip1" in run("preview", made, "--out", sheet, "--force", "--clips", "clip11", status=3)
    assert ".png, .html or .mp4" in run("preview", made, "--out", os.path.join(folder, "x.gif"), status=2)
    page_file = os.path.join(folder, "page.html")
    run("preview", made, "--out", page_file, "--frames", "3", "--width", "100")
    text = open(page_file, encoding="utf-8").read()
    page = Page()
    page.feed(text)
    assert page.sections == 4 and page.depth == [] and page.links == [], (page.sections, page.depth, page.links)
    assert "http" not in text and "a&lt;b.h5" in text and "a<b" not in text
    jpegs = re.findall(r"data:image/jpeg;base64,([A-Za-z0-9+/=]+)", text)
    assert len(jpegs) == 4 * 5 * (3 + 1), len(jpegs)  # the first frame of each layer stands there twice
    picture = os.path.join(folder, "x.jpg")
    with open(picture, "wb") as f:
        f.write(base64.b64decode(jpegs[-1], validate=True))
    size = probe(picture)
    assert (size["width"], size["height"]) == (100, 56), size
    if have_video == "ON":
        video = os.path.join(folder, "all.mp4")
        run("preview", made, "--out", video, "--width", "64", "--clips", "clip0,clip3")
        size = probe(video)
        assert (size["width"], size["height"], size["nb_read_frames"]) == (320, 36, "12"), size
        # Clips of other sizes in one set: nothing is cut off.
        tall = os.path.join(folder, "tall.h5")
        renamed = [os.path.join(folder, name) for name in ("wide", "high")]
        for name, size in zip(renamed, ("64x48", "40x100")):
            run("synth", "streaks-only", "--clips", "1", "--frames", "2", "--size", size, "--out", name + ".h5", "-q")
            run("export", name + ".h5", "--layout", "paired", "--out", name, "-q")
            for layer in ("lq", "gt"):
                os.makedirs(os.path.join(folder, "both", layer), exist_ok=True)
                (clip,) = os.listdir(os.path.join(name, "train", layer))
                os.rename(os.path.join(name, "train", layer, clip), os.path.join(folder, "both", layer, os.path.basename(name)))
        run("import", "paired", os.path.join(folder, "both"), "--out", tall, "-q")
        run("preview", tall, "--out", video, "--width", "50", "--clips", "wide,high", "--force")
        size = probe(video)
        assert (size["width"], size["height"], size["nb_read_frames"]) == (100, 100, "4"), size
