// SPDX-License-Identifier: Apache-2.0
// Whole frames by both formations: every layer a device gives, as numbers. At most one code value
// of difference is allowed between devices (contract), none is the goal.
#include <algorithm>
#include <cstring>
#include <memory>

#include "synth/renderer.h"
#include "tests/backend/cases.h"
#include "tests/synth/test_scene.h"

namespace pluvia::backend {
namespace {

synth::RainParams settings(bool physical, bool noisy) {
  synth::RainParams params;
  params.physical = physical;
  params.rain.rate_mm_h = 60;
  params.rain.oscillation = 0.2;
  params.glass.drops = 100;
  params.lens = {0.008, 0.0015, 0};
  params.tone = {physical ? 1.0F : 50.0F, 0.9F, 0.5F};
  params.sky_gain = 2;
  params.mist_per_km = 1;
  params.noise_shot = noisy ? 0.001F : 0.0F;
  params.noise_read = noisy ? 0.003F : 0.0F;
  return params;
}

void append(const FrameLayers& layers, std::vector<double>& out) {
  for (const LayerSpec& layer : all_layers()) {
    const std::vector<std::byte>& bytes = layers.of(layer.layer);
    if (layer.type == DType::kI16) {
      std::vector<std::int16_t> values(bytes.size() / 2);
      std::memcpy(values.data(), bytes.data(), bytes.size());
      out.insert(out.end(), values.begin(), values.end());
    } else {
      for (const std::byte b : bytes) out.push_back(std::to_integer<int>(b));
    }
  }
}

Work prepare(const Device& device, const Size& size, const synth::RainParams& params) {
  auto frame =
      std::make_shared<synth::SceneFrame>(synth::street_like(size.height, size.width, 1.2));
  auto rain = std::make_shared<synth::RainRenderer>(params, 1, 0, device);
  auto layers = std::make_shared<FrameLayers>();
  Work work;
  work.launch = [=] { rain->render_into(*frame, rain->layers(), *layers); };
  work.fetch = [layers] {
    std::vector<double> out;
    append(*layers, out);
    return out;
  };
  return work;
}

}  // namespace

void add_frame_cases(std::vector<Case>& cases) {
  for (const Size& size : usual_sizes()) {
    for (const bool physical : {false, true}) {
      const synth::RainParams params = settings(physical, physical);
      Case one;
      one.name = case_name(physical ? "frame physical" : "frame vrds", size);
      one.prepare = [=](const Device& device) { return prepare(device, size, params); };
      cases.push_back(one);
    }
  }
}

}  // namespace pluvia::backend
