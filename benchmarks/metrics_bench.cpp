// SPDX-License-Identifier: Apache-2.0
// Scoring one pair of 1280x720 in memory on one thread: PSNR and 11x11 SSIM as printed, of RGB and
// of Y alone, with and without regions. Beside it in the same run, where they are installed:
// ffmpeg's psnr + ssim filters (8x8 boxes, every fourth pixel) and scikit-image's SSIM (the same
// definition as ours; PLUVIA_SKIMAGE_PYTHON names a Python that has it).
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "benchmarks/support/ratios.h"
#include "core/cpu.h"
#include "core/file.h"
#include "core/memory_reuse.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "core/text.h"
#include "eval/metrics/color.h"
#include "eval/metrics/metrics.h"
#include "tests/support/program.h"

namespace pluvia::bench {
namespace {

constexpr int kHeight = 720;
constexpr int kWidth = 1280;

// Smooth shapes and noise; the prediction is a little off everywhere.
Image<std::uint8_t> picture(bool prediction) {
  Image<std::uint8_t> image(kHeight, kWidth, 3);
  std::uint32_t i = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      for (int c = 0; c < 3; ++c, ++i) {
        const Random random{.seed = 1, .particle = i};
        double v = 120 + 70 * std::sin(x * 0.021 + c) * std::cos(y * 0.017) + 6 * random.normal(0);
        if (prediction) v += 4 * random.normal(1);
        image.view().at(y, x, c) = static_cast<std::uint8_t>(std::clamp(v, 0.0, 255.0));
      }
    }
  }
  return image;
}

struct Pair {
  Image<std::uint8_t> reference = picture(false);
  Image<std::uint8_t> prediction = picture(true);
  Image<std::uint8_t> labels = Image<std::uint8_t>(kHeight, kWidth, 1);

  // Drops of 20 pixels: about one pixel in six inside, as in VRDS's worst frames.
  Pair() {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const int dy = y % 80 - 40;
        const int dx = x % 90 - 45;
        labels.view().at(y, x) = dy * dy + dx * dx < 400 ? 1 : 0;
      }
    }
  }
};

const Pair& pair() {
  static const Pair kPair;
  return kPair;
}

MetricInput input_of(const Image<std::uint8_t>& a, const Image<std::uint8_t>& b) {
  MetricInput input;
  input.reference_u8 = a.view();
  input.prediction_u8 = b.view();
  return input;
}

std::unique_ptr<FrameScorer> scorer(const char* name) {
  const Metric& metric = metric_by_name(name);
  return metric.frames(Params(metric.params));
}

void score(benchmark::State& state, bool luma, bool regions) {
  const auto psnr = scorer("psnr");
  const auto ssim = scorer("ssim");
  const Pair& p = pair();
  const auto labels = regions ? p.labels.view() : ImageView<const std::uint8_t>();
  for (auto _ : state) {
    double total = 0;
    if (luma) {
      const Image<std::uint8_t> a = to_color_u8(p.reference.view(), Color::kY601Rounded);
      const Image<std::uint8_t> b = to_color_u8(p.prediction.view(), Color::kY601Rounded);
      total += psnr->sums(input_of(a, b), labels, 2)[0].sum;
      total += ssim->sums(input_of(a, b), labels, 2)[0].sum;
    } else {
      total += psnr->sums(input_of(p.reference, p.prediction), labels, 2)[0].sum;
      total += ssim->sums(input_of(p.reference, p.prediction), labels, 2)[0].sum;
    }
    benchmark::DoNotOptimize(total);
  }
  state.SetItemsProcessed(state.iterations());
}

void rgb_double(benchmark::State& state) { score(state, false, false); }
void rgb_double_regions(benchmark::State& state) { score(state, false, true); }
void y_double(benchmark::State& state) { score(state, true, false); }

/// Luma that is there already: y_double without the conversion.
void y_alone_double(benchmark::State& state) {
  const auto psnr = scorer("psnr");
  const auto ssim = scorer("ssim");
  const Image<std::uint8_t> a = to_color_u8(pair().reference.view(), Color::kY601Rounded);
  const Image<std::uint8_t> b = to_color_u8(pair().prediction.view(), Color::kY601Rounded);
  for (auto _ : state) {
    double total = psnr->sums(input_of(a, b), {}, 1)[0].sum;
    total += ssim->sums(input_of(a, b), {}, 1)[0].sum;
    benchmark::DoNotOptimize(total);
  }
  state.SetItemsProcessed(state.iterations());
}

