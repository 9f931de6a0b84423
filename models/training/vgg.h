// SPDX-License-Identifier: Apache-2.0
// Features of the VGG networks (Simonyan and Zisserman, ICLR 2015) that losses compare pictures by.
// Layers are counted as torchvision's `features` does: convolutions (3x3, padding 1), ReLUs and 2x2
// maximum pools. Pictures go in as they are, 0 to 1, without ImageNet's normalisation, as in the
// papers' code. Weights are never trained.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/torch_pch.h"

namespace pluvia {

class VggFeatures {
 public:
  /// `depth` 16 or 19. `taps`: layers whose outputs are given, rising. `weights`: a file in
  /// torchvision's naming ("features.N.weight", with or without "vgg16." in front), or empty: fixed
  /// random features (He et al. 2015 scale, seed 1), which compare textures, not what ImageNet
  /// taught; who uses them says so.
  VggFeatures(int depth, std::vector<int> taps, const std::string& weights);
  VggFeatures(int depth, std::vector<int> taps,
              const std::vector<std::pair<std::string, torch::Tensor>>& weights);

  /// (n, 3, H, W) to one tensor per tap.
  std::vector<torch::Tensor> operator()(torch::Tensor pictures) const;

 private:
  struct Layer {
    int index = 0;
    char kind = 'r';  ///< c, r or p
    torch::Tensor weight, bias;
  };
  void plan(int depth);

  std::vector<int> taps_;
  std::vector<Layer> layers_;
};

}  // namespace pluvia
