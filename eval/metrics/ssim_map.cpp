// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/ssim_map.h"

#include <array>
#include <cmath>

#include "core/error.h"

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

struct Moments {
  Image<double> a, b, aa, bb, ab;
  std::array<Image<double>*, 5> all() { return {&a, &b, &aa, &bb, &ab}; }
};

Image<double> product(ImageView<const double> a, ImageView<const double> b) {
  Image<double> out(a.height(), a.width(), 1);
  for (int y = 0; y < a.height(); ++y) {
    const double* const pa = a.row(y).data();
    const double* const pb = b.row(y).data();
    double* const to = out.view().row(y).data();
    for (int x = 0; x < a.width(); ++x) to[x] = pa[x] * pb[x];
  }
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

// The third dimension of a window over (H, W, channels), borders replicated: a mixing of channels.
void mix_channels(std::vector<Moments>& channels, std::span<const double> taps) {
  const int n = static_cast<int>(channels.size());
  const int radius = static_cast<int>(taps.size()) / 2;
  std::vector<double> weights(static_cast<std::size_t>(n * n));
  for (int c = 0; c < n; ++c) {
    for (int k = -radius; k <= radius; ++k) {
      const int from = border_index(c + k, n, Border::kReplicate);
      weights[static_cast<std::size_t>(c * n + from)] += taps[static_cast<std::size_t>(k + radius)];
    }
  }
  std::vector<double> values(static_cast<std::size_t>(n));
  for (std::size_t plane = 0; plane < 5; ++plane) {
    const std::size_t pixels = channels.front().a.pixels().size();
    for (std::size_t i = 0; i < pixels; ++i) {
      for (int c = 0; c < n; ++c) {
        values[static_cast<std::size_t>(c)] =
            channels[static_cast<std::size_t>(c)].all()[plane]->pixels()[i];
      }
      for (int c = 0; c < n; ++c) {
        double sum = 0;
        for (int from = 0; from < n; ++from) {
          sum += weights[static_cast<std::size_t>(c * n + from)] *
                 values[static_cast<std::size_t>(from)];
        }
        channels[static_cast<std::size_t>(c)].all()[plane]->pixels()[i] = sum;
      }
    }
  }
}

SsimMap map_of(const Moments& m, double range, const SsimOptions& options) {
  const double c1 = (0.01 * range) * (0.01 * range);
  const double c2 = (0.03 * range) * (0.03 * range);
  const double n = static_cast<double>(options.taps.size() * options.taps.size());
  const double scale = options.sample_covariance ? n / (n - 1) : 1;
  SsimMap map{Image<double>(m.a.height(), m.a.width(), 1),
              Image<double>(m.a.height(), m.a.width(), 1), 0, 1};
  for (std::size_t i = 0; i < m.a.pixels().size(); ++i) {
    const double a = m.a.pixels()[i];
    const double b = m.b.pixels()[i];
    const double variance_a = scale * (m.aa.pixels()[i] - a * a);
    const double variance_b = scale * (m.bb.pixels()[i] - b * b);
    const double covariance = scale * (m.ab.pixels()[i] - a * b);
    double contrast = (2 * covariance + c2) / (variance_a + variance_b + c2);
    if (options.clip_contrast) contrast = std::max(contrast, 0.0);
    map.contrast.pixels()[i] = contrast;
    map.ssim.pixels()[i] = (2 * a * b + c1) / (a * a + b * b + c1) * contrast;
  }
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
  std::vector<Moments> moments;
  for (int c = 0; c < a.channels(); ++c) {
    Image<double> plane_a = plane_of(a, c);
    Image<double> plane_b = plane_of(b, c);
    if (factor > 1) {
      plane_a = box_downsample(plane_a.view(), factor);
      plane_b = box_downsample(plane_b.view(), factor);
    }
    moments.push_back(moments_of(plane_a, plane_b, options));
  }
  if (options.volume && a.channels() > 1) mix_channels(moments, options.taps);
  const double range = range_of(b, options);
  std::vector<SsimMap> maps;
  for (const Moments& m : moments) {
    maps.push_back(map_of(m, range, options));
    maps.back().factor = factor;
    maps.back().offset =
        options.border == Border::kValid ? static_cast<int>(options.taps.size()) / 2 : 0;
  }
  return maps;
}

}  // namespace pluvia
