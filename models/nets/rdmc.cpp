// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/params.h"
#include "models/nets/rdmc.h"

namespace pluvia {
namespace {

constexpr int kSizeMultiple = 16;  // four pools
constexpr int kTilePx = 512;
constexpr double kLeak = 0.2;
constexpr double kFirstAlpha = 1e-3;  ///< deviation of alphas before they are searched

using Kind = ParamKind;
constexpr Param kOptions[] = {
    {"width", Kind::kInteger, "", "channels of an encoder's first level", "32", 2, 256},
    {"iterations", Kind::kInteger, "", "of the recursion", "3", 1, 16},
    {"mode", Kind::kChoice, "", "additions between levels", "release", 0, 0,
     "release|search|derived"},
    {"keep", Kind::kInteger, "", "additions kept of each row of four by mode derived", "2", 0, 4},
};

std::shared_ptr<torch::nn::Module> group_in(torch::nn::Module& parent, const std::string& name) {
  return parent.register_module(name, make_group());
}

/// Channels of level 1..5, in units of the width.
std::int64_t units(std::size_t level) {
  static constexpr std::int64_t kUnits[] = {1, 2, 4, 8, 8};
  return kUnits[level - 1];
}

torch::Tensor bilinear_twice(const torch::Tensor& x) {
  const std::vector<std::int64_t> size = {2 * x.size(2), 2 * x.size(3)};
  return torch::upsample_bilinear2d(x, size, /*align_corners=*/true);
}

LayerPtr plain_conv(std::int64_t out, std::int64_t in, std::int64_t kernel, bool bias = true) {
  return std::make_shared<NetLayer>(std::vector<std::int64_t>{out, in, kernel, kernel},
                                    bias ? out : 0, Init::kFanIn);
}

}  // namespace

Json RdmcOptions::to_json() const {
  return {{"width", width}, {"iterations", iterations}, {"mode", mode}, {"keep", keep}};
}

RdmcOptions RdmcOptions::from_json(const Json& json) {
  Params params(kOptions);
  params.set_all(json, "rdmc's options");
  return {static_cast<int>(params.integer("width")), static_cast<int>(params.integer("iterations")),
          params.text("mode"), static_cast<int>(params.integer("keep"))};
}

TwoConvs::TwoConvs(const Sizes& sizes) : dilation_(sizes.dilation) {
  first_ = register_module("0", plain_conv(sizes.out, sizes.in, 3));
  norm1_ = register_module("1", std::make_shared<BatchNorm>(sizes.out));
  second_ = register_module("3", plain_conv(sizes.out, sizes.out, 3, sizes.second_bias));
  norm2_ = register_module("4", std::make_shared<BatchNorm>(sizes.out));
}

torch::Tensor TwoConvs::forward(const torch::Tensor& x) {
  torch::Tensor y =
      torch::relu(norm1_->forward(torch::conv2d(x, first_->weight, first_->bias, 1, 1)));
  y = torch::conv2d(y, second_->weight, second_->bias, 1, dilation_, dilation_);
  return torch::relu(norm2_->forward(y));
}

Rdmc::Rdmc(const std::string& name, const RdmcOptions& options) : options_(options) {
  info_.name = name;
  info_.help = "RDMC, a network of single pictures";
  info_.window_frames = 1;
  info_.size_multiple = kSizeMultiple;
  info_.tile_px = kTilePx;
  const std::int64_t w = options.width;
  // In the order of the reference's state dictionary: level by level, branch by branch.
  for (std::size_t level = 1; level <= kLevels; ++level) {
    for (std::size_t b = 0; b < branches_.size(); ++b) {
      const std::int64_t in = level == 1 ? 6 : w * units(level - 1);
      auto block = std::make_shared<TwoConvs>(
          TwoConvs::Sizes{in, w * units(level), static_cast<int>(b + 1), false});
      const auto top =
          group_in(*this, level == 1 ? cat("inc", b + 1) : cat("down", b + 1, "_", level - 1));
      const auto inner = group_in(*top, level == 1 ? "conv" : "mpconv");
      group_in(*inner, level == 1 ? "0" : "1")->register_module("op", block);
      branches_[b][level - 1] = block;
    }
  }
  for (std::size_t j = 0; j < ups_.size(); ++j) {
    const std::size_t level = 4 - j;  // of the encoder's features that come in beside
    const std::int64_t below = j == 0 ? 3 * w * units(5) : 3 * w * units(level + 1) / 2;
    const std::int64_t beside = 3 * w * units(level);
    ups_[j] = std::make_shared<TwoConvs>(TwoConvs::Sizes{below + beside, beside / 2, 1, true});
    group_in(*group_in(*this, cat("up", j + 1)), "conv")->register_module("conv", ups_[j]);
  }
  out_ = group_in(*this, "outc")->register_module("conv", plain_conv(3, 3 * w / 2, 1));
  add_skips();
  alpha_up_ = register_buffer("alpha_up", torch::zeros({2}));
  alpha_down_terms_ = register_buffer("alpha_down_terms", torch::zeros({4}));
  alpha_up_terms_ = register_buffer("alpha_up_terms", torch::zeros({4}));
}

void Rdmc::add_skips() {
  const std::int64_t w = options_.width;
  for (std::size_t i = 0; i < down_skips_.size(); ++i) {
    const std::size_t level = 3 - i;  // that it comes from; 0 is the input of the iteration
    Skip& skip = down_skips_[i];
    const auto op = group_in(*group_in(*this, cat("skip_down_", level, "_", level + 1)), "op");
    const std::int64_t channels = level == 0 ? 3 * w / 2 : 3 * w * units(level);
    skip.conv = level == 0 ? plain_conv(channels, 6, 1) : plain_conv(channels, channels, 3);
    if (level == 0) {
      op->register_module("0", skip.conv);
    } else {
      group_in(*op, "0")->register_module("1", skip.conv);
    }
    skip.norm = op->register_module("1", std::make_shared<BatchNorm>(channels));
  }
  for (std::size_t i = 0; i < up_skips_.size(); ++i) {
    const std::size_t level = 4 - i;
    const std::int64_t out = level == 1 ? 3 : 3 * w * units(level - 1) / 2;
    up_skips_[i].up =
        std::make_shared<TwoConvs>(TwoConvs::Sizes{3 * w * units(level), out, 1, true});
    group_in(*group_in(*this, cat("skip_up_", level, "_", level - 1)), "conv")
        ->register_module("conv", up_skips_[i].up);
  }
}

bool Rdmc::optional(const std::string& key) const {
  // Published files have no alphas, and older ones no counts.
  return key.rfind("alpha_", 0) == 0 || key.ends_with("num_batches_tracked");
}

void Rdmc::initialise_own(std::uint64_t seed) {
  Draw{seed, "alpha_up"}.normal(alpha_up_, kFirstAlpha);
  Draw{seed, "alpha_down_terms"}.normal(alpha_down_terms_, kFirstAlpha);
  Draw{seed, "alpha_up_terms"}.normal(alpha_up_terms_, kFirstAlpha);
}

std::vector<torch::Tensor> Rdmc::architecture() const {
  if (options_.mode != "search") return {};
  return {alpha_up_, alpha_down_terms_, alpha_up_terms_};
}

void Rdmc::set_alphas(const std::array<double, 2>& up, const std::array<double, 4>& down_terms,
                      const std::array<double, 4>& up_terms) {
  const torch::NoGradGuard no_grad;
  const auto put = [](torch::Tensor& to, const auto& from) {
    for (std::size_t i = 0; i < from.size(); ++i) to[static_cast<std::int64_t>(i)] = from[i];
  };
  put(alpha_up_, up);
  put(alpha_down_terms_, down_terms);
  put(alpha_up_terms_, up_terms);
}

Rdmc::Levels Rdmc::encode(const torch::Tensor& z) {
  Levels out;
  std::array<torch::Tensor, 3> x = {z, z, z};
  for (std::size_t level = 0; level < kLevels; ++level) {
    for (std::size_t b = 0; b < x.size(); ++b) {
      if (level > 0) x[b] = torch::max_pool2d(x[b], 2, 2);
      x[b] = branches_[b][level]->forward(x[b]);
    }
    out[level] = torch::cat({x[0], x[1], x[2]}, 1);
  }
  return out;
}

torch::Tensor Rdmc::up_twice(const torch::Tensor& x) const {
  const torch::Tensor share = torch::softmax(alpha_up_, 0).to(x.dtype());
  const std::vector<std::int64_t> size = {2 * x.size(2), 2 * x.size(3)};
  return share[0] * bilinear_twice(x) +
         share[1] * torch::upsample_bicubic2d(x, size, /*align_corners=*/true);
}

torch::Tensor Rdmc::down_skip(std::size_t i, const torch::Tensor& x) {
  Skip& skip = down_skips_[i];
  const bool input = i == 3;
  const torch::Tensor padded = input ? x : torch::reflection_pad2d(x, {1, 1, 1, 1});
  const torch::Tensor y = torch::conv2d(padded, skip.conv->weight, skip.conv->bias, input ? 1 : 2);
  return torch::leaky_relu(skip.norm->forward(y), kLeak);
}

torch::Tensor Rdmc::up_skip(std::size_t i, const torch::Tensor& x) {
  return up_skips_[i].up->forward(i == 3 ? x : bilinear_twice(x));
}

std::array<bool, 4> Rdmc::enabled(const torch::Tensor& alphas) const {
  std::array<bool, 4> on{};
  if (options_.mode == "search") on.fill(true);
  if (options_.mode != "derived") return on;
  const torch::Tensor order = alphas.detach().to(torch::kCPU, torch::kFloat64).argsort(0, true);
  for (int i = 0; i < options_.keep; ++i) {
    on[static_cast<std::size_t>(order[i].item<std::int64_t>())] = true;
  }
  return on;
}

torch::Tensor Rdmc::decode(const torch::Tensor& z, const Levels& e,
                           std::vector<torch::Tensor>* levels) {
  const std::array<bool, 4> down = enabled(alpha_down_terms_);
  const std::array<bool, 4> up = enabled(alpha_up_terms_);
  torch::Tensor d = e[4];
  for (std::size_t j = 0; j < 4; ++j) {
    const std::size_t level = 3 - j;  // index of the features beside
    d = ups_[j]->forward(torch::cat({e[level], up_twice(d)}, 1));
    const auto at = static_cast<std::int64_t>(j);
    if (down[j]) d = d + alpha_down_terms_[at] * down_skip(j, j == 3 ? z : e[level - 1]);
    if (j > 0 && up[j - 1]) d = d + alpha_up_terms_[at - 1] * up_skip(j - 1, e[level + 1]);
    if (levels != nullptr) levels->push_back(d);
  }
  torch::Tensor y = torch::conv2d(d, out_->weight, out_->bias);
  if (up[3]) y = y + alpha_up_terms_[3] * up_skip(3, e[0]);
  if (levels != nullptr) levels->push_back(y);
  return y;
}

torch::Tensor Rdmc::run(const torch::Tensor& pictures, int iterations,
                        std::vector<torch::Tensor>* levels) {
  torch::Tensor x = pictures;
  for (int t = 0; t < iterations; ++t) {
    const torch::Tensor z = torch::cat({pictures, x}, 1);
    const Levels e = encode(z);
    std::vector<torch::Tensor>* const seen = t == 0 ? levels : nullptr;
    if (seen != nullptr) seen->assign(e.begin(), e.end());
    // Always onto the rainy picture, never onto the last estimate.
    x = decode(z, e, seen) + pictures;
  }
  return x;
}

torch::Tensor Rdmc::forward(const torch::Tensor& frames) {
  return run(frames.flatten(0, 1), options_.iterations).unflatten(0, {frames.size(0), -1});
}

Json Rdmc::options() const { return options_.to_json(); }

std::vector<NetworkPart> Rdmc::parts(int frames, int height, int width) const {
  const double pixels = static_cast<double>(height) * width * frames * options_.iterations;
  const auto w = static_cast<double>(options_.width);
  const auto at = [&](std::size_t level) {
    return pixels / static_cast<double>(1 << (2 * (level - 1)));
  };
  double encoders = 0;
  double decoder = 0;
  for (std::size_t level = 1; level <= kLevels; ++level) {
    const double in = level == 1 ? 6 : w * static_cast<double>(units(level - 1));
    const double out = w * static_cast<double>(units(level));
    encoders += 3 * at(level) * 9 * (in * out + out * out);
  }
  for (std::size_t level = 4; level >= 1; --level) {
    const double beside = 3 * w * static_cast<double>(units(level));
    const double below = level == 4 ? 3 * w * static_cast<double>(units(5))
                                    : 3 * w * static_cast<double>(units(level + 1)) / 2;
    decoder += at(level) * 9 * ((below + beside) * beside / 2 + beside * beside / 4);
  }
  decoder += pixels * 3 * 1.5 * w;
  double skips = 0;
  if (options_.mode != "release") {
    for (std::size_t level = 1; level <= 3; ++level) {
      const double c = 3 * w * static_cast<double>(units(level));
      skips += at(level + 1) * 9 * c * c;
    }
    skips += pixels * 6 * 1.5 * w;
    for (std::size_t level = 4; level >= 1; --level) {
      const double in = 3 * w * static_cast<double>(units(level));
      const double out = level == 1 ? 3 : 3 * w * static_cast<double>(units(level - 1)) / 2;
      skips += at(level == 1 ? 1 : level - 1) * 9 * (in * out + out * out);
    }
    if (options_.mode == "derived") skips *= options_.keep / 4.0;
  }
  std::vector<NetworkPart> out = {
      {"encoders", 0, encoders}, {"decoder", 0, decoder}, {"additions between levels", 0, skips}};
  for (const auto& item : named_parameters()) {
    const std::string& key = item.key();
    const bool encoder = key.rfind("inc", 0) == 0 || key.rfind("down", 0) == 0;
    out[encoder ? 0 : key.rfind("skip", 0) == 0 ? 2 : 1].parameters += item.value().numel();
  }
  return out;
}

std::shared_ptr<Net> make_rdmc(const std::string& name, const Json& options) {
  return std::make_shared<Rdmc>(name, RdmcOptions::from_json(options));
}

Json rdmc_options_of(const std::vector<StateEntry>& state) {
  Json out = Json::object();
  for (const StateEntry& entry : state) {
    if (entry.key == "inc1.conv.0.op.0.weight" && entry.shape.size() == 4) {
      out["width"] = entry.shape[0];
    }
  }
  return out;
}

}  // namespace pluvia
