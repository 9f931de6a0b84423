// SPDX-License-Identifier: Apache-2.0
#include "models/training/losses.h"

#include <cmath>

#include "core/error.h"
#include "models/training/contrast_patches.h"
#include "models/training/vgg.h"

namespace pluvia {
namespace {

using torch::Tensor;

/// Frames of all clips side by side: (N, T, C, H, W) to (N T, C, H, W).
Tensor flat(const Tensor& clips) { return clips.flatten(0, 1); }

/// Losses of the two pictures alone.
class Plain final : public Loss {
 public:
  using Function = Tensor (*)(const Tensor& output, const Tensor& target, const Params& params);
  Plain(Function function, Params params) : function_(function), params_(std::move(params)) {}
  Tensor operator()(const Tensor& output, const Tensor& target,
                    const LossContext& /*context*/) const override {
    return function_(output, target, params_);
  }

 private:
  Function function_;
  Params params_;
};

Tensor charbonnier(const Tensor& output, const Tensor& target, const Params& params) {
  return ((output - target).square() + params.number("epsilon")).sqrt().mean();
}

Tensor l1(const Tensor& output, const Tensor& target, const Params& /*params*/) {
  return (output - target).abs().mean();
}

Tensor mse(const Tensor& output, const Tensor& target, const Params& /*params*/) {
  return (output - target).square().mean();
}

Tensor ssim(const Tensor& output, const Tensor& target, const Params& /*params*/) {
  return ssim_loss(flat(output), flat(target));
}

/// LibTorch refuses what is no probability, on a GPU for the rest of the process; an output that is
/// not finite must come to the trainer's watch as a loss that is not.
Tensor bce(const Tensor& output, const Tensor& target, const Params& /*params*/) {
  if (((output >= 0) & (output <= 1)).all().item<bool>()) {
    return torch::binary_cross_entropy(output, target);
  }
  if (torch::isfinite(output).all().item<bool>()) {
    fail("loss bce: the output it is put on goes from ", output.min().item<double>(), " to ",
         output.max().item<double>(), ", expected a probability, 0 to 1");
  }
  return output.sum();
}

/// ViMP-Net: what is wrong behind drops, per share of the picture that they cover.
class Hole final : public Loss {
 public:
  explicit Hole(double epsilon) : epsilon_(epsilon) {}
  Tensor operator()(const Tensor& output, const Tensor& target,
                    const LossContext& context) const override {
    const Tensor& mask = context.layers.at(Layer::kMask);
    return (output * mask - target * mask).abs().mean() / (mask.mean() + epsilon_);
  }

 private:
  double epsilon_;
};

std::string random_features(const std::string& weights, const char* loss) {
  if (!weights.empty()) return {};
  return std::string(loss) +
         ": no VGG weights were given, it uses fixed random features (--set losses." + loss +
         ".weights=FILE takes torchvision's)";
}

/// RainMamba: mean over three layers of the mean squared difference.
class VggPerceptual final : public Loss {
 public:
  explicit VggPerceptual(const std::string& weights)
      : features_(16, {3, 8, 15}, weights), note_(random_features(weights, "vgg-perceptual")) {}
  Tensor operator()(const Tensor& output, const Tensor& target,
                    const LossContext& /*context*/) const override {
    const std::vector<Tensor> a = features_(flat(output));
    std::vector<Tensor> b;
    {
      const torch::NoGradGuard no_grad;
      b = features_(flat(target));
    }
    Tensor sum;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Tensor term = (a[i] - b[i]).square().mean();
      sum = i == 0 ? term : sum + term;
    }
    return sum / static_cast<double>(a.size());
  }
  std::string note() const override { return note_; }

 private:
  VggFeatures features_;
  std::string note_;
};

/// RDMC: distance of the output to the truth over its distance to the rainy frame. The released
/// code detaches the output, so that the term teaches nothing; that is kept behind an option.
class ContrastRatio final : public Loss {
 public:
  explicit ContrastRatio(const Params& params)
      : features_(19,
                  params.text("layers") == "released" ? std::vector<int>{1, 3, 4, 8, 12}
                                                      : std::vector<int>{1, 6, 11, 20, 29},
                  params.text("weights")),
        detached_(params.flag("released_defect")),
        note_(random_features(params.text("weights"), "contrast-ratio")) {}
  Tensor operator()(const Tensor& output, const Tensor& target,
                    const LossContext& context) const override {
    const std::vector<Tensor> out = features_(flat(detached_ ? output.detach() : output));
    return distance(out, target) / distance(out, context.layers.at(Layer::kLq));
  }
  std::string note() const override { return note_; }

