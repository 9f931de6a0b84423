// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/params.h"
#include "models/nets/plain_cnn.h"

namespace pluvia {
namespace {

constexpr int kSizeMultiple = 4;
constexpr int kTilePx = 512;

using Kind = ParamKind;
constexpr Param kOptions[] = {
    {"width", Kind::kInteger, "", "channels at full size", "24", 1, 1024},
    {"blocks", Kind::kInteger, "", "pairs of convolutions at the lowest level", "3", 0, 100},
    {"frames", Kind::kInteger, "", "at a time", "5", 1, 64},
};

torch::Tensor conv(const torch::Tensor& x, const NetLayer& layer, int stride = 1) {
  return torch::conv2d(x, layer.weight, layer.bias, stride, 1);
}

/// Channels to pixels, two by two.
torch::Tensor up(const torch::Tensor& x, const NetLayer& layer) {
  return torch::pixel_shuffle(conv(x, layer), 2);
}

}  // namespace

Json PlainCnnOptions::to_json() const {
  return {{"width", width}, {"blocks", blocks}, {"frames", frames}};
}

PlainCnnOptions PlainCnnOptions::from_json(const Json& json) {
  Params params(kOptions);
  params.set_all(json, "plain-cnn's options");
  return {static_cast<int>(params.integer("width")), static_cast<int>(params.integer("blocks")),
          static_cast<int>(params.integer("frames"))};
}

PlainCnn::PlainCnn(const std::string& name, const PlainCnnOptions& options) : options_(options) {
  info_.name = name;
  info_.help = "a plain convolutional network";
  info_.window_frames = options.frames;
  info_.context_frames = options.frames > 2 ? 1 : 0;
  info_.size_multiple = kSizeMultiple;
  info_.tile_px = kTilePx;
  const std::int64_t w = options.width;
  in_ = register_module("in", make_conv({w, 9, 3, 3}));
  down1_ = register_module("down1", make_conv({2 * w, w, 3, 3}));
  down2_ = register_module("down2", make_conv({4 * w, 2 * w, 3, 3}));
  for (int i = 0; i < 2 * options.blocks; ++i) {
    middle_.push_back(register_module(cat("middle", i), make_conv({4 * w, 4 * w, 3, 3})));
  }
  up1_ = register_module("up1", make_conv({8 * w, 4 * w, 3, 3}));
  up2_ = register_module("up2", make_conv({4 * w, 2 * w, 3, 3}));
  out_ = register_module("out", make_conv({3, w, 3, 3}));
}

torch::Tensor PlainCnn::forward(const torch::Tensor& frames) {
  const auto count = frames.size(1);
  const torch::Tensor before =
      torch::cat({frames.slice(1, 0, 1), frames.slice(1, 0, count - 1)}, 1);
  const torch::Tensor after = torch::cat({frames.slice(1, 1), frames.slice(1, count - 1)}, 1);
  const torch::Tensor seen = torch::cat({before, frames, after}, 2).flatten(0, 1);
  const torch::Tensor full = torch::relu(conv(seen, *in_));
  const torch::Tensor half = torch::relu(conv(full, *down1_, 2));
  torch::Tensor low = torch::relu(conv(half, *down2_, 2));
  for (std::size_t i = 0; i + 1 < middle_.size(); i += 2) {
    low = low + conv(torch::relu(conv(low, *middle_[i])), *middle_[i + 1]);
  }
  const torch::Tensor half_again = torch::relu(half + up(low, *up1_));
  const torch::Tensor full_again = torch::relu(full + up(half_again, *up2_));
  return frames + conv(full_again, *out_).unflatten(0, {frames.size(0), -1});
}

Json PlainCnn::options() const { return options_.to_json(); }

std::vector<NetworkPart> PlainCnn::parts(int frames, int height, int width) const {
  const double pixels = static_cast<double>(frames) * height * width;
  const double w2 = 9.0 * options_.width * options_.width;
  const double middle = pixels / 16 * 2 * options_.blocks * 16 * w2;
  const double rest =
      pixels * 9 * 12 * options_.width + pixels / 4 * (2 + 8) * w2 + pixels / 16 * (8 + 32) * w2;
  std::vector<NetworkPart> out = {{"middle", 0, middle}, {"down and up", 0, rest}};
  for (const auto& item : named_parameters()) {
    out[item.key().rfind("middle", 0) == 0 ? 0 : 1].parameters += item.value().numel();
  }
  return out;
}

std::shared_ptr<Net> make_plain_cnn(const std::string& name, const Json& options) {
  return std::make_shared<PlainCnn>(name, PlainCnnOptions::from_json(options));
}

Json plain_cnn_options_of(const std::vector<StateEntry>& state) {
  Json out = Json::object();
  int middle = 0;
  for (const StateEntry& entry : state) {
    if (entry.key == "in.weight" && entry.shape.size() == 4) out["width"] = entry.shape[0];
    if (entry.key.rfind("middle", 0) == 0 && entry.key.ends_with(".weight")) ++middle;
  }
  if (out.contains("width")) out["blocks"] = middle / 2;
  return out;
}

}  // namespace pluvia
