// SPDX-License-Identifier: Apache-2.0
#include "eval/protocol/score.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "core/error.h"
#include "eval/metrics/label_sums.h"

namespace pluvia {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <typename T>
ImageView<const T> cut(ImageView<const T> image, const Rect& part) {
  return image.empty() ? image : image.crop(part.y, part.x, part.height, part.width);
}

Picture cut(const Picture& picture, const Rect& part) {
  return {cut(picture.u8, part), cut(picture.real, part)};
}

Image<double> in_color(const Picture& picture, Color color) {
  return picture.u8.empty() ? to_color(picture.real, color) : to_color(picture.u8, color);
}

// One picture pair in one colour, in integers as long as possible and in double on demand.
class Colored {
 public:
  Colored(const FramePair& pair, Color color) : pair_(pair), color_(color) {
    if (pair.reference.u8.empty() || pair.prediction.u8.empty() || !gives_integers(color)) return;
    reference_u8_ = in_integers(pair.reference.u8, converted_reference_);
    prediction_u8_ = in_integers(pair.prediction.u8, converted_prediction_);
  }

  MetricInput input(bool integers_do) {
    MetricInput input;
    input.reference_u8 = reference_u8_;
    input.prediction_u8 = prediction_u8_;
    input.flow = pair_.flow;
    if (integers_do && !reference_u8_.empty()) return input;
    if (reference_.empty()) {
      reference_ = in_color(pair_.reference, color_);
      prediction_ = in_color(pair_.prediction, color_);
    }
    input.reference = reference_.view();
    input.prediction = prediction_.view();
    return input;
  }

 private:
  /// What is RGB already is not copied.
  ImageView<const std::uint8_t> in_integers(ImageView<const std::uint8_t> picture,
                                            Image<std::uint8_t>& converted) const {
    if (color_ == Color::kRgb && picture.channels() == 3) return picture;
    converted = to_color_u8(picture, color_);
    return std::as_const(converted).view();
  }

  const FramePair& pair_;
  Color color_;
  Image<std::uint8_t> converted_reference_;
  Image<std::uint8_t> converted_prediction_;
  ImageView<const std::uint8_t> reference_u8_;
  ImageView<const std::uint8_t> prediction_u8_;
  Image<double> reference_;
  Image<double> prediction_;
};

class Colors {
 public:
  explicit Colors(const FramePair& pair) : pair_(pair) {}
  MetricInput of(const ProtocolMetric& entry) {
    auto found = by_color_.find(entry.color);
    if (found == by_color_.end()) {
      found = by_color_.try_emplace(entry.color, pair_, entry.color).first;
    }
    const bool integers =
        entry.metric->integers_do != nullptr && entry.metric->integers_do(entry.params);
    return found->second.input(integers);
  }

 private:
  const FramePair& pair_;
  std::map<Color, Colored> by_color_;
};

bool equal_pictures(const Picture& a, const Picture& b) {
  if (!a.u8.empty() && !b.u8.empty()) {
    for (int y = 0; y < a.u8.height(); ++y) {
      const auto ra = a.u8.row(y);
      if (!std::equal(ra.begin(), ra.end(), b.u8.row(y).begin())) return false;
    }
    return true;
  }
  const Image<double> da = in_color(a, Color::kRgb);
  const Image<double> db = in_color(b, Color::kRgb);
  return std::equal(da.pixels().begin(), da.pixels().end(), db.pixels().begin());
}

void check_pair(const FramePair& pair) {
  const Picture& a = pair.reference;
  const Picture& b = pair.prediction;
  if (a.height() != b.height() || a.width() != b.width()) {
    fail("the prediction is ", b.width(), "x", b.height(), ", the reference ", a.width(), "x",
         a.height());
  }
}

/// What counts of a pair; regions stay those of whole frames.
FramePair cut(const FramePair& pair, const Rect& part) {
  FramePair out = pair;
  out.reference = cut(pair.reference, part);
  out.prediction = cut(pair.prediction, part);
  out.flow = cut(pair.flow, part);
  return out;
}

Rect part_of(const Protocol& protocol, const FramePair& pair) {
  return protocol.part(pair.reference.height(), pair.reference.width());
}

}  // namespace

