// SPDX-License-Identifier: Apache-2.0
// The user's own depth maps for their own footage: metres along the line of sight's axis.
//
//   DIR/<clip>/<frame>.png   16 bits, metres x 256, 0 = unknown (the convention of KITTI)
//   DIR/<clip>/<frame>.npy   f2, f4 or f8, metres; (H, W) or (H, W, 1)
//   DIR/<clip>.npy           the same for all frames: (T, H, W)
//   DIR/<frame>.png|.npy     when there is only one source
//
// <clip> is the source's name without extension. A map belongs to the frame of the same name, or of
// the same number where the frames come from a video; never to the one at the same position.
// Unknown depths (0, negative, NaN) count as infinitely far: they hide no rain.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/image.h"
#include "core/tensor_file/npy.h"

namespace pluvia {

class DepthMaps {
 public:
  /// `only_source`: maps may lie in `folder` itself. Missing maps are an Error that says where they
  /// were looked for.
  DepthMaps(const std::filesystem::path& folder, const std::string& clip, bool only_source);

  /// Metres, (height, width, 1). An Error when there is none for the frame, or it has another size.
  Image<float> read(const std::string& frame, int number, int height, int width) const;

 private:
  std::filesystem::path find(const std::string& frame, int number) const;

  std::filesystem::path place_;  ///< the folder or the one file
  std::map<std::string, std::filesystem::path> by_name_;
  std::map<std::int64_t, std::filesystem::path> by_number_;
  NpyArray stack_;  ///< all frames, or empty
};

}  // namespace pluvia
