// SPDX-License-Identifier: Apache-2.0
// NIQE, a score without reference (Mittal, Soundararajan, Bovik 2013): the distance between the
// statistics of a picture and those of natural pictures,
//   sqrt((m1 - m2)' pinv((C1 + C2)/2) (m1 - m2)).
// Lower is better. The parameters of natural pictures come from a file: the official ones (.mat,
// .npz) or one's own fit. Use it on a rounded luma; which luma moves the score by 0.1 to 0.3.
#include <array>

#include "core/error.h"
#include "eval/metrics/filters.h"
#include "eval/metrics/metrics.h"
#include "eval/metrics/niqe_model.h"

namespace pluvia {
namespace {

constexpr std::array<Param, 1> kParams = {{
    {"model", ParamKind::kText, "", "file of the parameters of natural pictures", "", 0, 0},
}};

class Niqe : public FrameScorer {
 public:
  explicit Niqe(const std::string& path) : model_(read_niqe_model(path)) {}

  double score(const MetricInput& input) const override {
    refuse_holes(input, "niqe");
    if (input.prediction.channels() != 1) {
      fail("NIQE: the picture has ", input.prediction.channels(),
           " channels; its colour must be a luma (y601-rounded, yfull-rounded)");
    }
    return niqe_distance(model_, niqe_statistics(niqe_blocks(input.prediction).features));
  }

 private:
  NiqeModel model_;
};

std::unique_ptr<FrameScorer> make(const Params& params) {
  const std::string& path = params.text("model");
  if (path.empty()) {
    fail_usage(
        "NIQE needs the parameters of natural pictures: give --niqe-model FILE (.mat or "
        ".npz), or fit your own with --fit-niqe FOLDER");
  }
  return std::make_unique<Niqe>(path);
}

}  // namespace

Metric metric_niqe() {
  Metric metric{"niqe", "", "naturalness without reference", 0, false, kParams};
  metric.frames = &make;
  metric.needs_reference = false;
  metric.takes_masks = false;
  return metric;
}

}  // namespace pluvia
