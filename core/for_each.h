// SPDX-License-Identifier: Apache-2.0
// for_each(n, lambda): one call of the lambda per index, on the threads of the CPU or as a CUDA
// launch, depending on which compiler builds the file (core/backend.h).
//
// for_each_tile(grid, body): work on a picture. The CPU wants whole rows in its vector registers, a
// GPU one thread per pixel: a body has both, rows(tile) and pixel(tile, x, y), which must give the
// same bits (tests/backend/ holds them to it, without a GPU too).
//
// On x86-64 the loop is compiled for the psABI's levels v2, v3 and v4 besides the baseline, with
// the lambda inlined into each; kernel_level() (core/cpu.h) picks one, which tests may lower.
// Contraction to fma is off (cmake/PluviaBuild.cmake), so all levels give the same bits. All that
// the lambda calls is inlined (flatten): a function left out of line would stay at the baseline
// level. Its bodies must be seen. PLUVIA_ALL_LEVELS does the same to a single function of the host,
// picked when the program is loaded.
#pragma once

#include <cstdint>

#include "core/backend.h"
#include "core/tiles.h"

#ifdef __CUDACC__
#include "core/cuda_runtime.h"
#else
#include "core/cpu.h"
#include "core/parallel.h"
#endif

// Resolvers of function multiversioning run before the sanitizers' runtimes; clang 14 does not
// version templates. Both compile the baseline alone.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PLUVIA_HAS_LEVELS 1
#define PLUVIA_ALL_LEVELS \
  __attribute__((flatten, \
                 target_clones("default", "arch=x86-64-v2", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define PLUVIA_ALL_LEVELS
#endif

namespace pluvia::PLUVIA_BACKEND {

#ifdef __CUDACC__

template <typename Function>
__global__ void for_each_kernel(std::int64_t n, Function function) {
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
       i += stride) {
    function(i);
  }
}

/// `grain`: how many indices are worth handing to a thread of the CPU.
template <typename Function>
void for_each(std::int64_t n, const Function& function, std::int64_t grain = 0) {
  static_cast<void>(grain);
  if (n <= 0) return;
  constexpr std::int64_t kBlock = 256;
  constexpr std::int64_t kMostBlocks = 1 << 20;
  const std::int64_t blocks = (n + kBlock - 1) / kBlock;
  for_each_kernel<<<static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks), kBlock>>>(
      n, function);
  cuda_runtime::launched("running a kernel");
}

template <typename Body>
__global__ void for_each_tile_kernel(TileGrid grid, Body body) {
  const int in_tile = grid.tile_height * grid.tile_width;
  for (int number = static_cast<int>(blockIdx.x); number < grid.count(); number += gridDim.x) {
    const Tile tile = grid.tile(number);
    for (int at = static_cast<int>(threadIdx.x); at < in_tile; at += blockDim.x) {
      const int x = tile.x0 + at % grid.tile_width;
      const int y = tile.y0 + at / grid.tile_width;
      if (x < tile.x1 && y < tile.y1) body.pixel(tile, x, y);
    }
  }
}

/// A block of threads a tile: its threads read the same lists of shapes.
template <typename Body>
void for_each_tile(const TileGrid& grid, const Body& body) {
  if (grid.count() <= 0) return;
  for_each_tile_kernel<<<static_cast<unsigned>(grid.count()), 256>>>(grid, body);
  cuda_runtime::launched("running a kernel");
}

#else

#ifdef PLUVIA_HAS_LEVELS
template <typename Loop>
__attribute__((flatten)) void run_at_baseline(const Loop& loop) {
  loop();
}
template <typename Loop>
__attribute__((flatten, target("arch=x86-64-v2"))) void run_at_v2(const Loop& loop) {
  loop();
}
template <typename Loop>
__attribute__((flatten, target("arch=x86-64-v3"))) void run_at_v3(const Loop& loop) {
  loop();
}
template <typename Loop>
__attribute__((flatten, target("arch=x86-64-v4"))) void run_at_v4(const Loop& loop) {
  loop();
}

template <typename Loop>
void run_at_level(const Loop& loop) {
  switch (kernel_level()) {
    case CpuLevel::kV4:
      return run_at_v4(loop);
    case CpuLevel::kV3:
      return run_at_v3(loop);
    case CpuLevel::kV2:
      return run_at_v2(loop);
    case CpuLevel::kBaseline:
      return run_at_baseline(loop);
  }
}
#else
template <typename Loop>
void run_at_level(const Loop& loop) {
  loop();
}
#endif

/// `grain`: how many indices are worth handing to a thread; by default many, for light work.
template <typename Function>
void for_each(std::int64_t n, const Function& function, std::int64_t grain = 1 << 14) {
  parallel_for(n, grain, [&](std::int64_t begin, std::int64_t end) {
    run_at_level([&] {
      for (std::int64_t i = begin; i < end; ++i) function(i);
    });
  });
}

template <typename Body>
void run_pixels(const TileGrid& grid, const Body& body) {
  for (int i = 0; i < grid.count(); ++i) {
    const Tile tile = grid.tile(i);
    for (int y = tile.y0; y < tile.y1; ++y) {
      for (int x = tile.x0; x < tile.x1; ++x) body.pixel(tile, x, y);
    }
  }
}

/// Neighbours share lines of memory at their edges, which threads would take from each other.
constexpr std::int64_t kTilesAtOnce = 4;

template <typename Body>
void for_each_tile(const TileGrid& grid, const Body& body) {
  if (pixel_order()) return run_pixels(grid, body);
  parallel_for(grid.count(), kTilesAtOnce, [&](std::int64_t begin, std::int64_t end) {
    run_at_level([&] {
      for (std::int64_t i = begin; i < end; ++i) body.rows(grid.tile(static_cast<int>(i)));
    });
  });
}

#endif

}  // namespace pluvia::PLUVIA_BACKEND
