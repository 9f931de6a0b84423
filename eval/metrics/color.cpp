// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/color.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "core/for_each.h"
#include "core/independent.h"
#include "core/text.h"
#include "eval/metrics/luma_row.h"

namespace pluvia {
namespace {

constexpr std::array<const char*, 9> kNames = {"rgb",          "bgr",      "y601",
                                               "y601-rounded", "yfull",    "yfull-rounded",
                                               "ycv2",         "gray-cv2", "gray-matlab"};

struct YfullRounded {
  std::uint32_t operator()(std::uint32_t r, std::uint32_t g, std::uint32_t b) const {
    // In double and in this order: NumPy's and PyTorch's programs decide ties by its rounding.
    const double y = 0.299 * r + 0.587 * g + 0.114 * b;
    return static_cast<std::uint32_t>(std::nearbyint(y));
  }
};
struct Ycv2 {
  std::uint32_t operator()(std::uint32_t r, std::uint32_t g, std::uint32_t b) const {
    return (4899 * r + 9617 * g + 1868 * b + 8192) >> 14;
  }
};
struct GrayCv2 {
  std::uint32_t operator()(std::uint32_t r, std::uint32_t g, std::uint32_t b) const {
    return (9798 * r + 19235 * g + 3735 * b + 16384) >> 15;
  }
};
// No 8-bit colour is near a tie of these weights.
struct GrayMatlab {
  std::uint32_t operator()(std::uint32_t r, std::uint32_t g, std::uint32_t b) const {
    const double y = 0.298936021293775 * r + 0.587043074451121 * g + 0.114020904255103 * b;
    return static_cast<std::uint32_t>(y + 0.5);
  }
};

template <typename Luma>
PLUVIA_ALL_LEVELS void luma_row(const std::uint8_t* rgb, std::uint8_t* out, int n) {
  for (int i = 0; i < n; ++i) {
    const std::uint32_t y = Luma()(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
    out[i] = static_cast<std::uint8_t>(y);
  }
}

PLUVIA_ALL_LEVELS void round_row(std::span<const double> in, std::uint8_t* out) {
  PLUVIA_INDEPENDENT
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[i] = static_cast<std::uint8_t>(std::nearbyint(std::clamp(in[i], 0.0, 255.0)));
  }
}

Image<std::uint8_t> by_rows(ImageView<const std::uint8_t> rgb,
                            void (*row)(const std::uint8_t*, std::uint8_t*, int)) {
  Image<std::uint8_t> out(rgb.height(), rgb.width(), 1);
  for (int y = 0; y < rgb.height(); ++y) {
    row(rgb.row(y).data(), out.view().row(y).data(), rgb.width());
  }
  return out;
}

template <typename T>
Image<T> copy_of(ImageView<const T> in, bool reverse) {
  Image<T> out(in.height(), in.width(), in.channels());
  const auto channels = static_cast<std::ptrdiff_t>(in.channels());
  for (int y = 0; y < in.height(); ++y) {
    const auto to = out.view().row(y);
    std::copy(in.row(y).begin(), in.row(y).end(), to.begin());
    if (!reverse) continue;
    for (auto pixel = to.begin(); pixel != to.end(); pixel += channels) {
      std::reverse(pixel, pixel + channels);
    }
  }
  return out;
}

template <typename T>
Image<T> rgb_of_grey(ImageView<const T> grey) {
  Image<T> out(grey.height(), grey.width(), 3);
  for (int y = 0; y < grey.height(); ++y) {
    for (int x = 0; x < grey.width(); ++x) {
      for (int c = 0; c < 3; ++c) out.view().at(y, x, c) = grey.at(y, x);
    }
  }
  return out;
}

template <typename T>
Image<double> weighted(ImageView<const T> rgb, const std::array<double, 4>& weights) {
  Image<double> out(rgb.height(), rgb.width(), 1);
  for (int y = 0; y < rgb.height(); ++y) {
    const T* const in = rgb.row(y).data();
    double* const to = out.view().row(y).data();
    for (int x = 0; x < rgb.width(); ++x) {
      to[x] = weights[0] * double{1} * in[3 * x] + weights[1] * double{1} * in[3 * x + 1] +
              weights[2] * double{1} * in[3 * x + 2] + weights[3];
    }
  }
  return out;
}

constexpr std::array<double, 4> kY601 = {65.481 / 255, 128.553 / 255, 24.966 / 255, 16};
constexpr std::array<double, 4> kYfull = {0.299, 0.587, 0.114, 0};

}  // namespace

Color color_by_name(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<Color>(i);
  }
  fail_usage("unknown colour '", name, "'", did_you_mean(name, color_names()),
             "; known: ", join(color_names(), ", "));
}

const char* name_of(Color color) { return kNames[static_cast<std::size_t>(color)]; }

std::vector<std::string> color_names() { return {kNames.begin(), kNames.end()}; }

bool gives_integers(Color color) { return color != Color::kY601 && color != Color::kYfull; }

Image<std::uint8_t> to_color_u8(ImageView<const std::uint8_t> rgb, Color color) {
  if (rgb.channels() == 1) return to_color_u8(rgb_of_grey(rgb).view(), color);
  switch (color) {
    case Color::kY601Rounded:
      return by_rows(
          rgb, [](const std::uint8_t* row, std::uint8_t* out, int n) { y601_row(row, out, n); });
    case Color::kYfullRounded:
      return by_rows(rgb, luma_row<YfullRounded>);
    case Color::kYcv2:
      return by_rows(rgb, luma_row<Ycv2>);
    case Color::kGrayCv2:
      return by_rows(rgb, luma_row<GrayCv2>);
    case Color::kGrayMatlab:
      return by_rows(rgb, luma_row<GrayMatlab>);
    default:
      PLUVIA_CHECK(gives_integers(color), name_of(color));
      return copy_of(rgb, color == Color::kBgr);
  }
}

Image<double> to_color(ImageView<const std::uint8_t> rgb, Color color) {
  if (color == Color::kRgb && rgb.channels() == 3) return to_double(rgb);
  if (gives_integers(color)) return to_double(to_color_u8(rgb, color).view());
  if (rgb.channels() == 1) return to_color(rgb_of_grey(rgb).view(), color);
  return weighted(rgb, color == Color::kY601 ? kY601 : kYfull);
}

Image<double> to_color(ImageView<const double> rgb, Color color) {
  if (rgb.channels() == 1) return to_color(rgb_of_grey(rgb).view(), color);
  if (color == Color::kRgb || color == Color::kBgr) return copy_of(rgb, color == Color::kBgr);
  if (gives_integers(color)) return to_color(to_u8(rgb).view(), color);
  return weighted(rgb, color == Color::kY601 ? kY601 : kYfull);
}

Image<double> to_double(ImageView<const std::uint8_t> image) {
  Image<double> out(image.height(), image.width(), image.channels());
  for (int y = 0; y < image.height(); ++y) {
    const auto in = image.row(y);
    std::copy(in.begin(), in.end(), out.view().row(y).begin());
  }
  return out;
}

Image<std::uint8_t> to_u8(ImageView<const double> image) {
  Image<std::uint8_t> out(image.height(), image.width(), image.channels());
  for (int y = 0; y < image.height(); ++y) {
    round_row(image.row(y), out.view().row(y).data());
  }
  return out;
}

}  // namespace pluvia
