// SPDX-License-Identifier: Apache-2.0
// Holds a set to everything the format promises: every chunk decodes, hashes match, the index tells
// the truth, splits name existing clips and share none, and rendered frames obey their formation.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pluvia {

struct VerifyProblem {
  std::string item;     ///< "clips/003/lq frame 17 tile (2,3)"
  std::string problem;  ///< "is damaged"
};

struct VerifyResult {
  std::vector<VerifyProblem> problems;
  std::uint64_t clips = 0;
  std::uint64_t frames = 0;
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;  ///< decoded
  std::uint64_t formation_frames = 0;
  bool ok() const { return problems.empty(); }
};

/// An Error only when the file cannot be opened as a set at all.
VerifyResult verify_set(const std::filesystem::path& path, int threads);

}  // namespace pluvia
