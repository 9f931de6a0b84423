// SPDX-License-Identifier: Apache-2.0
// A folder of PNG frames that appears whole. Until then OUT.parts/ holds `settings.txt` and
// `done/`; of several sequences each is renamed inside it when finished, so that a stopped run goes
// on with the next.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "eval/derain/output_place.h"

namespace pluvia {

/// Some planes of every frame, as pictures in a sub-folder ("": in the folder itself).
struct PicturePlanes {
  std::string folder;
  int first = 0;
  int channels = 3;
};

std::unique_ptr<OutputPlace> open_picture_folder(const std::filesystem::path& path,
                                                 std::vector<PicturePlanes> planes,
                                                 const PlaceOptions& options);

}  // namespace pluvia
