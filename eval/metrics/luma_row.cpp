// SPDX-License-Identifier: Apache-2.0
// In whole numbers luma is 16 + floor(n / 85000), n = 21827 R + 42851 G + 8322 B + 42500: the
// formula times 1000, less a common factor 3. The float next to 1/85000, and to 1/10625, is above
// it, by a share of 6.6e-9: a quotient in float is never short of a whole number, and what rounding
// there is does not lift it to the next, at least 1/85000 away. Tests try all 2^24 colours.
// Wide registers multiply two samples by two weights at a time or four bytes by four, green's in
// two parts; from the plain code g++ makes a program three times as slow.
#include "eval/metrics/luma_row.h"

#include <algorithm>
#include <array>

#include "core/cpu.h"
#include "core/for_each.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define PLUVIA_HAS_VECTOR_BODIES
#endif

namespace pluvia {
namespace {

constexpr int kHalf = 42500;
constexpr int kBlack = 16;

// n / 8, below 2^22, is a whole number in float; its last three bits decide nothing.
constexpr float kQuotient = 1.0F / 10625;

PLUVIA_ALL_LEVELS void plain_row(const std::uint8_t* rgb, std::uint8_t* out, int n) {
  for (int i = 0; i < n; ++i) {
    const int sum = 21827 * rgb[3 * i] + 42851 * rgb[3 * i + 1] + 8322 * rgb[3 * i + 2] + kHalf;
    const float quotient = static_cast<float>(sum >> 3) * kQuotient;
    out[i] = static_cast<std::uint8_t>(static_cast<int>(quotient) + kBlack);
  }
}

#ifdef PLUVIA_HAS_VECTOR_BODIES

constexpr int kRedGreen = 21827 | 21426 << 16;
constexpr int kGreenBlue = 21425 | 8322 << 16;

#define PLUVIA_AVX2 __attribute__((target("avx2")))

PLUVIA_AVX2 inline __m128i load(const std::uint8_t* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}

// 8 pixels, 4 in either half; less kBlack.
PLUVIA_AVX2 inline __m256i y601_of_8(const std::uint8_t* rgb) {
  const __m256i red_green =
      _mm256_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1,  //
                       4, -1, 5, -1, 7, -1, 8, -1, 10, -1, 11, -1, 13, -1, 14, -1);
  const __m256i green_blue =
      _mm256_setr_epi8(1, -1, 2, -1, 4, -1, 5, -1, 7, -1, 8, -1, 10, -1, 11, -1,  //
                       5, -1, 6, -1, 8, -1, 9, -1, 11, -1, 12, -1, 14, -1, 15, -1);
  const __m256i in = _mm256_set_m128i(load(rgb + 8), load(rgb));
  const __m256i sum = _mm256_add_epi32(
      _mm256_madd_epi16(_mm256_shuffle_epi8(in, red_green), _mm256_set1_epi32(kRedGreen)),
      _mm256_madd_epi16(_mm256_shuffle_epi8(in, green_blue), _mm256_set1_epi32(kGreenBlue)));
  const __m256i eighth = _mm256_srli_epi32(_mm256_add_epi32(sum, _mm256_set1_epi32(kHalf)), 3);
  return _mm256_cvttps_epi32(_mm256_mul_ps(_mm256_cvtepi32_ps(eighth), _mm256_set1_ps(kQuotient)));
}

// What so many pixels take. CPUs look ahead less far and not past the end of a page.
inline void prefetch_ahead(const std::uint8_t* rgb, int pixels) {
  constexpr int kLine = 64;
  constexpr int kAhead = 240 * kLine;
  const auto ahead = reinterpret_cast<std::uintptr_t>(rgb) + kAhead;
  for (int i = 0; i < 3 * pixels; i += kLine) {
    __builtin_prefetch(reinterpret_cast<const void*>(ahead + static_cast<std::uintptr_t>(i)));
  }
}

constexpr int kPixelsV3 = 32;

// Of at least so many pixels.
PLUVIA_AVX2 void row_v3(const std::uint8_t* rgb, std::uint8_t* out, int n) {
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  for (int x = 0; x < n; x += kPixelsV3) {
    const int at = std::min(x, n - kPixelsV3);  // the last ones overlap
    const std::uint8_t* const from = rgb + 3 * at;
    prefetch_ahead(from, kPixelsV3);
    const __m256i words1 = _mm256_packs_epi32(y601_of_8(from), y601_of_8(from + 24));
    const __m256i words2 = _mm256_packs_epi32(y601_of_8(from + 48), y601_of_8(from + 72));
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(words1, words2), order);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + at),
                        _mm256_add_epi8(bytes, _mm256_set1_epi8(kBlack)));
  }
}

