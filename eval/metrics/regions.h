// SPDX-License-Identifier: Apache-2.0
// Regions of a frame that are scored apart. Pixels get labels; a region is a set of labels, so that
// one pass over a picture gives the scores of all regions.
//
//   inside, outside          of the raindrop mask (value >= 128)
//   rim_in_0_8, rim_in_8_up  inside, by distance to the nearest pixel outside, in pixels
//   rim_out_0_8, rim_out_8_32, rim_out_32_up   outside, by distance to the nearest pixel inside
//   on_streak, off_streak    of the streak map (value > 3)
//   changed, unchanged       where there is no mask: |lq - gt| > 3 in some channel
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/image.h"

namespace pluvia {

inline constexpr int kMaskThreshold = 128;
inline constexpr int kChangeThreshold = 3;

struct Region {
  std::string name;
  std::vector<bool> has_label;
};

struct Regions {
  Image<std::uint8_t> labels;
  int label_count = 1;
  std::vector<Region> list;

  bool empty() const { return list.empty(); }
  /// 255 in the region, 0 elsewhere.
  Image<std::uint8_t> mask_of(const Region& region) const;
};

/// What regions are made from; each may be empty. `rainy` and `clean` count only without a mask.
struct RegionSources {
  ImageView<const std::uint8_t> mask;
  ImageView<const std::uint8_t> streak;
  ImageView<const std::uint8_t> rainy;
  ImageView<const std::uint8_t> clean;
};

/// An Error when sizes differ from each other.
Regions make_regions(const RegionSources& sources, int height, int width);

/// The names make_regions would give, in its order.
std::vector<std::string> region_names(bool mask, bool streak, bool rainy);

/// What people call a region and which pixels are in it. Of a name that nobody knows (a record of
/// another version), the name itself and nothing.
struct RegionWords {
  std::string title;  ///< "in, \u2264 8 px"
  std::string rule;   ///< "|rainy - truth| > 3 of 255 in some channel"
};
RegionWords region_words(const std::string& name);

}  // namespace pluvia
