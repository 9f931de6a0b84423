// SPDX-License-Identifier: Apache-2.0
// Losses and their gradients against the papers' code (tests/models/golden/), and the optimizer
// against LibTorch's own.
#include "models/training/losses.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/tensor_file/safetensors.h"
#include "models/training/contrast_patches.h"
#include "models/training/optimizer.h"
#include "models/training/vgg.h"
#include "tests/models/golden_torch.h"
#include "tests/support/temp_dir.h"

namespace pluvia {
namespace {

using golden::npz;
using golden::stored;
using golden::worst;

/// Convolutions up to `last`, as a file: weights u * sqrt(scale / fan in), biases 0.1 u.
void write_vgg(const std::filesystem::path& path, int depth, int last, double scale) {
  NamedTensors tensors;
  const std::vector<int> counts =
      depth == 16 ? std::vector<int>{2, 2, 3, 3, 3} : std::vector<int>{2, 2, 4, 4, 4};
  int index = 0;
  std::int64_t channels = 3;
  for (std::size_t block = 0; block < counts.size(); ++block) {
    const std::int64_t width = std::min<std::int64_t>(64 << block, 512);
    for (int i = 0; i < counts[block]; ++i, index += 2) {
      if (index <= last) {
        const std::string head = cat("vgg", depth, ".features.", index);
        std::vector<float> weight(static_cast<std::size_t>(width * channels * 9));
        std::vector<float> bias(static_cast<std::size_t>(width));
        const double s = std::sqrt(scale / static_cast<double>(channels * 9));
        for (std::size_t k = 0; k < weight.size(); ++k) {
          weight[k] = static_cast<float>(s * golden::u11(golden::hash(head + ".weight"), k));
        }
        for (std::size_t k = 0; k < bias.size(); ++k) {
          bias[k] = static_cast<float>(0.1 * golden::u11(golden::hash(head + ".bias"), k));
        }
        tensors.emplace_back(head + ".weight", golden::tensor({width, channels, 3, 3}, weight));
        tensors.emplace_back(head + ".bias", golden::tensor({width}, bias));
      }
      channels = width;
    }
    ++index;
  }
  write_safetensors(path, tensors);
}

LossTerm term(const Json& json) {
  const Json schedule = {{"losses", {json}}};
  return parse_schedule(schedule, "test").losses.front();
}

TEST(Losses, RainMambasThree) {
  const test::TempDir dir;
  write_vgg(dir / "16.safetensors", 16, 14, 3);
  write_vgg(dir / "19.safetensors", 19, 2, 3);
  const NpzArrays expected = npz("rainmamba/losses");
  const std::vector<std::int64_t> shape = {1, 2, 3, 64, 64};
  torch::Tensor output = golden::formula("loss.output", shape, false).set_requires_grad(true);
  const torch::Tensor truth = golden::formula("loss.gt", shape, false);
  const torch::Tensor rainy = golden::formula("loss.lq", shape, false);
  LossContext context;
  context.layers = {{Layer::kLq, rainy}, {Layer::kGt, truth}};
  const auto number = [&](const char* name) {
    return stored(expected.at(name)).flatten()[0].item<double>();
  };
  const torch::Tensor pixel =
      (*make_loss(term({{"kind", "charbonnier"}, {"epsilon", 1e-12}})))(output, truth, context);
  EXPECT_NEAR(pixel.item<double>(), number("charbonnier"), 1e-6);
  const torch::Tensor features = (*make_loss(
      term({{"kind", "vgg-perceptual"}, {"weights", (dir / "16.safetensors").string()}})))(
      output, truth, context);
  EXPECT_NEAR(features.item<double>(), number("percept_mean"), 1e-5);
  // The patches that the reference was given.
  std::vector<PatchTriplet> triplets;
  const NpyArray& rows = expected.at("coords_ta_ya_xa_tp_yp_xp_tn_yn_xn");
  for (std::int64_t i = 0; i < rows.shape[0]; ++i) {
    const auto at = [&](std::int64_t j) {
      const auto k = static_cast<std::size_t>(9 * i + j);
      return static_cast<int>(rows.dtype == "i8" ? rows.as<std::int64_t>()[k]
                                                 : rows.as<std::int32_t>()[k]);
    };
    PatchTriplet triplet;
    triplet.anchor = {at(0), at(1), at(2)};
    triplet.positive = {at(3), at(4), at(5)};
    triplet.negative = {at(6), at(7), at(8)};
    triplets.push_back(triplet);
  }
  const VggFeatures vgg19(19, {0, 2}, (dir / "19.safetensors").string());
  const torch::Tensor contrast = contrast_of_patches(vgg19, output, truth, rainy, {triplets, 16});
  EXPECT_NEAR(contrast.item<double>(), number("contrast_ratio"), 1e-6);
  const torch::Tensor total = pixel + 0.3 * features + 0.1 * contrast;
  EXPECT_NEAR(total.item<double>(), number("total"), 1e-5);
  total.backward();
  const torch::Tensor gradient = stored(expected.at("grad.output")).view(shape);
  EXPECT_LE(worst(output.grad(), gradient), 1e-5 * gradient.abs().max().item<double>());
}

TEST(Losses, RainMambasCurriculum) {
  const NpyArray rows = npz("rainmamba/losses").at("schedule_step_d0_dmin_minneg_posrange");
  const torch::Tensor table = stored(rows);
  ASSERT_GE(table.size(0), 3);
  for (std::int64_t i = 0; i < table.size(0); ++i) {
    const auto at = [&](std::int64_t j) { return table[i][j].item<double>(); };
    const double s = at(0);
    const LossTerm one = term(
        {{"kind", "contrast-patches"}, {"distance_start_px", at(1)}, {"distance_least_px", at(2)}});
    const PatchDistances distances = patch_distances(one.params, s / 600000);
    EXPECT_EQ(distances.negative_px, static_cast<int>(at(3))) << s;
    EXPECT_EQ(distances.positive_px, static_cast<int>(at(4))) << s;
  }
}

TEST(Losses, PatchesAreWhereTheyShouldBe) {
  const torch::Tensor truth = golden::formula("patches.gt", {2, 5, 3, 96, 80}, false);
  const torch::Tensor rainy = golden::formula("patches.lq", {2, 5, 3, 96, 80}, false);
  const LossTerm one = term({{"kind", "contrast-patches"},
                             {"distance_start_px", 30},
                             {"distance_least_px", 20},
                             {"triplets", 6}});
  LossContext context;
  context.iteration = 299999;
  context.iterations = 300000;
  context.seed = 3;
  const PatchDistances far = patch_distances(one.params, patch_share(context));
  EXPECT_EQ(far.positive_px, 11);
  LossContext first;
  first.iterations = 300000;
  EXPECT_DOUBLE_EQ(patch_share(first) * 600000, 1);
  const auto triplets = choose_patches(rainy, truth, one.params, context);
  EXPECT_EQ(triplets.size(), 2U * 5 * 6);
  int jittered = 0;
  int blurred = 0;
  const torch::Tensor change = (truth - rainy).abs().mean(2);
  for (const PatchTriplet& t : triplets) {
    for (const auto& corner : {t.anchor, t.positive, t.negative}) {
      EXPECT_TRUE(corner.t >= 0 && corner.t < 5 && corner.y >= 0 && corner.y <= 80 &&
                  corner.x >= 0 && corner.x <= 64);
    }
    EXPECT_LE(std::abs(t.positive.t - t.anchor.t), 1);
    EXPECT_LE(std::max(std::abs(t.positive.y - t.anchor.y), std::abs(t.positive.x - t.anchor.x)),
              11);
    EXPECT_GT(std::max(std::abs(t.negative.y - t.anchor.y), std::abs(t.negative.x - t.anchor.x)),
              far.negative_px);
    const torch::Tensor frame = change[t.clip][t.anchor.t];
    if (t.anchor.y < 80 && t.anchor.x < 64) {
      EXPECT_GT(frame[t.anchor.y][t.anchor.x].item<double>(), frame.mean().item<double>());
    }
    jittered += t.brightness != 1;
    blurred += t.blur_px > 0;
  }
  EXPECT_NEAR(jittered, 30, 14);
  EXPECT_NEAR(blurred, 30, 14);
}

TEST(Losses, RdmcsRatioTeachesUnlessItRepeatsTheRelease) {
  const test::TempDir dir;
  write_vgg(dir / "19.safetensors", 19, 12, 6);
  const torch::Tensor rainy = golden::formula("input", {1, 1, 3, 64, 64}, false);
  const torch::Tensor truth = golden::formula("target", {1, 1, 3, 64, 64}, false);
  LossContext context;
  context.layers = {{Layer::kLq, rainy}, {Layer::kGt, truth}};
  for (const bool defect : {false, true}) {
    torch::Tensor output = (0.7 * rainy + 0.1).set_requires_grad(true);
    const auto loss = make_loss(term({{"kind", "contrast-ratio"},
                                      {"weights", (dir / "19.safetensors").string()},
                                      {"layers", "released"},
                                      {"released_defect", defect}}));
    const torch::Tensor value = (*loss)(output, truth, context);
    EXPECT_NEAR(value.item<double>(), 1.6618883609771729, 1e-5);
    EXPECT_EQ(value.requires_grad(), !defect);
    if (defect) continue;
    value.backward();
    EXPECT_NEAR(output.grad().abs().mean().item<double>(), 0.0013579140650108457, 1e-6);
  }
}

// What is not finite is a loss that is not; what is finite and no probability is an error.
TEST(Losses, CrossEntropyOfWhatIsNoProbability) {
  const auto loss = make_loss(term({{"kind", "bce"}}));
  const torch::Tensor target = torch::full({1, 1, 1, 2, 2}, 0.25);
  const auto value = [&](double p) {
    torch::Tensor output = torch::full({1, 1, 1, 2, 2}, 0.5);
    output[0][0][0][1][1] = p;
    return (*loss)(output, target, {}).item<double>();
  };
  EXPECT_NEAR(value(0.5), std::log(2), 1e-6);
  EXPECT_FALSE(std::isfinite(value(NAN)));
  EXPECT_FALSE(std::isfinite(value(-INFINITY)));
  EXPECT_THROW(value(1.5), Error);
}

TEST(Losses, VggWeightsThatAreNotThere) {
  const test::TempDir dir;
  write_vgg(dir / "19.safetensors", 19, 2, 3);
  EXPECT_THROW(VggFeatures(19, {12}, (dir / "19.safetensors").string()), Error);
  // Up to the third block both have the same shapes under the same names.
  write_vgg(dir / "19whole.safetensors", 19, 16, 3);
  EXPECT_THROW(VggFeatures(16, {3}, (dir / "19whole.safetensors").string()), Error);
  write_vgg(dir / "16whole.safetensors", 16, 17, 3);
  EXPECT_THROW(VggFeatures(19, {0, 2}, (dir / "16whole.safetensors").string()), Error);
  const auto loss = make_loss(term({{"kind", "vgg-perceptual"}}));
  EXPECT_NE(loss->note().find("random features"), std::string::npos);
}

TEST(Optimizer, EqualsLibTorchs) {
  for (const std::string kind : {"adam", "adamw", "sgd"}) {
    const Json json = {
        {"losses", {{{"kind", "l1"}}}},
        {"optimizer", {{"kind", kind}, {"weight_decay", 0.1}, {"beta1", 0.8}, {"beta2", 0.9}}}};
    const Schedule schedule = parse_schedule(json, "test");
    torch::Tensor mine = torch::tensor({1.0, -2.0, 3.0}, torch::kFloat64).set_requires_grad(true);
    torch::Tensor other = mine.detach().clone().set_requires_grad(true);
    Optimizer optimizer({{"x", mine}}, schedule.optimizer);
    std::unique_ptr<torch::optim::Optimizer> reference;
    const std::vector<torch::Tensor> parameters = {other};
    if (kind == "adam") {
      reference = std::make_unique<torch::optim::Adam>(
          parameters, torch::optim::AdamOptions(0.01).betas({0.8, 0.9}).weight_decay(0.1));
    } else if (kind == "adamw") {
      reference = std::make_unique<torch::optim::AdamW>(
          parameters, torch::optim::AdamWOptions(0.01).betas({0.8, 0.9}).weight_decay(0.1));
    } else {
      reference = std::make_unique<torch::optim::SGD>(
          parameters, torch::optim::SGDOptions(0.01).momentum(0.8).weight_decay(0.1));
    }
    for (int i = 0; i < 20; ++i) {
      const auto loss = [&](const torch::Tensor& x) { return (x.sin() * x * (i % 3 + 1)).sum(); };
      optimizer.zero_grad();
      reference->zero_grad();
      loss(mine).backward();
      loss(other).backward();
      optimizer.step([](std::size_t) { return 0.01; });
      reference->step();
      EXPECT_LE(worst(mine.detach(), other.detach()), 1e-14) << kind << " " << i;
    }
  }
}

}  // namespace
}  // namespace pluvia
