# SPDX-License-Identifier: Apache-2.0
"""A Pluvia set in PyTorch: random 5-frame crops, h5py only. Each worker opens the file itself."""
import h5py, torch, random

class PluviaCrops(torch.utils.data.Dataset):
    def __init__(self, path, split="train", keys=("lq", "gt"), frames=5, size=64):
        self.path, self.keys, self.frames, self.size, self.file = path, keys, frames, size, None
        with h5py.File(path) as f: self.ids = [str(i) for i in f["splits"][split].asstr()[:]]
    def __len__(self): return len(self.ids)
    def __getitem__(self, i):
        self.file = self.file or h5py.File(self.path)
        clip = self.file["clips"][self.ids[i]]
        T, H, W = clip[self.keys[0]].shape[:3]
        t, y, x = (random.randint(0, n - m) for n, m in ((T, self.frames), (H, self.size), (W, self.size)))
        box = (slice(t, t + self.frames), slice(y, y + self.size), slice(x, x + self.size))
        return {k: torch.from_numpy(clip[k][box]) for k in self.keys}
