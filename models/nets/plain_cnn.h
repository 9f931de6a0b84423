// SPDX-License-Identifier: Apache-2.0
// A plain convolutional network, of no paper: what any method should beat. Each frame is seen
// beside its two neighbours (the clip's ends are repeated) by a small U-Net that predicts a change
// to it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/blocks/layer.h"
#include "models/nets/net.h"
#include "models/torch_pch.h"

namespace pluvia {

struct PlainCnnOptions {
  int width = 24;  ///< channels at full size; twice and four times as many below
  int blocks = 3;  ///< pairs of convolutions at the lowest level
  int frames = 5;

  Json to_json() const;
  static PlainCnnOptions from_json(const Json& json);
};

class PlainCnn : public Net {
 public:
  PlainCnn(const std::string& name, const PlainCnnOptions& options);

  const MethodInfo& info() const override { return info_; }
  Json options() const override;
  torch::Tensor forward(const torch::Tensor& frames) override;
  std::vector<NetworkPart> parts(int frames, int height, int width) const override;
  bool keeps_single(const std::string& /*key*/) const override { return false; }

 private:
  PlainCnnOptions options_;
  MethodInfo info_;
  LayerPtr in_, down1_, down2_, up1_, up2_, out_;
  std::vector<LayerPtr> middle_;
};

}  // namespace pluvia
