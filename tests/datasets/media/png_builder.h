// SPDX-License-Identifier: Apache-2.0
// PNG files written from the standard (ISO/IEC 15948), of every colour type, depth and interlacing,
// to try the reader without trusting an encoder.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/datasets/media/media_test_util.h"

namespace pluvia::testing {

struct PngSpec {
  int height = 0;
  int width = 0;
  int colour_type = 0;  ///< 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA
  int depth = 8;
  bool interlaced = false;
  /// Sample (y, x, channel), below 2^depth.
  std::function<unsigned(int, int, int)> sample;
  /// Whole chunks to put before the data: {"tRNS", contents}.
  std::vector<std::pair<std::string, std::string>> chunks = {};
  /// What the header says instead of the true size; 0: the truth.
  int declared_height = 0;
  int declared_width = 0;
  /// The filter of row y, not of interlaced files; 0 everywhere when there is none.
  std::function<int(int)> filter = {};
  /// Contents of an IDAT chunk at most.
  std::size_t idat_bytes = std::size_t{1} << 30;

  int channels() const {
    return colour_type == 2 ? 3 : colour_type == 6 ? 4 : colour_type == 4 ? 2 : 1;
  }
};

Bytes build_png(const PngSpec& spec);

}  // namespace pluvia::testing