ProtocolScorer::ProtocolScorer(Protocol protocol, const ScoringOptions& options)
    : protocol_(std::move(protocol)) {
  for (ProtocolMetric& entry : protocol_.metrics) {
    if (std::string_view(entry.metric->name) == "niqe" && entry.params.text("model").empty()) {
      entry.params.set("model", options.niqe_model);
    }
    const std::string lacks = entry.metric->lacks != nullptr ? entry.metric->lacks() : "";
    if (!lacks.empty()) {
      fail_usage("metric ", entry.metric->name, " needs ", lacks);
    }
    if (entry.metric->clips != nullptr) {
      clips_.push_back(&entry);
      clip_keys_.push_back(entry.key);
    } else {
      frames_.push_back({&entry, entry.metric->frames(entry.params)});
      frame_keys_.push_back(entry.key);
    }
  }
}

void ProtocolScorer::score_entry(std::size_t i, const MetricInput& input, const FramePair& pair,
                                 FrameScores& out) const {
  const FrameScorer& scorer = *frames_[i].scorer;
  const Metric& metric = *frames_[i].entry->metric;
  const bool with_regions = pair.regions != nullptr && !pair.regions->empty();
  const Rect rect = part_of(protocol_, pair);
  const auto labels =
      with_regions ? cut(pair.regions->labels.view(), rect) : ImageView<const std::uint8_t>();
  const int count = with_regions ? pair.regions->label_count : 1;
  const std::vector<MetricSum> parts = scorer.sums(input, labels, count);
  MetricSum whole;
  for (const MetricSum& part : parts) {
    whole.sum += part.sum;
    whole.count += part.count;
  }
  out.values[i] = parts.empty() ? scorer.score(input) : scorer.of_mean(mean_of(whole));
  out.sums[i] = whole;
  if (!with_regions || !metric.takes_masks) return;
  for (const Region& region : pair.regions->list) {
    MetricSum sum;
    for (std::size_t label = 0; label < parts.size(); ++label) {
      if (!region.has_label[label]) continue;
      sum.sum += parts[label].sum;
      sum.count += parts[label].count;
    }
    if (!parts.empty()) {
      out.regions[i].push_back(sum.count > 0 ? scorer.of_mean(mean_of(sum)) : kNaN);
      if (pooled(i)) out.region_sums[i].push_back(sum);
      continue;
    }
    const Image<std::uint8_t> mask = pair.regions->mask_of(region);
    MetricInput masked = input;
    masked.mask = cut(mask.view(), rect);
    out.regions[i].push_back(scorer.score(masked));
  }
}

std::optional<DecibelLaw> ProtocolScorer::pooled(std::size_t metric) const {
  if (protocol_.averaging != Averaging::kPooledMse) return std::nullopt;
  return frames_[metric].scorer->pooled();
}

FrameScores ProtocolScorer::score(const FramePair& pair) const {
  return within(pair.name, [&] {
    check_pair(pair);
    const FramePair inner = cut(pair, part_of(protocol_, pair));
    FrameScores out;
    out.name = pair.name;
    out.identical =
        protocol_.needs_reference() && equal_pictures(inner.reference, inner.prediction);
    out.values.assign(frames_.size(), kNaN);
    out.sums.resize(frames_.size());
    out.regions.resize(frames_.size());
    out.region_sums.resize(frames_.size());
    Colors colors(inner);
    for (std::size_t i = 0; i < frames_.size(); ++i) {
      score_entry(i, colors.of(*frames_[i].entry), pair, out);
    }
    return out;
  });
}

std::unique_ptr<ClipPass> ProtocolScorer::begin_clip() const {
  return std::make_unique<ClipPass>(*this);
}

ClipPass::ClipPass(const ProtocolScorer& scorer) : scorer_(scorer) {
  for (const ProtocolMetric* entry : scorer.clips_) {
    passes_.push_back(entry->metric->clips(entry->params));
  }
}

void ClipPass::add(const FramePair& pair) {
  if (passes_.empty()) return;
  within(pair.name, [&] {
    check_pair(pair);
    const FramePair inner = cut(pair, part_of(scorer_.protocol_, pair));
    Colors colors(inner);
    for (std::size_t i = 0; i < passes_.size(); ++i) {
      MetricInput input = colors.of(*scorer_.clips_[i]);
      input.flows = &flows_;
      passes_[i]->add(input);
    }
  });
}

std::vector<double> ClipPass::scores() const {
  std::vector<double> out;
  for (const auto& pass : passes_) out.push_back(pass->score());
  return out;
}

}  // namespace pluvia
