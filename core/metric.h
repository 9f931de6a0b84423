// SPDX-License-Identifier: Apache-2.0
// A score of a prediction, most often against its reference: a table row (`Metric`) that makes a
// scorer from checked parameters. Scorers of single pictures keep no state between calls, so frames
// can be scored in any order and cached; scorers of clips are fed frames in order.
// What is done to the pictures before (colour, rounding, cropping) belongs to the protocol.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/decibel_law.h"
#include "core/image.h"
#include "core/params.h"

namespace pluvia {

class FlowMemory;

/// Pictures of equal size with values in 0..255, in double so that nothing is lost on the way to
/// a printed score.
struct MetricInput {
  ImageView<const double> reference;
  ImageView<const double> prediction;
  /// One channel, counts where not 0; empty: every pixel counts.
  ImageView<const std::uint8_t> mask;
  /// The same pictures as 8-bit integers where their values are such, else empty. With these, the
  /// two above may be empty for a metric whose row says so (`integers_do`).
  ImageView<const std::uint8_t> reference_u8;
  ImageView<const std::uint8_t> prediction_u8;
  /// Motion of the reference from this frame to the next, (x, y) in pixels; empty: not known.
  ImageView<const float> flow;
  /// Motion that scores of one clip find for each other (eval/metrics/flow_memory.h); null: each
  /// for itself.
  FlowMemory* flows = nullptr;
};

/// A sum over some pixels and what it must be divided by; sums of parts of a picture add up.
struct MetricSum {
  double sum = 0;
  double count = 0;
};

class FrameScorer {
 public:
  virtual ~FrameScorer() = default;
  virtual double score(const MetricInput& input) const = 0;
  /// Sums per label of a plane of labels below `count`, in one pass. Nothing where a score is not a
  /// function of a mean over pixels, or not one of several regions; such metrics are asked once per
  /// region, with a mask.
  virtual std::vector<MetricSum> sums(const MetricInput& /*input*/,
                                      ImageView<const std::uint8_t> /*labels*/,
                                      int /*count*/) const {
    return {};
  }
  /// The score that belongs to the mean of such sums.
  virtual double of_mean(double mean) const { return mean; }
  /// Where the sums are of squared errors that can be pooled over frames: what `of_mean` is then.
  virtual std::optional<DecibelLaw> pooled() const { return std::nullopt; }
};

class ClipScorer {
 public:
  virtual ~ClipScorer() = default;
  virtual void add(const MetricInput& frame) = 0;
  /// NaN while too few frames were seen.
  virtual double score() const = 0;
};

struct Metric {
  const char* name;
  const char* unit;  ///< "dB"; empty: a pure number
  const char* help;
  double ideal;  ///< score of a perfect prediction; may be infinite
  bool higher_is_better;
  std::span<const Param> params;
  /// Exactly one of the two is there.
  std::unique_ptr<FrameScorer> (*frames)(const Params& params) = nullptr;
  std::unique_ptr<ClipScorer> (*clips)(const Params& params) = nullptr;
  bool needs_reference = true;
  bool takes_masks = true;                              ///< false: a mask with holes is an Error
  bool (*integers_do)(const Params& params) = nullptr;  ///< null: never
  /// What must be installed and is not; empty: nothing. Null: never anything.
  std::string (*lacks)() = nullptr;
  /// What another program that computes it says of its version, lines of text; null: none does.
  std::string (*version)() = nullptr;
  /// Null: `higher_is_better`, whatever the parameters.
  bool (*higher_is_better_with)(const Params& params) = nullptr;
};

}  // namespace pluvia
