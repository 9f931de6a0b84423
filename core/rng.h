// SPDX-License-Identifier: Apache-2.0
// Randomness as a pure function of (seed, clip, frame, particle, dimension): Philox4x32-10 of
// Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). No state, so any shard,
// thread count, device or resumed run draws the same numbers.
//
// The seed is the key; clip, frame, particle and dimension are the counter. A dimension is one
// independent draw for one purpose: give each purpose its own number and never reuse it.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/backend.h"
#include "core/exact_math.h"

namespace pluvia {

struct Words4 {
  std::uint32_t word[4];
};

PLUVIA_FUNCTION Words4 philox4x32_10(Words4 counter, std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53U} * counter.word[0];
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57U} * counter.word[2];
    counter = {{static_cast<std::uint32_t>(product1 >> 32) ^ counter.word[1] ^ key0,
                static_cast<std::uint32_t>(product1),
                static_cast<std::uint32_t>(product0 >> 32) ^ counter.word[3] ^ key1,
                static_cast<std::uint32_t>(product0)}};
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
  return counter;
}

/// The draws of one particle (or of a frame or a clip: particle 0) in one frame of one clip.
struct Random {
  std::uint64_t seed = 0;
  std::uint32_t clip = 0;
  std::uint32_t frame = 0;
  std::uint32_t particle = 0;

  PLUVIA_MEMBER Words4 words(std::uint32_t dimension) const {
    return philox4x32_10({{dimension, particle, frame, clip}}, static_cast<std::uint32_t>(seed),
                         static_cast<std::uint32_t>(seed >> 32));
  }
  /// In (0, 1), never an end; 2^32 equally likely values.
  PLUVIA_MEMBER double uniform(std::uint32_t dimension) const {
    return open_unit(words(dimension).word[0]);
  }
  PLUVIA_MEMBER double uniform(std::uint32_t dimension, double low, double high) const {
    return low + (high - low) * uniform(dimension);
  }
  /// Mean 0, variance 1 (Box and Muller); reaches 6.7 standard deviations.
  PLUVIA_MEMBER double normal(std::uint32_t dimension) const {
    const Words4 drawn = words(dimension);
    const double radius = std::sqrt(-2 * exact::log(open_unit(drawn.word[0])));
    return radius * exact::sin_cos_turns(open_unit(drawn.word[1])).cos;
  }
  /// In 0 .. n-1 (n > 0); the bias is below n / 2^32.
  PLUVIA_MEMBER std::uint32_t below(std::uint32_t dimension, std::uint32_t n) const {
    return static_cast<std::uint32_t>((std::uint64_t{words(dimension).word[0]} * n) >> 32);
  }

  PLUVIA_MEMBER static double open_unit(std::uint32_t word) { return (word + 0.5) * 0x1p-32; }
};

}  // namespace pluvia
