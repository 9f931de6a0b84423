// SPDX-License-Identifier: Apache-2.0
// What losses a schedule may ask for, with their parameters: the part that needs no LibTorch.
#include "models/training/schedule.h"

namespace pluvia {
namespace {

using Kind = ParamKind;

constexpr Param kCharbonnier[] = {
    {"epsilon", Kind::kNumber, "", "under the root", "1e-12", 0, 1},
};
constexpr std::span<const Param> kL1 = {};
constexpr std::span<const Param> kMse = {};
constexpr std::span<const Param> kSsim = {};
constexpr std::span<const Param> kBce = {};
constexpr Param kHole[] = {
    {"epsilon", Kind::kNumber, "", "added to the mask's mean", "1e-8", 0, 1},
};
constexpr Param kVggPerceptual[] = {
    {"weights", Kind::kText, "", "VGG16 in torchvision's naming; empty: fixed random features", ""},
};
// RainMamba: D halves over the run from `distance_start_px` and stays above `distance_least_px`.
constexpr Param kContrastPatches[] = {
    {"weights", Kind::kText, "", "VGG19 in torchvision's naming; empty: fixed random features", ""},
    {"patch_px", Kind::kInteger, "px", "side of a patch", "16", 4, 256},
    {"triplets", Kind::kInteger, "", "per frame", "10", 1, 1000},
    {"distance_start_px", Kind::kNumber, "px", "of negatives, at the start", "96", 0, 4096},
    {"distance_least_px", Kind::kNumber, "px", "of negatives, at the end", "60", 0, 4096},
    {"radius_px", Kind::kNumber, "px", "of positives: 12 times the share of the run, up to this",
     "12", 0, 4096},
    {"jitter", Kind::kFlag, "", "colours and blur of negatives vary", "true"},
};
constexpr Param kContrastRatio[] = {
    {"weights", Kind::kText, "", "VGG19 in torchvision's naming; empty: fixed random features", ""},
    {"layers", Kind::kChoice, "", "released: 1,3,5,9,13 as list positions; convs: as convolutions",
     "convs", 0, 0, "released|convs"},
    {"released_defect", Kind::kFlag, "", "as released: passes no gradient", "false"},
};

std::vector<Layer> nothing() { return {}; }
std::vector<Layer> rain() { return {Layer::kLq}; }
std::vector<Layer> mask() { return {Layer::kMask}; }

constexpr LossKind kLosses[] = {
    {"charbonnier", "mean sqrt(d^2 + epsilon)", kCharbonnier, &nothing},
    {"l1", "mean |d|", kL1, &nothing},
    {"mse", "mean d^2", kMse, &nothing},
    {"ssim", "1 - SSIM: 11x11 Gaussian, zero padding, range 1", kSsim, &nothing},
    {"bce", "binary cross-entropy of a probability; logarithms stop at -100", kBce, &nothing},
    {"hole", "mean |d| where the mask is, over the mask's mean", kHole, &mask},
    {"vgg-perceptual", "squared differences of VGG16's features", kVggPerceptual, &nothing},
    {"contrast-patches", "RainMamba's contrast of patches, coarse to fine", kContrastPatches,
     &rain},
    {"contrast-ratio", "RDMC's VGG19 distance to the truth over that to the rain", kContrastRatio,
     &rain},
};

}  // namespace

std::span<const LossKind> all_losses() { return kLosses; }

}  // namespace pluvia
