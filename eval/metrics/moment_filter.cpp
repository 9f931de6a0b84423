// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/moment_filter.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/cpu.h"
#include "core/error.h"
#include "core/for_each.h"
#include "core/independent.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define PLUVIA_HAS_VECTOR_BODIES
#endif

namespace pluvia {
namespace {

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
    f2[i] = static_cast<std::int16_t>((static_cast<std::int16_t>(uu + vv) >> 1) + 16256);
    f3[i] = static_cast<std::int16_t>((u - 128) * (v - 127));
  }
}

/// A tile's rows in all planes, one after the other; by value, lest every store could change it.
struct Lines {
  const std::int16_t* middle = nullptr;  ///< of the first column's window
  double* out = nullptr;

  static constexpr int kCount = 4 * kMomentRows;

  const std::int16_t* in(int line) const {
    return middle + std::ptrdiff_t{line} * MomentFilter::kPitch;
  }
  double* to(int line) const { return out + std::ptrdiff_t{line} * MomentTile::kPitch; }
};

// The taps behind a narrow window's are 0.
template <int kStep>
PLUVIA_ALL_LEVELS void filter_plain(Lines lines, const SplitTaps& taps) {
  const double unit = static_cast<double>(1 << taps.low_bits);
  for (int line = 0; line < Lines::kCount; ++line) {
    const std::int16_t* const in = lines.in(line);
    double* const out = lines.to(line);
    for (int x = 0; x < kMomentColumns; ++x) {
      std::int32_t high = taps.high[0] * in[x];
      std::int32_t low = taps.low[0] * in[x];
      for (int k = 1; k <= kRadius; ++k) {
        const auto tap = static_cast<std::size_t>(k);
        const std::int32_t both = in[x + k * kStep] + in[x - k * kStep];
        high += taps.high[tap] * both;
        low += taps.low[tap] * both;
      }
      out[moment_place(x)] = high * unit + low;
    }
  }
}

#ifdef PLUVIA_HAS_VECTOR_BODIES

// Doubles without a conversion, which takes three times as long: behind an exponent's upper half
// any 32 bits u are 2^52 + u, or times a power of 2. The sums come with 2^31 added, so that u >= 0,
// and what is too much is subtracted in between, where all fits 53 bits.
constexpr int kExponent = 0x43300000;  // of 2^52
constexpr int kAdded = std::numeric_limits<int>::min();

struct Joint {
  explicit Joint(int low_bits)
      : high_exponent(kExponent + (low_bits << 20)),
        excess(0x1p52 + 0x1p31 + std::ldexp(0x1p52 + 0x1p31, low_bits)) {}

  int high_exponent;
  double excess;
};

constexpr int kPairs = 3;  // of taps: 0 and 1, 2 and 3, 4 and 5

#define PLUVIA_AVX2 __attribute__((target("avx2,fma")))

