# SPDX-License-Identifier: Apache-2.0
"""Scores against golden values that other programs computed (NumPy, Octave, scikit-image, ffmpeg).

The pairs are formulas (a hash of their name, or arithmetic of x and y): they are made here, so this
runs from a bare clone. With PLUVIA_GOLDEN_METRICS=FOLDER (or a second argument) the photographs that
are not part of the project are scored too, and the made pairs compared with the folder's.
Usage: golden.py PLUVIA [FOLDER]"""
import json, os, pathlib, struct, subprocess, sys, tempfile, zlib

pluvia = sys.argv[1]
here = pathlib.Path(__file__).parent
golden = sys.argv[2] if len(sys.argv) > 2 else os.environ.get("PLUVIA_GOLDEN_METRICS")
MASK64 = (1 << 64) - 1
checked = {"match": 0, "differ": 0}


def fnv(text):
    h = 0xcbf29ce484222325
    for byte in text.encode():
        h = ((h ^ byte) * 0x100000001b3) & MASK64
    return h


def split_mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK64
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK64
    return x ^ (x >> 31)


def t(key, i):
    return split_mix((fnv(key) + i) & MASK64) >> 40


assert fnv("a") == 0xaf63dc4c8601ec8c and split_mix(0) == 0xE220A8397B1DCDAF
assert [t("input", i) for i in range(3)] == [1641119, 2474280, 9631538]


def byte(key, i):
    return t(key, i) >> 16


def tri(v):
    return abs(v % 510 - 255)


def clip(v):
    return max(0, min(255, v))


