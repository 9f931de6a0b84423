// SPDX-License-Identifier: Apache-2.0
// Sums over the pixels of each label of a picture. A mask is a plane of two labels; no mask is one
// label everywhere. Denominators count the pixels (times channels) of the region, never the whole
// picture.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "core/metric.h"

namespace pluvia {

/// NaN where nothing was counted.
inline double mean_of(const MetricSum& sum) {
  return sum.count > 0 ? sum.sum / sum.count : std::numeric_limits<double>::quiet_NaN();
}

/// 1 where the mask counts, else 0.
Image<std::uint8_t> labels_of_mask(ImageView<const std::uint8_t> mask);

/// The sum where the input's mask counts.
MetricSum masked_sum(const FrameScorer& scorer, const MetricInput& input);

/// Calls body(x_begin, x_end, label) on the runs of equal labels of a row; an empty plane is one
/// run of label 0.
template <typename Body>
void for_each_run(ImageView<const std::uint8_t> labels, int y, int width, const Body& body) {
  if (labels.empty()) {
    body(0, width, 0);
    return;
  }
  const auto row = labels.row(y);
  for (int begin = 0; begin < width;) {
    int end = begin + 1;
    const std::uint8_t label = row[static_cast<std::size_t>(begin)];
    while (end < width && row[static_cast<std::size_t>(end)] == label) ++end;
    body(begin, end, label);
    begin = end;
  }
}

/// Sums term(a, b) over every pixel and channel of each label, rows in order.
template <typename T, typename Term>
std::vector<MetricSum> label_sums(ImageView<const T> a, ImageView<const T> b,
                                  ImageView<const std::uint8_t> labels, int count,
                                  const Term& term) {
  std::vector<MetricSum> sums(static_cast<std::size_t>(count));
  const int channels = a.channels();
  for (int y = 0; y < a.height(); ++y) {
    const T* const pa = a.row(y).data();
    const T* const pb = b.row(y).data();
    for_each_run(labels, y, a.width(), [&](int begin, int end, int label) {
      MetricSum& into = sums[static_cast<std::size_t>(label)];
      double sum = 0;
      for (int i = begin * channels; i < end * channels; ++i) sum += term(pa[i], pb[i]);
      into.sum += sum;
      into.count += double{1} * (end - begin) * channels;
    });
  }
  return sums;
}

}  // namespace pluvia
