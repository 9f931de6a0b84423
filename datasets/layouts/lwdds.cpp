// SPDX-License-Identifier: Apache-2.0
// LWDDS (waterdrops on a windscreen): clips as folders of %06d.png counted from 0. Its rainy_mask
// is the mask of the training clips; test clips have none.
#include "datasets/layouts/arranged.h"

namespace pluvia {
namespace {

const std::vector<Arrangement>& arrangements() {
  static const std::vector<Arrangement> list = {
      {"lwdds",
       {{"train", Layer::kLq, "water/rainy_vid"},
        {"train", Layer::kGt, "water/clean_vid"},
        {"train", Layer::kMask, "water/rainy_mask"},
        {"test", Layer::kLq, "water/test/syn/rainy_vid"},
        {"test", Layer::kGt, "water/test/syn/clean_vid"}}}};
  return list;
}

void plan(Scan& scan) {
  plan_arranged(
      scan, arrangements(),
      "water/rainy_vid, water/clean_vid, water/test/syn/rainy_vid and water/test/syn/clean_vid");
}

std::optional<ExportPlace> place(const ClipInfo& clip, Layer layer, const ExportContext& context) {
  return arranged_place(arrangements(), clip, layer, context);
}

}  // namespace

const Layout& layout_lwdds() {
  static const Layout layout = {
      "lwdds", "LWDDS: water/rainy_vid, clean_vid and test/syn", SetKind::kClips, &plan,
      &place,  [] { return std::vector<std::string>(); },        {6, 0}};
  return layout;
}

}  // namespace pluvia
