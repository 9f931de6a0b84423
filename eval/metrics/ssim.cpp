// SPDX-License-Identifier: Apache-2.0
// Mean structural similarity: the mean of the map (ssim_map.h) over its pixels and the channels.
// On part of a picture it is the mean of the map over that part; what lies outside leaks into the
// windows at its edge. `support=region` instead takes the statistics of each window from pixels of
// the region alone (normalised convolution): an untouched outside then scores exactly 1.
#include <cmath>
#include <limits>

#include "core/error.h"
#include "eval/metrics/exact_ssim.h"
#include "eval/metrics/label_sums.h"
#include "eval/metrics/metrics.h"
#include "eval/metrics/region_ssim.h"
#include "eval/metrics/single_ssim.h"
#include "eval/metrics/ssim_map.h"

namespace pluvia {
namespace {

const std::vector<Param>& params_with_support() {
  static const std::vector<Param> kAll = [] {
    std::vector<Param> all(ssim_params().begin(), ssim_params().end());
    all.push_back({"support", ParamKind::kChoice, "",
                   "on a region: the whole picture's map, or statistics of the region alone",
                   "picture", 0, 0, "picture|region"});
    return all;
  }();
  return kAll;
}

bool fast_enough_for(const Params& params) {
  const SsimOptions options = ssim_options(params);
  const std::size_t size = options.taps.size();
  const bool taken = params.text("arithmetic") == "single" ? size == 7 || size == 11
                                                           : exact_ssim_takes(options.taps);
  return is_plain(options) && taken && params.text("support") == "picture";
}

class Ssim : public FrameScorer {
 public:
  explicit Ssim(const Params& params)
      : options_(ssim_options(params)),
        fast_(fast_enough_for(params)),
        of_region_(params.text("support") == "region"),
        single_(params.text("arithmetic") == "single") {
    if (of_region_ && !is_plain(options_)) {
      fail_usage("support=region goes with border=valid, downsample=none, contrast=plain, ",
                 "channels=mean and a window of at most 11");
    }
  }

  double score(const MetricInput& input) const override {
    check_metric_input(input);
    if (of_region_) return mean_of(region_ssim_sum(input, options_));
    return mean_of(masked_sum(*this, input));
  }

  std::vector<MetricSum> sums(const MetricInput& input, ImageView<const std::uint8_t> labels,
                              int count) const override {
    if (of_region_) return {};
    check_metric_input(input);
    const bool integers = !input.reference_u8.empty();
    const auto size = static_cast<int>(options_.taps.size());
    const int smallest =
        integers ? std::min(input.reference_u8.height(), input.reference_u8.width()) : 0;
    if (fast_ && integers && smallest >= size) {
      const double n = double{1} * size * size;
      const WindowSsim window{options_.taps, options_.range,
                              options_.sample_covariance ? n / (n - 1) : 1};
      const auto fast = single_ ? single_ssim_sums : exact_ssim_sums;
      return fast(input.reference_u8, input.prediction_u8, labels, count, window);
    }
    if (input.reference.empty()) {
      fail("SSIM: the picture is ", input.reference_u8.width(), "x", input.reference_u8.height(),
           ", smaller than its ", size, "x", size, " window");
    }
    return sums_of_maps(ssim_maps(input.reference, input.prediction, options_), labels, count);
  }

 private:
  static std::vector<MetricSum> sums_of_maps(const std::vector<SsimMap>& maps,
                                             ImageView<const std::uint8_t> labels, int count) {
    std::vector<MetricSum> sums(static_cast<std::size_t>(count));
    for (const SsimMap& map : maps) {
      for (int y = 0; y < map.ssim.height(); ++y) {
        for (int x = 0; x < map.ssim.width(); ++x) {
          const int label = labels.empty() ? 0
                                           : labels.at((y + map.offset) * map.factor,
                                                       (x + map.offset) * map.factor);
          sums[static_cast<std::size_t>(label)].sum += map.ssim.view().at(y, x);
          sums[static_cast<std::size_t>(label)].count += 1;
        }
      }
    }
    return sums;
  }

  SsimOptions options_;
  bool fast_;
  bool of_region_;
  bool single_;
};

std::unique_ptr<FrameScorer> make(const Params& params) { return std::make_unique<Ssim>(params); }

}  // namespace

Metric metric_ssim() {
  Metric metric{"ssim", "", "structural similarity", 1, true, params_with_support()};
  metric.frames = &make;
  metric.integers_do = &fast_enough_for;
  return metric;
}

}  // namespace pluvia
