// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/ssim_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/for_each.h"
#include "core/independent.h"
#include "core/parallel.h"

namespace pluvia {
namespace {

constexpr std::array<Param, 10> kParams = {{
    {"window", ParamKind::kChoice, "", "weights of the window", "gaussian", 0, 0,
     "gaussian|uniform"},
    {"size", ParamKind::kInteger, "px", "side of the window, odd", "11", 3, 31},
    {"sigma", ParamKind::kNumber, "px", "width of the Gaussian", "1.5", 0.1, 10},
    {"border", ParamKind::kChoice, "", "what lies outside the picture", "valid", 0, 0,
     "valid|replicate|zero|reflect|symmetric"},
    {"downsample", ParamKind::kChoice, "", "automatic down-sampling of ssim.m, 2009", "none", 0, 0,
     "none|wang|wang-even"},
    {"range", ParamKind::kNumber, "", "dynamic range L in the constants", "255", 1e-6, 65535},
    {"range_rule", ParamKind::kChoice, "", "what decides the range", "fixed", 0, 0,
     "fixed|one-if-dark"},
    {"covariance", ParamKind::kChoice, "", "divided by n or n - 1", "population", 0, 0,
     "population|sample"},
    {"contrast", ParamKind::kChoice, "", "negative contrast-structure terms", "plain", 0, 0,
     "plain|clipped"},
    {"channels", ParamKind::kChoice, "", "mean of channels, or a window of three dimensions",
     "mean", 0, 0, "mean|volume"},
}};

// What a thread takes at a time.
constexpr int kRows = 16;
constexpr std::int64_t kGrain = 4096;  // pixels

struct Moments {
  Image<double> a, b, aa, bb, ab;
  std::array<Image<double>*, 5> all() { return {&a, &b, &aa, &bb, &ab}; }
};

Image<double> product(ImageView<const double> a, ImageView<const double> b) {
  Image<double> out(a.height(), a.width(), 1);
  parallel_for(a.height(), kRows, [&](std::int64_t begin, std::int64_t end) {
    for (auto y = static_cast<int>(begin); y < static_cast<int>(end); ++y) {
      const double* const pa = a.row(y).data();
      const double* const pb = b.row(y).data();
      double* const to = out.view().row(y).data();
      for (int x = 0; x < a.width(); ++x) to[x] = pa[x] * pb[x];
    }
  });
  return out;
}

Moments moments_of(const Image<double>& a, const Image<double>& b, const SsimOptions& options) {
  const auto filtered = [&](ImageView<const double> plane) {
    return filter_plane(plane, options.taps, options.border);
  };
  Moments m;
  m.a = filtered(a.view());
  m.b = filtered(b.view());
  m.aa = filtered(product(a.view(), a.view()).view());
  m.bb = filtered(product(b.view(), b.view()).view());
  m.ab = filtered(product(a.view(), b.view()).view());
  return m;
}

/// Weights of channel `from` in channel `to`.
class ChannelMixing {
 public:
  // The third dimension of a window over (H, W, channels), borders replicated.
  ChannelMixing(int channels, std::span<const double> taps)
      : n_(static_cast<std::size_t>(channels)), weights_(n_ * n_) {
    const int radius = static_cast<int>(taps.size()) / 2;
    for (int to = 0; to < channels; ++to) {
      for (int k = -radius; k <= radius; ++k) {
        const int from = border_index(to + k, channels, Border::kReplicate);
        weights_[at(static_cast<std::size_t>(to), static_cast<std::size_t>(from))] +=
            taps[static_cast<std::size_t>(k + radius)];
      }
    }
  }

  /// Some pixels of all channels.
  void mix(std::span<double* const> channels, std::size_t count) const {
    std::vector<std::vector<double>> before;
    for (const double* const channel : channels) before.emplace_back(channel, channel + count);
    for (std::size_t to = 0; to < n_; ++to) {
      std::fill_n(channels[to], count, 0.0);
      for (std::size_t from = 0; from < n_; ++from) {
        add(weights_[at(to, from)], before[from].data(), channels[to], count);
      }
    }
  }

 private:
  std::size_t at(std::size_t to, std::size_t from) const { return to * n_ + from; }

  PLUVIA_ALL_LEVELS static void add(double weight, const double* from, double* to,
                                    std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) to[i] += weight * from[i];
  }

  std::size_t n_;
  std::vector<double> weights_;
};

void mix_channels(std::vector<Moments>& channels, std::span<const double> taps) {
  const ChannelMixing mixing(static_cast<int>(channels.size()), taps);
  const auto pixels = static_cast<std::int64_t>(channels.front().a.pixels().size());
  parallel_for(pixels, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::size_t plane = 0; plane < 5; ++plane) {
      std::vector<double*> at;
      for (Moments& m : channels) at.push_back(m.all()[plane]->pixels().data() + begin);
      mixing.mix(at, static_cast<std::size_t>(end - begin));
    }
  });
}

struct MapConstants {
  double c1;
  double c2;
  double scale;  ///< of (co)variances
  bool clip_contrast;
};

