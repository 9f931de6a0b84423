// SPDX-License-Identifier: Apache-2.0
// What a rendered set will consist of, known before anything is rendered: every clip is a built-in
// scene with a seed of its own, or a part of one of the user's clean videos or frame folders, with
// rain drawn for it. Splits go by scene seed and by source, never across; the variants of a clip
// (twins, sweeps) are clips of the same split.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "synth/recipe.h"

namespace pluvia {

struct RenderRequest {
  synth::Recipe recipe;
  std::string recipe_text;                     ///< resolved JSON, stored in the set
  std::vector<std::filesystem::path> sources;  ///< empty: built-in scenes
  std::filesystem::path depth;                 ///< folder of depth maps for the sources, or empty
  bool clips_given = false;  ///< the user wants recipe.clips of the sources, not one of each
  bool size_given = false;   ///< sources are brought to the recipe's size
  std::filesystem::path out;
  int shard = 0;
  int shards = 1;
  bool resume = false;
  bool force = false;
  int threads = 0;
  std::string device = "cpu";
  std::string generator;
};

/// One clip of the set.
struct PlannedRender {
  std::string id;
  std::string split;
  std::string source;
  int number = 0;  ///< in the whole set, variants not counted: what rain and scene are drawn from
  synth::Variant variant;
  std::string scene;           ///< name of a built-in scene, or
  std::filesystem::path path;  ///< a clean video or folder,
  int first_frame = 0;         ///< from this frame on
  int frames = 0;              ///< as many as that; footage may turn out shorter
  int height = 0;
  int width = 0;
};

/// This shard's clips. An Error when a source cannot be opened, two clips would have one name, or a
/// clip's rain cannot be.
std::vector<PlannedRender> plan_render(const RenderRequest& request);

/// A file, a folder of frames, or a folder of these: each clean clip meant by `path`.
std::vector<std::filesystem::path> list_sources(const std::filesystem::path& path);
/// What the recipe names as its footage, which lies beside its file; empty: built-in scenes.
std::vector<std::filesystem::path> sources_of(const synth::Recipe& recipe,
                                              const std::filesystem::path& recipe_file);

/// Of all clips, at most.
std::uint64_t planned_frames(const std::vector<PlannedRender>& plans);
/// Uncompressed bytes of the clips' layers, at most.
std::uint64_t raw_bytes(const synth::Recipe& recipe, const std::vector<PlannedRender>& plans);

}  // namespace pluvia
