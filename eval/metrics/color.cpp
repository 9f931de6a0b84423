// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/color.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "core/cpu.h"
#include "core/for_each.h"
#include "core/text.h"

#ifdef PLUVIA_HAS_LEVELS
#include <immintrin.h>
#endif

namespace pluvia {
namespace {

constexpr std::array<const char*, 9> kNames = {"rgb",          "bgr",      "y601",
                                               "y601-rounded", "yfull",    "yfull-rounded",
                                               "ycv2",         "gray-cv2", "gray-matlab"};

struct Y601Rounded {
  std::uint32_t operator()(std::uint32_t r, std::uint32_t g, std::uint32_t b) const {
    // floor((65481 R + 128553 G + 24966 B + 127500) / 255000), all divided by 24: the quotient by
    // 10625 in float, half a step off whole results, is never wrong (tests try all 2^24 colours).
    const std::uint32_t n = (21827 * r + 42851 * g + 8322 * b + 42500) >> 3;
    const float quotient =
        (static_cast<float>(static_cast<std::int32_t>(n)) + 0.5F) * (1.0F / 10625);
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(quotient)) + 16;
  }
};
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

#ifdef PLUVIA_HAS_LEVELS
// g++ 12 warns of registers that its own intrinsics leave unset on purpose (GCC bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

constexpr int kPixels = 16;

// Y601Rounded of the first pixels of `bytes`: two weights a multiplication, green's in two parts;
// g++ takes three times as long. Floats are rounded towards zero twice, and nothing is lost: the
// sum, below 2^25, drops a last bit that decides nothing (85000 is even), and the float next to
// 1/85000 lies above it, by a share of 6.6e-9: never short of a whole quotient, never up to the next.
__attribute__((target("avx512f,avx512bw"))) inline __m128i y601_of_16(__m512i bytes) {
  const __m512i fours = _mm512_setr_epi32(0, 1, 2, 0, 3, 4, 5, 0, 6, 7, 8, 0, 9, 10, 11, 0);
  const __m512i red_green = _mm512_broadcast_i32x4(
      _mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
  const __m512i green_blue = _mm512_broadcast_i32x4(
      _mm_setr_epi8(1, -1, 2, -1, 4, -1, 5, -1, 7, -1, 8, -1, 10, -1, 11, -1));
  const __m512i first = _mm512_set1_epi32(21827 | 21426 << 16);
  const __m512i second = _mm512_set1_epi32(21425 | 8322 << 16);
  constexpr int kTowardsZero = _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC;
  constexpr float kWhole = 1 << 23;  // above this a float's last bits are the whole number

  const __m512i in = _mm512_permutexvar_epi32(fours, bytes);
  const __m512i sum =
      _mm512_add_epi32(_mm512_madd_epi16(_mm512_shuffle_epi8(in, red_green), first),
                       _mm512_madd_epi16(_mm512_shuffle_epi8(in, green_blue), second));
  const __m512 rounding =
      _mm512_cvt_roundepi32_ps(_mm512_add_epi32(sum, _mm512_set1_epi32(42500)), kTowardsZero);
  const __m512 y = _mm512_fmadd_round_ps(rounding, _mm512_set1_ps(1.0F / 85000),
                                         _mm512_set1_ps(kWhole + 16), kTowardsZero);
  return _mm512_cvtepi32_epi8(_mm512_castps_si512(y));
}

// Of at least 16 pixels.
__attribute__((target("avx512f,avx512bw"))) void y601_row_v4(const std::uint8_t* rgb,
                                                             std::uint8_t* out, int n) {
  constexpr int kRead = 22;  // whole pixels in the 64 bytes that are read for 16
  constexpr __mmask64 kTheirBytes = (__mmask64{1} << 3 * kPixels) - 1;
  const auto store = [&](int x, __m128i y) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + x), y);
  };
  int x = 0;
  for (; x + kRead <= n; x += kPixels) store(x, y601_of_16(_mm512_loadu_si512(rgb + 3 * x)));
  for (; x < n; x += kPixels) {
    const int at = std::min(x, n - kPixels);  // the last ones overlap
    store(at, y601_of_16(_mm512_maskz_loadu_epi8(kTheirBytes, rgb + 3 * at)));
  }
}

#pragma GCC diagnostic pop
#endif

void y601_row(const std::uint8_t* rgb, std::uint8_t* out, int n) {
#ifdef PLUVIA_HAS_LEVELS
  if (kernel_level() == CpuLevel::kV4 && n >= kPixels) return y601_row_v4(rgb, out, n);
#endif
  luma_row<Y601Rounded>(rgb, out, n);
}

template <typename Luma>
Image<std::uint8_t> luma_of(ImageView<const std::uint8_t> rgb) {
  Image<std::uint8_t> out(rgb.height(), rgb.width(), 1);
  for (int y = 0; y < rgb.height(); ++y) {
    const auto row = std::is_same_v<Luma, Y601Rounded> ? y601_row : luma_row<Luma>;
    row(rgb.row(y).data(), out.view().row(y).data(), rgb.width());
  }
  return out;
}

template <typename T>
Image<T> copy_of(ImageView<const T> in, bool reverse) {
  Image<T> out(in.height(), in.width(), in.channels());
  const int channels = in.channels();
  for (int y = 0; y < in.height(); ++y) {
    for (int x = 0; x < in.width(); ++x) {
      for (int c = 0; c < channels; ++c) {
        out.view().at(y, x, c) = in.at(y, x, reverse ? channels - 1 - c : c);
      }
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
      return luma_of<Y601Rounded>(rgb);
    case Color::kYfullRounded:
      return luma_of<YfullRounded>(rgb);
    case Color::kYcv2:
      return luma_of<Ycv2>(rgb);
    case Color::kGrayCv2:
      return luma_of<GrayCv2>(rgb);
    case Color::kGrayMatlab:
      return luma_of<GrayMatlab>(rgb);
    default:
      PLUVIA_CHECK(gives_integers(color), name_of(color));
      return copy_of(rgb, color == Color::kBgr);
  }
}

Image<double> to_color(ImageView<const std::uint8_t> rgb, Color color) {
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
    const auto in = image.row(y);
    const auto to = out.view().row(y);
    for (std::size_t i = 0; i < in.size(); ++i) {
      to[i] = static_cast<std::uint8_t>(std::nearbyint(std::clamp(in[i], 0.0, 255.0)));
    }
  }
  return out;
}

}  // namespace pluvia
