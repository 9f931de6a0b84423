// SPDX-License-Identifier: Apache-2.0
#include "models/training/contrast_patches.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/rng.h"

namespace pluvia {
namespace {

using torch::Tensor;
using Corner = PatchTriplet::Corner;

enum Draw : std::uint32_t {
  kCandidate,
  kAnyX,
  kPositiveFrame,
  kPositiveX,
  kPositiveY,
  kVary,
  kBrightness,
  kContrast,
  kSaturation,
  kHue,
  kOrder,
  kBlur,
  kBlurSize,
  kBlurSigma,
  kNegative,
};

/// So many draws without a place far enough away mean that there is hardly one.
constexpr int kMostTries = 200;

struct Field {
  int frames, height, width, side, clip;
};

int between(const Random& random, std::uint32_t draw, int low, int high) {
  return low + static_cast<int>(random.below(draw, static_cast<std::uint32_t>(high - low + 1)));
}

/// A pixel where rain changed more than on average, pushed inside so that a patch fits.
Corner choose_anchor(const Tensor& candidates, const Field& field, int t, const Random& random) {
  const auto count = static_cast<std::uint32_t>(candidates.size(0));
  int y = 0;
  int x = 0;
  if (count == 0) {
    y = between(random, kCandidate, 0, field.height - field.side);
    x = between(random, kAnyX, 0, field.width - field.side);
  } else {
    const std::int64_t* const row =
        candidates.const_data_ptr<std::int64_t>() + 2 * random.below(kCandidate, count);
    y = static_cast<int>(row[0]);
    x = static_cast<int>(row[1]);
  }
  return {t, std::min(y, field.height - field.side), std::min(x, field.width - field.side)};
}

Corner choose_positive(const Corner& anchor, const Field& field, int radius, const Random& random) {
  const std::array<int, 3> frames = {anchor.t, std::max(0, anchor.t - 1),
                                     std::min(field.frames - 1, anchor.t + 1)};
  const auto near = [&](std::uint32_t draw, int at, int room) {
    return between(random, draw, std::max(0, at - radius), std::min(room, at + radius));
  };
  return {frames[random.below(kPositiveFrame, 3)],
          near(kPositiveY, anchor.y, field.height - field.side),
          near(kPositiveX, anchor.x, field.width - field.side)};
}

Corner choose_negative(const Corner& anchor, const Field& field, int distance,
                       const Random& random) {
  Corner best;
  int farthest = -1;
  for (int i = 0; i < kMostTries; ++i) {
    const auto draw = kNegative + 3 * static_cast<std::uint32_t>(i);
    const Corner corner = {between(random, draw, 0, field.frames - 1),
                           between(random, draw + 1, 0, field.height - field.side),
                           between(random, draw + 2, 0, field.width - field.side)};
    const int apart = std::max(std::abs(corner.x - anchor.x), std::abs(corner.y - anchor.y));
    if (apart > distance) return corner;
    if (apart > farthest) {
      farthest = apart;
      best = corner;
    }
  }
  return best;
}

/// With probability one half each: colours, and blur.
void choose_variation(PatchTriplet& triplet, const Random& random) {
  if (random.uniform(kVary) < 0.5) {
    triplet.brightness = random.uniform(kBrightness, 0.5, 1.5);
    triplet.contrast = random.uniform(kContrast, 0.5, 1.5);
    triplet.saturation = random.uniform(kSaturation, 0.5, 1.5);
    triplet.hue = random.uniform(kHue, -0.25, 0.25);
    triplet.order = static_cast<int>(random.below(kOrder, 24));
  }
  if (random.uniform(kBlur) < 0.5) {
    const int size = static_cast<int>(4.95 * random.uniform(kBlurSize));
    triplet.blur_px = size % 2 == 0 ? size + 1 : size;
    triplet.blur_sigma = random.uniform(kBlurSigma, 0.1, 2.0);
  }
}

Tensor cut(const Tensor& clips, int clip, const Corner& corner, int side) {
  return clips[clip][corner.t]
      .slice(1, corner.y, corner.y + side)
      .slice(2, corner.x, corner.x + side);
}

Tensor grey(const Tensor& rgb) { return 0.2989 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]; }

Tensor blend(const Tensor& a, const Tensor& b, double share) {
  return (share * a + (1 - share) * b).clamp(0, 1);
}

/// Turns the hue of HSV by a share of the circle. RGB as hue angle is piecewise linear:
/// channel = v - v s max(0, min(k, 4 - k, 1)), k = (n + 6 h) mod 6, n = 5, 3, 1.
Tensor turn_hue(const Tensor& rgb, double turn) {
  const Tensor most = std::get<0>(rgb.max(0));
  const Tensor range = most - std::get<0>(rgb.min(0));
  const Tensor safe = range.clamp_min(1e-12);
  const Tensor sixth = torch::where(
      most == rgb[0], (rgb[1] - rgb[2]) / safe,
      torch::where(most == rgb[1], 2 + (rgb[2] - rgb[0]) / safe, 4 + (rgb[0] - rgb[1]) / safe));
  std::vector<Tensor> channels;
  for (const int n : {5, 3, 1}) {
    const Tensor k = torch::remainder(n + sixth + 6 * turn, 6);
    channels.push_back(most - range * torch::minimum(k, 4 - k).clamp(0, 1));
  }
  return torch::stack(channels);
}

Tensor varied(Tensor patch, const PatchTriplet& triplet) {
  std::array<int, 4> order = {0, 1, 2, 3};
  for (int i = 0; i < triplet.order; ++i) std::next_permutation(order.begin(), order.end());
  const bool jitter = triplet.brightness != 1 || triplet.contrast != 1 || triplet.saturation != 1 ||
                      triplet.hue != 0;
  for (const int step : order) {
    if (!jitter) break;
    if (step == 0) patch = (triplet.brightness * patch).clamp(0, 1);
    if (step == 1) patch = blend(patch, grey(patch).mean(), triplet.contrast);
    if (step == 2) patch = blend(patch, grey(patch).unsqueeze(0), triplet.saturation);
    if (step == 3) patch = turn_hue(patch, triplet.hue);
  }
  if (triplet.blur_px < 3) return patch;
  const int half = triplet.blur_px / 2;
  Tensor line = torch::arange(-half, half + 1, patch.options());
  line = torch::exp(-line.square() / (2 * triplet.blur_sigma * triplet.blur_sigma));
  line = line / line.sum();
  const Tensor kernel =
      (line.unsqueeze(1) * line.unsqueeze(0)).expand({3, 1, triplet.blur_px, triplet.blur_px});
  const Tensor padded = torch::reflection_pad2d(patch.unsqueeze(0), {half, half, half, half});
  const std::vector<std::int64_t> none = {0, 0};
  return torch::conv2d(padded, kernel, Tensor(), 1, none, 1, 3)[0];
}

Tensor distance(const VggFeatures& features, const Tensor& a, const Tensor& b) {
  const std::vector<Tensor> left = features(a);
  const std::vector<Tensor> right = features(b);
  return 0.5 * (left[0] - right[0]).abs().mean() + 0.5 * (left[1] - right[1]).abs().mean();
}

}  // namespace

