// SPDX-License-Identifier: Apache-2.0
// Predictions as a folder of pictures: which file is which frame, and all that is wrong with them.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "datasets/media/stills.h"
#include "eval/harness/clip_data.h"

namespace pluvia {

struct PredictionPicture {
  std::filesystem::path file;
  ColorWanted colour;
  StillSize size;  ///< of the frame it is held against
};

/// What is wrong, and what may have been meant.
struct PictureFaults {
  std::vector<std::string> problems;
  std::vector<std::string> hints;
};

/// By the names alone, in the order of the frames; what is missing, extra or there twice goes to
/// `faults`.
std::vector<PredictionPicture> find_pictures(const std::filesystem::path& folder,
                                             const ScoredClip& clip, ColorWanted colour,
                                             PictureFaults& faults);

/// An Error where it cannot be read whole or is of another size.
Image<std::uint8_t> read_picture(const PredictionPicture& picture);

/// Looks at every one whole, on all threads. What cannot be read or is of another size goes to
/// `faults`; `done` hears of every one. Returns what reading loses of them (bits, alpha).
std::vector<std::string> check_pictures(const std::vector<PredictionPicture>& pictures,
                                        PictureFaults& faults, const std::function<void()>& done);

/// Of each its name in `folder` and a hash of its bytes, on all threads.
std::vector<std::string> named_hashes(const std::vector<PredictionPicture>& pictures,
                                      const std::filesystem::path& folder);

/// All that is wrong at once, with the first hint.
[[noreturn]] void refuse_pictures(const std::string& what, const PictureFaults& faults);

}  // namespace pluvia
