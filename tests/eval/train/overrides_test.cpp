// SPDX-License-Identifier: Apache-2.0
#include "eval/train/overrides.h"

#include <gtest/gtest.h>

namespace pluvia {
namespace {

using Pairs = std::vector<std::string>;

TEST(TrainOverrides, ReachScheduleNetworkAndRecipe) {
  const TrainOverrides sorted = sort_overrides(
      {"iterations=100", "optimizer.learning_rate=1e-3", "num_features=64", "data.size=256x256"});
  EXPECT_EQ(sorted.schedule, (Pairs{"iterations=100", "optimizer.learning_rate=1e-3"}));
  EXPECT_EQ(sorted.network, Pairs{"num_features=64"});
  EXPECT_EQ(sorted.data, Pairs{"size=256x256"});
}

TEST(TrainOverrides, AnOptionNamedAsAKeyOfTheScheduleIsReachedByItsPrefix) {
  const TrainOverrides sorted = sort_overrides({"iterations=100", "network.iterations=3"});
  EXPECT_EQ(sorted.schedule, Pairs{"iterations=100"});
  EXPECT_EQ(sorted.network, Pairs{"iterations=3"});
}

}  // namespace
}  // namespace pluvia
