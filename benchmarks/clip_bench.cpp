// SPDX-License-Identifier: Apache-2.0
// What a user of `pluvia metrics` waits for: two folders of 100 PNG files of 1280x720 (photograph-
// like, from a formula), paired, decoded and scored by vderain-rgb (PSNR and SSIM of RGB) on all
// cores, against decoding the same files on all cores and doing nothing with them.
#include <algorithm>
#include <cstdio>

#include "benchmarks/support/photo_like.h"
#include "benchmarks/support/ratios.h"
#include "core/cpu.h"
#include "core/memory_reuse.h"
#include "core/parallel.h"
#include "datasets/media/stills.h"
#include "eval/protocol/score_media.h"
#include "tests/support/temp_dir.h"

namespace pluvia::bench {
namespace {

constexpr int kFrames = 100;
constexpr int kHeight = 720;
constexpr int kWidth = 1280;

/// The two folders, removed at the end.
struct Clip {
  test::TempDir dir;
  std::vector<std::filesystem::path> files;

  Clip() {
    const PhotoLike source(kHeight, kWidth, 1);
    for (const char* side : {"gt", "lq"}) std::filesystem::create_directory(dir / side);
    for (const char* side : {"gt", "lq"}) {
      for (int t = 0; t < kFrames; ++t) files.push_back(file(side, t));
    }
    parallel_for(kFrames, 1, [&](std::int64_t begin, std::int64_t end) {
      for (auto t = static_cast<int>(begin); t < static_cast<int>(end); ++t) {
        const FrameLayers frame = source.frame(t);
        save("gt", t, frame.of(Layer::kGt));
        save("lq", t, frame.of(Layer::kLq));
      }
    });
  }

 private:
  std::filesystem::path file(const char* side, int t) const {
    char name[16];
    std::snprintf(name, sizeof name, "%08d.png", t);
    return dir / side / name;
  }
  void save(const char* side, int t, const std::vector<std::byte>& pixels) const {
    Image<std::uint8_t> image(kHeight, kWidth, 3);
    std::transform(pixels.begin(), pixels.end(), image.pixels().begin(),
                   [](std::byte value) { return std::to_integer<std::uint8_t>(value); });
    write_png(file(side, t), image.view());
  }
};

const Clip& clip() {
  static const Clip kClip;
  return kClip;
}

void decode_only(benchmark::State& state) {
  const Clip& of = clip();
  for (auto _ : state) {
    parallel_for(2 * kFrames, 1, [&](std::int64_t begin, std::int64_t end) {
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
        const Image<std::uint8_t> image = read_still(of.files[i], ColorWanted::kRgb, nullptr);
        benchmark::DoNotOptimize(image.pixels().data());
      }
    });
  }
  state.SetItemsProcessed(state.iterations() * kFrames);
}
BENCHMARK(decode_only)->Unit(benchmark::kMillisecond)->UseRealTime();

void decode_and_score(benchmark::State& state) {
  PairPaths paths;
  paths.reference = clip().dir / "gt";
  paths.prediction = clip().dir / "lq";
  std::vector<ProtocolScorer> scorers;
  scorers.emplace_back(load_protocol("vderain-rgb"), ScoringOptions{});
  for (auto _ : state) {
    const ScoredMedia scored = score_media(paths, scorers, false);
    if (scored.protocols.front().clips.front().frames.size() != kFrames) {
      state.SkipWithError("not every frame was scored");
    }
  }
  state.SetItemsProcessed(state.iterations() * kFrames);
}
BENCHMARK(decode_and_score)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace pluvia::bench

int main(int argc, char** argv) {
  pluvia::reuse_freed_memory();  // as the program does
  std::printf("%s, %s, %d threads\n", pluvia::cpu_model().c_str(), pluvia::cpu_level_name().c_str(),
              pluvia::thread_count());
  return pluvia::bench::run_with_ratios(argc, argv, {{"decode_and_score", "decode_only", 0}});
}
