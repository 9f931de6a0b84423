# SPDX-License-Identifier: Apache-2.0
"""torch.save writes in both forms, our reader and .safetensors writer pass it on, and what comes
out equals what torch holds: dtypes, views, shared storages, an mmcv-like checkpoint, parameters;
what is no dense tensor is refused, and a pickle that would run a command runs none."""
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import torch
except ImportError:
    print("skipped: this Python has no torch")
    sys.exit(77)

TOOL = sys.argv[1]
NAMES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
         "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8,
         "U8": torch.uint8, "BOOL": torch.bool, "U16": getattr(torch, "uint16", None),
         "U32": getattr(torch, "uint32", None), "U64": getattr(torch, "uint64", None)}


def convert(folder, path):
    return subprocess.run([TOOL, path, folder / "out.safetensors"], capture_output=True, text=True)


def read_safetensors(path):
    """By the format's description alone: no package of others."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    assert header.pop("__metadata__") == {"from": "weights_tool"}
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        part = bytearray(data[8 + length + begin:8 + length + end])
        flat = torch.frombuffer(part, dtype=NAMES[entry["dtype"]]) if part else \
            torch.empty(0, dtype=NAMES[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def same(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and \
        a.contiguous().flatten().view(torch.uint8).equal(b.contiguous().flatten().view(torch.uint8))


def every_dtype():
    torch.manual_seed(1)
    out = {}
    for dtype in NAMES.values():
        if dtype is not None:
            for shape in [(), (0,), (5,), (3, 4), (2, 3, 4, 5)]:
                out[f"{dtype}-{len(shape)}-{sum(shape)}"] = (torch.rand(shape) * 100).to(dtype)
    return out


def views():
    base = torch.arange(120, dtype=torch.float32).reshape(2, 3, 4, 5)
    wide = torch.rand(6, 8).to(torch.bfloat16)
    return {"base": base, "transposed": base.transpose(1, 3), "permuted": base.permute(3, 0, 2, 1),
            "slice": base[1:, ::2, 1:3, ::3], "row": base[1, 2], "one": base[1, 2, 3, 4],
            "expanded": torch.tensor([[1.0], [2.0]]).expand(2, 7), "shared": base.flatten()[7:],
            "diagonal": wide.diagonal(), "columns": wide[:, 3:5],
            "nan": torch.tensor([float("nan"), -0.0])}


class Settings(dict):
    """What stands for mmcv's Config, numpy scalars and the like: unknown to a reader."""


def mmcv_like():
    """Network, optimizer with a state, text, a class of our own; a state_dict with _metadata."""
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4),
                              torch.nn.Linear(4, 2))
    optimizer = torch.optim.Adam(net.parameters())
    sum(p.square().sum() for p in net.parameters()).backward()
    optimizer.step()
    state = net.state_dict(prefix="generator.")
    assert hasattr(state, "_metadata")
    state["step_counter"] = torch.zeros(1)
    settings = Settings(a=1)
    settings.more = {"b": (1.5, None, True, b"bytes", frozenset([3]), 10 ** 30)}
    return {"meta": {"config": "model = dict(\n)", "epoch": 3, "settings": settings,
                     "random": torch.get_rng_state()},
            "state_dict": state, "optimizer": {"generator": optimizer.state_dict()}}, state


class Command:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch '{self.path}'",)


def forms():
    for protocol in [2, 3, 4, 5]:
        yield dict(_use_new_zipfile_serialization=True, pickle_protocol=protocol)
        yield dict(_use_new_zipfile_serialization=False, pickle_protocol=protocol)


def check_values(folder):
    checkpoint, state = mmcv_like()
    nested = {"a": {"b": {"weight": torch.ones(2)}, "n": 3}, "c": collections.OrderedDict(
        w=torch.nn.Parameter(torch.rand(2, 2))), "list": [torch.zeros(1), "text"]}
    flat = {"a.b.weight": nested["a"]["b"]["weight"], "c.w": nested["c"]["w"].detach(),
            "list.0": nested["list"][0]}
    tagged = torch.nn.Parameter(torch.rand(3))
    tagged.tag = "attribute"
    cases = [(every_dtype(), every_dtype()), (views(), None), (checkpoint, state), (nested, flat),
             ({"w": tagged}, {"w": tagged.detach()}),
             ({"params": {"p": torch.ones(1)}, "params_ema": {"e": torch.ones(2)}},
              {"e": torch.ones(2)})]
    count = 0
    for saved, expected in cases:
        expected = saved if expected is None else expected
        for form in forms():
            torch.save(saved, folder / "in.pth", **form)
            done = convert(folder, folder / "in.pth")
            assert done.returncode == 0, (form, done.stderr)
            found = read_safetensors(folder / "out.safetensors")
            assert list(found) == list(expected), (form, list(found), list(expected))
            for name, tensor in expected.items():
                assert same(tensor, found[name]), (form, name)
                count += 1
    return count


def check_refusals(folder):
    ran = folder / "ran"
    net = torch.nn.Linear(2, 2)
    torch.jit.script(net).save(folder / "script.pt")
    assert "TorchScript" in convert(folder, folder / "script.pt").stderr
    weight = torch.ones(2)
    cases = {"one tensor": weight, "torch.nn.modules.linear.Linear": net,
             "_rebuild_sparse_tensor": {"w": weight.to_sparse()},
             "complex": {"w": torch.ones(2, dtype=torch.complex64)},
             "without tensors": {"a": 1}, "posix.system": Command(ran),
             "posix.system(...)": {"state_dict": Command(ran)},
             "by posix.system": {"w": weight, "x": Command(ran)}}
    for part, saved in cases.items():
        for form in forms():
            torch.save(saved, folder / "in.pth", **form)
            (folder / "out.safetensors").unlink(missing_ok=True)
            done = convert(folder, folder / "in.pth")
            assert done.returncode == 3 and part in done.stderr, (part, done)
            assert len(done.stderr.splitlines()) == 1 and "in.pth" in done.stderr, done.stderr
            assert not (folder / "out.safetensors").exists()
    for form in forms():
        torch.save({"state_dict": {"w": weight}, "x": Command(ran)}, folder / "in.pth", **form)
        assert convert(folder, folder / "in.pth").returncode == 0
    assert not ran.exists()


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        print(check_values(folder), "tensors equal", flush=True)
        check_refusals(folder)


if __name__ == "__main__":
    sys.exit(main())
