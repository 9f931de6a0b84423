// SPDX-License-Identifier: Apache-2.0
// From a recipe to a data set: every clip is a built-in scene with a seed of its own, or one of the
// user's clean videos or frame folders, with rain drawn for it. Splits go by scene seed and by
// source, never across. Any clip, frame, thread count, shard or resumed run gives the same content.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "synth/recipe.h"

namespace pluvia {

struct RenderRequest {
  synth::Recipe recipe;
  std::string recipe_text;  ///< resolved JSON, stored in the set
  std::uint64_t seed = 0;
  std::vector<std::filesystem::path> sources;  ///< empty: built-in scenes
  std::filesystem::path out;
  int shard = 0;
  int shards = 1;
  bool resume = false;
  bool force = false;
  int threads = 0;
  std::string generator;
};

/// What one clip will be, known without rendering anything.
struct PlannedRender {
  std::string id;
  std::string split;
  std::string source;
  int number = 0;              ///< in the whole set: what its rain and scene are drawn from
  std::filesystem::path path;  ///< of a clean video or folder; empty for built-in scenes
  std::string scene;
};

std::vector<PlannedRender> plan_render(const RenderRequest& request);

/// Renders this shard's clips and publishes the set. Returns the number of clips in it.
std::size_t render_set(const RenderRequest& request);

/// A file, a folder of frames, or a folder of these: each clean clip meant by `path`.
std::vector<std::filesystem::path> list_sources(const std::filesystem::path& path);

}  // namespace pluvia
