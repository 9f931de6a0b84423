// SPDX-License-Identifier: Apache-2.0
// Second-order alignment by deformable convolution (BasicVSR++, Chan et al., CVPR 2022) with
// ViMP-Net's addition: how strong the rain streaks are is seen when the offsets are chosen.
#pragma once

#include "models/blocks/layer.h"
#include "models/torch_pch.h"

namespace pluvia {

class DeformAlign : public Part {
 public:
  struct Sizes {
    std::int64_t channels = 64;  ///< of one feature; two come in
    int groups = 16;             ///< of the deformable convolution
    double reach_px = 10;        ///< offsets stay this close to the flow
  };
  explicit DeformAlign(const Sizes& sizes);
  void initialise(std::uint64_t seed, const std::string& name) override;

  struct Inputs {
    torch::Tensor features;   ///< (n, 2C, h, w): what was propagated, one and two steps back
    torch::Tensor condition;  ///< (n, 3C, h, w): those along the flow, and the frame's own between
    torch::Tensor flow1, flow2;  ///< (n, 2, h, w)
    torch::Tensor streak;        ///< (n, 1, h, w)
  };
  torch::Tensor forward(const Inputs& in) const;
  /// What offsets and masks are made from, for tests.
  torch::Tensor raw_offsets(const Inputs& in) const;

 private:
  Sizes sizes_;
  torch::Tensor weight_, bias_;
  std::vector<LayerPtr> offsets_;
};

}  // namespace pluvia
