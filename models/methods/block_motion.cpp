// SPDX-License-Identifier: Apache-2.0
#include "models/methods/block_motion.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pluvia {
namespace {

constexpr int kLevels = 4;
constexpr int kReach = 3;  ///< pixels tried each way at the coarsest level; 1 at the others
/// A longer vector must be better by this per pixel: flat blocks stay where they are.
constexpr float kSlack = 0.0005F;

float difference(const Plane& from, const Plane& to, int y0, int x0, int dy, int dx) {
  constexpr int kSide = BlockMotion::kBlock;
  const int y1 = std::min(y0 + kSide, from.height);
  const int x1 = std::min(x0 + kSide, from.width);
  float sum = 0;
  for (int y = y0; y < y1; ++y) {
    const int v = std::clamp(y + dy, 0, to.height - 1);
    for (int x = x0; x < x1; ++x) {
      sum += std::abs(from.at(y, x) - to.at(v, std::clamp(x + dx, 0, to.width - 1)));
    }
  }
  return sum / static_cast<float>((y1 - y0) * (x1 - x0));
}

BlockMotion empty_field(const Plane& of) {
  constexpr int kSide = BlockMotion::kBlock;
  BlockMotion field;
  field.across = (of.width + kSide - 1) / kSide;
  const int down = (of.height + kSide - 1) / kSide;
  field.vectors.resize(static_cast<std::size_t>(field.across) * static_cast<std::size_t>(down));
  return field;
}

/// Tries the guess, its neighbourhood and standing still.
BlockMotion::Vector refine(const Plane& from, const Plane& to, int y0, int x0,
                           BlockMotion::Vector guess, int reach) {
  BlockMotion::Vector best{0, 0, difference(from, to, y0, x0, 0, 0)};
  for (int dy = guess.y - reach; dy <= guess.y + reach; ++dy) {
    for (int dx = guess.x - reach; dx <= guess.x + reach; ++dx) {
      const float error = difference(from, to, y0, x0, dy, dx);
      const float longer = kSlack * static_cast<float>(std::abs(dx) + std::abs(dy));
      const float current =
          best.error + kSlack * static_cast<float>(std::abs(best.x) + std::abs(best.y));
      if (error + longer < current) best = {dx, dy, error};
    }
  }
  return best;
}

}  // namespace

BlockMotion match_blocks(const Plane& from, const Plane& to) {
  std::vector<Plane> fine = {from};
  std::vector<Plane> other = {to};
  while (fine.size() < kLevels && std::min(fine.back().height, fine.back().width) > 8) {
    fine.push_back(halved(fine.back()));
    other.push_back(halved(other.back()));
  }
  BlockMotion field;
  for (std::size_t level = fine.size(); level-- > 0;) {
    const BlockMotion coarse = field;
    const bool top = level + 1 == fine.size();
    field = empty_field(fine[level]);
    for (std::size_t i = 0; i < field.vectors.size(); ++i) {
      const int y = static_cast<int>(i) / field.across * BlockMotion::kBlock;
      const int x = static_cast<int>(i) % field.across * BlockMotion::kBlock;
      BlockMotion::Vector guess;
      if (!top) {
        guess = coarse.at_pixel(y / 2, x / 2);
        guess.x *= 2;
        guess.y *= 2;
      }
      field.vectors[i] = refine(fine[level], other[level], y, x, guess, top ? kReach : 1);
    }
  }
  return field;
}

}  // namespace pluvia
