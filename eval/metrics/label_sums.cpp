// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/label_sums.h"

namespace pluvia {

Image<std::uint8_t> labels_of_mask(ImageView<const std::uint8_t> mask) {
  Image<std::uint8_t> labels(mask.height(), mask.width(), 1);
  for (int y = 0; y < mask.height(); ++y) {
    for (int x = 0; x < mask.width(); ++x) labels.view().at(y, x) = mask.at(y, x) != 0 ? 1 : 0;
  }
  return labels;
}

MetricSum masked_sum(const FrameScorer& scorer, const MetricInput& input) {
  if (input.mask.empty()) return scorer.sums(input, {}, 1).front();
  const Image<std::uint8_t> labels = labels_of_mask(input.mask);
  return scorer.sums(input, labels.view(), 2).back();
}

}  // namespace pluvia
