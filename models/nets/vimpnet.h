// SPDX-License-Identifier: Apache-2.0
// ViMP-Net (Wu et al., "Mask-Guided Progressive Network for Joint Raindrop and Rain Streak Removal
// in Videos", ACM MM 2023), equal to the official network, with sizes as options. Stage one takes
// the streaks out: features are propagated back and forth through the clip along flows of SPyNet by
// deformable alignment, and the streaks' strength and the drops' mask are predicted on the way.
// Stage two takes the drops out (models/blocks/dual_transformer.h).
//
// What looks odd and must stay so for trained weights is said where it is done.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/blocks/deform_align.h"
#include "models/blocks/dual_transformer.h"
#include "models/blocks/residual.h"
#include "models/blocks/spynet.h"
#include "models/nets/net.h"
#include "models/torch_pch.h"

namespace pluvia {

struct ViMPNetOptions {
  int channels = 64;
  int blocks = 9;          ///< of a propagation branch
  int feature_blocks = 5;  ///< of the feature extractor and of the reconstruction
  int groups = 16;         ///< of the deformable convolution
  int flow_width = 32;     ///< of SPyNet
  int dual_channels = 0;   ///< of the second stage; 0: as many as `channels`, as in the paper
  int tokens = 512;
  int heads = 4;
  int frames = 5;
  bool sticky_mirror = true;  ///< see ViMPNet::flows

  int second_stage() const { return dual_channels > 0 ? dual_channels : channels; }

  Json to_json() const;
  static ViMPNetOptions from_json(const Json& json);
};

class ViMPNet : public Net {
 public:
  ViMPNet(const std::string& name, const ViMPNetOptions& options);

  const MethodInfo& info() const override { return info_; }
  bool cpu_only() const override;
  Json options() const override;
  torch::Tensor forward(const torch::Tensor& frames) override;
  std::vector<NetworkPart> parts(int frames, int height, int width) const override;
  bool keeps_single(const std::string& /*key*/) const override { return false; }

  /// (n, t, C, H, W)
  struct Outputs {
    torch::Tensor stage1, drop_mask, streak_map, clean;
  };
  using Probe = std::function<void(const std::string& name, const torch::Tensor& value)>;
  Outputs run(const torch::Tensor& frames, const Probe& probe);

 private:
  /// One direction of propagation.
  struct Branch {
    std::shared_ptr<DeformAlign> align;
    std::shared_ptr<ResidualStack> backbone;
  };
  struct Flows {
    torch::Tensor backward, forward;  ///< (n, t-1, 2, h, w)
  };
  struct Scene {
    torch::Tensor features;  ///< (n, t, C, h, w)
    torch::Tensor streak;    ///< (n, t, 1, h, w), raw
    Flows flows;
  };

  Flows flows(const torch::Tensor& small, const torch::Tensor& frames);
  std::vector<torch::Tensor> propagate(const Scene& scene, bool forward,
                                       const std::vector<torch::Tensor>& other,
                                       const Probe& probe) const;
  torch::Tensor reconstruct(const torch::Tensor& joined, const Probe& probe) const;
  torch::Tensor head(const std::array<LayerPtr, 3>& convs, const torch::Tensor& x) const;

  ViMPNetOptions options_;
  MethodInfo info_;
  std::shared_ptr<SpyNet> spynet_;
  LayerPtr extract0_, extract2_;
  std::shared_ptr<ResidualStack> extract4_;
  Branch back_, forth_;
  LayerPtr rec_in_, rec_up1_, rec_up2_, last_;
  std::vector<std::shared_ptr<ResidualConvs>> rec_blocks_;
  std::array<LayerPtr, 3> streak_head_, drop_head_;
  std::shared_ptr<DualTransformer> dual_;
  bool mirrored_ = false;
};

}  // namespace pluvia
