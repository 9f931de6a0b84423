// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/tiles.h"

#include <libdeflate.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "core/error.h"

namespace pluvia {
namespace {

int choose_side(int frame, int wanted) {
  if (frame <= wanted * 3 / 2) return frame;
  int best = 0;
  for (int side = wanted / 2; side <= wanted * 3 / 2; ++side) {
    if (frame % side == 0 && (best == 0 || std::abs(side - wanted) < std::abs(best - wanted)))
      best = side;
  }
  if (best != 0) return best;
  const int pieces =
      std::max(1, static_cast<int>(std::lround(static_cast<double>(frame) / wanted)));
  return (frame + pieces - 1) / pieces;
}

struct FreeCompressor {
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
};
struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};

libdeflate_compressor* this_threads_compressor(int level) {
  thread_local std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor;
  thread_local int its_level = 0;
  if (its_level != level) {
    compressor.reset(libdeflate_alloc_compressor(level));
    its_level = level;
  }
  if (compressor == nullptr) throw std::bad_alloc();
  return compressor.get();
}

libdeflate_decompressor* this_threads_decompressor() {
  thread_local const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  if (decompressor == nullptr) throw std::bad_alloc();
  return decompressor.get();
}

}  // namespace

TileShape choose_tile(int frame_height, int frame_width) {
  return {choose_side(frame_height, 120), choose_side(frame_width, 128)};
}

void cut_tile(std::span<const std::byte> frame, int height, int width, std::size_t pixel_bytes,
              TileShape tile, int row, int column, std::span<std::byte> out) {
  const int y0 = row * tile.height;
  const int x0 = column * tile.width;
  const int rows = std::min(tile.height, height - y0);
  const int columns = std::min(tile.width, width - x0);
  const std::size_t out_pitch = static_cast<std::size_t>(tile.width) * pixel_bytes;
  const std::size_t used = static_cast<std::size_t>(columns) * pixel_bytes;
  PLUVIA_CHECK(rows > 0 && columns > 0, row, " ", column);
  if (rows < tile.height || columns < tile.width) std::fill(out.begin(), out.end(), std::byte{0});
  for (int y = 0; y < rows; ++y) {
    const std::size_t from = (static_cast<std::size_t>(y0 + y) * static_cast<std::size_t>(width) +
                              static_cast<std::size_t>(x0)) *
                             pixel_bytes;
    std::memcpy(out.data() + static_cast<std::size_t>(y) * out_pitch, frame.data() + from, used);
  }
}

void deflate_tile(std::span<const std::byte> raw, int level, std::vector<std::byte>& coded) {
  libdeflate_compressor* const compressor = this_threads_compressor(level);
  coded.resize(libdeflate_zlib_compress_bound(compressor, raw.size()));
  const std::size_t size =
      libdeflate_zlib_compress(compressor, raw.data(), raw.size(), coded.data(), coded.size());
  PLUVIA_CHECK(size > 0, raw.size());
  coded.resize(size);
}

bool inflate_tile(std::span<const std::byte> coded, std::span<std::byte> raw) {
  // No length pointer: anything but exactly raw.size() bytes is refused by the library.
  return libdeflate_zlib_decompress(this_threads_decompressor(), coded.data(), coded.size(),
                                    raw.data(), raw.size(), nullptr) == LIBDEFLATE_SUCCESS;
}

}  // namespace pluvia
