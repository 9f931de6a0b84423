// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/glass_merge.h"

#include <algorithm>
#include <cmath>

namespace pluvia::synth {
namespace {

constexpr double kLeastCellMm = 2.5;
constexpr int kMostCells = 160;  ///< along a side
/// Feet count as touching a little apart: there the picture's surface flows together.
constexpr double kReach = 1.04;

/// A part's half width in units, and its inverse stretch in 1/256.
struct Foot {
  std::int64_t x;
  std::int64_t y;
  std::int64_t half_width;
  std::int64_t flatten;
};

Foot foot_of(const GlassPart& part) {
  const double stretch = static_cast<double>(part.stretch);
  const double radius = static_cast<double>(part.radius_mm) * kGlassUnitsPerMm;
  return {part.x, part.y, std::llround(kReach * radius / std::sqrt(stretch)),
          std::llround(256 / stretch)};
}

bool touch(const Foot& a, const Foot& b) {
  const std::int64_t dx = a.x - b.x;
  const std::int64_t dy = (a.y - b.y) * (a.flatten + b.flatten) / 512;
  const std::int64_t reach = a.half_width + b.half_width;
  return std::abs(dx) < reach && std::abs(dy) < reach && dx * dx + dy * dy < reach * reach;
}

}  // namespace

bool touch(const GlassWater& a, const GlassWater& b) {
  for (int i = 0; i < a.parts; ++i) {
    const Foot foot = foot_of(a.part[static_cast<std::size_t>(i)]);
    for (int k = 0; k < b.parts; ++k) {
      if (touch(foot, foot_of(b.part[static_cast<std::size_t>(k)]))) return true;
    }
  }
  return false;
}

GlassMerger::GlassMerger(double margin_mm, double width_mm, double height_mm)
    : margin_mm_(margin_mm) {
  const double wide = width_mm + 2 * margin_mm;
  const double high = height_mm + 2 * margin_mm;
  cell_mm_ = std::max(kLeastCellMm, std::max(wide, high) / kMostCells);
  columns_ = static_cast<int>(wide / cell_mm_) + 1;
  rows_ = static_cast<int>(high / cell_mm_) + 1;
}

GlassMerger::Box GlassMerger::cells_of(const GlassWater& drop) const {
  double x0 = 1e12;
  double y0 = 1e12;
  double x1 = -1e12;
  double y1 = -1e12;
  for (int i = 0; i < drop.parts; ++i) {
    const GlassPart& part = drop.part[static_cast<std::size_t>(i)];
    const double x = part.x / kGlassUnitsPerMm + margin_mm_;
    const double y = part.y / kGlassUnitsPerMm + margin_mm_;
    const double reach =
        1.1 * static_cast<double>(part.radius_mm) * std::sqrt(static_cast<double>(part.stretch));
    x0 = std::min(x0, x - reach);
    y0 = std::min(y0, y - reach);
    x1 = std::max(x1, x + reach);
    y1 = std::max(y1, y + reach);
  }
  const auto cell = [&](double mm, int count) {
    return std::clamp(static_cast<int>(std::floor(mm / cell_mm_)), 0, count - 1);
  };
  return {cell(x0, columns_), cell(y0, rows_), cell(x1, columns_), cell(y1, rows_)};
}

void GlassMerger::sort_into_cells(const std::vector<GlassWater>& drops) {
  first_.assign(static_cast<std::size_t>(columns_ * rows_) + 1, 0);
  boxes_.clear();
  const auto each_cell = [this](const Box& box, auto&& visit) {
    for (int y = box.y0; y <= box.y1; ++y) {
      for (int x = box.x0; x <= box.x1; ++x) visit(static_cast<std::size_t>(y * columns_ + x));
    }
  };
  for (const GlassWater& drop : drops) {
    boxes_.push_back(cells_of(drop));
    each_cell(boxes_.back(), [this](std::size_t cell) { ++first_[cell]; });
  }
  std::uint32_t sum = 0;
  for (std::uint32_t& entry : first_) entry = sum += entry;
  inside_.resize(sum);
  // From the last drop to the first, each cell filled from its end: ascending within a cell.
  for (std::size_t i = drops.size(); i-- > 0;) {
    each_cell(boxes_[i],
              [&](std::size_t cell) { inside_[--first_[cell]] = static_cast<std::uint32_t>(i); });
  }
}

void GlassMerger::find_pairs(const std::vector<GlassWater>& drops) {
  pairs_.clear();
  for (std::size_t i = 0; i < drops.size(); ++i) {
    if (!drops[i].active()) continue;
    const Box& box = boxes_[i];
    for (int y = box.y0; y <= box.y1; ++y) {
      for (int x = box.x0; x <= box.x1; ++x) {
        const auto cell = static_cast<std::size_t>(y * columns_ + x);
        for (std::uint32_t at = first_[cell]; at < first_[cell + 1]; ++at) {
          const std::uint32_t other = inside_[at];
          if (other == i) continue;
          pairs_.push_back(
              std::uint64_t{std::min<std::uint32_t>(other, static_cast<std::uint32_t>(i))} << 32 |
              std::max<std::uint32_t>(other, static_cast<std::uint32_t>(i)));
        }
      }
    }
  }
  std::sort(pairs_.begin(), pairs_.end());
  pairs_.erase(std::unique(pairs_.begin(), pairs_.end()), pairs_.end());
}

void GlassMerger::merge(std::vector<GlassWater>& drops, std::vector<std::uint32_t>& joined) {
  joined.clear();
  if (std::none_of(drops.begin(), drops.end(), [](const GlassWater& d) { return d.active(); })) {
    return;
  }
  sort_into_cells(drops);
  find_pairs(drops);
  for (const std::uint64_t pair : pairs_) {
    auto a = static_cast<std::uint32_t>(pair >> 32);
    auto b = static_cast<std::uint32_t>(pair);
    if (drops[a].volume_um3 == 0 || drops[b].volume_um3 == 0 || !touch(drops[a], drops[b])) {
      continue;
    }
    if (drops[a].parts + drops[b].parts > GlassWater::kMostParts) {
      // Not yet: within a tenth of a second both have fewer.
      for (const std::uint32_t i : {a, b}) {
        drops[i].calm = std::max<std::int16_t>(drops[i].calm, 2);
      }
      continue;
    }
    if (drops[b].volume_um3 > drops[a].volume_um3) std::swap(a, b);
    GlassShape::join(drops[a], drops[b]);
    drops[b].volume_um3 = 0;
    joined.push_back(a);
  }
  std::sort(joined.begin(), joined.end());
  joined.erase(std::unique(joined.begin(), joined.end()), joined.end());
}

}  // namespace pluvia::synth
