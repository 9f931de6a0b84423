// SPDX-License-Identifier: Apache-2.0
#include "eval/train/loader.h"

#include <algorithm>
#include <chrono>

#include "core/error.h"

namespace pluvia {
namespace {

enum Draw : std::uint32_t { kFlipX, kFlipY, kTranspose };

/// Augmentation draws of one sample lie beside those of its window (particle 0).
Random sample_random(std::uint64_t seed, std::int64_t group, int item) {
  return {seed, static_cast<std::uint32_t>(group), static_cast<std::uint32_t>(group >> 32),
          static_cast<std::uint32_t>(item)};
}

struct Turn {
  bool flip_x = false;
  bool flip_y = false;
  bool transpose = false;
};

/// Flips first, then the exchange of rows and columns, each with probability one half.
Turn turn_of(const Augment& augment, const Random& random) {
  const auto coin = [&](bool asked, Draw draw) { return asked && random.uniform(draw) < 0.5; };
  return {coin(augment.flip_x, kFlipX), coin(augment.flip_y, kFlipY),
          coin(augment.transpose, kTranspose)};
}

/// Bytes (T,H,W,C) to floats (T,C,H,W), turned.
void put(const std::vector<std::uint8_t>& from, const SampleShape& shape, const Turn& turn,
         std::span<float> to) {
  const auto height = static_cast<std::size_t>(shape.height);
  const auto width = static_cast<std::size_t>(shape.width);
  const std::size_t plane = height * width;
  const std::size_t channels = from.size() / (static_cast<std::size_t>(shape.frames) * plane);
  std::size_t at = 0;
  for (std::size_t t = 0; t < static_cast<std::size_t>(shape.frames); ++t) {
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t i = 0; i < plane; ++i, ++at) {
        std::size_t y = i / width;
        std::size_t x = i % width;
        if (turn.transpose) std::swap(y, x);
        if (turn.flip_y) y = height - 1 - y;
        if (turn.flip_x) x = width - 1 - x;
        to[at] = static_cast<float>(from[(t * plane + y * width + x) * channels + c]) / 255.0F;
      }
    }
  }
}

TrainingBatch empty_batch(const TrainingSample& like, int count, std::int64_t iteration) {
  TrainingBatch batch{iteration, count, like.shape.frames, like.shape.height, like.shape.width, {}};
  for (const auto& [layer, bytes] : like.layers) {
    batch.layers.emplace_back(layer,
                              std::vector<float>(bytes.size() * static_cast<std::size_t>(count)));
  }
  return batch;
}

/// All batches that share their windows.
std::vector<TrainingBatch> make_group(const TrainingSource& source, const LoaderOptions& options,
                                      std::int64_t group) {
  const int crops = options.crops_per_window;
  std::vector<TrainingBatch> batches;
  for (int item = 0; item < options.batch; ++item) {
    const Random random = sample_random(options.seed, group, 2 * item);
    const std::vector<TrainingSample> samples = source.visit(random, crops);
    for (int j = 0; j < crops; ++j) {
      const TrainingSample& sample = samples[static_cast<std::size_t>(j)];
      if (item == 0) batches.push_back(empty_batch(sample, options.batch, group * crops + j));
      const Random own = sample_random(options.seed, group * crops + j, 2 * item + 1);
      const Turn turn = turn_of(options.augment, own);
      PLUVIA_CHECK(!turn.transpose || sample.shape.height == sample.shape.width,
                   sample.shape.height, " ", sample.shape.width);
      auto& layers = batches[static_cast<std::size_t>(j)].layers;
      for (std::size_t i = 0; i < layers.size(); ++i) {
        const std::size_t size = sample.layers[i].second.size();
        put(sample.layers[i].second, sample.shape, turn,
            std::span(layers[i].second).subspan(size * static_cast<std::size_t>(item), size));
      }
    }
  }
  return batches;
}

}  // namespace

TrainingBatch make_batch(const TrainingSource& source, const LoaderOptions& options,
                         std::int64_t iteration) {
  const std::int64_t crops = options.crops_per_window;
  std::vector<TrainingBatch> group = make_group(source, options, iteration / crops);
  return std::move(group[static_cast<std::size_t>(iteration % crops)]);
}

Loader::Loader(const TrainingSource& source, const LoaderOptions& options)
    : source_(source),
      options_(options),
      next_group_(options.first / options.crops_per_window),
      wanted_(options.first) {
  for (int i = 0; i < std::max(1, options.threads); ++i) threads_.emplace_back([this] { run(); });
}

Loader::~Loader() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Loader::run() {
  const std::int64_t crops = options_.crops_per_window;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] {
      const bool room = next_group_ * crops <= wanted_ + options_.ahead;
      return stopping_ || error_ || next_group_ * crops >= options_.end || room;
    });
    if (stopping_ || error_ || next_group_ * crops >= options_.end) return;
    const std::int64_t group = next_group_++;
    lock.unlock();
    std::vector<TrainingBatch> batches;
    std::exception_ptr error;
    try {
      batches = make_group(source_, options_, group);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error) {
      error_ = error;
    } else {
      ready_.emplace(group, std::move(batches));
    }
    changed_.notify_all();
  }
}

TrainingBatch Loader::next() {
  const auto start = std::chrono::steady_clock::now();
  const std::int64_t crops = options_.crops_per_window;
  const std::int64_t group = wanted_ / crops;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return error_ || ready_.count(group) > 0; });
  if (ready_.count(group) == 0) std::rethrow_exception(error_);
  TrainingBatch batch = std::move(ready_.at(group)[static_cast<std::size_t>(wanted_ % crops)]);
  ++wanted_;
  if (wanted_ % crops == 0) ready_.erase(group);
  changed_.notify_all();
  waited_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return batch;
}

}  // namespace pluvia
