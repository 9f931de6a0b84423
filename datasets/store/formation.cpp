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

/// The layers of one rule.
using Rule = LayerSet;

std::vector<Rule> rules_of(const std::string& formation) {
  if (formation == "vrds") {
    return {{Layer::kGt, Layer::kMask, Layer::kDrop},
            {Layer::kLq, Layer::kStreak, Layer::kDrop},
            {Layer::kStreak, Layer::kMask}};
  }
  if (formation == "physical") {
    return {{Layer::kLq, Layer::kDrop, Layer::kStreakRgb},
            {Layer::kStreak, Layer::kStreakRgb},
            {Layer::kStreak, Layer::kLq, Layer::kDrop}};
  }
  return {};
}

bool has_all(const LayerSet& there, const Rule& rule) {
  const std::vector<Layer> needed = rule.list();
  return std::all_of(needed.begin(), needed.end(), [&](Layer layer) { return there.has(layer); });
}

LayerSet layers_of(const FrameLayers& frame) {
  LayerSet there;
  for (const LayerSpec& layer : all_layers()) {
    if (!frame.of(layer.layer).empty()) there.add(layer.layer);
  }
  return there;
}

std::string check_vrds(const FrameLayers& frame, int width, std::size_t pixels) {
  Broken clean{"drop = gt where mask = 0"};
  Broken sum{"lq = min(255, drop + streak)"};
  Broken outside{"streak = 0 where mask = 255"};
  const std::vector<Rule> rules = rules_of("vrds");
  const LayerSet there = layers_of(frame);
  const bool tests_clean = has_all(there, rules[0]);
  const bool tests_sum = has_all(there, rules[1]);
  const bool tests_outside = has_all(there, rules[2]);
  const auto& lq = frame.of(Layer::kLq);
  const auto& gt = frame.of(Layer::kGt);
  const auto& drop = frame.of(Layer::kDrop);
  const auto& mask = frame.of(Layer::kMask);
  const auto& streaks = frame.of(Layer::kStreak);
  for (std::size_t p = 0; p < pixels; ++p) {
    const bool dry = tests_clean && u8(mask, p) == 0;
    const int streak = streaks.empty() ? 0 : u8(streaks, p);
    for (std::size_t i = 3 * p; i < 3 * p + 3; ++i) {
      if (dry) clean.test(p, u8(drop, i), u8(gt, i));
      if (tests_sum) sum.test(p, u8(lq, i), std::min(255, u8(drop, i) + streak));
    }
    if (tests_outside && u8(mask, p) == 255) outside.test(p, streak, 0);
  }
  return clean.text(width) + sum.text(width) + outside.text(width);
}

std::string check_physical(const FrameLayers& frame, int width, std::size_t pixels) {
  Broken sum{"lq = drop + streak_rgb"};
  Broken brightest{"streak = max(0, max of streak_rgb)"};
  const LayerSet there = layers_of(frame);
  const bool has_change = there.has(Layer::kStreakRgb);
  const bool has_frames = there.has(Layer::kLq) && there.has(Layer::kDrop);
  for (std::size_t p = 0; p < pixels; ++p) {
    int highest = 0;
    for (std::size_t i = 3 * p; i < 3 * p + 3; ++i) {
      const int seen = has_frames ? u8(frame.of(Layer::kLq), i) - u8(frame.of(Layer::kDrop), i) : 0;
      const int change = has_change ? i16(frame.of(Layer::kStreakRgb), i) : seen;
      highest = std::max(highest, change);
      if (has_frames) {
        sum.test(p, u8(frame.of(Layer::kLq), i), u8(frame.of(Layer::kDrop), i) + change);
      }
    }
    if (there.has(Layer::kStreak)) brightest.test(p, u8(frame.of(Layer::kStreak), p), highest);
  }
  return sum.text(width) + brightest.text(width);
}

}  // namespace

bool is_known_formation(const std::string& formation) {
  return formation == "vrds" || formation == "physical";
}

LayerSet formation_layers(const std::string& formation, const LayerSet& there) {
  LayerSet needed;
  for (const Rule& rule : rules_of(formation)) {
    if (!has_all(there, rule)) continue;
    for (const Layer layer : rule.list()) needed.add(layer);
  }
  return needed;
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
