// SPDX-License-Identifier: Apache-2.0
// RDMC: recursive multi-scale image deraining with contrastive prior (Jiang et al., arXiv
// 2305.18092). The paper's text and code were not at hand; this is the network of its authors'
// published successor (DRNet, Pattern Recognition 158, 2025), whose abstract names the same parts.
// That the two are one is an inference (docs/networks.md).
//
// Three encoders of dilation 1, 2 and 3 look at the rainy picture beside the last estimate; one
// decoder comes back up through a learnt mixture of bilinear and bicubic steps; what it gives is
// added to the rainy picture. Three times over, with one set of weights. Eight additions between
// levels may be switched on, each weighted by a number of its own (alpha).
//
//   mode release   no additions: the published code's default
//   mode search    all eight, their alphas learnt beside the weights (first-order DARTS)
//   mode derived   the `keep` best of each row of four, by alpha
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "models/blocks/batch_norm.h"
#include "models/blocks/layer.h"
#include "models/nets/net.h"
#include "models/torch_pch.h"

namespace pluvia {

struct RdmcOptions {
  int width = 32;      ///< channels of an encoder's first level
  int iterations = 3;  ///< of the recursion
  std::string mode = "release";
  int keep = 2;

  Json to_json() const;
  static RdmcOptions from_json(const Json& json);
};

/// Convolution, norm, ReLU, twice.
class TwoConvs : public torch::nn::Module {
 public:
  struct Sizes {
    std::int64_t in = 0, out = 0;
    int dilation = 1;  ///< of the second convolution
    bool second_bias = true;
  };
  explicit TwoConvs(const Sizes& sizes);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  LayerPtr first_, second_;
  std::shared_ptr<BatchNorm> norm1_, norm2_;
  int dilation_;
};

class Rdmc : public Net {
 public:
  Rdmc(const std::string& name, const RdmcOptions& options);

  const MethodInfo& info() const override { return info_; }
  Json options() const override;
  torch::Tensor forward(const torch::Tensor& frames) override;
  std::vector<NetworkPart> parts(int frames, int height, int width) const override;
  bool keeps_single(const std::string& /*key*/) const override { return false; }
  bool optional(const std::string& key) const override;
  void initialise_own(std::uint64_t seed) override;
  std::vector<torch::Tensor> architecture() const override;

  /// Pictures (n, 3, H, W); `iterations` of the recursion; `levels`, if given, takes the fifteen
  /// values x1..x9 and y of the first.
  torch::Tensor run(const torch::Tensor& pictures, int iterations,
                    std::vector<torch::Tensor>* levels = nullptr);
  /// Weights of the two ways up, of the additions going down and of those going up.
  void set_alphas(const std::array<double, 2>& up, const std::array<double, 4>& down_terms,
                  const std::array<double, 4>& up_terms);

 private:
  static constexpr std::size_t kLevels = 5;
  using Levels = std::array<torch::Tensor, kLevels>;

  /// An addition from another level: down by a strided convolution, up by a resize.
  struct Skip {
    LayerPtr conv;
    std::shared_ptr<BatchNorm> norm;
    std::shared_ptr<TwoConvs> up;
  };

  void add_skips();
  Levels encode(const torch::Tensor& z);
  torch::Tensor up_twice(const torch::Tensor& x) const;
  torch::Tensor down_skip(std::size_t i, const torch::Tensor& x);
  torch::Tensor up_skip(std::size_t i, const torch::Tensor& x);
  std::array<bool, 4> enabled(const torch::Tensor& alphas) const;
  torch::Tensor decode(const torch::Tensor& z, const Levels& e, std::vector<torch::Tensor>* levels);

  RdmcOptions options_;
  MethodInfo info_;
  std::array<std::array<std::shared_ptr<TwoConvs>, kLevels>, 3> branches_;
  std::array<std::shared_ptr<TwoConvs>, 4> ups_;
  LayerPtr out_;
  std::array<Skip, 4> down_skips_;  ///< 3 to 4, 2 to 3, 1 to 2, 0 to 1
  std::array<Skip, 4> up_skips_;    ///< 4 to 3, 3 to 2, 2 to 1, 1 to 0
  torch::Tensor alpha_up_, alpha_down_terms_, alpha_up_terms_;
};

}  // namespace pluvia
