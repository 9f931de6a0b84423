// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/residual.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"

namespace pluvia {
namespace {

std::span<const std::byte> of(const LayerPixels& pixels, Layer layer) {
  return pixels[static_cast<std::size_t>(layer)];
}

int u8(std::span<const std::byte> bytes, std::size_t i) { return std::to_integer<int>(bytes[i]); }

int i16(std::span<const std::byte> bytes, std::size_t i) {
  std::int16_t value;
  std::memcpy(&value, bytes.data() + 2 * i, sizeof value);
  return value;
}

std::byte byte_of(int value) { return static_cast<std::byte>(value & 255); }

void same_as_gt(const LayerPixels& from, std::span<std::byte> out) {
  const auto gt = of(from, Layer::kGt);
  std::copy(gt.begin(), gt.end(), out.begin());
}

void drop_and_streak(const LayerPixels& from, std::span<std::byte> out) {
  const auto drop = of(from, Layer::kDrop);
  const auto streak = of(from, Layer::kStreak);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = byte_of(std::min(255, u8(drop, i) + u8(streak, i / 3)));
  }
}

void drop_and_streak_rgb(const LayerPixels& from, std::span<std::byte> out) {
  const auto drop = of(from, Layer::kDrop);
  const auto change = of(from, Layer::kStreakRgb);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = byte_of(u8(drop, i) + i16(change, i));
}

void brightest_of_streak_rgb(const LayerPixels& from, std::span<std::byte> out) {
  const auto change = of(from, Layer::kStreakRgb);
  for (std::size_t p = 0; p < out.size(); ++p) {
    const int most =
        std::max({0, i16(change, 3 * p), i16(change, 3 * p + 1), i16(change, 3 * p + 2)});
    out[p] = byte_of(most);
  }
}

struct FormationRule {
  const char* formation;  ///< empty: any
  ResidualRule rule;
};

const std::vector<FormationRule>& rules() {
  static const std::vector<FormationRule> list = {
      {"vrds",
       {Layer::kLq, "min(255, drop + streak)", {Layer::kDrop, Layer::kStreak}, &drop_and_streak}},
      {"physical",
       {Layer::kLq, "drop + streak_rgb", {Layer::kDrop, Layer::kStreakRgb}, &drop_and_streak_rgb}},
      {"physical",
       {Layer::kStreak, "max(0, streak_rgb)", {Layer::kStreakRgb}, &brightest_of_streak_rgb}},
      {"", {Layer::kLq, "gt", {Layer::kGt}, &same_as_gt}},
      {"", {Layer::kDrop, "gt", {Layer::kGt}, &same_as_gt}},
  };
  return list;
}

}  // namespace

const ResidualRule* residual_rule(Layer layer, const LayerSet& there,
                                  const std::string& formation) {
  for (const FormationRule& entry : rules()) {
    const bool fits = entry.rule.layer == layer &&
                      (*entry.formation == '\0' || entry.formation == formation) &&
                      std::all_of(entry.rule.from.begin(), entry.rule.from.end(),
                                  [&](Layer one) { return there.has(one); });
    if (fits) return &entry.rule;
  }
  return nullptr;
}

const ResidualRule& residual_rule_named(Layer layer, const std::string& predicted_by) {
  for (const FormationRule& entry : rules()) {
    if (entry.rule.layer == layer && entry.rule.predicted_by == predicted_by) return entry.rule;
  }
  fail("is predicted by '", predicted_by, "', which this program does not know");
}

std::string residual_name(Layer layer) { return std::string(spec(layer).name) + "_residual"; }

void take_residual(const ResidualRule& rule, const LayerPixels& from,
                   std::span<const std::byte> pixels, std::vector<std::byte>& out) {
  out.resize(pixels.size());
  rule.predict(from, out);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = byte_of(u8(pixels, i) - u8(out, i));
}

void undo_residual(const ResidualRule& rule, const LayerPixels& from,
                   std::span<std::byte> residual) {
  thread_local std::vector<std::byte> prediction;
  prediction.resize(residual.size());
  rule.predict(from, prediction);
  for (std::size_t i = 0; i < residual.size(); ++i) {
    residual[i] = byte_of(u8(residual, i) + u8(prediction, i));
  }
}

}  // namespace pluvia