// g++ 12 warns of registers that its own intrinsics leave unset on purpose (GCC bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define PLUVIA_AVX512 __attribute__((target("avx512f,avx512bw")))

constexpr int kPixelsV4 = 16;

// In the lowest byte of 32 bits. Rounded towards zero twice: n, below 2^25, may lose its last bit,
// which decides nothing as 85000 is even; above 2^23 a float's last bits are the whole number.
PLUVIA_AVX512 inline __m512i y601_of_sum(__m512i n) {
  constexpr int kTowardsZero = _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC;
  const __m512 y =
      _mm512_fmadd_round_ps(_mm512_cvt_roundepi32_ps(n, kTowardsZero), _mm512_set1_ps(1.0F / 85000),
                            _mm512_set1_ps((1 << 23) + kBlack), kTowardsZero);
  return _mm512_castps_si512(y);
}

// The first pixels of `bytes`.
PLUVIA_AVX512 inline __m128i y601_of_16(__m512i bytes) {
  const __m512i fours = _mm512_setr_epi32(0, 1, 2, 0, 3, 4, 5, 0, 6, 7, 8, 0, 9, 10, 11, 0);
  const __m512i red_green = _mm512_broadcast_i32x4(
      _mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
  const __m512i green_blue = _mm512_broadcast_i32x4(
      _mm_setr_epi8(1, -1, 2, -1, 4, -1, 5, -1, 7, -1, 8, -1, 10, -1, 11, -1));
  const __m512i in = _mm512_permutexvar_epi32(fours, bytes);
  const __m512i sum = _mm512_add_epi32(
      _mm512_madd_epi16(_mm512_shuffle_epi8(in, red_green), _mm512_set1_epi32(kRedGreen)),
      _mm512_madd_epi16(_mm512_shuffle_epi8(in, green_blue), _mm512_set1_epi32(kGreenBlue)));
  return _mm512_cvtepi32_epi8(y601_of_sum(_mm512_add_epi32(sum, _mm512_set1_epi32(kHalf))));
}

// Of at least so many pixels.
PLUVIA_AVX512 void row_v4(const std::uint8_t* rgb, std::uint8_t* out, int n) {
  constexpr int kRead = 22;  // whole pixels in the 64 bytes that are read for 16
  constexpr __mmask64 kTheirBytes = (__mmask64{1} << 3 * kPixelsV4) - 1;
  const auto store = [&](int x, __m128i y) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + x), y);
  };
  int x = 0;
  for (; x + kRead <= n; x += kPixelsV4) {
    prefetch_ahead(rgb + 3 * x, kPixelsV4);
    store(x, y601_of_16(_mm512_loadu_si512(rgb + 3 * x)));
  }
  for (; x < n; x += kPixelsV4) {
    const int at = std::min(x, n - kPixelsV4);  // the last ones overlap
    store(at, y601_of_16(_mm512_maskz_loadu_epi8(kTheirBytes, rgb + 3 * at)));
  }
}

// Bytes times bytes, four products added: by the weights' two digits to the base 256, from -128 to
// 127. Green comes twice, for its first digit is 167.
#define PLUVIA_VNNI \
  __attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vbmi2,avx512vnni"), flatten))

constexpr int kPixelsVnni = 64;

/// Of red, green, blue and green.
constexpr int digits(bool high) {
  constexpr std::array<int, 4> kWeights = {21827, 42851 - (83 << 8), 8322, 83 << 8};
  std::uint32_t all = 0;
  for (std::size_t i = 0; i < kWeights.size(); ++i) {
    const int upper = (kWeights[i] + 128) >> 8;
    const int digit = high ? upper : kWeights[i] - (upper << 8);
    all |= (static_cast<std::uint32_t>(digit) & 255U) << (8 * i);
  }
  return static_cast<int>(all);
}

