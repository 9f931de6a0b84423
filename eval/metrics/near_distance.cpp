// SPDX-License-Identifier: Apache-2.0
// First how far the nearest mark of a column is above or below, then along each row the least of
// (that)^2 + dx^2. With 65 neighbours in 16-bit lanes this is faster than algorithms whose work
// does not grow with the distance, but which branch at every pixel.
#include "eval/metrics/near_distance.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/for_each.h"
#include "core/independent.h"

namespace pluvia {
namespace {

constexpr std::uint16_t kBeyond = kNearPx + 1;
constexpr std::uint16_t kFarSquared = 40000;  // with dx^2 still below 2^16
constexpr int kBlock = 64;

PLUVIA_ALL_LEVELS void step_down(const std::uint8_t* marks, const std::uint16_t* above, int n,
                                 std::uint16_t* out) {
  PLUVIA_INDEPENDENT
  for (int x = 0; x < n; ++x) {
    const auto next = static_cast<std::uint16_t>(above[x] + 1);
    const std::uint16_t reached = next < kBeyond ? next : kBeyond;
    out[x] = marks[x] != 0 ? std::uint16_t{0} : reached;
  }
}

PLUVIA_ALL_LEVELS void step_up(const std::uint16_t* below, int n, std::uint16_t* out) {
  PLUVIA_INDEPENDENT
  for (int x = 0; x < n; ++x) {
    const auto next = static_cast<std::uint16_t>(below[x] + 1);
    out[x] = out[x] < next ? out[x] : next;
  }
}

PLUVIA_ALL_LEVELS void square(const std::uint16_t* distance, int n, std::uint16_t* out) {
  PLUVIA_INDEPENDENT
  for (int x = 0; x < n; ++x) {
    const std::uint16_t d = distance[x];
    out[x] = d < kBeyond ? static_cast<std::uint16_t>(d * d) : kFarSquared;
  }
}

// `squares` may be read kNearPx before its begin and up to a block and kNearPx behind the n-th.
PLUVIA_ALL_LEVELS void least_along(const std::uint16_t* squares, int n, std::uint16_t* out) {
  for (int x = 0; x < n; x += kBlock) {
    std::array<std::uint16_t, kBlock> least;
    for (int i = 0; i < kBlock; ++i) least[static_cast<std::size_t>(i)] = squares[x + i];
    for (int dx = 1; dx <= kNearPx; ++dx) {
      const auto far = static_cast<std::uint16_t>(dx * dx);
      for (int i = 0; i < kBlock; ++i) {
        const std::uint16_t left = squares[x + i - dx];
        const std::uint16_t right = squares[x + i + dx];
        const auto nearer = static_cast<std::uint16_t>((left < right ? left : right) + far);
        std::uint16_t& best = least[static_cast<std::size_t>(i)];
        best = best < nearer ? best : nearer;
      }
    }
    for (int i = 0; i < kBlock && x + i < n; ++i) {
      const std::uint16_t d = least[static_cast<std::size_t>(i)];
      out[x + i] = d <= kNearPx * kNearPx ? d : kNotNear;
    }
  }
}

}  // namespace

Image<std::uint16_t> near_distances(ImageView<const std::uint8_t> marks) {
  const int height = marks.height();
  const int width = marks.width();
  Image<std::uint16_t> out(height, width, 1);
  const auto row = [&](int y) { return out.view().row(y).data(); };
  const std::vector<std::uint16_t> nothing(static_cast<std::size_t>(width), kBeyond);
  for (int y = 0; y < height; ++y) {
    step_down(marks.row(y).data(), y == 0 ? nothing.data() : row(y - 1), width, row(y));
  }
  for (int y = height - 2; y >= 0; --y) step_up(row(y + 1), width, row(y));
  std::vector<std::uint16_t> squares(static_cast<std::size_t>(width + 2 * kNearPx + kBlock),
                                     kFarSquared);
  for (int y = 0; y < height; ++y) {
    square(row(y), width, squares.data() + kNearPx);
    least_along(squares.data() + kNearPx, width, row(y));
  }
  return out;
}

}  // namespace pluvia
