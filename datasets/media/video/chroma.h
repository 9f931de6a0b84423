// SPDX-License-Identifier: Apache-2.0
// Chroma that has fewer samples than luma, interpolated to luma's size: the cubic of Mitchell and
// Netravali ("Reconstruction filters in computer graphics", SIGGRAPH 1988) with B = 0, C = 0.6,
// edges repeated. It places and limits samples as swscale's bicubic filter does, so that frames are
// those of the ffmpeg program to one code value: odd sizes stretch chroma's half sample over the
// picture, values above the largest sample are cut, those below zero kept.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace pluvia {

/// One direction: how many luma samples share one of chroma (as a power of two), and where that one
/// lies, in 1/256 of a luma sample behind the first of them.
struct ChromaGrid {
  int log2_shared = 0;
  int position = 0;
};

class ChromaPlane {
 public:
  /// `read` fills a row of the plane with samples at the top of 16 bits.
  using ReadRow = std::function<void(int row, std::span<std::uint16_t> samples)>;

  /// `height` and `width` are luma's.
  ChromaPlane(int height, int width, ChromaGrid down, ChromaGrid across, ReadRow read);

  /// The values beside luma's row `y`; rows are best asked for in their order.
  std::span<const std::int32_t> row(int y);

 private:
  static constexpr int kTaps = 4;

  /// What a luma sample takes of the chroma samples first .. first + 3.
  struct Taps {
    int first = 0;
    std::array<std::int32_t, kTaps> weights{};
  };

  /// For each luma sample; none where chroma has as many.
  static std::vector<Taps> taps_of(int luma, ChromaGrid grid);
  /// A row of the plane in full width, kept as long as its neighbours need it.
  const std::vector<std::int32_t>& wide_row(int row);
  void widen(std::vector<std::int32_t>& wide);

  int rows_ = 0;
  int columns_ = 0;
  std::vector<Taps> down_taps_;
  std::vector<Taps> across_taps_;
  ReadRow read_;
  std::vector<std::uint16_t> samples_;  ///< of one row, edges repeated
  struct Wide {
    int row = -1;
    std::vector<std::int32_t> values;
  };
  std::array<Wide, kTaps> kept_;
  std::vector<std::int32_t> out_;
};

}  // namespace pluvia
