// SPDX-License-Identifier: Apache-2.0
// The store against a folder of PNG files as OpenCV writes them by default: random training crops
// (5 frames of 256x256 of lq, gt, streak and mask) per second, packing speed and size; the same
// crops from the other ways to store a set.
// 2 clips x 30 frames x 1280x720; a crop is 2.62 MB of useful bytes.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <random>

#include "benchmarks/support/photo_like.h"
#include "benchmarks/support/ratios.h"
#include "core/file.h"
#include "datasets/store/repack.h"
#include "datasets/store/set_reader.h"
#include "datasets/store/set_writer.h"
#include "tests/support/temp_dir.h"

namespace pluvia::bench {
namespace {

constexpr int kHeight = 720;
constexpr int kWidth = 1280;
constexpr int kFrames = 30;
constexpr int kCropFrames = 5;
constexpr int kCrop = 256;
constexpr std::array<Layer, 4> kLayers = {Layer::kLq, Layer::kGt, Layer::kStreak, Layer::kMask};

std::string png_name(const fs::path& root, const std::string& id, Layer layer, int frame) {
  std::array<char, 16> name{};
  std::snprintf(name.data(), name.size(), "%08d.png", frame);
  return (root / spec(layer).name / id / name.data()).string();
}

void write_pngs(const fs::path& root, const std::string& id, int t, FrameLayers& frame) {
  for (const Layer layer : kLayers) {
    const fs::path path = png_name(root, id, layer, t);
    fs::create_directories(path.parent_path());
    const cv::Mat picture(kHeight, kWidth, spec(layer).channels == 3 ? CV_8UC3 : CV_8UC1,
                          frame.of(layer).data());
    cv::imwrite(path.string(), picture);  // channel order does not change the work
  }
}

SetOptions options_with(int threads) {
  SetOptions options;
  options.threads = threads;
  options.force = true;
  return options;
}

// Both stores of the same pixels, made once.
struct Stores {
  test::TempDir dir;
  std::vector<std::string> ids = {"sharp", "soft"};
  std::vector<fs::path> files;
  std::shared_ptr<SetReader> set;

