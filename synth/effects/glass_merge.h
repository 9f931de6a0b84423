// SPDX-License-Identifier: Apache-2.0
// Which drops on a pane touch, and their becoming one. A grid of cells finds who is near whom; then
// feet are compared in integers, every part with every part, ellipses as they hang. Only drops that
// change are looked at: what is at rest was apart before. Pairs are joined in the order of the
// drops' numbers; the larger drop lives on. What a joined drop touches is found a step later.
#pragma once

#include <cstdint>
#include <vector>

#include "synth/effects/glass_shape.h"

namespace pluvia::synth {

class GlassMerger {
 public:
  /// The area where drops live, in mm from the corner of the seen pane.
  GlassMerger(double margin_mm, double width_mm, double height_mm);

  /// Drops that another one swallowed are left with no volume. `joined`: indices of those that
  /// grew, ascending.
  void merge(std::vector<GlassWater>& drops, std::vector<std::uint32_t>& joined);

 private:
  struct Box {
    int x0, y0, x1, y1;
  };
  Box cells_of(const GlassWater& drop) const;
  void sort_into_cells(const std::vector<GlassWater>& drops);
  void find_pairs(const std::vector<GlassWater>& drops);

  double margin_mm_;
  double cell_mm_;
  int columns_;
  int rows_;
  std::vector<Box> boxes_;
  std::vector<std::uint32_t> first_;  ///< of each cell, in inside_
  std::vector<std::uint32_t> inside_;
  std::vector<std::uint64_t> pairs_;
};

/// Whether the feet of two drops touch.
bool touch(const GlassWater& a, const GlassWater& b);

}  // namespace pluvia::synth