/// Places of bytes in a register, or in two.
struct alignas(64) Places {
  std::array<std::uint8_t, 64> at{};
};

constexpr Places places_of_pixels() {
  constexpr std::array<std::size_t, 4> kColours = {0, 1, 2, 1};
  Places places;
  for (std::size_t i = 0; i < 64; ++i) {
    places.at[i] = static_cast<std::uint8_t>(i / 4 * 3 + kColours[i % 4]);
  }
  return places;
}

constexpr Places places_of_lowest_bytes() {
  Places places;
  for (std::size_t i = 0; i < 32; ++i) places.at[i] = static_cast<std::uint8_t>(4 * i);
  return places;
}

PLUVIA_VNNI inline __m512i load(const Places& places) {
  return _mm512_load_si512(places.at.data());
}

// Of the first 16 pixels of `bytes`.
PLUVIA_VNNI inline __m512i y601_by_digits(__m512i bytes) {
  static constexpr Places kPlaces = places_of_pixels();
  const __m512i pixels = _mm512_permutexvar_epi8(load(kPlaces), bytes);
  const __m512i high =
      _mm512_dpbusd_epi32(_mm512_set1_epi32(kHalf >> 8), pixels, _mm512_set1_epi32(digits(true)));
  const __m512i shifted = _mm512_shldi_epi32(high, _mm512_set1_epi32((kHalf & 255) << 24), 8);
  return y601_of_sum(_mm512_dpbusd_epi32(shifted, pixels, _mm512_set1_epi32(digits(false))));
}

PLUVIA_VNNI inline __m256i lowest_bytes(__m512i first, __m512i second) {
  static constexpr Places kPlaces = places_of_lowest_bytes();
  return _mm512_castsi512_si256(_mm512_permutex2var_epi8(first, load(kPlaces), second));
}

// Of at least so many pixels.
PLUVIA_VNNI void row_vnni(const std::uint8_t* rgb, std::uint8_t* out, int n) {
  constexpr __mmask64 kTheirBytes = (__mmask64{1} << 48) - 1;
  for (int x = 0; x < n; x += kPixelsVnni) {
    const int at = std::min(x, n - kPixelsVnni);  // the last ones overlap
    const std::uint8_t* const from = rgb + 3 * at;
    prefetch_ahead(from, kPixelsVnni);
    const __m512i last = _mm512_maskz_loadu_epi8(kTheirBytes, from + 144);
    const __m256i first_half = lowest_bytes(y601_by_digits(_mm512_loadu_si512(from)),
                                            y601_by_digits(_mm512_loadu_si512(from + 48)));
    const __m256i second_half =
        lowest_bytes(y601_by_digits(_mm512_loadu_si512(from + 96)), y601_by_digits(last));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + at), first_half);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + at + 32), second_half);
  }
}

#pragma GCC diagnostic pop
#endif

LumaBody best_body() {
#ifdef PLUVIA_HAS_VECTOR_BODIES
  const CpuLevel level = kernel_level();
  const bool by_bytes = cpu_has_vnni() && cpu_has_vbmi();
  if (level >= CpuLevel::kV4) return by_bytes ? LumaBody::kVnni : LumaBody::kAvx512;
  if (level >= CpuLevel::kV3) return LumaBody::kAvx2;
#endif
  return LumaBody::kPlain;
}

}  // namespace

void y601_row(const std::uint8_t* rgb, std::uint8_t* out, int n, LumaBody best) {
  [[maybe_unused]] const LumaBody body = std::min(best_body(), best);
#ifdef PLUVIA_HAS_VECTOR_BODIES
  if (body >= LumaBody::kVnni && n >= kPixelsVnni) return row_vnni(rgb, out, n);
  if (body >= LumaBody::kAvx512 && n >= kPixelsV4) return row_v4(rgb, out, n);
  if (body >= LumaBody::kAvx2 && n >= kPixelsV3) return row_v3(rgb, out, n);
#endif
  plain_row(rgb, out, n);
}

}  // namespace pluvia
