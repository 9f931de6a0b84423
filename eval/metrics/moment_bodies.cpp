// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/moment_bodies.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/cpu.h"
#include "core/for_each.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define PLUVIA_HAS_VECTOR_BODIES
#endif

namespace pluvia {
namespace {

constexpr int kRadius = 5;

// The taps behind a narrow window's are 0.
template <int kStep>
PLUVIA_ALL_LEVELS void filter_plain(MomentLines lines, const SplitTaps& taps) {
  const double unit = static_cast<double>(1 << taps.low_bits);
  for (int line = 0; line < MomentLines::kCount; ++line) {
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
      out[moment_place(x, kStep)] = high * unit + low;
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
        excess((0x1p52 + 0x1p31) * ((1 << low_bits) + 1)) {}

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

/// Two taps as one number of 32 bits; those behind the window's are 0.
std::int32_t pair_of(const std::array<std::int16_t, 6>& taps, int first, int second) {
  const auto tap = [&](int distance) {
    const auto at = static_cast<std::size_t>(std::abs(distance));
    return static_cast<std::uint16_t>(at < taps.size() ? taps[at] : 0);
  };
  return static_cast<std::int32_t>(tap(first) | static_cast<std::uint32_t>(tap(second)) << 16);
}

PLUVIA_AVX2 inline __m256i paired(const std::array<std::int16_t, 6>& taps, int pair) {
  return _mm256_set1_epi32(pair_of(taps, 2 * pair, 2 * pair + 1));
}

PLUVIA_AVX2 inline __m256i sum_of(const __m256i* pairs, const __m256i* taps) {
  const __m256i first_two =
      _mm256_add_epi32(_mm256_madd_epi16(pairs[0], taps[0]), _mm256_madd_epi16(pairs[1], taps[1]));
  return _mm256_add_epi32(
      _mm256_add_epi32(_mm256_set1_epi32(kAdded), _mm256_madd_epi16(pairs[2], taps[2])), first_two);
}

PLUVIA_AVX2 inline __m256d joined(__m256i high, __m256i low, const Joint& joint) {
  const __m256d upper = _mm256_sub_pd(_mm256_castsi256_pd(high), _mm256_set1_pd(joint.excess));
  return _mm256_add_pd(upper, _mm256_castsi256_pd(low));
}

// Of four columns in either half of a register.
template <int kStep>
PLUVIA_AVX2 inline void store_sums(__m256i high, __m256i low, const Joint& joint, int column,
                                   double* out) {
  const __m256i high_exponent = _mm256_set1_epi32(joint.high_exponent);
  const __m256i low_exponent = _mm256_set1_epi32(kExponent);
  const __m256d first = joined(_mm256_unpacklo_epi32(high, high_exponent),
                               _mm256_unpacklo_epi32(low, low_exponent), joint);
  const __m256d second = joined(_mm256_unpackhi_epi32(high, high_exponent),
                                _mm256_unpackhi_epi32(low, low_exponent), joint);
  const bool pairs = kStep == 3;
  _mm256_storeu_pd(out + moment_place(column, kStep),
                   pairs ? first : _mm256_unpacklo_pd(first, second));
  _mm256_storeu_pd(out + moment_place(column + (pairs ? 2 : 1), kStep),
                   pairs ? second : _mm256_unpackhi_pd(first, second));
}

// Two taps a multiplication.
template <int kStep>
PLUVIA_AVX2 void filter_avx2(MomentLines lines, const SplitTaps& split) {
  PairedTaps taps;
  for (int pair = 0; pair < kPairs; ++pair) {
    taps.high[pair] = paired(split.high, pair);
    taps.low[pair] = paired(split.low, pair);
  }
  const Joint joint(split.low_bits);
  for (int line = 0; line < MomentLines::kCount; ++line) {
    for (int x = 0; x < kMomentColumns; x += 16) {
      const std::int16_t* const at = lines.in(line) + x;
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
      double* const out = lines.to(line);
      store_sums<kStep>(sum_of(first, taps.high), sum_of(first, taps.low), joint, x, out);
      store_sums<kStep>(sum_of(second, taps.high), sum_of(second, taps.low), joint, x + 4, out);
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

/// By instructions that came later.
struct DotProducts {
  PLUVIA_VNNI __m512i operator()(const __m512i* pairs, const __m512i* taps) const {
    const __m512i first = _mm512_dpwssd_epi32(_mm512_set1_epi32(kAdded), pairs[0], taps[0]);
    return _mm512_dpwssd_epi32(_mm512_dpwssd_epi32(first, pairs[1], taps[1]), pairs[2], taps[2]);
  }
};

/// Of every four sums the first two, and the other two.
struct Halves {
  PLUVIA_AVX512 Halves(__m512i high, __m512i low, const Joint& joint) {
    const __m512i high_exponent = _mm512_set1_epi32(joint.high_exponent);
    const __m512i low_exponent = _mm512_set1_epi32(kExponent);
    first = joined(_mm512_unpacklo_epi32(high, high_exponent),
                   _mm512_unpacklo_epi32(low, low_exponent), joint);
    second = joined(_mm512_unpackhi_epi32(high, high_exponent),
                    _mm512_unpackhi_epi32(low, low_exponent), joint);
  }

  PLUVIA_AVX512 static __m512d joined(__m512i high, __m512i low, const Joint& joint) {
    const __m512d upper = _mm512_sub_pd(_mm512_castsi512_pd(high), _mm512_set1_pd(joint.excess));
    return _mm512_add_pd(upper, _mm512_castsi512_pd(low));
  }

  __m512d first;
  __m512d second;
};

// Of four columns in every quarter of a register.
template <int kStep>
PLUVIA_AVX512 inline void store_sums_wide(__m512i high, __m512i low, const Joint& joint, int column,
                                          double* out) {
  const Halves sums(high, low, joint);
  const bool pairs = kStep == 3;
  _mm512_storeu_pd(out + moment_place(column, kStep),
                   pairs ? sums.first : _mm512_unpacklo_pd(sums.first, sums.second));
  _mm512_storeu_pd(out + moment_place(column + (pairs ? 2 : 1), kStep),
                   pairs ? sums.second : _mm512_unpackhi_pd(sums.first, sums.second));
}

// Twice as wide.
template <int kStep, typename Sum>
PLUVIA_AVX512 inline void filter_wide(MomentLines lines, const SplitTaps& split, const Sum& sum) {
  static_assert(kMomentColumns == 32);
  __m512i high_taps[kPairs];
  __m512i low_taps[kPairs];
  for (int pair = 0; pair < kPairs; ++pair) {
    high_taps[pair] = _mm512_broadcast_i32x8(paired(split.high, pair));
    low_taps[pair] = _mm512_broadcast_i32x8(paired(split.low, pair));
  }
  const Joint joint(split.low_bits);
  for (int line = 0; line < MomentLines::kCount; ++line) {
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
    double* const out = lines.to(line);
    store_sums_wide<kStep>(sum(first, high_taps), sum(first, low_taps), joint, 0, out);
    store_sums_wide<kStep>(sum(second, high_taps), sum(second, low_taps), joint, 4, out);
  }
}

template <int kStep>
PLUVIA_AVX512 void filter_avx512(MomentLines lines, const SplitTaps& split) {
  filter_wide<kStep>(lines, split, MultipliedAndAdded{});
}

PLUVIA_VNNI void filter_three_channels(MomentLines lines, const SplitTaps& split) {
  filter_wide<3>(lines, split, DotProducts{});
}

// Samples of one channel lie side by side: two are a pair as they are, under taps d and d + 1 of an
// even column and d - 1 and d of the next one. More products, but fewer loads that cross a cache
// line and no unpacking. The outermost tap's low half is 0.
struct SideBySide {
  static constexpr int kLoads = kRadius + 1;  ///< from -kRadius on, every other sample

  PLUVIA_AVX512 explicit SideBySide(const std::array<std::int16_t, 6>& taps) {
    for (int i = 0; i < kLoads; ++i) {
      const int distance = 2 * i - kRadius;
      even[i] = _mm512_set1_epi32(pair_of(taps, distance, distance + 1));
      odd[i] = _mm512_set1_epi32(pair_of(taps, distance - 1, distance));
    }
  }

  __m512i even[kLoads];
  __m512i odd[kLoads];
};

/// A line's sums: of even columns, of odd ones.
struct OneChannel {
  PLUVIA_VNNI void add(__m512i pairs, int i, const SideBySide& high, const SideBySide& low) {
    high_even = _mm512_dpwssd_epi32(high_even, pairs, high.even[i]);
    high_odd = _mm512_dpwssd_epi32(high_odd, pairs, high.odd[i]);
    if (i < SideBySide::kLoads - 1) low_even = _mm512_dpwssd_epi32(low_even, pairs, low.even[i]);
    if (i > 0) low_odd = _mm512_dpwssd_epi32(low_odd, pairs, low.odd[i]);
  }

  PLUVIA_VNNI void store(const Joint& joint, double* out) const {
    const Halves even(high_even, low_even, joint);
    const Halves odd(high_odd, low_odd, joint);
    _mm512_storeu_pd(out + moment_place(0, 1), even.first);
    _mm512_storeu_pd(out + moment_place(4, 1), even.second);
    _mm512_storeu_pd(out + moment_place(1, 1), odd.first);
    _mm512_storeu_pd(out + moment_place(5, 1), odd.second);
  }

  __m512i high_even;
  __m512i high_odd;
  __m512i low_even;
  __m512i low_odd;
};

// Two lines at once: one alone waits for its products.
PLUVIA_VNNI void filter_one_channel(MomentLines lines, const SplitTaps& split) {
  static_assert(MomentLines::kCount % 2 == 0);
  const SideBySide high(split.high);
  const SideBySide low(split.low);
  const Joint joint(split.low_bits);
  const __m512i added = _mm512_set1_epi32(kAdded);
  for (int line = 0; line < MomentLines::kCount; line += 2) {
    const std::int16_t* const first = lines.in(line)-kRadius;
    const std::int16_t* const second = lines.in(line + 1) - kRadius;
    OneChannel of_first = {added, added, added, added};
    OneChannel of_second = of_first;
#pragma GCC unroll 6
    for (int i = 0; i < SideBySide::kLoads; ++i) {
      of_first.add(load_wide(first + 2 * i), i, high, low);
      of_second.add(load_wide(second + 2 * i), i, high, low);
    }
    of_first.store(joint, lines.to(line));
    of_second.store(joint, lines.to(line + 1));
  }
}

#pragma GCC diagnostic pop

#endif

template <int kStep>
void filter_by(MomentBody body, MomentLines lines, const SplitTaps& taps) {
  switch (body) {
#ifdef PLUVIA_HAS_VECTOR_BODIES
    case MomentBody::kVnni:
      return kStep == 1 ? filter_one_channel(lines, taps) : filter_three_channels(lines, taps);
    case MomentBody::kAvx512:
      return filter_avx512<kStep>(lines, taps);
    case MomentBody::kAvx2:
      return filter_avx2<kStep>(lines, taps);
#endif
    default:
      return filter_plain<kStep>(lines, taps);
  }
}

}  // namespace

MomentBody best_moment_body() {
#ifdef PLUVIA_HAS_VECTOR_BODIES
  const CpuLevel level = kernel_level();
  if (level >= CpuLevel::kV4) return cpu_has_vnni() ? MomentBody::kVnni : MomentBody::kAvx512;
  if (level >= CpuLevel::kV3) return MomentBody::kAvx2;
#endif
  return MomentBody::kPlain;
}

void filter_lines(MomentBody body, int step, MomentLines lines, const SplitTaps& taps) {
  if (step == 1) return filter_by<1>(body, lines, taps);
  filter_by<3>(body, lines, taps);
}

}  // namespace pluvia
