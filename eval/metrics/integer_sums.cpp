// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/integer_sums.h"

#include <algorithm>

#include "core/for_each.h"
#include "eval/metrics/label_sums.h"

namespace pluvia {
namespace {

PLUVIA_ALL_LEVELS std::uint64_t squared_error(const std::uint8_t* a, const std::uint8_t* b, int n) {
  constexpr int kMost = 32768;  // times 255^2 fits into 32 bits
  std::uint64_t total = 0;
  for (int begin = 0; begin < n; begin += kMost) {
    const int end = std::min(n, begin + kMost);
    std::uint32_t sum = 0;
    for (int i = begin; i < end; ++i) {
      const int d = static_cast<int>(a[i]) - static_cast<int>(b[i]);
      sum += static_cast<std::uint32_t>(d * d);
    }
    total += sum;
  }
  return total;
}

}  // namespace

std::vector<MetricSum> squared_error_sums(ImageView<const std::uint8_t> a,
                                          ImageView<const std::uint8_t> b,
                                          ImageView<const std::uint8_t> labels, int count) {
  std::vector<std::uint64_t> totals(static_cast<std::size_t>(count));
  std::vector<MetricSum> sums(static_cast<std::size_t>(count));
  const int channels = a.channels();
  for (int y = 0; y < a.height(); ++y) {
    const std::uint8_t* const pa = a.row(y).data();
    const std::uint8_t* const pb = b.row(y).data();
    for_each_run(labels, y, a.width(), [&](int begin, int end, int label) {
      const auto i = static_cast<std::size_t>(label);
      totals[i] +=
          squared_error(pa + begin * channels, pb + begin * channels, (end - begin) * channels);
      sums[i].count += double{1} * (end - begin) * channels;
    });
  }
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i].sum = static_cast<double>(totals[i]);
  return sums;
}

}  // namespace pluvia
