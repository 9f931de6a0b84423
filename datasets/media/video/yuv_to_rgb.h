// SPDX-License-Identifier: Apache-2.0
// Samples of luma and chroma to 8-bit RGB by ITU-T H.273's equations 38-40 (limited range) and
// 41-43 (full range): to the nearest code value, and clipped however far outside the nominal range
// they are. swscale wraps there, and takes 10 and 12 bits of full range for a little less than they
// are.
#pragma once

#include <cstdint>
#include <span>

namespace pluvia {

/// Shares of red and blue in luma; green has the rest.
struct LumaShares {
  double red = 0;
  double blue = 0;
};

/// Of samples whose `depth` bits lie at the top of 16; differences may be interpolated and go
/// beyond.
class YuvToRgb {
 public:
  YuvToRgb(LumaShares shares, bool full_range, int depth);

  /// Rows of one length; `rgb` takes three times as many values.
  void row(std::span<const std::uint16_t> luma, std::span<const std::int32_t> blue_difference,
           std::span<const std::int32_t> red_difference, std::uint8_t* rgb) const;

 private:
  std::int32_t black_ = 0;
  std::int32_t luma_ = 0;
  std::int32_t red_ = 0;         ///< of the red difference in red
  std::int32_t blue_ = 0;        ///< of the blue difference in blue
  std::int32_t green_red_ = 0;   ///< of the red difference in green
  std::int32_t green_blue_ = 0;  ///< of the blue difference in green
};

}  // namespace pluvia
