// SPDX-License-Identifier: Apache-2.0
// A rendered clip made once more and compared by content hash: against the hashes that its set
// holds, or, for a recipe, against a second rendering by a single thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/clip.h"
#include "eval/render/plan.h"

namespace pluvia {

struct RegenClip {
  std::string id;
  std::map<Layer, std::string> expected;
  std::map<Layer, std::string> found;

  std::vector<std::string> different() const;  ///< names of layers
};

struct RegenRequest {
  std::vector<std::string> clips;              ///< ids; empty: all
  std::vector<std::filesystem::path> sources;  ///< where the set's footage lies now
  std::filesystem::path depth;
  int threads = 0;
  std::string device = "cpu";
};

/// An Error when the set was not rendered, or does not say from what.
std::vector<RegenClip> regen_set(const std::filesystem::path& set, const RegenRequest& request);
std::vector<RegenClip> regen_recipe(const RenderRequest& recipe, const RegenRequest& request);

}  // namespace pluvia
