// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/formation.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/error.h"

namespace pluvia {
namespace {

int u8(const std::vector<std::byte>& layer, std::size_t i) {
  return std::to_integer<int>(layer[i]);
}

int i16(const std::vector<std::byte>& layer, std::size_t i) {
  std::int16_t value;
  std::memcpy(&value, layer.data() + 2 * i, sizeof value);
  return value;
}

// Counts pixels that break a rule and remembers the first.
struct Broken {
  const char* rule;
  std::size_t count = 0;
  std::size_t first = 0;
  int found = 0;
  int expected = 0;

  void test(std::size_t pixel, int have, int want) {
    if (have == want) return;
    if (count++ == 0) first = pixel, found = have, expected = want;
  }
  std::string text(int width) const {
    if (count == 0) return "";
    const auto w = static_cast<std::size_t>(width);
    return cat(rule, " is broken at ", count, " values, first at x=", first % w, " y=", first / w,
               ": found ", found, ", expected ", expected, "; ");
  }
};

std::string check_vrds(const FrameLayers& frame, int width, std::size_t pixels) {
  Broken clean{"drop = gt where mask = 0"};
  Broken sum{"lq = min(255, drop + streak)"};
  const auto& lq = frame.of(Layer::kLq);
  const auto& gt = frame.of(Layer::kGt);
  const auto& drop = frame.of(Layer::kDrop);
  for (std::size_t p = 0; p < pixels; ++p) {
    const bool outside = u8(frame.of(Layer::kMask), p) == 0;
    const int streak = u8(frame.of(Layer::kStreak), p);
    for (std::size_t i = 3 * p; i < 3 * p + 3; ++i) {
      if (outside) clean.test(p, u8(drop, i), u8(gt, i));
      sum.test(p, u8(lq, i), std::min(255, u8(drop, i) + streak));
    }
  }
  return clean.text(width) + sum.text(width);
}

std::string check_physical(const FrameLayers& frame, int width, std::size_t pixels) {
  Broken sum{"lq = drop + streak_rgb"};
  Broken brightest{"streak = max(0, max of streak_rgb)"};
  for (std::size_t p = 0; p < pixels; ++p) {
    int highest = 0;
    for (std::size_t i = 3 * p; i < 3 * p + 3; ++i) {
      const int change = i16(frame.of(Layer::kStreakRgb), i);
      highest = std::max(highest, change);
      sum.test(p, u8(frame.of(Layer::kLq), i), u8(frame.of(Layer::kDrop), i) + change);
    }
    brightest.test(p, u8(frame.of(Layer::kStreak), p), highest);
  }
  return sum.text(width) + brightest.text(width);
}

}  // namespace

bool is_known_formation(const std::string& formation) {
  return formation == "vrds" || formation == "physical";
}

LayerSet formation_layers(const std::string& formation) {
  if (formation == "vrds")
    return {Layer::kLq, Layer::kGt, Layer::kStreak, Layer::kMask, Layer::kDrop};
  if (formation == "physical") return {Layer::kLq, Layer::kStreak, Layer::kDrop, Layer::kStreakRgb};
  return {};
}

std::string check_formation(const std::string& formation, const FrameLayers& frame, int height,
                            int width) {
  const std::size_t pixels = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  std::string problem =
      formation == "vrds" ? check_vrds(frame, width, pixels) : check_physical(frame, width, pixels);
  if (!problem.empty()) problem.resize(problem.size() - 2);
  return problem;
}

}  // namespace pluvia
