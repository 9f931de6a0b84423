// SPDX-License-Identifier: Apache-2.0
// Rain over one picture, to look at: render_tool CLEAN.png OUT_PREFIX [frame] [one-thread]
// [key=value ...]. Starts from the vrds look; writes PREFIX-lq.png and the other layers, prints
// statistics.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

#include "core/error.h"
#include "core/parallel.h"
#include "core/text.h"
#include "datasets/media/stills.h"
#include "synth/rain_params.h"
#include "synth/renderer.h"

namespace pluvia::synth {
namespace {

void print_statistics(const FrameLayers& layers) {
  const auto& lq = layers.of(Layer::kLq);
  const auto& gt = layers.of(Layer::kGt);
  const auto& mask = layers.of(Layer::kMask);
  double square = 0;
  double lift = 0;
  double covered = 0;
  for (std::size_t i = 0; i < lq.size(); ++i) {
    const double d = std::to_integer<int>(lq[i]) - std::to_integer<int>(gt[i]);
    square += d * d;
    lift += d;
  }
  for (const std::byte m : mask) covered += std::to_integer<int>(m) >= 128 ? 1 : 0;
  const auto n = static_cast<double>(lq.size());
  std::printf("PSNR %.2f dB, lift %+.1f, drops %.1f %%\n",
              10 * std::log10(255 * 255 / (square / n)), lift / n,
              100 * covered / static_cast<double>(mask.size()));
}

void run(int argc, char** argv) {
  if (argc < 3) fail_usage("expected CLEAN.png OUT_PREFIX [frame] [one-thread] [key=value ...]");
  Params params = vrds_look();
  int number = 0;
  for (int i = 3; i < argc; ++i) {
    if (std::string_view(argv[i]) == "one-thread") {
      set_thread_count(1);
    } else if (const auto value = parse_int(argv[i])) {
      number = static_cast<int>(*value);
    } else {
      params.set_pair(argv[i]);
    }
  }
  SceneFrame frame;
  frame.clean = read_still(argv[1], ColorWanted::kRgb, nullptr);
  frame.time_s = number / 25.0;
  frame.camera.velocity_m_s = {0, 0, -10};
  frame.camera.position_m = {0, 1.4, -10 * frame.time_s};
  const RainRenderer renderer(RainParams::of(params), 1, 0);
  FrameLayers layers;
  double best_ms = 1e9;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    layers = renderer.render(frame);
    const std::chrono::duration<double, std::milli> spent =
        std::chrono::steady_clock::now() - start;
    best_ms = std::min(best_ms, spent.count());
  }
  std::printf("best of 5: %.1f ms; %d drops; ", best_ms, renderer.row(frame).drops_on_glass);
  print_statistics(layers);
  for (const Layer layer : {Layer::kLq, Layer::kDrop, Layer::kMask, Layer::kStreak}) {
    const auto* const data = reinterpret_cast<const std::uint8_t*>(layers.of(layer).data());
    write_png(cat(argv[2], "-", spec(layer).name, ".png"),
              ImageView<const std::uint8_t>(data, frame.clean.height(), frame.clean.width(),
                                            spec(layer).channels));
  }
}

}  // namespace
}  // namespace pluvia::synth

int main(int argc, char** argv) {
  try {
    pluvia::synth::run(argc, argv);
  } catch (const pluvia::Error& error) {
    std::fprintf(stderr, "render_tool: %s\n", error.what());
    return static_cast<int>(error.kind());
  }
  return 0;
}
