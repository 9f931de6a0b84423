// SPDX-License-Identifier: Apache-2.0
// The same set stored another way: every frame is read and written again, content hashes stay, and
// are compared with the index before the set appears.
#pragma once

#include <filesystem>

#include "datasets/store/storage.h"

namespace pluvia {

struct RepackOptions {
  Storage storage = Storage::kDefault;
  bool resume = false;
  bool force = false;
  int threads = 0;  ///< 0: all cores
};

struct RepackResult {
  std::size_t clips = 0;
  std::uint64_t raw_bytes = 0;     ///< uncompressed
  std::uint64_t bytes_before = 0;  ///< of the files that hold the clips
  std::uint64_t bytes = 0;
};

RepackResult repack_set(const std::filesystem::path& in, const std::filesystem::path& out,
                        const RepackOptions& options);

}  // namespace pluvia
