// SPDX-License-Identifier: Apache-2.0
// Peak signal-to-noise ratio in decibels: 10 log10(peak^2 / MSE).
//
// MSE is one mean over all counted pixels and channels, or (channels=mean) the PSNRs of the
// channels are averaged, which is another number. Integer pictures are summed in integers: exact.
// Rules of programs in use that differ from the plain formula are parameters:
//   peak_rule=one-if-dark  peak is 1 when no value of the prediction exceeds 1 (validation code of
//                          Restormer, HINet, NAFNet: it looks at the first picture only)
//   mse_offset             added to the MSE of pictures in [0,1] (1e-8: identical pictures: 80 dB)
//   cap_db                 upper limit (libvmaf: 60)
// Equal pictures score infinity unless one of the last two says otherwise.
#include <array>
#include <cmath>
#include <limits>

#include "eval/metrics/integer_sums.h"
#include "eval/metrics/label_sums.h"
#include "eval/metrics/metrics.h"

namespace pluvia {
namespace {

constexpr std::array<Param, 5> kParams = {{
    {"channels", ParamKind::kChoice, "", "one MSE over all channels, or mean of their PSNRs",
     "pooled", 0, 0, "pooled|mean"},
    {"peak", ParamKind::kNumber, "", "largest value", "255", 1e-6, 65535},
    {"peak_rule", ParamKind::kChoice, "", "what decides the peak", "fixed", 0, 0,
     "fixed|one-if-dark"},
    {"mse_offset", ParamKind::kNumber, "", "added to the MSE of values in 0..1", "0", 0, 1},
    {"cap_db", ParamKind::kNumber, "dB", "largest score, 0: none", "0", 0, 1000},
}};

double largest(const MetricInput& input) {
  double most = 0;
  if (input.prediction.empty()) {
    for (int y = 0; y < input.prediction_u8.height(); ++y) {
      for (const std::uint8_t v : input.prediction_u8.row(y)) most = std::max<double>(most, v);
    }
    return most;
  }
  for (int y = 0; y < input.prediction.height(); ++y) {
    for (const double v : input.prediction.row(y)) most = std::max(most, v);
  }
  return most;
}

class Psnr : public FrameScorer {
 public:
  explicit Psnr(const Params& params)
      : mean_of_channels_(params.text("channels") == "mean"),
        one_if_dark_(params.text("peak_rule") == "one-if-dark"),
        law_{params.number("peak"), params.number("mse_offset") * 255 * 255,
             params.number("cap_db")} {}

  double score(const MetricInput& input) const override {
    check_metric_input(input);
    if (mean_of_channels_) return mean_over_channels(input);
    const double mse =
        mean_of(input.mask.empty() ? all_sums(input, {}, 1).front()
                                   : all_sums(input, labels_of_mask(input.mask).view(), 2).back());
    if (one_if_dark_ && largest(input) <= 1) return DecibelLaw{1, 0, law_.cap_db}.of(mse);
    return of_mean(mse);
  }

  std::vector<MetricSum> sums(const MetricInput& input, ImageView<const std::uint8_t> labels,
                              int count) const override {
    if (mean_of_channels_ || one_if_dark_) return {};
    check_metric_input(input);
    return all_sums(input, labels, count);
  }

  double of_mean(double mse) const override { return law_.of(mse); }

  std::optional<DecibelLaw> pooled() const override {
    return mean_of_channels_ || one_if_dark_ ? std::nullopt : std::optional(law_);
  }

 private:
  static std::vector<MetricSum> all_sums(const MetricInput& input,
                                         ImageView<const std::uint8_t> labels, int count) {
    if (!input.reference_u8.empty()) {
      return squared_error_sums(input.reference_u8, input.prediction_u8, labels, count);
    }
    return label_sums(input.reference, input.prediction, labels, count,
                      [](double a, double b) { return (a - b) * (a - b); });
  }

  double mean_over_channels(const MetricInput& input) const {
    const auto& a = input.reference;
    std::vector<MetricSum> sums(static_cast<std::size_t>(a.channels()));
    for (int y = 0; y < a.height(); ++y) {
      for (int x = 0; x < a.width(); ++x) {
        if (!input.mask.empty() && input.mask.at(y, x) == 0) continue;
        for (int c = 0; c < a.channels(); ++c) {
          const double d = a.at(y, x, c) - input.prediction.at(y, x, c);
          sums[static_cast<std::size_t>(c)].sum += d * d;
          sums[static_cast<std::size_t>(c)].count += 1;
        }
      }
    }
    double total = 0;
    for (const MetricSum& sum : sums) total += of_mean(mean_of(sum));
    return total / a.channels();
  }

  bool mean_of_channels_;
  bool one_if_dark_;
  DecibelLaw law_;
};

std::unique_ptr<FrameScorer> make(const Params& params) { return std::make_unique<Psnr>(params); }

bool integers_do(const Params& params) { return params.text("channels") == "pooled"; }

}  // namespace

Metric metric_psnr() {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Metric metric{"psnr", "dB", "peak signal-to-noise ratio", kInfinity, true, kParams};
  metric.frames = &make;
  metric.integers_do = &integers_do;
  return metric;
}

}  // namespace pluvia