  Stores() {
    SetWriter writer(dir / "set.h5", options_with(0));
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const PhotoLike source(kHeight, kWidth, static_cast<std::uint32_t>(i) + 1);
      const auto clip = writer.begin(source.info(ids[i], kFrames));
      for (int t = 0; t < kFrames; ++t) {
        FrameLayers frame = source.frame(t);
        write_pngs(dir / "png", ids[i], t, frame);
        clip->add(std::move(frame));
      }
      clip->finish();
    }
    writer.commit();
    set = SetReader::open(dir / "set.h5");
    files.push_back(dir / "set.h5");
    for (const auto& entry : fs::recursive_directory_iterator(dir / "png")) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    ::sync();
  }
  // Pages of the stores leave the cache; the next read comes from the disk.
  void chill() const {
    for (const fs::path& path : files) {
      const Fd file = Fd::open_read(path);
      ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
    }
  }
  static const Stores& get() {
    static const Stores stores;
    return stores;
  }
};

struct Crop {
  std::size_t clip;
  Window window;
};

Crop random_crop(std::mt19937& random) {
  const auto below = [&](int n) {
    return static_cast<int>(random() % static_cast<std::uint32_t>(n));
  };
  return {static_cast<std::size_t>(below(2)),
          {below(kFrames - kCropFrames + 1), kCropFrames, below(kHeight - kCrop + 1),
           below(kWidth - kCrop + 1), kCrop, kCrop}};
}

void read_set_crop(const std::vector<std::unique_ptr<ClipReader>>& clips, const Crop& crop,
                   std::vector<std::byte>& out) {
  for (const Layer layer : kLayers) {
    out.resize(crop.window.pixels() * spec(layer).pixel_bytes());
    clips[crop.clip]->read(layer, crop.window, out);
    benchmark::DoNotOptimize(out.data());
  }
}

void read_png_crop(const Stores& stores, const Crop& crop) {
  for (int t = crop.window.first; t < crop.window.first + crop.window.frames; ++t) {
    for (const Layer layer : kLayers) {
      const cv::Mat whole = cv::imread(
          png_name(stores.dir / "png", stores.ids[crop.clip], layer, t), cv::IMREAD_UNCHANGED);
      const cv::Mat cut = whole(cv::Rect(crop.window.x, crop.window.y, kCrop, kCrop)).clone();
      benchmark::DoNotOptimize(cut.data);
    }
  }
}

void crops_set(benchmark::State& state, bool cold) {
  const Stores& stores = Stores::get();
  std::vector<std::unique_ptr<ClipReader>> clips;
  for (const std::string& id : stores.ids) clips.push_back(stores.set->clip(id));
  std::mt19937 random(7);
  std::vector<std::byte> out;
  for (auto _ : state) {
    if (cold) {
      state.PauseTiming();
      stores.chill();
      state.ResumeTiming();
    }
    read_set_crop(clips, random_crop(random), out);
  }
  state.SetItemsProcessed(state.iterations());
}

void crops_repacked(benchmark::State& state, Storage storage) {
  const Stores& stores = Stores::get();
  const fs::path file = stores.dir / (std::string(name_of(storage)) + ".h5");
  std::error_code ignored;
  if (!fs::exists(file, ignored)) repack_set(stores.dir / "set.h5", file, {.storage = storage});
  const std::shared_ptr<SetReader> set = SetReader::open(file);
  std::vector<std::unique_ptr<ClipReader>> clips;
  for (const std::string& id : stores.ids) clips.push_back(set->clip(id));
  std::mt19937 random(7);
  std::vector<std::byte> out;
  for (auto _ : state) read_set_crop(clips, random_crop(random), out);
  state.SetItemsProcessed(state.iterations());
  const double raw = 8.0 * kHeight * kWidth * kFrames * static_cast<double>(stores.ids.size());
  state.counters["ratio"] = raw / static_cast<double>(fs::file_size(file));
}

void crops_png(benchmark::State& state, bool cold) {
  const Stores& stores = Stores::get();
  std::mt19937 random(7);
  for (auto _ : state) {
    if (cold) {
      state.PauseTiming();
      stores.chill();
      state.ResumeTiming();
    }
    read_png_crop(stores, random_crop(random));
  }
  state.SetItemsProcessed(state.iterations());
}

// Frames prepared beforehand: what is timed is packing (compression, hash, file, fsync) alone.
std::vector<FrameLayers> prepared_frames() {
  const PhotoLike source(kHeight, kWidth, 1);
  std::vector<FrameLayers> frames;
  for (int t = 0; t < 12; ++t) frames.push_back(source.frame(t));
  return frames;
}

double bytes_of(const std::vector<FrameLayers>& frames) {
  double bytes = 0;
  for (const FrameLayers& frame : frames) {
    for (const Layer layer : kLayers) bytes += static_cast<double>(frame.of(layer).size());
  }
  return bytes;
}

ClipInfo packed_info(int frames) {
  ClipInfo info;
  info.id = "a";
  info.frames = frames;
  info.height = kHeight;
  info.width = kWidth;
  for (const Layer layer : kLayers) info.layers.add(layer);
  return info;
}

void pack_set(benchmark::State& state) {
  const std::vector<FrameLayers> frames = prepared_frames();
  const test::TempDir dir;
  for (auto _ : state) {
    SetWriter writer(dir / "set.h5", options_with(static_cast<int>(state.range(0))));
    const auto clip = writer.begin(packed_info(static_cast<int>(frames.size())));
    for (const FrameLayers& frame : frames) clip->add(frame);
    clip->finish();
    writer.commit();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes_of(frames)) * state.iterations());
  state.counters["ratio"] = bytes_of(frames) / static_cast<double>(fs::file_size(dir / "set.h5"));
}

void pack_png(benchmark::State& state) {
  std::vector<FrameLayers> frames = prepared_frames();
  const test::TempDir dir;
  for (auto _ : state) {
    for (std::size_t t = 0; t < frames.size(); ++t)
      write_pngs(dir.path(), "a", static_cast<int>(t), frames[t]);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes_of(frames)) * state.iterations());
  double files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(dir.path())) {
    if (entry.is_regular_file()) files += static_cast<double>(entry.file_size());
  }
  state.counters["ratio"] = bytes_of(frames) / files;
}

BENCHMARK_CAPTURE(crops_set, warm, false)->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(2);
BENCHMARK_CAPTURE(crops_png, warm, false)->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(3);
BENCHMARK_CAPTURE(crops_repacked, fast, Storage::kFast)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MinTime(2);
BENCHMARK_CAPTURE(crops_repacked, small, Storage::kSmall)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MinTime(2);
BENCHMARK_CAPTURE(crops_set, cold, true)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(20);
BENCHMARK_CAPTURE(crops_png, cold, true)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(10);
BENCHMARK(pack_set)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(pack_png)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace pluvia::bench

int main(int argc, char** argv) {
  return pluvia::bench::run_with_ratios(
      argc, argv,
      {{"crops_set/warm/min_time:2.000", "crops_png/warm/min_time:3.000", 12},
       {"crops_repacked/fast/min_time:2.000", "crops_set/warm/min_time:2.000", 0},
       {"crops_repacked/small/min_time:2.000", "crops_set/warm/min_time:2.000", 0},
       {"crops_set/cold/iterations:20", "crops_png/cold/iterations:10", 0},
       {"pack_set/1", "pack_png", 0},
       {"pack_set/2", "pack_png", 0},
       {"pack_set/2", "pack_set/1", 0}});
}