PatchDistances patch_distances(const Params& params, double share) {
  const double negative = std::max(params.number("distance_start_px") * std::pow(0.5, share),
                                   params.number("distance_least_px"));
  return {static_cast<int>(negative),
          static_cast<int>(std::min(12 * share, params.number("radius_px")))};
}

double patch_share(const LossContext& context) {
  return static_cast<double>(2 * context.iteration + 1) /
         static_cast<double>(2 * context.iterations);
}

int patch_side(const Params& params, const Tensor& clips) {
  return static_cast<int>(std::min({params.integer("patch_px"), clips.size(3), clips.size(4)}));
}

std::vector<PatchTriplet> choose_patches(const Tensor& rainy, const Tensor& truth,
                                         const Params& params, const LossContext& context) {
  const PatchDistances far = patch_distances(params, patch_share(context));
  const Tensor change = (truth - rainy).abs().mean(2).to(torch::kCPU);
  Field field = {static_cast<int>(rainy.size(1)), static_cast<int>(rainy.size(3)),
                 static_cast<int>(rainy.size(4)), 0, 0};
  field.side = patch_side(params, rainy);
  std::vector<PatchTriplet> out;
  Random random{context.seed ^ 0x9A7C, static_cast<std::uint32_t>(context.iteration), 0, 0};
  for (field.clip = 0; field.clip < static_cast<int>(rainy.size(0)); ++field.clip) {
    for (int t = 0; t < field.frames; ++t) {
      const Tensor frame = change[field.clip][t];
      const Tensor candidates = torch::nonzero(frame > frame.mean()).contiguous();
      for (int i = 0; i < params.integer("triplets"); ++i) {
        random.particle++;
        PatchTriplet triplet;
        triplet.clip = field.clip;
        triplet.anchor = choose_anchor(candidates, field, t, random);
        triplet.positive = choose_positive(triplet.anchor, field, far.positive_px, random);
        triplet.negative = choose_negative(triplet.anchor, field, far.negative_px, random);
        if (params.flag("jitter")) choose_variation(triplet, random);
        out.push_back(triplet);
      }
    }
  }
  return out;
}

Tensor contrast_of_patches(const VggFeatures& features, const Tensor& output, const Tensor& truth,
                           const Tensor& rainy, const PatchSet& patches) {
  std::vector<Tensor> anchors;
  std::vector<Tensor> positives;
  std::vector<Tensor> negatives;
  for (const PatchTriplet& triplet : patches.triplets) {
    anchors.push_back(cut(output, triplet.clip, triplet.anchor, patches.side_px));
    positives.push_back(cut(truth, triplet.clip, triplet.positive, patches.side_px));
    negatives.push_back(
        varied(cut(rainy, triplet.clip, triplet.negative, patches.side_px), triplet));
  }
  const Tensor anchor = torch::stack(anchors);
  return distance(features, anchor, torch::stack(positives)) /
         (distance(features, anchor, torch::stack(negatives)) + 1e-7);
}

}  // namespace pluvia