 private:
  Tensor distance(const std::vector<Tensor>& out, const Tensor& other) const {
    static constexpr double kWeights[] = {1.0 / 32, 1.0 / 16, 1.0 / 8, 1.0 / 4, 1.0};
    std::vector<Tensor> features;
    {
      const torch::NoGradGuard no_grad;
      features = features_(flat(other));
    }
    Tensor sum;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const Tensor term = kWeights[i] * (out[i] - features[i]).abs().mean();
      sum = i == 0 ? term : sum + term;
    }
    return sum;
  }

  VggFeatures features_;
  bool detached_;
  std::string note_;
};

class ContrastPatches final : public Loss {
 public:
  explicit ContrastPatches(const Params& params)
      : params_(params),
        features_(19, {0, 2}, params.text("weights")),
        note_(random_features(params.text("weights"), "contrast-patches")) {}
  Tensor operator()(const Tensor& output, const Tensor& target,
                    const LossContext& context) const override {
    const Tensor& rainy = context.layers.at(Layer::kLq);
    const std::vector<PatchTriplet> triplets = choose_patches(rainy, target, params_, context);
    return contrast_of_patches(features_, output, target, rainy,
                               {triplets, patch_side(params_, rainy)});
  }
  std::string note() const override { return note_; }

 private:
  Params params_;
  VggFeatures features_;
  std::string note_;
};

}  // namespace

Tensor ssim_loss(const Tensor& a, const Tensor& b) {
  constexpr int kSide = 11;
  constexpr double kSigma = 1.5;
  Tensor line = torch::arange(kSide, a.options().dtype(torch::kFloat64)) - kSide / 2;
  line = torch::exp(-line.square() / (2 * kSigma * kSigma));
  line = (line / line.sum()).to(a.dtype());
  const auto channels = a.size(1);
  const Tensor down = line.reshape({1, 1, kSide, 1}).expand({channels, 1, kSide, 1});
  const Tensor across = line.reshape({1, 1, 1, kSide}).expand({channels, 1, 1, kSide});
  const auto blur = [&](const Tensor& x) {
    const std::vector<std::int64_t> pad_down = {kSide / 2, 0};
    const std::vector<std::int64_t> pad_across = {0, kSide / 2};
    const Tensor rows = torch::conv2d(x, down, Tensor(), 1, pad_down, 1, channels);
    return torch::conv2d(rows, across, Tensor(), 1, pad_across, 1, channels);
  };
  constexpr double kC1 = 0.01 * 0.01;
  constexpr double kC2 = 0.03 * 0.03;
  const Tensor mean_a = blur(a);
  const Tensor mean_b = blur(b);
  const Tensor var_a = blur(a * a) - mean_a * mean_a;
  const Tensor var_b = blur(b * b) - mean_b * mean_b;
  const Tensor both = blur(a * b) - mean_a * mean_b;
  const Tensor map = (2 * mean_a * mean_b + kC1) * (2 * both + kC2) /
                     ((mean_a.square() + mean_b.square() + kC1) * (var_a + var_b + kC2));
  return 1 - map.mean();
}

std::unique_ptr<Loss> make_loss(const LossTerm& term) {
  const auto plain = [&](Plain::Function function) {
    return std::make_unique<Plain>(function, term.params);
  };
  if (term.kind == "charbonnier") return plain(&charbonnier);
  if (term.kind == "l1") return plain(&l1);
  if (term.kind == "mse") return plain(&mse);
  if (term.kind == "ssim") return plain(&ssim);
  if (term.kind == "bce") return plain(&bce);
  if (term.kind == "hole") return std::make_unique<Hole>(term.params.number("epsilon"));
  if (term.kind == "vgg-perceptual") {
    return std::make_unique<VggPerceptual>(term.params.text("weights"));
  }
  if (term.kind == "contrast-ratio") return std::make_unique<ContrastRatio>(term.params);
  if (term.kind == "contrast-patches") return std::make_unique<ContrastPatches>(term.params);
  fail("loss ", term.kind, ": is in the table but not made here");
}

}  // namespace pluvia
