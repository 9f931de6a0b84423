// SPDX-License-Identifier: Apache-2.0
// --set of a training reaches three things: "data.KEY" the recipe, keys of the schedule the
// schedule ("iterations", "optimizer.learning_rate", "losses.hole.weight"), all else and
// "network.KEY" the network.
#pragma once

#include <string>
#include <vector>

#include "models/training/schedule.h"

namespace pluvia {

struct TrainOverrides {
  std::vector<std::string> data;
  std::vector<std::string> schedule;
  std::vector<std::string> network;
};

TrainOverrides sort_overrides(const std::vector<std::string>& pairs);

/// JSON: the options that a schedule gives the network of this name, and `pairs` on top.
std::string options_of_training(const Schedule& schedule, const std::string& network,
                                const std::vector<std::string>& pairs);

/// An Error of usage for a key that neither the schedule nor the network has: it names the nearest
/// of both. Opens LibTorch where a key is not the schedule's.
void require_known_overrides(const std::vector<std::string>& pairs, const std::string& network);

}  // namespace pluvia
