// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "models/nets/rainmamba.h"
#include "models/ops/torch_device.h"

namespace pluvia {
namespace {

// Tokens are 4 pixels wide and pairs of them are joined once; the encoder's last level, which is 32
// pixels wide, may lose a rest, as in the reference.
constexpr int kSizeMultiple = 8;
constexpr int kLeastSize = 32;
constexpr int kTilePx = 384;  ///< 5 frames of the official size then take about 5 GB
constexpr auto kLast2d = torch::MemoryFormat::ChannelsLast;

/// The clip as pictures (n*T, C, h, w) whose channels are innermost in memory, and back. No copies.
torch::Tensor as_pictures(const torch::Tensor& clip) {
  return clip.flatten(0, 1).permute({0, 3, 1, 2});
}
torch::Tensor as_clip(const torch::Tensor& pictures, std::int64_t batch) {
  return pictures.contiguous(kLast2d).permute({0, 2, 3, 1}).unflatten(0, {batch, -1});
}

/// A 3-D convolution whose kernel is one frame deep.
torch::Tensor per_frame(const torch::Tensor& pictures, const NetLayer& layer) {
  return torch::conv2d(pictures, layer.weight.squeeze(2), layer.bias, 1, 1);
}

LayerPtr frame_conv(std::int64_t in, std::int64_t out) { return make_conv({out, in, 1, 3, 3}); }

/// Of the papers' test scripts: VRDS and LWDDS; RainVIDSS (7 frames); RainSynAll100 (64 features).
TilePlan paper_tiles(const RainMambaOptions& options) {
  if (options.frames == 7) return {{7, 6}, {128, 40}, {128, 40}};
  if (options.num_features == 64) return {{5, 1}, {128, 4}, {128, 4}};
  return {{options.frames, options.frames - 1}, {256, 32}, {256, 32}};
}

void see(const RainMamba::Probe& probe, const std::string& name, const torch::Tensor& value) {
  if (probe) probe(name, value);
}
// The official modules' activations of clips are (n, T, C, h, w).
void see_clip(const RainMamba::Probe& probe, const std::string& name, const torch::Tensor& clip) {
  if (probe) probe(name, clip.permute({0, 1, 4, 2, 3}));
}

}  // namespace

RainMamba::RainMamba(const std::string& name, const RainMambaOptions& options) : options_(options) {
  info_.name = name;
  info_.help = "RainMamba, a network";
  info_.window_frames = options.frames;
  info_.size_multiple = kSizeMultiple;
  info_.least_size = kLeastSize;
  info_.tile_px = kTilePx;
  info_.paper_tiles = paper_tiles(options);
  const std::int64_t nf = options.num_features;
  const auto [wide, narrow] = options.decoder_widths;
  encoder_ = register_module("feat_extract", std::make_shared<ConvNext>(options.encoder));
  const auto laterals =
      register_module("head", make_group())->register_module("lateral_convs", make_group());
  for (std::size_t i = 0; i < kConvNextStages; ++i) {
    laterals_[i] = make_conv({nf, options.encoder.widths[i], 1, 1}, Init::kFanOut);
    laterals->register_module(std::to_string(i), make_group())
        ->register_module("conv", laterals_[i]);
  }
  const auto refine = register_module("refine", make_group());
  for (std::size_t i = 0; i < 3; ++i) {
    const std::int64_t kernel = i < 2 ? 3 : 1;
    refine_[i] = make_conv({nf, nf, kernel, kernel});
    refine->register_module(std::to_string(2 * i), refine_[i]);
  }
  down_ = register_module("conv1", make_conv({2 * nf, nf, 3, 3, 3}));
  up_ = register_module(
      "upconv2",
      std::make_shared<NetLayer>(std::vector<std::int64_t>{2 * nf, nf, 3, 3, 3}, nf, Init::kFanIn));
  shuffle1_ = register_module("conv_before_upsample1", frame_conv(nf, wide));
  shuffle2_ = register_module("conv_before_upsample2", frame_conv(wide / 4, narrow));
  last_ = register_module("conv_last", frame_conv(narrow / 4, 3));
  const auto [first, low, second] = options.block_pairs;
  add_pairs(before_, 1, first, false);
  add_pairs(low_, 1, low, true);
  add_pairs(after_, first + 1, second, false);
}

void RainMamba::add_pairs(std::vector<Pair>& pairs, int first, int count, bool low) {
  MambaBlock::Options block;
  block.sizes.width = (low ? 2 : 1) * options_.num_features;
  block.sizes.states = options_.states;
  block.step_init = options_.step_init;
  block.mlp_order = options_.mlp_order;
  for (int i = first; i < first + count; ++i) {
    const std::string tail = cat(low ? "MambaBlockLowRes" : "MambaBlock", i);
    Pair pair = {"Global" + tail, "Local" + tail, std::make_shared<MambaBlock>(block),
                 std::make_shared<MambaBlock>(block)};
    register_module(pair.name_global, pair.global);
    register_module(pair.name_local, pair.local);
    pairs.push_back(std::move(pair));
  }
}

torch::Tensor RainMamba::fuse(const torch::Tensor& pictures, const Probe& probe) const {
  const std::vector<torch::Tensor> features = encoder_->forward(pictures);
  torch::Tensor sum;
  for (std::size_t i = 0; i < features.size(); ++i) {
    torch::Tensor level = torch::conv2d(features[i], laterals_[i]->weight, laterals_[i]->bias);
    see(probe, cat("feat", i), features[i]);
    see(probe, cat("head", i), level);
    if (i == 0) {
      sum = level;
    } else {
      const std::vector<std::int64_t> size = {sum.size(2), sum.size(3)};
      sum = sum + torch::upsample_bilinear2d(level, size, /*align_corners=*/true);
    }
  }
  const torch::Tensor fused = sum / kConvNextStages;
  see(probe, "fused", fused);
  torch::Tensor change = torch::conv2d(fused, refine_[0]->weight, refine_[0]->bias, 1, 1);
  change = torch::conv2d(torch::selu(change), refine_[1]->weight, refine_[1]->bias, 1, 1);
  change = torch::conv2d(torch::selu(change), refine_[2]->weight, refine_[2]->bias);
  const torch::Tensor refined = fused + change;
  see(probe, "f", refined);
  return refined;
}

torch::Tensor RainMamba::decode(const torch::Tensor& clip, const Probe& probe) const {
  // No activations between, as in the reference.
  const auto batch = clip.size(0);
  const torch::Tensor wide = per_frame(as_pictures(clip), *shuffle1_);
  see(probe, "up_conv1", wide.unflatten(0, {batch, -1}));
  const torch::Tensor narrow = per_frame(torch::pixel_shuffle(wide, 2), *shuffle2_);
  see(probe, "up_conv2", narrow.unflatten(0, {batch, -1}));
  return per_frame(torch::pixel_shuffle(narrow, 2), *last_).unflatten(0, {batch, -1});
}

torch::Tensor RainMamba::run(const torch::Tensor& frames, const Probe& probe) const {
  const auto batch = frames.size(0);
  torch::Tensor clip = as_clip(fuse(frames.flatten(0, 1), probe), batch);
  const auto run_pairs = [&probe](const std::vector<Pair>& pairs, torch::Tensor x) {
    const TokenIndex curve = hilbert_index(static_cast<int>(x.size(1)), static_cast<int>(x.size(2)),
                                           static_cast<int>(x.size(3)), x.device());
    for (const Pair& pair : pairs) {
      x = pair.global->forward(x, {});
      see_clip(probe, pair.name_global, x);
      x = pair.local->forward(x, curve);
      see_clip(probe, pair.name_local, x);
    }
    return x;
  };
  const std::vector<std::int64_t> stride = {1, 2, 2};
  const std::vector<std::int64_t> one = {1, 1, 1};
  const std::vector<std::int64_t> to_even = {0, 1, 1};
  clip = run_pairs(before_, clip);
  const torch::Tensor full = clip;
  clip = torch::relu(
             torch::conv3d(clip.permute({0, 4, 1, 2, 3}), down_->weight, down_->bias, stride, one))
             .permute({0, 2, 3, 4, 1})
             .contiguous();
  see_clip(probe, "x_down", clip);
  clip = run_pairs(low_, clip);
  // The reference has no skip connection from before to after the lower resolution: with few
  // features that is a bottleneck, which `level_residual` opens.
  clip = torch::relu(torch::conv_transpose3d(clip.permute({0, 4, 1, 2, 3}), up_->weight, up_->bias,
                                             stride, one, to_even))
             .permute({0, 2, 3, 4, 1})
             .contiguous();
  see_clip(probe, "x_up", clip);
  if (options_.level_residual) clip = clip + full;
  const torch::Tensor out = decode(run_pairs(after_, clip), probe);
  return options_.input_residual ? frames + out : out;
}

bool RainMamba::cpu_only() const { return !ops::device_kernels_built(); }

bool RainMamba::keeps_single(const std::string& key) const {
  const std::string last = key.substr(key.rfind('.') + 1);
  return last == "A_log" || last == "A_b_log" || last == "D" || last == "D_b";
}

// Classifiers of ImageNet have a norm behind the last stage only.
bool RainMamba::optional_of_part(const std::string& key) const {
  return key.starts_with("feat_extract.norm0.") || key.starts_with("feat_extract.norm1.") ||
         key.starts_with("feat_extract.norm2.");
}

}  // namespace pluvia
