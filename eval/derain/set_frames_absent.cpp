// SPDX-License-Identifier: Apache-2.0
// Of builds without HDF5.
#include "core/error.h"
#include "eval/derain/set_frames.h"

namespace pluvia {

Footage set_footage(const std::filesystem::path& path) {
  fail("opening ", path.string(), ": this build has no HDF5; use a video, a folder or an array");
}

std::unique_ptr<OutputPlace> open_set_place(const std::filesystem::path& path,
                                            const PlaceOptions& /*options*/) {
  fail("writing ", path.string(), ": this build has no HDF5; use a video, a folder or an array");
}

}  // namespace pluvia
