// SPDX-License-Identifier: Apache-2.0
// RainSynAll100: clips as folders of %d.jpg counted from 1. Export writes PNG under the same names:
// JPEG would lose pixels.
#include "datasets/layouts/arranged.h"

namespace pluvia {
namespace {

const std::vector<Arrangement>& arrangements() {
  static const std::vector<Arrangement> list = {
      {"rainsynall100",
       {{"train", Layer::kLq, "Video_rain_synthesis_train/Rain"},
        {"train", Layer::kGt, "Video_rain_synthesis_train/GT"},
        {"test", Layer::kLq, "test/Rain"},
        {"test", Layer::kGt, "test/GT"}}}};
  return list;
}

void plan(Scan& scan) {
  plan_arranged(scan, arrangements(),
                "Video_rain_synthesis_train/Rain and GT, test/Rain and test/GT");
}

std::optional<ExportPlace> place(const ClipInfo& clip, Layer layer, const ExportContext& context) {
  return arranged_place(arrangements(), clip, layer, context);
}

}  // namespace

const Layout& layout_rainsynall100() {
  static const Layout layout = {
      "rainsynall100", "RainSynAll100: Video_rain_synthesis_train/{Rain,GT}, test/{Rain,GT}",
      SetKind::kClips, &plan,
      &place,          [] { return std::vector<std::string>(); },
      {1, 1}};
  return layout;
}

}  // namespace pluvia
