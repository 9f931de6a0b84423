// SPDX-License-Identifier: Apache-2.0
// Mean structural similarity: the mean of the map (ssim_map.h) over its pixels and the channels.
// On part of a picture it is the mean of the map over that part; what lies outside leaks into the
// windows at its edge. `support=region` instead takes the statistics of each window from pixels of
// the region alone (normalised convolution): an untouched outside then scores exactly 1.
#include <algorithm>
#include <optional>
#include <utility>

#include "core/error.h"
#include "eval/metrics/exact_ssim.h"
#include "eval/metrics/label_sums.h"
#include "eval/metrics/metrics.h"
#include "eval/metrics/region_ssim.h"
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

std::optional<ExactWindow> exact_window_of(SsimOptions options) {
  options.border = Border::kValid;  // any will do: see below
  if (!is_plain(options)) return std::nullopt;
  const auto n = static_cast<double>(options.taps.size() * options.taps.size());
  return exact_window(options.taps, options.range, options.sample_covariance ? n / (n - 1) : 1);
}

bool integers_do(const Params& params) {
  return exact_window_of(ssim_options(params)).has_value() && params.text("support") == "picture";
}

// What lies outside a picture is pixels like all others: with them around it, its map is the
// 'valid' one.
Image<std::uint8_t> padded(ImageView<const std::uint8_t> picture, int pixels, Border border) {
  const int channels = picture.channels();
  Image<std::uint8_t> out(picture.height() + 2 * pixels, picture.width() + 2 * pixels, channels);
  for (int y = 0; y < out.height(); ++y) {
    const auto to = out.view().row(y);
    const int from_row = border_index(y - pixels, picture.height(), border);
    if (from_row < 0) {
      std::fill(to.begin(), to.end(), std::uint8_t{0});
      continue;
    }
    pad_row(picture.row(from_row), channels, pixels, border, to.data());
  }
  return out;
}

class Ssim : public FrameScorer {
 public:
  explicit Ssim(const Params& params)
      : options_(ssim_options(params)),
        exact_(exact_window_of(options_)),
        of_region_(params.text("support") == "region") {
    if (of_region_ && !is_plain(options_)) {
      fail_usage("support=region goes with border=valid, downsample=none, contrast=plain, ",
                 "channels=mean and a window of at most 11");
    }
  }

  double score(const MetricInput& input) const override {
    check_metric_input(input);
    // All of a picture is no region of it.
    if (of_region_ && !input.mask.empty()) return mean_of(region_ssim_sum(input, options_));
    return mean_of(masked_sum(*this, input));
  }

  std::vector<MetricSum> sums(const MetricInput& input, ImageView<const std::uint8_t> labels,
                              int count) const override {
    if (of_region_ && !labels.empty()) return {};
    check_metric_input(input);
    const ImageView<const std::uint8_t> reference = input.reference_u8;
    const auto size = static_cast<int>(options_.taps.size());
    const bool valid = options_.border == Border::kValid;
    if (exact_ && !reference.empty() && !valid) {
      const int radius = size / 2;
      const auto around = [&](ImageView<const std::uint8_t> picture) {
        return padded(picture, radius, options_.border);
      };
      Image<std::uint8_t> all_labels;
      if (!labels.empty()) all_labels = padded(labels, radius, Border::kZero);
      return exact_ssim_sums(around(reference).view(), around(input.prediction_u8).view(),
                             std::as_const(all_labels).view(), count, *exact_);
    }
    if (exact_ && std::min(reference.height(), reference.width()) >= size) {
      return exact_ssim_sums(reference, input.prediction_u8, labels, count, *exact_);
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
  std::optional<ExactWindow> exact_;  ///< where it can be taken
  bool of_region_;
};

std::unique_ptr<FrameScorer> make(const Params& params) { return std::make_unique<Ssim>(params); }

}  // namespace

Metric metric_ssim() {
  Metric metric{"ssim", "", "structural similarity", 1, true, params_with_support()};
  metric.frames = &make;
  metric.integers_do = &integers_do;
  return metric;
}

}  // namespace pluvia
