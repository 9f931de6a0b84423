// SPDX-License-Identifier: Apache-2.0
// A protocol: everything that decides a published number, as data. Which metrics with which
// parameters, of which colour, what is cut off, how frames are averaged, what happens to frames
// equal to their reference, and how a network is to be run (windows, tiles, how they are joined,
// how pictures are saved). Fields are documented in docs/protocols.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/metric.h"
#include "core/tiling.h"
#include "eval/metrics/color.h"

namespace pluvia {

struct ProtocolMetric {
  const Metric* metric;
  std::string key;  ///< its name in results
  Color color;
  Params params;

  bool higher_is_better() const {
    return metric->higher_is_better_with != nullptr ? metric->higher_is_better_with(params)
                                                    : metric->higher_is_better;
  }
};

enum class Averaging : std::uint8_t {
  kFrames,     ///< one mean over all frames (single pictures: over pictures)
  kClips,      ///< mean over the frames of a clip, then over clips
  kPooledMse,  ///< PSNR of the mean MSE over all frames; other metrics as kFrames
};

enum class IdenticalRule : std::uint8_t {
  kExclude,  ///< infinite scores are counted, reported and left out of means
  kInclude,  ///< one of them makes the mean infinite, as in most scripts
};

/// What of a picture counts.
enum class Crop : std::uint8_t {
  kBorder,   ///< all but `crop_border_px` on every side
  kTecogan,  ///< the middle: at least 16 pixels less a side pair, a multiple of 32
};

/// A part of a picture.
struct Rect {
  int y = 0;
  int x = 0;
  int height = 0;
  int width = 0;
};

struct Inference {
  TilePlan plan;
  std::string blend;  ///< "cut-half-overlap" or "mean": see docs/protocols.md
  std::string save;   ///< "round-half-even" or "truncate"
};

struct Protocol {
  std::string name;
  std::string title;
  std::string note;
  std::vector<std::string> used_by;
  std::vector<ProtocolMetric> metrics;
  Crop crop = Crop::kBorder;
  int crop_border_px = 0;
  int skip_frames = 0;  ///< at both ends of a clip
  Averaging averaging = Averaging::kFrames;
  IdenticalRule identical = IdenticalRule::kExclude;
  std::optional<Inference> inference;

  /// False where no metric looks at more than the prediction.
  bool needs_reference() const;
  /// The part of a picture that counts. An Error when nothing does.
  Rect part(int height, int width) const;
  /// Whether frame t of a clip's n counts.
  bool counts(int t, int n) const { return t >= skip_frames && t < n - skip_frames; }
  /// An Error when none of a clip's n frames count.
  void require_frames(int n) const;
  /// All that decides a number, defaults written out.
  Json definition() const;
  /// Of the definition's canonical text: equal for equal scoring, whatever the name and notes.
  std::string sha256() const;
};

/// Strict: a key that nobody knows is an Error that names the nearest one.
Protocol parse_protocol(std::string_view text, const std::string& place);
/// A file's path or the name of one that ships.
Protocol load_protocol(const std::string& name_or_path);
std::vector<Protocol> shipped_protocols();

}  // namespace pluvia
