// SPDX-License-Identifier: Apache-2.0
// Mamba blocks over the tokens of a clip (Wu et al., RainMamba, ACM MM 2024): a selective scan in
// both directions, then an MLP with a depthwise convolution. Global blocks see tokens frame by
// frame, local ones along a Hilbert curve.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "models/blocks/layer.h"
#include "models/torch_pch.h"

namespace pluvia {

struct MambaSizes {
  std::int64_t width = 128;  ///< d; inside it is twice that
  std::int64_t states = 16;

  std::int64_t inner() const { return 2 * width; }
  std::int64_t step_rank() const { return (width + 15) / 16; }
};

/// How step sizes start in a new network.
enum class StepInit : std::uint8_t {
  kFlat,   ///< 0.693 everywhere: the reference's re-initialisation overwrites Mamba's own
  kMamba,  ///< log-uniform in 0.001..0.1, as Mamba's authors meant
};

/// The bidirectional ("v2") layer: (n, tokens, width) to the same.
class MambaLayer : public Part {
 public:
  MambaLayer(const MambaSizes& sizes, StepInit step_init);
  void initialise(std::uint64_t seed, const std::string& name) override;
  torch::Tensor forward(const torch::Tensor& tokens) const;

 private:
  struct Branch {
    torch::Tensor a_log, skip;
    LayerPtr conv, x_proj, dt_proj;
  };
  void add_branch_layers(Branch& branch, const std::string& suffix);
  torch::Tensor scan(const Branch& branch, const torch::Tensor& x, const torch::Tensor& gate,
                     bool reverse) const;

  MambaSizes sizes_;
  StepInit step_init_;
  Branch forward_, reverse_;
  LayerPtr in_proj_, out_proj_;
};

/// Where the MLP's convolution of a local block finds its neighbours.
enum class MlpOrder : std::uint8_t {
  kSequence,  ///< tokens in the curve's order taken for a volume, as the reference does
  kSpace,     ///< the clip's own
};

/// Fc1, depthwise 3x3x3 convolution, GELU, fc2; no activation between the first two.
class MambaMlp : public torch::nn::Module {
 public:
  explicit MambaMlp(std::int64_t width);
  torch::Tensor forward(const torch::Tensor& volume) const;

 private:
  LayerPtr fc1_, conv_, fc2_;
};

/// The order in which a local block takes the tokens of a clip: indices and their inverse.
struct TokenIndex {
  torch::Tensor gather, scatter;  ///< undefined: frame by frame
};
TokenIndex hilbert_index(int frames, int height, int width,
                         const torch::Device& device = torch::kCPU);

class MambaBlock : public torch::nn::Module {
 public:
  struct Options {
    MambaSizes sizes;
    StepInit step_init = StepInit::kFlat;
    MlpOrder mlp_order = MlpOrder::kSequence;
  };
  explicit MambaBlock(const Options& options);
  /// (n, frames, height, width, channels) to the same.
  torch::Tensor forward(const torch::Tensor& clip, const TokenIndex& order) const;

 private:
  MlpOrder mlp_order_;
  LayerPtr norm1_, norm2_;
  std::shared_ptr<MambaLayer> mamba_;
  std::shared_ptr<MambaMlp> mlp_;
};

/// Multiply-adds of one block per token.
struct MambaMacs {
  double in_out = 0, x_dt = 0, conv = 0, scan = 0, mlp = 0;
};
MambaMacs mamba_macs(const MambaSizes& sizes);

}  // namespace pluvia