PLUVIA_AVX2 inline __m256i load(const std::int16_t* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

PLUVIA_AVX2 inline __m256i folded(const std::int16_t* middle, int offset) {
  return _mm256_add_epi16(load(middle + offset), load(middle - offset));
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
  const __m256i first_two =
      _mm256_add_epi32(_mm256_madd_epi16(pairs[0], taps[0]), _mm256_madd_epi16(pairs[1], taps[1]));
  return _mm256_add_epi32(
      _mm256_add_epi32(_mm256_set1_epi32(kAdded), _mm256_madd_epi16(pairs[2], taps[2])), first_two);
}

PLUVIA_AVX2 inline void store_sum(__m256i high, __m256i low, const Joint& joint, double* out) {
  const __m256d upper = _mm256_sub_pd(_mm256_castsi256_pd(high), _mm256_set1_pd(joint.excess));
  _mm256_storeu_pd(out, _mm256_add_pd(upper, _mm256_castsi256_pd(low)));
}

// The same with two taps a multiplication.
template <int kStep>
PLUVIA_AVX2 void filter_avx2(Lines lines, const SplitTaps& split) {
  PairedTaps taps;
  for (std::size_t pair = 0; pair < kPairs; ++pair) {
    taps.high[pair] = paired(split.high, 2 * pair);
    taps.low[pair] = paired(split.low, 2 * pair);
  }
  const Joint joint(split.low_bits);
  const __m256i high_exponent = _mm256_set1_epi32(joint.high_exponent);
  const __m256i low_exponent = _mm256_set1_epi32(kExponent);
  for (int line = 0; line < Lines::kCount; ++line) {
    for (int x = 0; x < kMomentColumns; x += 16) {
      const std::int16_t* const at = lines.in(line) + x;
      double* const out = lines.to(line) + x / 4;
      const __m256i rows[2 * kPairs] = {load(at),
                                        folded(at, kStep),
                                        folded(at, 2 * kStep),
                                        folded(at, 3 * kStep),
                                        folded(at, 4 * kStep),
                                        folded(at, 5 * kStep)};
      __m256i first[kPairs];   // columns 0-3 and 8-11
      __m256i second[kPairs];  // columns 4-7 and 12-15
      for (int pair = 0; pair < kPairs; ++pair) {
        first[pair] = _mm256_unpacklo_epi16(rows[2 * pair], rows[2 * pair + 1]);
        second[pair] = _mm256_unpackhi_epi16(rows[2 * pair], rows[2 * pair + 1]);
      }
      const __m256i high1 = sum_of(first, taps.high);
      const __m256i low1 = sum_of(first, taps.low);
      const __m256i high2 = sum_of(second, taps.high);
      const __m256i low2 = sum_of(second, taps.low);
      store_sum(_mm256_unpacklo_epi32(high1, high_exponent),
                _mm256_unpacklo_epi32(low1, low_exponent), joint, out);
      store_sum(_mm256_unpackhi_epi32(high1, high_exponent),
                _mm256_unpackhi_epi32(low1, low_exponent), joint, out + 8);
      store_sum(_mm256_unpacklo_epi32(high2, high_exponent),
                _mm256_unpacklo_epi32(low2, low_exponent), joint, out + 16);
      store_sum(_mm256_unpackhi_epi32(high2, high_exponent),
                _mm256_unpackhi_epi32(low2, low_exponent), joint, out + 24);
    }
  }
}

// g++ 12 warns of registers that its own intrinsics leave unset on purpose (GCC bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define PLUVIA_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))

PLUVIA_AVX512 inline __m512i load_wide(const std::int16_t* at) { return _mm512_loadu_si512(at); }

PLUVIA_AVX512 inline __m512i folded_wide(const std::int16_t* middle, int offset) {
  return _mm512_add_epi16(load_wide(middle + offset), load_wide(middle - offset));
}

struct MultipliedAndAdded {
  PLUVIA_AVX512 __m512i operator()(const __m512i* pairs, const __m512i* taps) const {
    const __m512i first_two = _mm512_add_epi32(_mm512_madd_epi16(pairs[0], taps[0]),
                                               _mm512_madd_epi16(pairs[1], taps[1]));
    return _mm512_add_epi32(
        _mm512_add_epi32(_mm512_set1_epi32(kAdded), _mm512_madd_epi16(pairs[2], taps[2])),
        first_two);
  }
};

#define PLUVIA_VNNI \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma"), flatten))

/// The same by instructions that came later.
struct DotProducts {
  PLUVIA_VNNI __m512i operator()(const __m512i* pairs, const __m512i* taps) const {
    const __m512i first = _mm512_dpwssd_epi32(_mm512_set1_epi32(kAdded), pairs[0], taps[0]);
    return _mm512_dpwssd_epi32(_mm512_dpwssd_epi32(first, pairs[1], taps[1]), pairs[2], taps[2]);
  }
};

PLUVIA_AVX512 inline void store_wide(__m512i high, __m512i low, const Joint& joint, double* out) {
  const __m512d upper = _mm512_sub_pd(_mm512_castsi512_pd(high), _mm512_set1_pd(joint.excess));
  _mm512_storeu_pd(out, _mm512_add_pd(upper, _mm512_castsi512_pd(low)));
}

// The same, twice as wide.
template <int kStep, typename Sum>
PLUVIA_AVX512 inline void filter_wide(Lines lines, const SplitTaps& split, const Sum& sum) {
  static_assert(kMomentColumns == 32);
  __m512i high_taps[kPairs];
  __m512i low_taps[kPairs];
  for (std::size_t pair = 0; pair < kPairs; ++pair) {
    high_taps[pair] = _mm512_broadcast_i32x8(paired(split.high, 2 * pair));
    low_taps[pair] = _mm512_broadcast_i32x8(paired(split.low, 2 * pair));
  }
  const Joint joint(split.low_bits);
  const __m512i high_exponent = _mm512_set1_epi32(joint.high_exponent);
  const __m512i low_exponent = _mm512_set1_epi32(kExponent);
  for (int line = 0; line < Lines::kCount; ++line) {
    const std::int16_t* const at = lines.in(line);
    const __m512i rows[2 * kPairs] = {load_wide(at),
                                      folded_wide(at, kStep),
                                      folded_wide(at, 2 * kStep),
                                      folded_wide(at, 3 * kStep),
                                      folded_wide(at, 4 * kStep),
                                      folded_wide(at, 5 * kStep)};
    __m512i first[kPairs];
    __m512i second[kPairs];
    for (int pair = 0; pair < kPairs; ++pair) {
      first[pair] = _mm512_unpacklo_epi16(rows[2 * pair], rows[2 * pair + 1]);
      second[pair] = _mm512_unpackhi_epi16(rows[2 * pair], rows[2 * pair + 1]);
    }
    const __m512i high1 = sum(first, high_taps);
    const __m512i low1 = sum(first, low_taps);
    const __m512i high2 = sum(second, high_taps);
    const __m512i low2 = sum(second, low_taps);
    double* const out = lines.to(line);
    store_wide(_mm512_unpacklo_epi32(high1, high_exponent),
               _mm512_unpacklo_epi32(low1, low_exponent), joint, out);
    store_wide(_mm512_unpackhi_epi32(high1, high_exponent),
               _mm512_unpackhi_epi32(low1, low_exponent), joint, out + 8);
    store_wide(_mm512_unpacklo_epi32(high2, high_exponent),
               _mm512_unpacklo_epi32(low2, low_exponent), joint, out + 16);
    store_wide(_mm512_unpackhi_epi32(high2, high_exponent),
               _mm512_unpackhi_epi32(low2, low_exponent), joint, out + 24);
  }
}

template <int kStep>
PLUVIA_AVX512 void filter_avx512(Lines lines, const SplitTaps& split) {
  filter_wide<kStep>(lines, split, MultipliedAndAdded{});
}

template <int kStep>
PLUVIA_VNNI void filter_vnni(Lines lines, const SplitTaps& split) {
  filter_wide<kStep>(lines, split, DotProducts{});
}

#pragma GCC diagnostic pop

#endif

MomentBody best_body() {
#ifdef PLUVIA_HAS_VECTOR_BODIES
  if (cpu_level() >= CpuLevel::kV4) return cpu_has_vnni() ? MomentBody::kVnni : MomentBody::kAvx512;
  if (cpu_level() >= CpuLevel::kV3) return MomentBody::kAvx2;
#endif
  return MomentBody::kPlain;
}

template <int kStep>
void filter_lines(MomentBody body, Lines lines, const SplitTaps& taps) {
  switch (body) {
#ifdef PLUVIA_HAS_VECTOR_BODIES
    case MomentBody::kVnni:
      return filter_vnni<kStep>(lines, taps);
    case MomentBody::kAvx512:
      return filter_avx512<kStep>(lines, taps);
    case MomentBody::kAvx2:
      return filter_avx2<kStep>(lines, taps);
#endif
    default:
      return filter_plain<kStep>(lines, taps);
  }
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

MomentFilter::MomentFilter(const SplitTaps& taps, int step, MomentBody best)
    : taps_(taps), step_(step), body_(std::min(best_body(), best)) {
  PLUVIA_CHECK(step == 1 || step == 3, step);
}

void MomentFilter::take(int row, const std::uint8_t* a, const std::uint8_t* b, int n, int there) {
  const int halo = reach();
  PLUVIA_CHECK(row >= 0 && row < kMomentRows && n <= kMomentStrip && there >= n + 2 * halo, row,
               " ", n, " ", there);
  PlaneStarts starts;
  for (std::size_t f = 0; f < 4; ++f) {
    starts[f] = planes_[f][static_cast<std::size_t>(row)].data() + kFront;
  }
  // Whole registers where the picture goes on: the last samples one by one take as long as all.
  make_planes(a, b, std::min(whole_lanes(n + 2 * halo), there), starts);
}

void MomentFilter::filter(int column, MomentTile& out) const {
  PLUVIA_CHECK(column >= 0 && column + kMomentColumns <= kMomentStrip, column);
  const Lines lines{planes_[0][0].data() + kFront + reach() + column, out.sums[0][0].data()};
  step_ == 1 ? filter_lines<1>(body_, lines, taps_) : filter_lines<3>(body_, lines, taps_);
}

}  // namespace pluvia
