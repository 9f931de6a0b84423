// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "models/nets/vimpnet.h"
#include "models/ops/flow_warp.h"
#include "models/ops/torch_device.h"

namespace pluvia {
namespace {

constexpr int kSizeMultiple = 4;
constexpr int kLeastSize = 16;
constexpr int kTilePx = 256;
constexpr double kLeak = 0.1;
constexpr double kHeadLeak = 0.2;

std::array<LayerPtr, 3> make_head(torch::nn::Module& parent, std::int64_t in, std::int64_t width) {
  return {parent.register_module("0", make_conv({width, in, 3, 3, 3})),
          parent.register_module("2", make_conv({width, width, 1, 1, 1})),
          parent.register_module("4", make_conv({1, width, 3, 3, 3}))};
}

}  // namespace

ViMPNet::ViMPNet(const std::string& name, const ViMPNetOptions& options) : options_(options) {
  info_.name = name;
  info_.help = "ViMP-Net, a network";
  info_.window_frames = options.frames;
  info_.size_multiple = kSizeMultiple;
  info_.least_size = kLeastSize;
  info_.tile_px = kTilePx;
  info_.paper_tiles = TilePlan{{options.frames, options.frames - 1}, {256, 32}, {256, 32}};
  info_.layers = {{"drop", 3}, {"mask", 1}, {"streak", 1}};
  const std::int64_t c = options.channels;
  spynet_ = register_module("spynet", std::make_shared<SpyNet>(options.flow_width));
  const auto extract = register_module("feat_extract", make_group());
  extract0_ = extract->register_module("0", make_conv({c, 3, 3, 3}));
  extract2_ = extract->register_module("2", make_conv({c, c, 3, 3}));
  extract4_ =
      extract->register_module("4", std::make_shared<ResidualStack>(c, c, options.feature_blocks));
  const auto align = register_module("deform_align", make_group());
  const auto backbone = register_module("backbone", make_group());
  const auto branch = [&](const char* way, std::int64_t in) {
    return Branch{
        align->register_module(
            way, std::make_shared<DeformAlign>(DeformAlign::Sizes{c, options.groups, 10})),
        backbone->register_module(way, std::make_shared<ResidualStack>(in, c, options.blocks))};
  };
  back_ = branch("backward_1", 2 * c);
  forth_ = branch("forward_1", 3 * c);
  const auto rec = register_module("reconstruction", make_group());
  rec_in_ = rec->register_module("input_conv", make_conv({c, 3 * c, 1, 1, 1}));
  const auto blocks = rec->register_module("res_blocks", make_group());
  for (int i = 0; i < options.feature_blocks; ++i) {
    rec_blocks_.push_back(
        blocks->register_module(std::to_string(i), std::make_shared<ResidualConvs>(c, 3)));
  }
  rec_up1_ = rec->register_module("conv_before_upsample1", make_conv({2 * c, c, 1, 3, 3}));
  rec_up2_ = rec->register_module("conv_before_upsample2", make_conv({c, c / 2, 1, 3, 3}));
  last_ = register_module("conv_last", make_conv({3, c / 4, 1, 3, 3}));
  streak_head_ = make_head(*register_module("S_mask_streak", make_group()), c, c / 4);
  drop_head_ = make_head(*register_module("S_mask_drop", make_group()), c / 4, c / 8);
  dual_ = register_module("Dual_Raindrop_gnostic_Transformer",
                          std::make_shared<DualTransformer>(
                              DualSizes{options.second_stage(), options.tokens, options.heads}));
}

torch::Tensor ViMPNet::head(const std::array<LayerPtr, 3>& convs, const torch::Tensor& x) const {
  const torch::Tensor y = torch::leaky_relu(same_conv(x, *convs[0]), kHeadLeak);
  return same_conv(torch::leaky_relu(same_conv(y, *convs[1]), kHeadLeak), *convs[2]);
}

/// Between neighbours, both ways. The reference looks whether a clip is its own mirror image in
/// time and then takes one way's flows for the other's; having seen one such clip it does so for
/// all later ones (`sticky_mirror`). Clips of five frames never are.
ViMPNet::Flows ViMPNet::flows(const torch::Tensor& small, const torch::Tensor& frames) {
  const auto n = small.size(0);
  const auto t = small.size(1);
  if (!options_.sticky_mirror) mirrored_ = false;
  if (t % 2 == 0 && torch::equal(frames.slice(1, 0, t / 2), frames.slice(1, t / 2).flip(1))) {
    mirrored_ = true;
  }
  const torch::Tensor early = small.slice(1, 0, t - 1).flatten(0, 1);
  const torch::Tensor late = small.slice(1, 1).flatten(0, 1);
  Flows out;
  out.backward = spynet_->forward(early, late).unflatten(0, {n, t - 1});
  out.forward =
      mirrored_ ? out.backward.flip(1) : spynet_->forward(late, early).unflatten(0, {n, t - 1});
  return out;
}

/// Features carried from frame to frame, in the order of the frames at the end.
std::vector<torch::Tensor> ViMPNet::propagate(const Scene& scene, bool forward,
                                              const std::vector<torch::Tensor>& other,
                                              const Probe& probe) const {
  const Branch& branch = forward ? forth_ : back_;
  const torch::Tensor& flow = forward ? scene.flows.forward : scene.flows.backward;
  const auto t = scene.features.size(1);
  const char* const way = forward ? "forward_" : "backward_";
  constexpr auto kZeros = ops::WarpOutside::kZeros;
  std::vector<torch::Tensor> list;
  torch::Tensor carried = torch::zeros_like(scene.features.select(1, 0));
  for (std::int64_t s = 0; s < t; ++s) {
    const std::int64_t f = forward ? s : t - 1 - s;
    const torch::Tensor now = scene.features.select(1, f);
    if (s > 0) {
      // The forward way looks at the streaks of the frame before, the backward way at its own.
      const std::int64_t q = forward ? f - 1 : f;
      const torch::Tensor flow1 = flow.select(1, q);
      torch::Tensor earlier = torch::zeros_like(carried);
      torch::Tensor flow2 = torch::zeros_like(flow1);
      torch::Tensor seen2 = torch::zeros_like(carried);
      if (s > 1) {
        earlier = list[static_cast<std::size_t>(s - 2)];
        flow2 = flow1 + ops::flow_warp(flow.select(1, forward ? f - 2 : f + 1), flow1, kZeros);
        seen2 = ops::flow_warp(earlier, flow2, kZeros);
      }
      const torch::Tensor seen1 = ops::flow_warp(carried, flow1, kZeros);
      const DeformAlign::Inputs in = {torch::cat({carried, earlier}, 1),
                                      torch::cat({seen1, now, seen2}, 1), flow1, flow2,
                                      scene.streak.select(1, q)};
      if (probe) probe(cat("convoff_", way, s - 1), branch.align->raw_offsets(in));
      carried = branch.align->forward(in);
      if (probe) probe(cat("align_", way, s - 1), carried);
    }
    const torch::Tensor joined =
        forward ? torch::cat({now, other[static_cast<std::size_t>(f)], carried}, 1)
                : torch::cat({now, carried}, 1);
    const torch::Tensor change = branch.backbone->forward(joined);
    if (probe) probe(cat("backbone_", way, s), change);
    carried = carried + change;
    list.push_back(carried);
  }
  if (!forward) std::reverse(list.begin(), list.end());
  return list;
}

torch::Tensor ViMPNet::reconstruct(const torch::Tensor& joined, const Probe& probe) const {
  torch::Tensor x = same_conv(joined, *rec_in_);
  for (const auto& block : rec_blocks_) x = block->forward(x);
  x = shuffled(same_conv(x, *rec_up1_));
  x = shuffled(same_conv(x, *rec_up2_));
  if (probe) probe("recon", x);
  return x;
}

ViMPNet::Outputs ViMPNet::run(const torch::Tensor& frames, const Probe& probe) {
  const auto see = [&](const char* name, const torch::Tensor& value) {
    if (probe) probe(name, value);
  };
  const auto n = frames.size(0);
  const auto t = frames.size(1);
  const torch::Tensor pictures = frames.flatten(0, 1);
  torch::Tensor x = torch::leaky_relu(same_conv(pictures, *extract0_, 2), kLeak);
  x = torch::leaky_relu(same_conv(x, *extract2_, 2), kLeak);
  Scene scene;
  scene.features = extract4_->forward(x).unflatten(0, {n, t});
  see("feat", scene.features);
  const torch::Tensor streak = head(streak_head_, scene.features.transpose(1, 2));
  see("streak_logit", streak);
  scene.streak = streak.transpose(1, 2);
  const std::vector<std::int64_t> quarter = {frames.size(3) / 4, frames.size(4) / 4};
  const torch::Tensor small =
      torch::upsample_bicubic2d(pictures, quarter, /*align_corners=*/false).unflatten(0, {n, t});
  if (t > 1) scene.flows = flows(small, frames);
  if (t > 1) see("flows_backward", scene.flows.backward);
  if (t > 1) see("flows_forward", scene.flows.forward);
  const std::vector<torch::Tensor> back = propagate(scene, false, {}, probe);
  const std::vector<torch::Tensor> forth = propagate(scene, true, back, probe);
  const torch::Tensor joined =
      torch::cat({scene.features, torch::stack(back, 1), torch::stack(forth, 1)}, 2);
  const torch::Tensor rec = reconstruct(joined.transpose(1, 2), probe);
  const torch::Tensor drop_logit = head(drop_head_, rec);
  see("drop_logit", drop_logit);
  const torch::Tensor mask = torch::sigmoid(drop_logit);
  const torch::Tensor stage1 = frames.transpose(1, 2) + same_conv(rec, *last_);
  const std::vector<std::int64_t> full = {frames.size(3), frames.size(4)};
  Outputs out;
  out.stage1 = stage1.transpose(1, 2);
  out.drop_mask = mask.transpose(1, 2);
  out.streak_map =
      torch::upsample_bilinear2d(scene.streak.flatten(0, 1), full, true).unflatten(0, {n, t});
  const torch::Tensor change = dual_->forward(stage1, mask, probe);
  out.clean = (stage1 + change).transpose(1, 2);
  return out;
}

bool ViMPNet::cpu_only() const { return !ops::device_kernels_built(); }

torch::Tensor ViMPNet::forward(const torch::Tensor& frames) {
  const Outputs out = run(frames, {});
  return torch::cat({out.clean, out.stage1, out.drop_mask, out.streak_map}, 2);
}

}  // namespace pluvia