# (height, width, reference(y, x, c, i), prediction(y, x, c, i, reference))
PAIRS = {
    "same": (48, 40, lambda y, x, c, i: byte("same", i), lambda y, x, c, i, g: g),
    "offset": (64, 64, lambda y, x, c, i: (3 * x + 2 * y + 40 * c) % 256, lambda y, x, c, i, g: clip(g + 5)),
    "noise": (96, 80, lambda y, x, c, i: (tri(5 * x + 50 * c) + tri(7 * y)) // 2,
              lambda y, x, c, i, g: clip(g + (t("noise", i) >> 19) - 16)),
    "streak": (64, 96, lambda y, x, c, i: 60 + 130 * ((x // 8 + y // 8) % 2) + 10 * c,
               lambda y, x, c, i, g: clip(g + 70 * ((2 * x + y) % 23 < 3))),
    "odd": (33, 41, lambda y, x, c, i: byte("odd_a", i), lambda y, x, c, i, g: (3 * g + byte("odd_b", i)) // 4),
    "dark01": (64, 64, lambda y, x, c, i: (x // 8 + y // 8) % 2,
               lambda y, x, c, i, g: 1 - g if byte("dark", i) < 26 else g),
    "mid384": (384, 400, lambda y, x, c, i: (x // 2 + y // 3 + 20 * c) % 256,
               lambda y, x, c, i, g: (15 * g + 8 * ((x + y) % 32)) // 16),
}


def png(path, height, width, values):
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(values[y * width * 3:(y + 1) * width * 3]) for y in range(height))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def make_pair(folder, name):
    height, width, reference, prediction = PAIRS[name]
    a, b, i = [], [], 0
    for y in range(height):
        for x in range(width):
            for c in range(3):
                a.append(reference(y, x, c, i))
                b.append(prediction(y, x, c, i, a[-1]))
                i += 1
    png(folder / f"{name}_gt.png", height, width, a)
    png(folder / f"{name}_out.png", height, width, b)


def run(*args):
    done = subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == 0, (args, done.stderr)
    return json.loads(done.stdout)


def psnr(color="rgb", **more):
    return {"metric": "psnr", "color": color, **more}


def ssim(color="rgb", **more):
    return {"metric": "ssim", "color": color, **more}


BOX7 = {"window": "uniform", "size": 7, "covariance": "sample"}
# Golden key -> how we say it, and the tolerance of the golden README.
PAIR_KEYS = {
    "psnr_rgb": (psnr(), 1e-9), "skimage_psnr_rgb": (psnr(), 1e-9),
    "psnr_rgb_mean_of_channels": (psnr(channels="mean"), 1e-9),
    "ssim_rgb_valid_channel_mean": (ssim(), 1e-9), "skimage_ssim_rgb_gauss": (ssim(), 1e-9),
    "ssim_rgb_3d": (ssim(border="replicate", channels="volume", range_rule="one-if-dark"), 1e-9),
    "psnr_y_u8": (psnr("y601-rounded"), 2e-5), "psnr_y_u8_builtin": (psnr("y601-rounded"), 2e-5),
    "ssim_y_u8_v10": (ssim("y601-rounded"), 1e-6), "skimage_ssim_y_u8_gauss": (ssim("y601-rounded"), 1e-6),
    "ssim_y_u8_matlab_builtin": (ssim("y601-rounded", border="replicate"), 1e-6),
    "psnr_y_double": (psnr("y601"), 1e-9), "ssim_y_double_v10": (ssim("y601"), 1e-9),
    "ssim_y_double_v11": (ssim("y601", downsample="wang"), 1e-9),
    "ssim_y_double_replicate_cly": (ssim("y601", border="replicate", range_rule="one-if-dark"), 1e-9),
    "psnr_y_basicsr_f32": (psnr("y601"), 1e-5), "ssim_y_basicsr_f32": (ssim("y601"), 1e-5),
    "psnr_gray_matlab_u8": (psnr("gray-matlab"), 1e-9), "ssim_gray_matlab_u8_v10": (ssim("gray-matlab"), 1e-9),
    "psnr_gray_cv2_u8": (psnr("gray-cv2"), 1e-9), "ssim_gray_cv2_u8_v10": (ssim("gray-cv2"), 1e-9),
    "psnr_gray_oct_u8": (psnr("gray-matlab"), 1e-9), "ssim_gray_oct_u8_v10": (ssim("gray-matlab"), 1e-9),
    "psnr_gray_double": (psnr("yfull"), 1e-9), "ssim_gray_double_v10": (ssim("yfull"), 1e-9),
    "skimage_ssim_rgb_default7": (ssim(**BOX7), 1e-9),
    "skimage_ssim_y_u8_default7": (ssim("y601-rounded", **BOX7), 1e-6),
    "train_ssim_zero_pad_f64": (ssim(border="zero"), 1e-9), # PyTorch in single precision on 0..1 is up to 1.6e-5 from the exact value (its own _f64).
    "train_ssim_zero_pad_f32": (ssim(border="zero"), 2e-5),
}
NOT_SCORES = {"shape_hwc", "mse_rgb", "v11_downsample_f", "y_u8_sum_gt", "y_u8_sum_out"}
PHOTO_KEYS = {
    "psnr_rgb": (psnr(), 1e-9), "psnr_rgb_skimage": (psnr(), 1e-9),
    "psnr_rgb_mean_of_channels": (psnr(channels="mean"), 1e-9),
    "psnr_rgb_eps1e-8_unit": (psnr(mse_offset=1e-8), 1e-9), "mae_rgb": ({"metric": "mae"}, 1e-9),
    "psnr_y601_float": (psnr("y601"), 1e-9), "psnr_y601_matlab_double_range1": (psnr("y601"), 1e-9),
    "psnr_y601_uint8": (psnr("y601-rounded"), 2e-5), "psnr_y601_exact_half_up": (psnr("y601-rounded"), 1e-9),
    "psnr_yfull_float": (psnr("yfull"), 1e-9), "psnr_yfull_rounded": (psnr("yfull-rounded"), 2e-5),
    "ssim_rgb_valid11": (ssim(), 1e-9), "ssim_rgb_skimage_gauss": (ssim(), 1e-9),
    "ssim_rgb_cv2_filter2D": (ssim(), 1e-9), "ssim_rgb_cv2_float32": (ssim(), 2e-4),
    "ssim_rgb_skimage_default7": (ssim(**BOX7), 1e-9),
    "ssim_y601_uint8_valid11": (ssim("y601-rounded"), 1e-6),
    "ssim_y601_exact_half_up_valid11": (ssim("y601-rounded"), 1e-9),
    "ssim_y601_float_valid11": (ssim("y601"), 1e-9), "ssim_yfull_rounded_valid11": (ssim("yfull-rounded"), 1e-6),
    "ssim_y601_uint8_wang_autodown": (ssim("y601-rounded", downsample="wang"), 1e-6),
    "ssim_y601_uint8_same_replicate": (ssim("y601-rounded", border="replicate"), 1e-6),
    "ssim_y601_float_same_replicate_L1": (ssim("y601", border="replicate", range=1), 1e-9),
    "ssim_rgb_valid11_cs_relu": (ssim(contrast="clipped"), 1e-9),
    "ssim_rgb_same_zeropad": (ssim(border="zero"), 1e-9),
    "msssim_y601_uint8": ({"metric": "ms_ssim", "color": "y601-rounded"}, 1e-6),
    "msssim_rgb_mean_of_channels": ({"metric": "ms_ssim"}, 1e-9),
    "deraindrop_protocol_psnr_cv2Y": (psnr("ycv2"), 1e-9),
    "deraindrop_protocol_ssim_cv2Y_skimage7": (ssim("ycv2", **BOX7), 1e-9),
    "ffmpeg_ssim": ({"metric": "ssim_ffmpeg"}, 6e-7), "ssim_ffmpeg_model": ({"metric": "ssim_ffmpeg"}, 1e-9),
}
NIQE_KEYS = {f"niqe_{side}_{kind}": color for side in ("deg", "ref") for kind, color in
             (("y601", "y601-rounded"), ("y601_exact_half_up", "y601-rounded"), ("y601_snap1e-9", "y601-rounded"),
              ("y601_basicsr_code", "y601-rounded"), ("y601_scipy2d", "y601-rounded"), ("yfull", "yfull-rounded"))}


def protocol(path, keys):
    path.write_text(json.dumps({"metrics": [{**keys[k][0], "name": k} for k in keys]}))
    return path


def compare(place, key, got, want, tolerance):
    if got == want or (not isinstance(want, str) and isinstance(got, float) and abs(got - want) <= tolerance):
        checked["match"] += 1
        return
    checked["differ"] += 1
    print(f"{place} {key}: {got}, golden {want}, tolerance {tolerance}")


def check_pairs(work):
    document = json.loads((here / "golden" / "pairs.json").read_text())["pairs"]
    file = protocol(work / "pairs-protocol.json", PAIR_KEYS)
    for name in PAIRS:
        make_pair(work, name)
        got = run("metrics", work / f"{name}_gt.png", work / f"{name}_out.png", "--protocol", file, "--json")["mean"]
        for program, values in document[name].items():
            for key, want in values.items():
                if key in NOT_SCORES:
                    continue
                tolerance = PAIR_KEYS[key][1]
                compare(name, f"{program}.{key}", got[key], want, tolerance)


def check_folder_pairs(folder):
    protocols = json.loads(run_text("metrics", "--list-protocols", "--json"))
    for name in PAIRS:
        for side in ("gt", "out"):
            with tempfile.TemporaryDirectory() as work:
                make_pair(pathlib.Path(work), name)
                same = run("metrics", folder / "pairs" / f"{name}_{side}.png", pathlib.Path(work) / f"{name}_{side}.png", "--json")
                compare(name, f"{side}.png as made here", same["mean"]["psnr"], "inf", 0)
    assert len(protocols) >= 20


def run_text(*args):
    return subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True, check=True).stdout


def check_photos(folder, work):
    document = json.loads((folder / "photo_pairs.json").read_text())
    file = protocol(work / "photos.json", PHOTO_KEYS)
    for name in ("raindrops", "ladybird"):
        want = document["pairs"][name]
        at = lambda kind: folder / "photos" / f"{name}_{kind}.png"
        got = run("metrics", at("ref"), at("deg"), "--protocol", file, "--json")["mean"]
        want["ffmpeg_ssim"] = float(want["ffmpeg_ssim_gbrp"].split("All:")[1].split()[0])
        want["ssim_ffmpeg_model"] = sum(want["ssim_ffmpeg_model_gbrp"]) / 3
        for key, (_, tolerance) in PHOTO_KEYS.items():
            compare(name, key, got[key], want[key], tolerance)
        for key, color in NIQE_KEYS.items():
            if key not in want:
                continue
            niqe = work / "niqe.json"
            niqe.write_text(json.dumps({"color": color, "metrics": [{"metric": "niqe"}]}))
            side = "deg" if "_deg_" in key else "ref"
            score = run("metrics", at(side), at(side), "--protocol", niqe, "--niqe-model", folder / "niqe_pris_params.npz", "--json")
            compare(name, key, score["mean"]["niqe"], want[key], 0.02)
        regions = work / "regions.json"
        regions.write_text(json.dumps({"metrics": [psnr(), ssim(), ssim(support="region", name="normconv")]}))
        got = run("metrics", at("ref"), at("deg"), "--protocol", regions, "--mask", at("mask"), "--json")["mean"]
        for ours, theirs in (("psnr_inside", "psnr_rgb_in_mask"), ("psnr_outside", "psnr_rgb_out_mask"),
                             ("ssim_inside", "ssim_rgb_valid11_map_in_mask"), ("ssim_outside", "ssim_rgb_valid11_map_out_mask"),
                             ("normconv_inside", "ssim_rgb_normconv_in_mask"), ("normconv_outside", "ssim_rgb_normconv_out_mask")):
            compare(name, theirs, got[ours], want[theirs], 1e-9)
    check_tiny(folder, work, document["pairs"]["ladybird_tiny"])


def check_tiny(folder, work, want):
    """An 11x13 crop: cut by a crop filter of ffmpeg, so that no picture of the folder is stored."""
    y0, y1, x0, x1 = want["crop_y0y1x0x1"]
    for kind in ("ref", "deg"):
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", folder / "photos" / f"ladybird_{kind}.png", "-vf",
                        f"crop={x1 - x0}:{y1 - y0}:{x0}:{y0}", work / f"tiny_{kind}.png"], check=True)
    keys = {k: v for k, v in PHOTO_KEYS.items() if k in want}
    got = run("metrics", work / "tiny_ref.png", work / "tiny_deg.png", "--protocol", protocol(work / "tiny.json", keys), "--json")["mean"]
    for key, (_, tolerance) in keys.items():
        compare("ladybird_tiny", key, got[key], want[key], max(tolerance, 1e-4 if key.endswith("float32") else 0))


def check_clip(folder, work):
    want = json.loads((folder / "photo_pairs.json").read_text())["clip"]
    for kind in ("ref", "deg"):
        (work / kind).mkdir()
        for i in range(6):
            data = (folder / "photos" / f"clip_{kind}_{i:02}.png").read_bytes()
            (work / kind / f"{i:02}.png").write_bytes(data)
    file = work / "clip.json"
    file.write_text(json.dumps({"metrics": [
        psnr(), ssim(), {"metric": "psnr_variation", "name": "std"},
        {"metric": "psnr_variation", "name": "step", "statistic": "step"},
        {"metric": "psnr_variation", "name": "min", "statistic": "min"},
        {"metric": "temporal_difference"}, {"metric": "tof"},
        {"metric": "flicker", "name": "flicker_std", "color": FLICKER_COLOR},
        {"metric": "flicker", "name": "flicker_step", "statistic": "step", "color": FLICKER_COLOR}]}))
    got = run("metrics", work / "ref", work / "deg", "--protocol", file, "--json")
    for i, item in enumerate(got["items"]):
        compare("clip", f"psnr_frames[{i}]", item["psnr"], want["psnr_frames"][i], 1e-9)
        compare("clip", f"ssim_rgb_valid11_frames[{i}]", item["ssim"], want["ssim_rgb_valid11_frames"][i], 1e-9)
    mean = got["mean"]
    for ours, theirs, tolerance in (
            ("psnr", "psnr_mean_of_frames", 1e-9), ("ssim", "ssim_mean", 1e-9), ("std", "psnr_std_pop", 1e-9),
            ("step", "psnr_mean_abs_step", 1e-9), ("min", "psnr_min", 1e-9),
            ("temporal_difference", "temporal_diff_err_mse", 1e-9),
            ("flicker_std", "flicker_std_mean_luma_residual", 1e-9), ("flicker_step", "flicker_mean_abs_step", 1e-9),
            ("tof", "tOF_farneback_cv2_L2norm_nocrop", 1e-4)):
        compare("clip", theirs, mean[ours], want[theirs], tolerance)
    pooled = run("metrics", work / "ref", work / "deg", "--protocol", "ffmpeg", "--json")
    compare("clip", "psnr_of_mean_mse", pooled["mean"]["psnr"], want["psnr_of_mean_mse"], 1e-9)


FLICKER_COLOR = "yfull"

with tempfile.TemporaryDirectory() as folder:
    work = pathlib.Path(folder)
    check_pairs(work)
    if golden:
        check_folder_pairs(pathlib.Path(golden))
        check_photos(pathlib.Path(golden), work)
        check_clip(pathlib.Path(golden), work)
    print(f"{checked['match']} of {checked['match'] + checked['differ']} golden values match"
          + ("" if golden else " (without photographs: PLUVIA_GOLDEN_METRICS is not set)"))
    sys.exit(checked["differ"] > 0)
