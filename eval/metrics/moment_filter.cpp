// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/moment_filter.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/error.h"
#include "core/for_each.h"
#include "core/independent.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define PLUVIA_HAS_VECTOR_BODIES
#endif

namespace pluvia {
namespace {

constexpr int kPairs = 3;  // of taps: 0 and 1, 2 and 3, 4 and 5
constexpr int kRadius = 5;

/// Where the samples of the planes begin.
using PlaneStarts = std::array<std::int16_t*, 4>;

PLUVIA_ALL_LEVELS void make_planes(const std::uint8_t* a, const std::uint8_t* b, int n,
                                   const PlaneStarts& planes) {
  std::int16_t* const f0 = planes[0];
  std::int16_t* const f1 = planes[1];
  std::int16_t* const f2 = planes[2];
  std::int16_t* const f3 = planes[3];
  PLUVIA_INDEPENDENT
  for (int i = 0; i < n; ++i) {
    const auto u = static_cast<std::int16_t>(a[i]);
    const auto v = static_cast<std::int16_t>(b[i]);
    f0[i] = static_cast<std::int16_t>(u - 128);
    f1[i] = static_cast<std::int16_t>(v - 128);
    const auto uu = static_cast<std::int16_t>(u * (u - 255));
    const auto vv = static_cast<std::int16_t>(v * (v - 255));
    f2[i] = static_cast<std::int16_t>(static_cast<std::int16_t>(uu + vv) >> 1);
    f3[i] = static_cast<std::int16_t>((u - 128) * (v - 127));
  }
}

// One plane by the window; the taps behind a narrow window's are 0.
PLUVIA_ALL_LEVELS void filter_plain(const std::int16_t* middle, int n, int step,
                                    const SplitTaps& taps, double* out) {
  const double unit = static_cast<double>(1 << taps.low_bits);
  for (int x = 0; x < n; ++x) {
    std::int32_t high = taps.high[0] * middle[x];
    std::int32_t low = taps.low[0] * middle[x];
    for (int k = 1; k <= kRadius; ++k) {
      const auto tap = static_cast<std::size_t>(k);
      const std::int32_t both = middle[x + k * step] + middle[x - k * step];
      high += taps.high[tap] * both;
      low += taps.low[tap] * both;
    }
    out[x] = high * unit + low;
  }
}

#ifdef PLUVIA_HAS_VECTOR_BODIES

#define PLUVIA_AVX2 __attribute__((target("avx2,fma")))

PLUVIA_AVX2 inline __m256i load(const std::int16_t* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

PLUVIA_AVX2 inline __m256i folded(const std::int16_t* middle, int offset) {
  return _mm256_add_epi16(load(middle + offset), load(middle - offset));
}

PLUVIA_AVX2 inline void store(__m128i high, __m128i low, __m256d unit, double* out) {
  // Fused or not is the same here: the product is exact.
  _mm256_storeu_pd(out,
                   _mm256_fmadd_pd(_mm256_cvtepi32_pd(high), unit, _mm256_cvtepi32_pd(low)));
}

struct PairedTaps {
  __m256i high[kPairs];
  __m256i low[kPairs];
};

PLUVIA_AVX2 inline __m256i paired(const std::array<std::int16_t, 6>& taps, std::size_t first) {
  const auto a = static_cast<std::uint16_t>(taps[first]);
  const auto b = static_cast<std::uint16_t>(taps[first + 1]);
  return _mm256_set1_epi32(static_cast<std::int32_t>(a | static_cast<std::uint32_t>(b) << 16));
}

PLUVIA_AVX2 inline __m256i sum_of(const __m256i* pairs, const __m256i* taps) {
  return _mm256_add_epi32(
      _mm256_add_epi32(_mm256_madd_epi16(pairs[0], taps[0]), _mm256_madd_epi16(pairs[1], taps[1])),
      _mm256_madd_epi16(pairs[2], taps[2]));
}

// The same with two taps a multiplication.
PLUVIA_AVX2 void filter_avx2(const std::int16_t* middle, int n, int step, const SplitTaps& split,
                             double* out) {
  PairedTaps taps;
  for (std::size_t pair = 0; pair < kPairs; ++pair) {
    taps.high[pair] = paired(split.high, 2 * pair);
    taps.low[pair] = paired(split.low, 2 * pair);
  }
  const __m256d unit = _mm256_set1_pd(static_cast<double>(1 << split.low_bits));
  for (int x = 0; x < n; x += 16) {
    const std::int16_t* const at = middle + x;
    const __m256i rows[2 * kPairs] = {load(at),
                                      folded(at, step),
                                      folded(at, 2 * step),
                                      folded(at, 3 * step),
                                      folded(at, 4 * step),
                                      folded(at, 5 * step)};
    __m256i first[kPairs];   // samples 0-3 and 8-11
    __m256i second[kPairs];  // samples 4-7 and 12-15
    for (int pair = 0; pair < kPairs; ++pair) {
      first[pair] = _mm256_unpacklo_epi16(rows[2 * pair], rows[2 * pair + 1]);
      second[pair] = _mm256_unpackhi_epi16(rows[2 * pair], rows[2 * pair + 1]);
    }
    const __m256i high1 = sum_of(first, taps.high);
    const __m256i low1 = sum_of(first, taps.low);
    const __m256i high2 = sum_of(second, taps.high);
    const __m256i low2 = sum_of(second, taps.low);
    store(_mm256_castsi256_si128(high1), _mm256_castsi256_si128(low1), unit, out + x);
    store(_mm256_castsi256_si128(high2), _mm256_castsi256_si128(low2), unit, out + x + 4);
    store(_mm256_extracti128_si256(high1, 1), _mm256_extracti128_si256(low1, 1), unit, out + x + 8);
    store(_mm256_extracti128_si256(high2, 1), _mm256_extracti128_si256(low2, 1), unit,
          out + x + 12);
  }
}

// g++ 12 warns of registers that its own intrinsics leave unset on purpose (GCC bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#define PLUVIA_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))

PLUVIA_AVX512 inline __m512i load_wide(const std::int16_t* at) { return _mm512_loadu_si512(at); }

PLUVIA_AVX512 inline __m512i folded_wide(const std::int16_t* middle, int offset) {
  return _mm512_add_epi16(load_wide(middle + offset), load_wide(middle - offset));
}

PLUVIA_AVX512 inline __m512i sum_of_wide(const __m512i* pairs, const __m512i* taps) {
  return _mm512_add_epi32(_mm512_add_epi32(_mm512_madd_epi16(pairs[0], taps[0]),
                                           _mm512_madd_epi16(pairs[1], taps[1])),
                          _mm512_madd_epi16(pairs[2], taps[2]));
}

/// Two times four samples, eight apart.
PLUVIA_AVX512 inline void store_apart(__m256i high, __m256i low, __m512d unit, double* out) {
  const __m512d sums = _mm512_fmadd_pd(_mm512_cvtepi32_pd(high), unit, _mm512_cvtepi32_pd(low));
  _mm256_storeu_pd(out, _mm512_castpd512_pd256(sums));
  _mm256_storeu_pd(out + 8, _mm512_extractf64x4_pd(sums, 1));
}

PLUVIA_AVX512 inline void store_wide(__m512i high, __m512i low, __m512d unit, double* out) {
  store_apart(_mm512_castsi512_si256(high), _mm512_castsi512_si256(low), unit, out);
  store_apart(_mm512_extracti64x4_epi64(high, 1), _mm512_extracti64x4_epi64(low, 1), unit,
              out + 16);
}

// The same, twice as wide.
PLUVIA_AVX512 void filter_avx512(const std::int16_t* middle, int n, int step,
                                 const SplitTaps& split, double* out) {
  __m512i high_taps[kPairs];
  __m512i low_taps[kPairs];
  for (std::size_t pair = 0; pair < kPairs; ++pair) {
    high_taps[pair] = _mm512_broadcast_i32x8(paired(split.high, 2 * pair));
    low_taps[pair] = _mm512_broadcast_i32x8(paired(split.low, 2 * pair));
  }
  const __m512d unit = _mm512_set1_pd(static_cast<double>(1 << split.low_bits));
  for (int x = 0; x < n; x += 32) {
    const std::int16_t* const at = middle + x;
    const __m512i rows[2 * kPairs] = {load_wide(at),
                                      folded_wide(at, step),
                                      folded_wide(at, 2 * step),
                                      folded_wide(at, 3 * step),
                                      folded_wide(at, 4 * step),
                                      folded_wide(at, 5 * step)};
    __m512i first[kPairs];
    __m512i second[kPairs];
    for (int pair = 0; pair < kPairs; ++pair) {
      first[pair] = _mm512_unpacklo_epi16(rows[2 * pair], rows[2 * pair + 1]);
      second[pair] = _mm512_unpackhi_epi16(rows[2 * pair], rows[2 * pair + 1]);
    }
    const __m512i high1 = sum_of_wide(first, high_taps);
    const __m512i low1 = sum_of_wide(first, low_taps);
    const __m512i high2 = sum_of_wide(second, high_taps);
    const __m512i low2 = sum_of_wide(second, low_taps);
    // Unpacking took neighbours apart: samples 0-3, 8-11, ... and 4-7, 12-15, ...
    store_wide(high1, low1, unit, out + x);
    store_wide(high2, low2, unit, out + x + 4);
  }
}

#pragma GCC diagnostic pop

#endif

void filter_plane(CpuLevel level, const std::int16_t* middle, int n, int step,
                  const SplitTaps& taps, double* out) {
#ifdef PLUVIA_HAS_VECTOR_BODIES
  if (level >= CpuLevel::kV4) return filter_avx512(middle, n, step, taps, out);
  if (level >= CpuLevel::kV3) return filter_avx2(middle, n, step, taps, out);
#endif
  static_cast<void>(level);
  filter_plain(middle, n, step, taps, out);
}

PLUVIA_ALL_LEVELS void make_difference(int n, double one, MomentRow& row) {
  const double* const f0 = row.maps[0].data();
  const double* const f1 = row.maps[1].data();
  const double* const f2 = row.maps[2].data();
  double* const f3 = row.maps[3].data();
  const double shift = 32512 * one;
  PLUVIA_INDEPENDENT
  for (int x = 0; x < n; ++x) f3[x] = 2 * (f2[x] - f3[x]) + shift + (f0[x] - f1[x]);
}

// Largest sum that the filter meets with these taps: |plane| <= 16384, folded 32768.
std::int64_t largest_sum(const std::array<std::int16_t, 6>& taps) {
  std::int64_t sum = std::int64_t{16384} * std::abs(taps[0]);
  for (std::size_t k = 1; k < taps.size(); ++k) sum += std::int64_t{32768} * std::abs(taps[k]);
  return sum;
}

bool fits(const SplitTaps& taps) {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  return largest_sum(taps.high) < kMost && largest_sum(taps.low) < kMost;
}

// What 1 becomes: near 2^bits, and such that the outermost tap, whose rounding would weigh most, is
// a whole number (where it is not next to nothing).
double scale_of(std::span<const double> taps, int bits) {
  constexpr double kEnough = 1024;
  const double scale = std::ldexp(1.0, bits);
  const double outermost = std::nearbyint(taps.back() * scale);
  return outermost >= kEnough ? outermost / taps.back() : scale;
}

SplitTaps split_at(std::span<const double> taps, int high_bits, int low_bits) {
  const std::size_t radius = taps.size() / 2;
  const double scale = scale_of(taps, high_bits + low_bits);
  SplitTaps split;
  split.radius = static_cast<int>(radius);
  split.low_bits = low_bits;
  for (std::size_t k = 0; k <= radius; ++k) {
    const std::int64_t tap = std::llround(taps[radius + k] * scale);
    const std::int64_t high = (tap + (std::int64_t{1} << (low_bits - 1))) >> low_bits;
    split.high[k] = static_cast<std::int16_t>(high);
    split.low[k] = static_cast<std::int16_t>(tap - (high << low_bits));
    split.sum += k == 0 ? tap : 2 * tap;
  }
  return split;
}

}  // namespace

SplitTaps split_taps(std::span<const double> taps) {
  PLUVIA_CHECK(taps.size() == 7 || taps.size() == 11, taps.size());
  // The largest tap's high half has to fit 16 bits with its sign, whatever scale_of made of it.
  const int high_bits = taps[taps.size() / 2] < 0.99 ? 15 : 14;
  int low_bits = 16;
  SplitTaps split = split_at(taps, high_bits, low_bits);
  while (!fits(split)) split = split_at(taps, high_bits, --low_bits);
  PLUVIA_CHECK(low_bits >= 14, low_bits);  // with 14 every window fits
  return split;
}

MomentFilter::MomentFilter(const SplitTaps& taps, int step, CpuLevel best)
    : taps_(taps), step_(step), level_(std::min(cpu_level(), best)) {
  PLUVIA_CHECK(step >= 1 && step * kRadius <= kHalo, step);
}

void MomentFilter::take(const std::uint8_t* a, const std::uint8_t* b, int n, int there) {
  const int halo = step_ * taps_.radius;
  PLUVIA_CHECK(n <= kMomentStrip && there >= n + 2 * halo && taken_ - filtered_ < 2, n, " ", there,
               " ", taken_ - filtered_);
  Planes& row = rows_[taken_++ % 2];
  row.n = n;
  PlaneStarts starts;
  for (std::size_t f = 0; f < 4; ++f) starts[f] = row.of[f].data() + kHalo - halo;
  // Whole registers where the picture goes on: the last samples one by one take as long as all.
  make_planes(a, b, std::min(whole_lanes(n + 2 * halo), there), starts);
}

void MomentFilter::filter(MomentRow& out) {
  PLUVIA_CHECK(filtered_ < taken_, taken_);
  const Planes& row = rows_[filtered_++ % 2];
  const int filled = whole_lanes(row.n);
  for (std::size_t f = 0; f < 4; ++f) {
    filter_plane(level_, row.of[f].data() + kHalo, filled, step_, taps_, out.maps[f].data());
  }
  make_difference(filled, static_cast<double>(taps_.sum), out);
}

}  // namespace pluvia
