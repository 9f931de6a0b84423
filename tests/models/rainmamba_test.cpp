// SPDX-License-Identifier: Apache-2.0
// RainMamba's pieces against the official ones, with gradients: linked to LibTorch, unlike
// network_test.cpp, to see inside.
#include "models/nets/rainmamba.h"
// After LibTorch, which has macros of the same names.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/parallel.h"
#include "models/nets/nets.h"
#include "models/ops/torch_device.h"
#include "tests/models/golden.h"

namespace pluvia {
namespace {

constexpr auto kDouble = torch::kFloat64;

torch::Tensor made(const std::vector<float>& values, const std::vector<std::int64_t>& shape) {
  return torch::tensor(at::ArrayRef<float>(values)).view(shape).to(kDouble);
}

torch::Tensor formula_input(const std::string& key, const std::vector<std::int64_t>& shape,
                            bool signed_values) {
  return made(golden::input(key, golden::count_of(shape), signed_values), shape);
}

torch::Tensor stored(const NpyArray& array) {
  const auto values = array.as<float>();
  return made({values.begin(), values.end()}, array.shape);
}

/// Values by formula under `head` + name.
void fill(torch::nn::Module& module, const std::string& head) {
  module.to(kDouble);
  const torch::NoGradGuard no_grad;
  for (const auto& item : module.named_parameters()) {
    const auto shape = item.value().sizes().vec();
    torch::Tensor parameter = item.value();
    parameter.copy_(made(golden::weight(head + item.key(), shape), shape));
  }
}

double worst(const torch::Tensor& a, const torch::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  return (a - b).abs().max().item<double>();
}

/// Output, the loss sum(out * cos(i)) and all gradients of a piece.
void check_piece(const std::string& file, torch::nn::Module& module, torch::Tensor input,
                 const std::function<torch::Tensor(const torch::Tensor&)>& run) {
  const NpzArrays expected = golden::arrays(file);
  input.set_requires_grad(true);
  const torch::Tensor out = run(input);
  EXPECT_LE(worst(out, stored(expected.at("output"))), 1e-6);
  const torch::Tensor weights = torch::arange(out.numel(), kDouble).cos().view(out.sizes());
  const torch::Tensor loss = (out * weights).sum();
  EXPECT_NEAR(loss.item<double>(), expected.at("loss").as<double>()[0], 1e-9);
  loss.backward();
  std::size_t seen = 0;
  for (const auto& [name, array] : expected) {
    if (name.rfind("grad.", 0) != 0) continue;
    const std::string key = name.substr(5);
    const torch::Tensor gradient =
        key == "input" ? input.grad() : module.named_parameters()[key].grad();
    ASSERT_TRUE(gradient.defined()) << key;
    const double scale = std::max(1.0, stored(array).abs().max().item<double>());
    EXPECT_LE(worst(gradient, stored(array)), 1e-6 * scale) << key;
    ++seen;
  }
  EXPECT_EQ(seen, module.parameters().size() + 1);
}

TEST(RainMambaPieces, BidirectionalLayerWithAllGradients) {
  MambaLayer layer({32, 16}, StepInit::kFlat);
  fill(layer, "blk.");
  check_piece("block_mamba_v2.npz", layer, formula_input("blk.input", {2, 40, 32}, true),
              [&](const torch::Tensor& x) { return layer.forward(x); });
}

void check_block(const std::string& file, const std::string& head, const TokenIndex& order) {
  MambaBlock::Options options;
  options.sizes = {16, 16};
  MambaBlock block(options);
  fill(block, head);
  check_piece(file, block, formula_input("layer.input", {2, 3, 16, 4, 6}, true),
              [&](const torch::Tensor& x) {
                const torch::Tensor clip = x.permute({0, 1, 3, 4, 2}).contiguous();
                return block.forward(clip, order).permute({0, 1, 4, 2, 3});
              });
}

TEST(RainMambaPieces, GlobalBlockWithAllGradients) { check_block("layer_global.npz", "glob.", {}); }

TEST(RainMambaPieces, LocalBlockWithAllGradients) {
  check_block("layer_local.npz", "loc.", hilbert_index(3, 4, 6));
}

/// Operators take the bodies that GPUs run, here on the CPU.
struct WithDeviceBodies {
  WithDeviceBodies() { set_pixel_order(true); }
  ~WithDeviceBodies() { set_pixel_order(false); }
};

TEST(RainMambaPieces, BothBlocksWithTheOperatorsBodiesForDevices) {
  const WithDeviceBodies on;
  ASSERT_TRUE(ops::takes_device_body({}));
  check_block("layer_global.npz", "glob.", {});
  check_block("layer_local.npz", "loc.", hilbert_index(3, 4, 6));
}

TEST(RainMambaPieces, NormsHaveTheOfficialEpsilons) {
  const NpzArrays expected = golden::arrays("eps_probe.npz");
  const auto norm_of = [](const std::string& key, std::int64_t width) {
    LayerPtr norm = make_norm(width);
    fill(*norm, key + ".");
    return norm;
  };
  const torch::Tensor e = 0.003 * formula_input("eps.input", {1, 96, 4, 4}, true);
  // Rounded once to single precision, as every golden input is.
  const torch::Tensor x = e.to(torch::kFloat32).to(kDouble);
  const auto check = [&](const char* name, const std::string& key, double epsilon) {
    const LayerPtr norm = norm_of(key, 96);
    EXPECT_LE(worst(channel_norm(x, *norm, epsilon), stored(expected.at(name))), 1e-6) << name;
  };
  check("stem_ln", "feat_extract.downsample_layers.0.1", 1e-6);
  check("down1_ln", "feat_extract.downsample_layers.1.0", 1e-5);
  check("block_ln", "feat_extract.stages.0.0.norm", 1e-6);
  check("norm0", "feat_extract.norm0", 1e-6);
}

TEST(RainMambaPieces, IntermediatesAreTheOfficialOnes) {
  const NpzArrays expected = golden::arrays("main_nf128_T5_64x64.npz");
  RainMamba net("rainmamba", {});
  fill(net, "");
  std::size_t seen = 0;
  const auto probe = [&](const std::string& name, const torch::Tensor& value) {
    if (expected.count(name + ".sample") == 0) return;
    const auto shape = expected.at(name + ".shape").as<std::int64_t>();
    EXPECT_EQ(value.sizes().vec(), std::vector<std::int64_t>(shape.begin(), shape.end())) << name;
    const auto stride = expected.at(name + ".stride").as<std::int64_t>()[0];
    const torch::Tensor flat = value.contiguous().view(-1);
    const torch::Tensor sample = flat.slice(0, 0, c10::nullopt, stride);
    EXPECT_LE(worst(sample, stored(expected.at(name + ".sample"))), 2e-6) << name;
    ++seen;
  };
  const torch::NoGradGuard no_grad;
  const torch::Tensor in = formula_input("golden.input", {1, 5, 3, 64, 64}, false);
  const torch::Tensor stem =
      net.encoder().down(0, in.flatten(0, 1).contiguous(torch::MemoryFormat::ChannelsLast));
  probe("stem", stem);
  probe("stage0_block0", net.encoder().block(0, 0).forward(stem));
  EXPECT_LE(worst(net.run(in, probe), stored(expected.at("output"))), 2e-6);
  EXPECT_EQ(seen, 30U);
}

RainMambaOptions tiny() {
  RainMambaOptions options;
  options.num_features = 16;
  options.encoder.widths = {8, 12, 16, 20};
  options.encoder.depths = {1, 1, 2, 1};
  options.block_pairs = {1, 1, 1};
  options.decoder_widths = {16, 16};
  return options;
}

std::shared_ptr<RainMamba> started(const RainMambaOptions& options) {
  auto net = std::make_shared<RainMamba>("rainmamba", options);
  initialise_all(*net, 3);
  return net;
}

void expect_gradients_everywhere(const RainMambaOptions& options) {
  const auto net = started(options);
  const torch::Tensor in =
      formula_input("golden.input", {1, 2, 3, 32, 32}, false).to(torch::kFloat32);
  (net->forward(in) - in).abs().mean().backward();
  for (const auto& item : net->named_parameters()) {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    EXPECT_TRUE(torch::isfinite(item.value().grad()).all().item<bool>()) << item.key();
    EXPECT_GT(item.value().grad().abs().max().item<double>(), 0) << item.key();
  }
}

TEST(RainMamba, EveryParameterGetsAGradient) {
  expect_gradients_everywhere(tiny());
  RainMambaOptions options = tiny();
  options.input_residual = true;
  options.level_residual = true;
  options.mlp_order = MlpOrder::kSpace;
  options.step_init = StepInit::kMamba;
  expect_gradients_everywhere(options);
}

/// The output and every gradient, in double precision.
std::vector<torch::Tensor> output_and_gradients(RainMamba& net) {
  const torch::Tensor in = formula_input("golden.input", {2, 2, 3, 32, 40}, false);
  net.zero_grad();
  const torch::Tensor out = net.forward(in);
  (out - in).square().mean().backward();
  std::vector<torch::Tensor> values = {out.detach()};
  for (const torch::Tensor& parameter : net.parameters()) values.push_back(parameter.grad());
  return values;
}

TEST(RainMamba, IsTheSameWithTheOperatorsBodiesForDevices) {
  const auto net = started(tiny());
  net->to(kDouble);
  const std::vector<torch::Tensor> expected = output_and_gradients(*net);
  const WithDeviceBodies on;
  const std::vector<torch::Tensor> found = output_and_gradients(*net);
  double most = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double largest = expected[i].abs().max().item<double>();
    most = std::max(most, worst(found[i], expected[i]) / largest);
  }
  EXPECT_LE(most, 1e-10);
  EXPECT_GT(most, 0);  // two bodies, not one twice
}

TEST(RainMamba, StartsAsTheReferenceDoes) {
  const auto net = started(tiny());
  const auto parameters = net->named_parameters();
  const auto value = [&](const std::string& key) { return parameters[key].detach(); };
  EXPECT_LT(worst(value("GlobalMambaBlock1.mamba.A_b_log")[5].to(kDouble),
                  torch::arange(1, 17, kDouble).log()),
            1e-7);
  EXPECT_TRUE(value("LocalMambaBlock2.mamba.D").eq(1).all().item<bool>());
  EXPECT_TRUE(value("GlobalMambaBlock1.mamba.dt_proj.bias").eq(0).all().item<bool>());
  EXPECT_NEAR(value("GlobalMambaBlock1.mlp.fc1.weight").std().item<double>(), 0.02, 0.002);
  EXPECT_TRUE(value("feat_extract.stages.0.0.gamma").eq(1).all().item<bool>());
  // fan out 16, gain sqrt(2)
  EXPECT_NEAR(value("head.lateral_convs.3.conv.weight").std().item<double>(), std::sqrt(2.0 / 16),
              0.04);
  EXPECT_TRUE(value("head.lateral_convs.3.conv.bias").eq(0).all().item<bool>());
  const double bound = 1 / std::sqrt(16 * 27.0);
  const torch::Tensor conv = value("conv1.weight").abs();
  EXPECT_LE(conv.max().item<double>(), bound);
  EXPECT_GT(conv.max().item<double>(), 0.99 * bound);
  RainMambaOptions options = tiny();
  options.step_init = StepInit::kMamba;
  const torch::Tensor dt = torch::softplus(
      started(options)->named_parameters()["GlobalMambaBlock1.mamba.dt_proj.bias"].detach());
  EXPECT_GE(dt.min().item<double>(), 0.000999);
  EXPECT_LE(dt.max().item<double>(), 0.1001);
}

/// The shipped small configuration takes noise off a clip within a hundred steps (here to a half;
/// measured: to a quarter of its square).
TEST(RainMamba, TinyLearns) {
  const std::string preset = network_entry("rainmamba-tiny").options;
  const auto net = make_net("rainmamba-tiny", parse_json(preset, "nets.list"));
  initialise_all(*net, 3);
  std::int64_t parameters = 0;
  for (const torch::Tensor& parameter : net->parameters()) parameters += parameter.numel();
  EXPECT_GE(parameters, 100000);
  EXPECT_LE(parameters, 500000);
  const torch::Tensor clean = torch::linspace(0, 1, 32).expand({1, 2, 3, 32, 32});
  const torch::Tensor noise = formula_input("noise", {1, 2, 3, 32, 32}, true);
  const torch::Tensor rainy = clean + 0.2 * noise.to(torch::kFloat32);
  torch::optim::Adam optimizer(net->parameters(), torch::optim::AdamOptions(2e-3));
  const double before = (rainy - clean).square().mean().item<double>();
  for (int step = 0; step < 100; ++step) {
    optimizer.zero_grad();
    (net->forward(rainy) - clean).abs().mean().backward();
    optimizer.step();
  }
  const torch::NoGradGuard no_grad;
  EXPECT_LT((net->forward(rainy) - clean).square().mean().item<double>(), before / 2);
}

TEST(RainMamba, OptionsSurviveJson) {
  RainMambaOptions options = tiny();
  options.mlp_order = MlpOrder::kSpace;
  options.input_residual = true;
  options.level_residual = true;
  options.frames = 7;
  const Json json = options.to_json();
  EXPECT_EQ(RainMambaOptions::from_json(json).to_json(), json);
}

}  // namespace
}  // namespace pluvia
