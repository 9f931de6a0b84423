// SPDX-License-Identifier: Apache-2.0
// RainMamba's difference-guided dynamic contrastive learning (Wu et al. 2024, as their released
// code has it, which differs from the paper's formula in places): patches of the output (anchor)
// are drawn to patches of the truth nearby (positive) and away from patches of the rainy frames
// elsewhere (negative). Over the run negatives come from nearer (the least distance halves) and
// positives from farther.
//
//   dist(u, v) = 0.5 mean|phi1(u) - phi1(v)| + 0.5 mean|phi3(u) - phi3(v)|
//   loss       = dist(anchor, positive) / (dist(anchor, negative) + 1e-7)
//
// phi1 and phi3 are VGG19's first two convolutions before their ReLUs. One ratio of means over all
// triplets, where the paper writes a sum of ratios.
#pragma once

#include <cstdint>
#include <vector>

#include "models/torch_pch.h"
#include "models/training/losses.h"
#include "models/training/vgg.h"

namespace pluvia {

/// Top left corners in frames of one clip.
struct PatchTriplet {
  struct Corner {
    int t = 0, y = 0, x = 0;
  };
  int clip = 0;
  Corner anchor, positive, negative;
  // How the negative is varied (torchvision's ColorJitter and GaussianBlur); 1, 1, 1, 0 and 0: not.
  double brightness = 1, contrast = 1, saturation = 1, hue = 0;
  int order = 0;  ///< which of the 24 orders of these four
  int blur_px = 0;
  double blur_sigma = 1;
};

/// How far patches may be, at an iteration.
struct PatchDistances {
  int negative_px = 0;  ///< more than this, in x or in y
  int positive_px = 0;  ///< at most this
};
/// `share`: of the run that is done, 0 to 1.
PatchDistances patch_distances(const Params& params, double share);
/// At 0-based iteration k of n it is (2k + 1) / (2n): the released code counts every iteration
/// twice.
double patch_share(const LossContext& context);

/// Of a patch: the asked side, or the picture's if that is smaller.
int patch_side(const Params& params, const torch::Tensor& clips);

std::vector<PatchTriplet> choose_patches(const torch::Tensor& rainy, const torch::Tensor& truth,
                                         const Params& params, const LossContext& context);

struct PatchSet {
  const std::vector<PatchTriplet>& triplets;
  int side_px;
};
torch::Tensor contrast_of_patches(const VggFeatures& features, const torch::Tensor& output,
                                  const torch::Tensor& truth, const torch::Tensor& rainy,
                                  const PatchSet& patches);

}  // namespace pluvia
