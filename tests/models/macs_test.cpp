// SPDX-License-Identifier: Apache-2.0
// The multiply-adds that `pluvia models` states, against those that LibTorch is seen to do: an
// observer adds up every convolution and matrix product of one run by the sizes of its tensors.
#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "models/blocks/layer.h"
#include "models/nets/net.h"
#include "models/nets/net_tensors.h"
#include "models/torch_pch.h"

namespace pluvia {
namespace {

double seen_macs = 0;
int inside_convolution = 0;  ///< whose parts, oneDNN's among them, were counted with it

/// Multiply-adds for each element that comes out; of operators that consist of others 0.
double macs_of_one(const std::string& name, c10::ArrayRef<const c10::IValue> in) {
  const auto size = [&](std::size_t i, std::int64_t axis) {
    return static_cast<double>(in[i].toTensor().size(axis));
  };
  if (name == "aten::convolution") {
    const torch::Tensor x = in[0].toTensor();
    const torch::Tensor weight = in[1].toTensor();
    const double taps = static_cast<double>(weight.numel()) / size(1, 0);
    const bool transposed = in[6].toBool();
    if (!transposed) return taps;
    // From each element that goes in; stride 1, 2, 2 gives four times as many pixels.
    return taps * static_cast<double>(x.size(1)) / static_cast<double>(weight.size(1)) / 4;
  }
  if (name == "aten::mkldnn_convolution" && inside_convolution == 0) {
    return static_cast<double>(in[1].toTensor().numel()) / size(1, 0);
  }
  if (name == "aten::addmm") return size(1, 1);
  if (name == "aten::mm") return size(0, 1);
  if (name == "aten::bmm") return size(0, 2);
  if (name == "aten::_scaled_dot_product_flash_attention_for_cpu") return 2 * size(1, 2);
  return 0;
}

struct Running : at::ObserverContext {
  double macs_of_one = 0;
  bool convolution = false;
};

// Inputs are there when an operator begins, what comes out when it ends.
std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& seen) {
  auto running = std::make_unique<Running>();
  running->macs_of_one = macs_of_one(seen.name(), seen.inputs());
  running->convolution = std::string(seen.name()) == "aten::convolution";
  if (running->convolution) ++inside_convolution;
  return running;
}
void end(const at::RecordFunction& seen, at::ObserverContext* context) {
  const auto* const running = static_cast<const Running*>(context);
  if (running->convolution) --inside_convolution;
  const double each = running->macs_of_one;
  if (each > 0) seen_macs += each * static_cast<double>(seen.outputs().at(0).toTensor().numel());
}

double counted_macs(Net& net, const torch::Tensor& frames) {
  seen_macs = 0;
  const auto handle = at::addThreadLocalCallback(at::RecordFunctionCallback(&begin, &end)
                                                     .needsInputs(true)
                                                     .needsOutputs(true)
                                                     .scopes({at::RecordScope::FUNCTION}));
  const torch::NoGradGuard no_grad;
  net.eval();
  net.forward(frames);
  at::removeCallback(handle);
  return seen_macs;
}

struct Case {
  const char* name;
  const char* options;
  int frames, height, width;
};

double stated_macs(const Net& net, const Case& one) {
  double sum = 0;
  for (const NetworkPart& part : net.parts(one.frames, one.height, one.width)) {
    // Operators of our own, which no observer sees.
    if (part.name != "blocks: scan" && part.name != "blocks: conv1d") sum += part.macs;
  }
  return sum;
}

/// RainMamba's depthwise 3x3x3 convolutions on tokens, likewise our own.
double own_depthwise(const Net& net, const Case& one) {
  const Json options = net.options();
  if (!options.contains("block_pairs")) return 0;
  const auto pairs = options["block_pairs"].get<std::vector<int>>();
  const double tokens = one.frames * (one.height / 4.0) * (one.width / 4.0);
  const double width = options["num_features"].get<double>();
  constexpr double kTaps = 27;
  const double full = 2.0 * (pairs[0] + pairs[2]) * tokens * 4 * width * kTaps;
  return full + 2.0 * pairs[1] * tokens / 4 * 8 * width * kTaps;
}

TEST(StatedOperations, AreThoseThatAreDone) {
  for (const Case& one :
       {Case{"vimpnet", "{}", 5, 64, 64}, Case{"vimpnet-tiny", "{}", 3, 48, 80},
        Case{"rdmc", "{}", 1, 64, 96}, Case{"rdmc-tiny", R"({"mode":"search"})", 2, 64, 64},
        Case{"plain-cnn", "{}", 3, 64, 48}, Case{"rainmamba-tiny", "{}", 5, 64, 64},
        Case{"rainmamba", "{}", 2, 64, 64}}) {
    const std::shared_ptr<Net> net = make_named_net(one.name, Json::parse(one.options));
    initialise_all(*net, 1);
    net->initialise_own(1);
    const torch::Tensor frames = torch::rand({1, one.frames, 3, one.height, one.width});
    const double counted = counted_macs(*net, frames) + own_depthwise(*net, one);
    EXPECT_NEAR(stated_macs(*net, one) / counted, 1, 0.01) << one.name << ": counted " << counted;
  }
}

}  // namespace
}  // namespace pluvia
