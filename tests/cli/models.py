# SPDX-License-Identifier: Apache-2.0
"""Networks as a user meets them: what `models` says, weights of every format giving one result, weights
that are wrong, malicious or not finite, deraining with whole pictures and tiles. Usage: models.py PLUVIA"""
import io, json, os, pickle, struct, subprocess, sys, tempfile, zipfile

try:
    import numpy as np
except ImportError:
    sys.exit(77)

pluvia = sys.argv[1]


def run(*args, status=0):
    done = subprocess.run([pluvia, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == status, (args, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def write_safetensors(path, tensors, **metadata):
    head, data = {"__metadata__": metadata} if metadata else {}, b""
    for key, value in tensors.items():
        head[key] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + value.nbytes]}
        data += value.tobytes()
    text = json.dumps(head).encode()
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + data)


listed = {x["name"]: x for x in json.loads(run("models", "--json"))}
assert {"rainmamba", "rainmamba-tiny", "vimpnet", "vimpnet-tiny", "rdmc", "rdmc-tiny", "plain-cnn", "identity"} <= set(listed)
for name, parameters, tensors, gmac in (("rainmamba", 38_729_491, 574, 130.6), ("rdmc", 19_809_990, None, 115.2 * 5),
                                        ("vimpnet", 36_932_204, 312, None)):
    what = json.loads(run("models", name, "--json"))
    assert what["parameters"] == parameters and sum(what["parameters_of"].values()) == parameters
    assert tensors is None or len(what["state_dict"]) == tensors
    assert gmac is None or abs(what["macs"]["total"] / 1e9 - gmac) < 0.1, what["macs"]
    named = sum(int(np.prod(x["shape"])) for x in what["state_dict"])
    assert named >= parameters
assert json.loads(run("models", "rainmamba", "--json", "--set", "num_features=64"))["parameters"] == 30_864_275
assert "GMAC" in run("models", "rainmamba-tiny") and "ft" not in run("models", "identity")[:2]
assert "rainmamba" in run("models", "rainmanba", status=2)

