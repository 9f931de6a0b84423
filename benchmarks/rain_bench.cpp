// SPDX-License-Identifier: Apache-2.0
// Rain over frames of 1280x720 against OpenCV's remap of a float picture and a plain copy of one,
// in the same run: 25 mm/h seen at a focal length of 1290 pixels (about 1000 streaks at least a
// pixel wide; 8000 at least half a pixel), its veil, drops on 40 % of the frame (printed as
// `cover`, with their number), which the pane holds where they are, five layers in memory. No cache
// of drops' views is used.
#include <cstring>
#include <utility>
#include <vector>

#include "benchmarks/support/ratios.h"
#include "core/parallel.h"
#include "synth/rain_params.h"
#include "synth/renderer.h"
#include "tests/synth/test_scene.h"
#ifdef PLUVIA_BENCH_OPENCV
#include <opencv2/imgproc.hpp>
#endif

namespace pluvia::bench {
namespace {

constexpr int kHeight = 720;
constexpr int kWidth = 1280;

synth::SceneFrame clean_frame() {
  synth::SceneFrame frame = synth::street_like(kHeight, kWidth, 1);
  frame.camera.focal_px = 1290;
  return frame;
}

using Settings = std::vector<std::pair<const char*, const char*>>;

Settings wet(const char* width_px) {
  return {{"rain_mm_h", "25"},   {"min_width_px", width_px}, {"drops", "380"},
          {"fine_drops", "0"},   {"drop_least_mm", "1"},     {"drop_most_mm", "1.6"},
          {"arrival_gain", "0"}, {"slide_mm_s", "0"},        {"contact_receding_deg", "10"}};
}

Settings physical(const char* width_px = "1") {
  Settings settings = wet(width_px);
  settings.insert(settings.end(), {{"formation", "physical"}});
  return settings;
}

Settings vrds(const char* width_px = "1") {
  Settings settings = wet(width_px);
  settings.insert(settings.end(),
                  {{"formation", "vrds"}, {"aperture_mm", "0.6"}, {"opacity_gain", "50"}});
  return settings;
}

Settings with(Settings settings, const Settings& more) {
  settings.insert(settings.end(), more.begin(), more.end());
  return settings;
}

void rain(benchmark::State& state, const Settings& settings, int threads) {
  set_thread_count(threads);
  Params params(synth::rain_param_table());
  for (const auto& [name, value] : settings) params.set(name, value);
  const synth::RainRenderer renderer(synth::RainParams::of(params), 1, 0);
  const synth::SceneFrame frame = clean_frame();
  const LayerSet five{Layer::kLq, Layer::kGt, Layer::kStreak, Layer::kMask, Layer::kDrop};
  FrameLayers layers;
  renderer.render_into(frame, five, layers);
  for (auto _ : state) {
    renderer.render_into(frame, five, layers);
    benchmark::DoNotOptimize(layers.of(Layer::kLq).data());
  }
  double covered = 0;
  for (const std::byte m : layers.of(Layer::kMask)) {
    covered += std::to_integer<int>(m) >= 128 ? 1 : 0;
  }
  state.counters["cover"] = covered / (kHeight * kWidth);
  state.counters["drops"] = renderer.row(frame).drops_on_glass;
  state.SetItemsProcessed(state.iterations());
  set_thread_count(0);
}

void float_copy(benchmark::State& state) {
  const std::vector<float> from(std::size_t{kHeight} * kWidth * 3, 0.5F);
  std::vector<float> to(from.size());
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size() * sizeof(float));
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(rain, physical, physical(), 1)->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK_CAPTURE(rain, vrds, vrds(), 1)->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK_CAPTURE(rain, physical_8000, physical("0.5"), 1)
    ->Unit(benchmark::kMillisecond)
    ->MinTime(1);
BENCHMARK_CAPTURE(rain, vrds_8000, vrds("0.5"), 1)->Unit(benchmark::kMillisecond)->MinTime(1);
BENCHMARK_CAPTURE(rain, noise, with(physical(), {{"noise_shot", "0.001"}, {"noise_read", "0.003"}}),
                  1)
    ->Unit(benchmark::kMillisecond)
    ->MinTime(1);
BENCHMARK_CAPTURE(rain, no_drops, with(physical(), {{"drops", "0"}}), 1)
    ->Unit(benchmark::kMillisecond)
    ->MinTime(1);
BENCHMARK_CAPTURE(rain, drops_in_focus, with(physical(), {{"aperture_mm", "0"}}), 1)
    ->Unit(benchmark::kMillisecond)
    ->MinTime(1);
BENCHMARK_CAPTURE(rain, physical_2_threads, physical(), 2)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MinTime(1);
BENCHMARK_CAPTURE(rain, physical_1_thread, physical(), 1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MinTime(1);
BENCHMARK(float_copy)->Unit(benchmark::kMillisecond)->MinTime(0.5);

#ifdef PLUVIA_BENCH_OPENCV
void remap(benchmark::State& state) {
  cv::setNumThreads(1);
  const cv::Mat from(kHeight, kWidth, CV_32FC3, cv::Scalar(0.1, 0.5, 0.9));
  cv::Mat to(kHeight, kWidth, CV_32FC3);
  cv::Mat x(kHeight, kWidth, CV_32FC1);
  cv::Mat y(kHeight, kWidth, CV_32FC1);
  for (int r = 0; r < kHeight; ++r) {
    for (int c = 0; c < kWidth; ++c) {
      x.at<float>(r, c) = static_cast<float>(c) * 0.98F + 3.3F;
      y.at<float>(r, c) = static_cast<float>(r) * 0.98F + 2.7F;
    }
  }
  for (auto _ : state) {
    cv::remap(from, to, x, y, cv::INTER_LINEAR);
    benchmark::DoNotOptimize(to.data);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(remap)->Unit(benchmark::kMillisecond)->MinTime(1);
#endif

}  // namespace
}  // namespace pluvia::bench

int main(int argc, char** argv) {
  const std::string second = "/min_time:1.000";
  std::vector<pluvia::bench::Ratio> ratios;
  for (const char* ours : {"rain/physical", "rain/vrds", "rain/physical_8000", "rain/vrds_8000",
                           "rain/noise", "rain/no_drops", "rain/drops_in_focus"}) {
    ratios.push_back({ours + second, "remap" + second, 0});
  }
  ratios.push_back({"rain/physical" + second, "float_copy/min_time:0.500", 0});
  ratios.push_back({"rain/physical_2_threads" + second, "rain/physical_1_thread" + second, 0});
  return pluvia::bench::run_with_ratios(argc, argv, ratios);
}