PLUVIA_ALL_LEVELS void map_of_some(const Moments& m, const MapConstants& constants,
                                   std::size_t begin, std::size_t end, SsimMap& map) {
  const double* const means_a = m.a.pixels().data();
  const double* const means_b = m.b.pixels().data();
  const double* const squares_a = m.aa.pixels().data();
  const double* const squares_b = m.bb.pixels().data();
  const double* const products = m.ab.pixels().data();
  double* const contrasts = map.contrast.pixels().data();
  double* const ssim = map.ssim.pixels().data();
  const auto [c1, c2, scale, clip_contrast] = constants;
  const double least = clip_contrast ? 0 : -std::numeric_limits<double>::infinity();
  PLUVIA_INDEPENDENT
  for (std::size_t i = begin; i < end; ++i) {
    const double a = means_a[i];
    const double b = means_b[i];
    const double variance_a = scale * (squares_a[i] - a * a);
    const double variance_b = scale * (squares_b[i] - b * b);
    const double covariance = scale * (products[i] - a * b);
    const double contrast = (2 * covariance + c2) / (variance_a + variance_b + c2);
    const double kept = contrast < least ? least : contrast;
    contrasts[i] = kept;
    ssim[i] = (2 * a * b + c1) / (a * a + b * b + c1) * kept;
  }
}

SsimMap map_of(const Moments& m, double range, const SsimOptions& options) {
  const auto side = static_cast<double>(options.taps.size());
  const double n = options.volume ? side * side * side : side * side;
  const MapConstants constants{(0.01 * range) * (0.01 * range), (0.03 * range) * (0.03 * range),
                               options.sample_covariance ? n / (n - 1) : 1, options.clip_contrast};
  SsimMap map{Image<double>(m.a.height(), m.a.width(), 1),
              Image<double>(m.a.height(), m.a.width(), 1), 0, 1};
  parallel_for(static_cast<std::int64_t>(m.a.pixels().size()), kGrain,
               [&](std::int64_t begin, std::int64_t end) {
                 map_of_some(m, constants, static_cast<std::size_t>(begin),
                             static_cast<std::size_t>(end), map);
               });
  return map;
}

double range_of(ImageView<const double> prediction, const SsimOptions& options) {
  if (!options.range_one_if_dark) return options.range;
  for (int y = 0; y < prediction.height(); ++y) {
    for (const double v : prediction.row(y)) {
      if (v > 1) return options.range;
    }
  }
  return 1;
}

void check_size(int height, int width, const SsimOptions& options) {
  const int size = static_cast<int>(options.taps.size());
  if (options.border != Border::kValid || (height >= size && width >= size)) return;
  fail("SSIM: the picture is ", width, "x", height, ", smaller than its ", size, "x", size,
       " window; a protocol with another border can score it");
}

}  // namespace

std::span<const Param> ssim_params() { return kParams; }

SsimOptions ssim_options(const Params& params) {
  SsimOptions options;
  const int size = static_cast<int>(params.integer("size"));
  if (size % 2 == 0) fail_usage("size=", size, ": expected an odd number");
  options.taps = params.text("window") == "gaussian"
                     ? gaussian_taps(size, params.number("sigma"))
                     : std::vector<double>(static_cast<std::size_t>(size), 1.0 / size);
  const std::string& border = params.text("border");
  options.border = border == "valid"       ? Border::kValid
                   : border == "replicate" ? Border::kReplicate
                   : border == "zero"      ? Border::kZero
                   : border == "reflect"   ? Border::kReflect
                                           : Border::kSymmetric;
  const std::string& downsample = params.text("downsample");
  options.downsample = downsample == "none"   ? Downsample::kNone
                       : downsample == "wang" ? Downsample::kWang
                                              : Downsample::kWangEven;
  options.range = params.number("range");
  options.range_one_if_dark = params.text("range_rule") == "one-if-dark";
  options.sample_covariance = params.text("covariance") == "sample";
  options.clip_contrast = params.text("contrast") == "clipped";
  options.volume = params.text("channels") == "volume";
  return options;
}

bool is_plain(const SsimOptions& options) {
  return options.taps.size() <= 11 && options.border == Border::kValid &&
         options.downsample == Downsample::kNone && !options.range_one_if_dark &&
         !options.clip_contrast && !options.volume;
}

int downsample_factor(int height, int width, Downsample rule) {
  if (rule == Downsample::kNone) return 1;
  const double ratio = std::min(height, width) / 256.0;
  const double f = rule == Downsample::kWang ? std::floor(ratio + 0.5) : std::nearbyint(ratio);
  return std::max(1, static_cast<int>(f));
}

std::vector<SsimMap> ssim_maps(ImageView<const double> a, ImageView<const double> b,
                               const SsimOptions& options) {
  const int factor = downsample_factor(a.height(), a.width(), options.downsample);
  check_size((a.height() + factor - 1) / factor, (a.width() + factor - 1) / factor, options);
  const auto moments_at = [&](int c) {
    Image<double> plane_a = plane_of(a, c);
    Image<double> plane_b = plane_of(b, c);
    if (factor > 1) {
      plane_a = box_downsample(plane_a.view(), factor);
      plane_b = box_downsample(plane_b.view(), factor);
    }
    return moments_of(plane_a, plane_b, options);
  };
  std::vector<Moments> together;
  if (options.volume && a.channels() > 1) {
    for (int c = 0; c < a.channels(); ++c) together.push_back(moments_at(c));
    mix_channels(together, options.taps);
  }
  const double range = range_of(b, options);
  std::vector<SsimMap> maps;
  for (int c = 0; c < a.channels(); ++c) {
    maps.push_back(
        map_of(together.empty() ? moments_at(c) : std::move(together[static_cast<std::size_t>(c)]),
               range, options));
    maps.back().factor = factor;
    maps.back().offset =
        options.border == Border::kValid ? static_cast<int>(options.taps.size()) / 2 : 0;
  }
  return maps;
}

}  // namespace pluvia
