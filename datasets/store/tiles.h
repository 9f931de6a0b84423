// SPDX-License-Identifier: Apache-2.0
// How a frame is cut into the chunks of its data set, and how a chunk is coded.
//
// One frame deep, about 120x128 pixels, gzip level 1, written and read as raw chunks through
// libdeflate: 14 times the random training crops per second of a PNG folder, and plain h5py opens
// it (measurements in docs/performance.md). gzip carries a check sum (Adler-32), so a flipped bit
// is an error and never a wrong pixel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace pluvia {

struct TileShape {
  int height = 0;
  int width = 0;
};

/// The tile for frames of this size: the divisor nearest to 120 (rows) and 128 (columns) where
/// there is one between half and 1.5 times that, else the even split that pads least.
TileShape choose_tile(int frame_height, int frame_width);

/// Copies tile (row, column) out of a frame, zeros beyond its edge.
void cut_tile(std::span<const std::byte> frame, int height, int width, std::size_t pixel_bytes,
              TileShape tile, int row, int column, std::span<std::byte> out);

/// zlib stream of `raw` at a level, 1 to 12. A thread keeps one compressor: of the level it used
/// last.
void deflate_tile(std::span<const std::byte> raw, int level, std::vector<std::byte>& coded);
/// False unless `coded` is a valid zlib stream of exactly raw.size() bytes.
bool inflate_tile(std::span<const std::byte> coded, std::span<std::byte> raw);

}  // namespace pluvia
