// SPDX-License-Identifier: Apache-2.0
// RainVID&SS: clips as folders of %04d.jpg counted from 0. What the set calls val is what papers
// report on, hence the split test. Export writes PNG under the same names: JPEG would lose pixels.
#include "datasets/layouts/arranged.h"

namespace pluvia {
namespace {

const std::vector<Arrangement>& arrangements() {
  static const std::vector<Arrangement> list = {{"rainvidss",
                                                 {{"train", Layer::kLq, "train/rainy"},
                                                  {"train", Layer::kGt, "train/gt"},
                                                  {"test", Layer::kLq, "val/rainy"},
                                                  {"test", Layer::kGt, "val/gt"}}}};
  return list;
}

void plan(Scan& scan) {
  plan_arranged(scan, arrangements(), "train/rainy, train/gt, val/rainy and val/gt");
}

std::optional<ExportPlace> place(const ClipInfo& clip, Layer layer, const ExportContext& context) {
  return arranged_place(arrangements(), clip, layer, context);
}

}  // namespace

const Layout& layout_rainvidss() {
  static const Layout layout = {
      "rainvidss",     "RainVID&SS: train/rainy, train/gt, val/rainy, val/gt",
      SetKind::kClips, &plan,
      &place,          [] { return std::vector<std::string>(); },
      {4, 0}};
  return layout;
}

}  // namespace pluvia
