// SPDX-License-Identifier: Apache-2.0
// Scoring by a protocol: frames one by one (stateless: any order, any thread, may be cached), clip
// metrics along a clip, and the averages over both.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eval/metrics/flow_memory.h"
#include "eval/metrics/regions.h"
#include "eval/protocol/protocol.h"

namespace pluvia {

/// Exactly one of the two: 8-bit, or values 0..255 that need not be whole. RGB or grey.
struct Picture {
  ImageView<const std::uint8_t> u8;
  ImageView<const double> real;
  int height() const { return u8.empty() ? real.height() : u8.height(); }
  int width() const { return u8.empty() ? real.width() : u8.width(); }
};

struct FramePair {
  std::string name;
  Picture reference;
  Picture prediction;
  const Regions* regions = nullptr;  ///< null: the whole frame only
  ImageView<const float> flow;       ///< of the reference to the next frame; may be empty
};

struct FrameScores {
  std::string name;
  bool identical = false;  ///< to the reference, in all that counts of a picture
  /// Per metric of the protocol that scores frames, in its order; NaN: not defined here.
  std::vector<double> values;
  std::vector<MetricSum> sums;               ///< count 0 where a metric has none
  std::vector<std::vector<double>> regions;  ///< [metric][region]
  /// [metric][region], of metrics whose errors the protocol pools; else nothing.
  std::vector<std::vector<MetricSum>> region_sums;
};

/// What a protocol leaves open.
struct ScoringOptions {
  std::string niqe_model;  ///< for NIQE entries that name no file
};

class ClipPass;

class ProtocolScorer {
 public:
  explicit ProtocolScorer(Protocol protocol, const ScoringOptions& options = {});
  ProtocolScorer(ProtocolScorer&&) = default;

  const Protocol& protocol() const { return protocol_; }
  /// Keys of frame metrics and of clip metrics, in the protocol's order.
  const std::vector<std::string>& frame_keys() const { return frame_keys_; }
  const std::vector<std::string>& clip_keys() const { return clip_keys_; }

  /// Of a metric of frames: how its pooled errors become a score, where the protocol pools them.
  std::optional<DecibelLaw> pooled(std::size_t metric) const;

  FrameScores score(const FramePair& pair) const;
  /// For the clip metrics: frames are added in order.
  std::unique_ptr<ClipPass> begin_clip() const;

 private:
  friend class ClipPass;
  struct FrameEntry {
    const ProtocolMetric* entry;
    std::unique_ptr<FrameScorer> scorer;
  };
  void score_entry(std::size_t i, const MetricInput& input, const FramePair& pair,
                   FrameScores& out) const;

  Protocol protocol_;
  std::vector<FrameEntry> frames_;
  std::vector<const ProtocolMetric*> clips_;
  std::vector<std::string> frame_keys_;
  std::vector<std::string> clip_keys_;
};

class ClipPass {
 public:
  explicit ClipPass(const ProtocolScorer& scorer);
  void add(const FramePair& pair);
  std::vector<double> scores() const;

 private:
  const ProtocolScorer& scorer_;
  FlowMemory flows_;
  std::vector<std::unique_ptr<ClipScorer>> passes_;
};

struct ClipScores {
  std::string name;
  std::vector<FrameScores> frames;
  std::vector<double> values;  ///< of clip metrics
};

/// Means by key ("psnr", "ssim_inside", "tof"), in the protocol's order, and what was left out.
struct Means {
  std::vector<std::pair<std::string, double>> values;
  double at(const std::string& key) const;
};

struct Summary {
  Means mean;
  std::vector<Means> clips;
  int frames = 0;
  int identical = 0;
  /// By column, where there are any: frames of infinite score, which means leave out or not as the
  /// protocol says. More than `identical` ones: equal luma of other colours, an untouched region.
  std::vector<std::pair<std::string, int>> infinite;
};

/// What a protocol averages as its clips.
enum class SetUnit : std::uint8_t {
  kClip,
  kPicture,  ///< clips are stacks of unrelated pictures: each picture is a clip of one frame
};

/// `regions` are the names of the regions the frames were scored in, or none.
Summary summarise(const ProtocolScorer& scorer, const std::vector<ClipScores>& clips,
                  const std::vector<std::string>& regions, SetUnit unit = SetUnit::kClip);

/// What a frame brings into a pooled score of the whole frame (region < 0: its MSE, frames weigh
/// alike) or of a region (its squared errors, pixels weigh alike).
MetricSum pooled_part(const FrameScores& frame, std::size_t metric, int region);

/// A mean under the rule for infinite values; NaN entries never count. NaN when nothing is left.
double mean_under(const std::vector<double>& values, IdenticalRule rule);

}  // namespace pluvia
