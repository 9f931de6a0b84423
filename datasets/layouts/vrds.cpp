// SPDX-License-Identifier: Apache-2.0
// VRDS (ViMP-Net, ACM MM 2023): 1280x720 clips as folders of %08d.png counted from 0. Two
// arrangements are in use, ViMP-Net's with testlq and testgt and RainMamba's with test/lq and
// test/gt; a third with train/ and test/ occurs in repackings. ViMP-Net trains on the raindrop mask
// as 0 or 255, so export writes it binary. Test folders of the other layers are ours.
#include "datasets/layouts/arranged.h"

namespace pluvia {
namespace {

const std::vector<Arrangement>& arrangements() {
  static const std::vector<Arrangement> list = {
      {"testlq",
       {{"train", Layer::kLq, "lq"},
        {"train", Layer::kGt, "gt"},
        {"train", Layer::kStreak, "mstreak"},
        {"train", Layer::kMask, "01drop"},
        {"train", Layer::kDrop, "drop"},
        {"test", Layer::kLq, "testlq"},
        {"test", Layer::kGt, "testgt"},
        {"test", Layer::kStreak, "testmstreak"},
        {"test", Layer::kMask, "test01drop"},
        {"test", Layer::kDrop, "testdrop"}}},
      {"test-folder",
       {{"train", Layer::kLq, "lq"},
        {"train", Layer::kGt, "gt"},
        {"train", Layer::kStreak, "mstreak"},
        {"train", Layer::kMask, "01drop"},
        {"train", Layer::kDrop, "drop"},
        {"test", Layer::kLq, "test/lq"},
        {"test", Layer::kGt, "test/gt"},
        {"test", Layer::kStreak, "test/mstreak"},
        {"test", Layer::kMask, "test/01drop"},
        {"test", Layer::kDrop, "test/drop"}}},
      {"train-test",
       {{"train", Layer::kLq, "train/lq"},
        {"train", Layer::kGt, "train/gt"},
        {"train", Layer::kStreak, "train/mstreak"},
        {"train", Layer::kMask, "train/01drop"},
        {"train", Layer::kDrop, "train/drop"},
        {"test", Layer::kLq, "test/lq"},
        {"test", Layer::kGt, "test/gt"},
        {"test", Layer::kStreak, "test/mstreak"},
        {"test", Layer::kMask, "test/01drop"},
        {"test", Layer::kDrop, "test/drop"}}},
  };
  return list;
}

void plan(Scan& scan) {
  plan_arranged(
      scan, arrangements(),
      "the folders lq and gt (with testlq and testgt, or test/lq and test/gt), or train/lq, "
      "train/gt, test/lq and test/gt");
}

std::optional<ExportPlace> place(const ClipInfo& clip, Layer layer, const ExportContext& context) {
  auto found = arranged_place(arrangements(), clip, layer, context);
  if (found) found->binary = layer == Layer::kMask;
  return found;
}

}  // namespace

const Layout& layout_vrds() {
  static const Layout layout = {
      "vrds",
      "VRDS: lq gt 01drop drop mstreak, with testlq/testgt, test/lq test/gt, or train/ and test/",
      SetKind::kClips,
      &plan,
      &place,
      [] { return names_of(arrangements()); },
      {8, 0}};
  return layout;
}

}  // namespace pluvia