void psnr_only(benchmark::State& state) {
  const auto psnr = scorer("psnr");
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        psnr->sums(input_of(pair().reference, pair().prediction), {}, 1)[0].sum);
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(rgb_double)->Unit(benchmark::kMillisecond);
BENCHMARK(rgb_double_regions)->Unit(benchmark::kMillisecond);
BENCHMARK(y_double)->Unit(benchmark::kMillisecond);
BENCHMARK(y_alone_double)->Unit(benchmark::kMillisecond);
BENCHMARK(psnr_only)->Unit(benchmark::kMillisecond);

void write_planar(const fs::path& path, const Image<std::uint8_t>& image, int copies) {
  std::string planes;
  for (const int c : {1, 2, 0}) {  // gbrp
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) planes += static_cast<char>(image.view().at(y, x, c));
    }
  }
  std::string text;
  for (int i = 0; i < copies; ++i) text += planes;
  write_text(path, text);
}

// Time per frame of ffmpeg's filters on raw video, from the user time it reports for many frames
// less that for few, so that starting and probing cancel.
void ffmpeg_psnr_ssim(benchmark::State& state) {
  if (test::run_shell("ffmpeg -version").status != 0) {
    state.SkipWithError("ffmpeg is not installed");
    return;
  }
  const test::TempDir dir;
  constexpr int kFrames = 40;
  write_planar(dir / "a.raw", pair().reference, kFrames);
  write_planar(dir / "b.raw", pair().prediction, kFrames);
  const auto user_s = [&](int frames) {
    const std::string raw = cat(" -f rawvideo -pix_fmt gbrp -s ", kWidth, "x", kHeight, " -i ");
    const auto result = test::run_shell(
        cat("ffmpeg -v info -benchmark -threads 1 -filter_complex_threads 1", raw,
            (dir / "a.raw").string(), raw, (dir / "b.raw").string(), " -filter_complex ",
            "'[0][1]psnr[p];[0][1]ssim[s]' -map '[p]' -frames:v ", frames, " -f null - -map '[s]' ",
            "-frames:v ", frames, " -f null -"));
    const std::size_t at = result.err.rfind("utime=");
    return at == std::string::npos ? 0.0 : std::strtod(result.err.c_str() + at + 6, nullptr);
  };
  for (auto _ : state) {
    state.SetIterationTime(std::max(1e-6, (user_s(kFrames) - user_s(10)) / (kFrames - 10)));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ffmpeg_psnr_ssim)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(3);

void skimage_ssim(benchmark::State& state) {
  const char* const python = std::getenv("PLUVIA_SKIMAGE_PYTHON");
  if (python == nullptr) {
    state.SkipWithError("PLUVIA_SKIMAGE_PYTHON is not set");
    return;
  }
  const test::TempDir dir;
  write_planar(dir / "a.raw", pair().reference, 1);
  write_planar(dir / "b.raw", pair().prediction, 1);
  const std::string script =
      cat("import numpy as n, time\nfrom skimage.metrics import structural_similarity as s, "
          "peak_signal_noise_ratio as p\nr=lambda f:n.fromfile(f,n.uint8).reshape(3,",
          kHeight, ",", kWidth, ").transpose(1,2,0).copy()\na,b=r('", (dir / "a.raw").string(),
          "'),r('", (dir / "b.raw").string(),
          "')\nbest=9e9\nfor i in range(3):\n t=time.process_time();s(a,b,channel_axis=2,"
          "gaussian_weights=True,sigma=1.5,use_sample_covariance=False);p(a,b);"
          "best=min(best,time.process_time()-t)\nprint(best)\n");
  write_text(dir / "s.py", script);
  for (auto _ : state) {
    const auto result =
        test::run_shell(cat("OMP_NUM_THREADS=1 '", python, "' ", (dir / "s.py").string()));
    state.SetIterationTime(std::max(1e-6, std::strtod(result.out.c_str(), nullptr)));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(skimage_ssim)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(1);

}  // namespace
}  // namespace pluvia::bench

int main(int argc, char** argv) {
  pluvia::reuse_freed_memory();  // as the program does
  pluvia::set_thread_count(1);
  std::printf("%s, %s\n", pluvia::cpu_model().c_str(), pluvia::cpu_level_name().c_str());
  return pluvia::bench::run_with_ratios(argc, argv,
                                        {{"rgb_double", "skimage_ssim", 0},
                                         {"rgb_double", "ffmpeg_psnr_ssim", 0},
                                         {"rgb_double_regions", "rgb_double", 0.66},
                                         {"y_double", "rgb_double", 3},
                                         {"y_alone_double", "rgb_double", 3}});
}
