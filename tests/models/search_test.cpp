// SPDX-License-Identifier: Apache-2.0
// The search for an architecture: what moves the alphas of RDMC is the second half of every batch.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "models/training/torch_training.h"

namespace pluvia {
namespace {

constexpr int kSide = 32;

Schedule schedule_of(const std::vector<std::string>& overrides) {
  std::vector<std::string> all = {"frames=1", "crop_px=32", "losses=[{\"kind\":\"mse\"}]"};
  all.insert(all.end(), overrides.begin(), overrides.end());
  return load_schedule("rdmc-rain100", all);
}

/// Crops of which the second half is the first, or their negatives.
TrainingBatch batch_of(bool same) {
  TrainingBatch batch{0, 2, 1, kSide, kSide, {}};
  for (const Layer layer : {Layer::kLq, Layer::kGt}) {
    const std::size_t crop = 3U * kSide * kSide;
    std::vector<float> values(2 * crop);
    for (std::size_t i = 0; i < crop; ++i) {
      values[i] = static_cast<float>((i * 7 + (layer == Layer::kGt ? i / 5 : i / 3)) % 97) / 97;
      values[crop + i] = same ? values[i] : 1 - values[i];
    }
    batch.layers.emplace_back(layer, values);
  }
  return batch;
}

std::vector<float> first_moment(const Training& training) {
  for (const auto& [name, tensor] : training.state()) {
    if (name == "architecture.mean.alpha0") return to_floats(tensor);
  }
  return {};
}

std::unique_ptr<Training> training_of(const std::vector<std::string>& overrides) {
  return make_torch_training({"rdmc", R"({"width":2,"iterations":1,"mode":"search"})"},
                             schedule_of(overrides));
}

// The weights' half leaves gradients at the alphas that the next step must not see: with weights
// that stay and the same crops, every step's gradient is the same, and Adam's mean of it (beta 0.5)
// after two steps is 1.5 times that after one.
TEST(Search, EveryStepSeesItsOwnGradientAlone) {
  for (const bool same : {true, false}) {
    const auto training = training_of({"batch=2", "optimizer.learning_rate=0"});
    ASSERT_TRUE(training->step(batch_of(same)).finite);
    const std::vector<float> once = first_moment(*training);
    ASSERT_TRUE(training->step(batch_of(same)).finite);
    const std::vector<float> twice = first_moment(*training);
    ASSERT_EQ(once.size(), 2U);
    for (std::size_t i = 0; i < once.size(); ++i) {
      ASSERT_NE(once[i], 0);
      EXPECT_NEAR(twice[i] / once[i], 1.5, 0.05);  // the alphas moved a little
    }
  }
}

TEST(Search, NeedsTwoCrops) {
  EXPECT_THROW(training_of({"batch=1", "optimizer.learning_rate=0"}), Error);
}

}  // namespace
}  // namespace pluvia