with tempfile.TemporaryDirectory() as folder:
    at = lambda *name: os.path.join(folder, *name)
    rng = np.random.default_rng(0)
    state = json.loads(run("models", "plain-cnn", "--set", "width=4", "blocks=1", "--json"))["state_dict"]
    weights = {x["key"]: (rng.normal(size=x["shape"]) * 0.1).astype(np.float32) for x in state}
    write_safetensors(at("w.safetensors"), weights)
    frames = rng.random((7, 3, 30, 41)).astype(np.float32)
    np.save(at("in.npy"), frames)

    def derain(weight_file, out, *more):
        run("derain", "plain-cnn", at("in.npy"), at(out), "--weights", at(weight_file), "--force", *more)
        return np.load(at(out))

    first = derain("w.safetensors", "a.npy")
    assert first.shape == frames.shape and np.isfinite(first).all() and np.abs(first - frames).max() > 0.01

    # The network itself, written down in numpy: whole pictures, padded by reflection, in double.
    def conv(x, name, stride=1):
        w, b = weights[name + ".weight"].astype(float), weights[name + ".bias"].astype(float)
        x = np.pad(x, ((0, 0), (1, 1), (1, 1)))
        rows, columns = (x.shape[1] - 3) // stride + 1, (x.shape[2] - 3) // stride + 1
        out = np.zeros((w.shape[0], rows, columns)) + b[:, None, None]
        for i in range(3):
            for j in range(3):
                part = x[:, i:i + stride * rows:stride, j:j + stride * columns:stride]
                out += np.tensordot(w[:, :, i, j], part, 1)
        return out

    def shuffle(x):
        c, h, w = x.shape
        return x.reshape(c // 4, 2, 2, h, w).transpose(0, 3, 1, 4, 2).reshape(c // 4, 2 * h, 2 * w)

    def network(before, now, after):
        relu = lambda x: np.maximum(x, 0)
        seen = np.pad(np.concatenate([before, now, after]).astype(float), ((0, 0), (0, 2), (0, 3)), mode="reflect")
        full = relu(conv(seen, "in"))
        half = relu(conv(full, "down1", 2))
        low = relu(conv(half, "down2", 2))
        low = low + conv(relu(conv(low, "middle0")), "middle1")
        half = relu(half + shuffle(conv(low, "up1")))
        full = relu(full + shuffle(conv(half, "up2")))
        return now + conv(full, "out")[:, :30, :41]

    for t in range(7):
        expected = network(frames[max(t - 1, 0)], frames[t], frames[min(t + 1, 6)])
        assert np.abs(first[t] - expected).max() < 1e-5, t
    double = derain("w.safetensors", "d.npy", "--precision", "float64")
    assert np.abs(double - first).max() < 1e-5
    assert np.abs(derain("w.safetensors", "b.npy", "--precision", "bfloat16") - first).max() < 0.1
    assert np.array_equal(derain("w.safetensors", "n.npy", "--tile", "none"), first)
    tiled = derain("w.safetensors", "t.npy", "--tile-size", "32")
    assert tiled.shape == first.shape and np.isfinite(tiled).all()

    # Weights tell their network: by name, by shapes, or by keys with sizes of their own.
    of_file = lambda name: json.loads(run("models", "-w", at(name), "--json"))
    state = {x["key"]: np.ones(x["shape"], np.float32) for x in json.loads(run("models", "rdmc-tiny", "--json"))["state_dict"]}
    write_safetensors(at("rdmc.safetensors"), state)
    assert of_file("rdmc.safetensors")["name"] == "rdmc-tiny"
    assert of_file("w.safetensors")["name"] == "plain-cnn" and of_file("w.safetensors")["options"]["width"] == 4
    run("models", "rdmc", "--convert", at("rdmc.safetensors"), at("named.safetensors"))
    assert of_file("named.safetensors")["name"] == "rdmc"
    write_safetensors(at("stray.safetensors"), {"spynet.x": np.zeros(3, np.float32)})
    line = run("models", "-w", at("stray.safetensors"), status=3)
    assert "stray.safetensors" in line and "SPyNet" in line and "rainmamba-tiny" in line and line.count("\n") == 1, line

    # One result from every format.
    np.savez(at("w.npz"), **weights)
    assert np.array_equal(derain("w.npz", "z.npy"), first)
    run("models", "plain-cnn", "--convert", at("w.npz"), at("again.safetensors"))
    assert np.array_equal(derain("again.safetensors", "c.npy"), first)
    assert "exists" in run("models", "plain-cnn", "--convert", at("w.npz"), at("again.safetensors"), status=2)
    prefixed = {"module.generator." + k: v for k, v in weights.items()}
    prefixed["step_counter"] = np.zeros(1, np.float32)
    write_safetensors(at("prefixed.safetensors"), prefixed)
    assert np.array_equal(derain("prefixed.safetensors", "p.npy"), first)
    try:
        import torch
        tensors = {k: torch.from_numpy(v) for k, v in weights.items()}
        torch.save({"meta": {"config": "text"}, "state_dict": tensors, "optimizer": {"generator": {1: 2}}}, at("w.pth"))
        assert np.array_equal(derain("w.pth", "pth.npy"), first)
        beside = {**tensors, "psnr": np.float64(31.5), "settings": __import__("argparse").Namespace(a=1)}
        torch.save(beside, at("beside.pth"))
        assert np.array_equal(derain("beside.pth", "beside.npy"), first)
        torch.save({**beside, "in.bias": np.float64(1)}, at("wanted.pth"))
        error = run("derain", "plain-cnn", at("in.npy"), at("x.npy"), "--weights", at("wanted.pth"), status=3)
        assert "'in.bias' is made by numpy" in error and error.count("\n") == 1, error
        torch.save({**tensors, "in.bias": torch.full_like(tensors["in.bias"], 1e39, dtype=torch.float64)}, at("large.pth"))
        error = run("derain", "plain-cnn", at("in.npy"), at("x.npy"), "--weights", at("large.pth"), status=3)
        assert "not finite in float32" in error and "in.bias" in error, error
        torch.save(tensors, at("old.pt"), _use_new_zipfile_serialization=False)
        assert np.array_equal(derain("old.pt", "pt.npy"), first)

        class Half(torch.nn.Module):
            def forward(self, x):
                return x, 0.5 * x

        class Pictures(torch.nn.Module):
            def forward(self, x):
                assert x.dim() == 4
                return 1 - x

        for module, name, expected in ((Half(), "half.pt", 0.5 * frames), (Pictures(), "pictures.pt", 1 - frames)):
            torch.jit.script(module).save(at(name))
            assert "--allow-code" in run("derain", "torchscript:" + at(name), at("in.npy"), at("x.npy"), status=2)
            run("derain", "torchscript:" + at(name), at("in.npy"), at("s.npy"), "--allow-code", "--force")
            assert np.array_equal(np.load(at("s.npy")), expected), name
        assert "TorchScript" in run("derain", "plain-cnn", at("in.npy"), at("x.npy"), "--weights", at("half.pt"), status=3)
        assert "loading" in run("derain", "torchscript:" + at("w.npz"), at("in.npy"), at("x.npy"), "--allow-code", status=3)
        assert "no such file" in run("derain", "torchscript:" + at("none.pt"), at("in.npy"), at("x.npy"), "--allow-code", status=3)
    except ImportError:
        pass

    # What a network also predicts is kept as pictures, each the size of a frame.
    vimp = json.loads(run("models", "vimpnet-tiny", "--json"))
    assert vimp["outputs"] == ["clean", "drop", "mask", "streak"]
    write_safetensors(at("vimp.safetensors"), {x["key"]: (rng.normal(size=x["shape"]) * 0.02).astype(np.float32) + (x["key"] == "spynet.std") for x in vimp["state_dict"]})
    np.save(at("two.npy"), frames[:2])
    run("derain", "vimpnet-tiny", at("two.npy"), at("v.npy"), "--weights", at("vimp.safetensors"), "--layers", at("layers"))
    assert np.load(at("v.npy")).shape == (2, 3, 30, 41)
    for layer, colour in (("drop", 2), ("mask", 0), ("streak", 0)):  # PNG's colour types: RGB, grey
        assert sorted(os.listdir(at("layers", layer))) == ["00000000.png", "00000001.png"]
        head = open(at("layers", layer, "00000001.png"), "rb").read(26)
        assert struct.unpack(">II", head[16:24]) == (41, 30) and head[25] == colour, layer

    # The folder of layers takes the place of nothing that is still needed.
    run("derain", "identity", at("two.npy"), at("in"))
    for out, layers, words in (("v", "in", "is or holds the input"), ("v", "v", "lie in one another"),
                               ("v", "v/layers", "lie in one another"), ("v/frames", "v", "lie in one another")):
        error = run("derain", "vimpnet-tiny", at("in"), at(out), "--weights", at("vimp.safetensors"), "--layers", at(layers), "--force", status=2)
        assert words in error and error.count("\n") == 1, error
    assert len(os.listdir(at("in"))) == 2 and not os.path.exists(at("v"))

    # Networks of single pictures on clips and networks of clips on single pictures say so.
    write_safetensors(at("rdmc.safetensors"), {x["key"]: np.full(x["shape"], 0.01, np.float32) for x in json.loads(run("models", "rdmc-tiny", "--json"))["state_dict"]})
    np.save(at("alone.npy"), frames[:1])
    for name, weights_of, words in (("two.npy", "vimp", "sees 2 here"), ("alone.npy", "vimp", "single pictures here"),
                                    ("two.npy", "rdmc", "every frame of a clip by itself"), ("alone.npy", "rdmc", None)):
        network = "vimpnet-tiny" if weights_of == "vimp" else "rdmc-tiny"
        done = subprocess.run([pluvia, "derain", network, at(name), at("said.npy"), "-w", at(weights_of + ".safetensors"), "--force"], capture_output=True, text=True)
        assert done.returncode == 0 and (words in done.stderr if words else done.stderr.count("\n") == 1), done.stderr

    # Weights of one network's sizes under another's name, whose other options they would run with.
    done = subprocess.run([pluvia, "derain", "rdmc", at("alone.npy"), at("said.npy"), "-w", at("rdmc.safetensors"), "--force"], capture_output=True, text=True)
    assert done.returncode == 0 and "has the sizes of rdmc-tiny" in done.stderr, done.stderr
    for words in (("identity", "--convert", at("rdmc.safetensors"), at("x.safetensors")), ("identity", "-w", at("rdmc.safetensors"))):
        assert "has no weights" in run("models", *words, status=2)

    # Wrong ones: named in one line, nothing written.
    def refused(name, *words):
        error = run("derain", "plain-cnn", at("in.npy"), at("x.npy"), "--weights", at(name), status=3)
        assert all(word in error for word in words) and error.count("\n") == 1, error
        assert not os.path.exists(at("x.npy"))

    write_safetensors(at("few.safetensors"), {k: v for k, v in weights.items() if k != "up1.bias"})
    refused("few.safetensors", "1 missing", "up1.bias")
    write_safetensors(at("more.safetensors"), {**weights, "extra.weight": np.zeros(3, np.float32)})
    refused("more.safetensors", "1 unexpected", "extra.weight")
    write_safetensors(at("shape.safetensors"), {**weights, "out.bias": np.zeros(4, np.float32)})
    refused("shape.safetensors", "out.bias")
    write_safetensors(at("nan.safetensors"), {**weights, "out.bias": np.full(3, np.nan, np.float32)})
    refused("nan.safetensors", "out.bias", "finite")
    write_safetensors(at("other.safetensors"), {"Dual_Raindrop_gnostic_Transformer.ss.embedding.weight": np.zeros((2, 2), np.float32)})
    refused("other.safetensors", "ViMP-Net")
    # Weights that say whose they are: another size's tensors might fit, and a record would bear its name.
    write_safetensors(at("said.safetensors"), weights, network="plain-cnn", options='{"width": 4, "blocks": 1}')
    assert np.array_equal(derain("said.safetensors", "said.npy"), first)
    write_safetensors(at("foreign.safetensors"), weights, network="somebody's own")
    assert np.array_equal(derain("foreign.safetensors", "foreign.npy"), first)
    for said, asked in (("rainmamba-tiny", "rainmamba"), ("rdmc", "rdmc-tiny"), ("vimpnet-tiny", "plain-cnn")):
        write_safetensors(at("else.safetensors"), weights, network=said, options="{}")
        for words in (("derain", asked, at("in.npy"), at("x.npy"), "--weights", at("else.safetensors")),
                      ("eval", asked, "-w", at("else.safetensors"), "--data", at("no.h5"), "--out", at("x.json")),
                      ("models", asked, "--convert", at("else.safetensors"), at("x.safetensors"))):
            error = run(*words, status=2)
            assert f"weights of {said}, not of {asked};" in error and f"pluvia eval {said} --weights" in error and error.count("\n") == 1, error
    assert not [name for name in os.listdir(folder) if name.startswith("x.")]
    data = open(at("w.safetensors"), "rb").read()
    for size in (0, 5, 100, len(data) - 1):
        open(at("cut.safetensors"), "wb").write(data[:size])
        refused("cut.safetensors", "cut.safetensors")

    class Evil:
        def __reduce__(self):
            return (os.system, ("touch " + at("owned"),))

    for payload in (Evil(), {"state_dict": {"in.weight": Evil()}}):
        with zipfile.ZipFile(at("evil.pth"), "w") as z:
            z.writestr("archive/data.pkl", pickle.dumps(payload, protocol=2))
            z.writestr("archive/version", "3\n")
        refused("evil.pth", "evil.pth")
        open(at("evil.pt"), "wb").write(pickle.dumps(payload, protocol=2))
        refused("evil.pt", "evil.pt")
    assert not os.path.exists(at("owned"))
    assert "--weights" in run("derain", "plain-cnn", at("in.npy"), at("x.npy"), status=2)
    assert "width" in run("derain", "plain-cnn", at("in.npy"), at("x.npy"), "--weights", at("w.npz"), "--set", "widht=4", status=2)
