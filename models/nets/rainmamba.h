// SPDX-License-Identifier: Apache-2.0
// RainMamba: Enhanced Locality Learning with State Space Models for Video Deraining (Wu et al., ACM
// MM 2024), equal to the official network, with sizes as options. A ConvNeXt encoder of single
// frames, Mamba blocks over all of a clip's tokens at a quarter and an eighth of its size, and a
// decoder. Any number of frames; heights and widths are multiples of 8, 32 at least.
//
// What looks odd and must stay so for trained weights: no skip connection between the two
// resolutions, none to the input, and no limit on the output; a mix of norm epsilons; two gated
// directions summed, not averaged; the local blocks' convolutions over the curve's order. What
// would mend it is an option that is off by default.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/blocks/convnext.h"
#include "models/blocks/mamba.h"
#include "models/nets/net.h"
#include "models/torch_pch.h"

namespace pluvia {

struct RainMambaOptions {
  int num_features = 128;
  int frames = 5;  ///< that it was trained with; no weight depends on it
  ConvNextSizes encoder;
  /// Pairs of a global and a local block: before going down, at low resolution, after coming up.
  std::array<int, 3> block_pairs = {2, 3, 2};
  /// Channels before each of the decoder's pixel shuffles. The first stays 128 in the official
  /// network of 64 features.
  std::array<int, 2> decoder_widths = {128, 64};
  int states = 16;
  bool input_residual = false;  ///< the network predicts a change to its input
  bool level_residual = false;  ///< what came before the low resolution is added after it
  MlpOrder mlp_order = MlpOrder::kSequence;
  StepInit step_init = StepInit::kFlat;

  Json to_json() const;
  /// An Error of usage names unknown keys with the nearest known one, and values out of range.
  static RainMambaOptions from_json(const Json& json);
};

class RainMamba : public Net {
 public:
  RainMamba(const std::string& name, const RainMambaOptions& options);

  const MethodInfo& info() const override { return info_; }
  bool cpu_only() const override;
  Json options() const override;
  torch::Tensor forward(const torch::Tensor& frames) override { return run(frames, {}); }
  std::vector<NetworkPart> parts(int frames, int height, int width) const override;
  bool keeps_single(const std::string& key) const override;
  bool optional_of_part(const std::string& key) const override;

  /// Sees what the layers give on the way, by the names of the official modules.
  using Probe = std::function<void(const std::string& name, const torch::Tensor& value)>;
  torch::Tensor run(const torch::Tensor& frames, const Probe& probe) const;
  const ConvNext& encoder() const { return *encoder_; }

 private:
  struct Pair {
    std::string name_global, name_local;
    std::shared_ptr<MambaBlock> global, local;
  };
  void add_pairs(std::vector<Pair>& pairs, int first, int count, bool low);
  torch::Tensor fuse(const torch::Tensor& pictures, const Probe& probe) const;
  torch::Tensor decode(const torch::Tensor& clip, const Probe& probe) const;

  MethodInfo info_;
  RainMambaOptions options_;
  std::shared_ptr<ConvNext> encoder_;
  std::array<LayerPtr, kConvNextStages> laterals_;
  std::array<LayerPtr, 3> refine_;
  LayerPtr down_, up_, shuffle1_, shuffle2_, last_;
  std::vector<Pair> before_, low_, after_;
};

}  // namespace pluvia
