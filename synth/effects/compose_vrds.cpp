// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "core/exact_float.h"
#include "core/for_each.h"
#include "synth/effects/compose.h"

namespace pluvia::PLUVIA_BACKEND {

using synth::to_code;
using synth::VrdsArgs;

struct VrdsBody {
  VrdsArgs a;

  PLUVIA_MEMBER void pixel(const Tile& tile, int x, int y) const {
    synth::compose_pixel<kPlanes>(*this, tile, x, y);
  }
  PLUVIA_MEMBER void rows(const Tile& tile) const { synth::compose_rows<kPlanes>(*this, tile); }

  static constexpr int kPlanes = 4;

  /// See compose_rows.
  template <int N, int kNext>
  PLUVIA_MEMBER void compose(const synth::Stretch& from) const {
    const bool inked = from.streaked && synth::inked<N>(a.scene, from.y, from.x0);
    if (from.pane != nullptr && synth::covered<N>(from.pane + 3 * kNext)) {
      compose_wet<N, kNext>(from, inked);
    } else {
      compose_dry<N, kNext>(from, inked);
    }
  }

  PLUVIA_MEMBER std::ptrdiff_t place(const synth::Stretch& from) const {
    return static_cast<std::ptrdiff_t>(from.y) * a.scene.width + from.x0;
  }

  template <int N, int kNext>
  PLUVIA_MEMBER void compose_wet(const synth::Stretch& from, bool inked) const {
    const std::ptrdiff_t at = place(from);
    std::int32_t mask[N];
    std::int32_t drop[3][N];
    add_drops<N, kNext>(from, drop, mask);
    narrow<N>(mask, a.out.mask + at);
    weave<N>(drop, a.out.drop + 3 * at);
    if (inked) {
      add_streaks<N, N, true>(from, mask, drop[0]);
    } else {
      std::memset(a.out.streak + at, 0, N);
      weave<N>(drop, a.out.lq + 3 * at);
    }
  }

  template <int N, int kNext>
  PLUVIA_MEMBER void compose_dry(const synth::Stretch& from, bool inked) const {
    const std::ptrdiff_t at = place(from);
    std::memcpy(a.out.drop + 3 * at, a.scene.clean + 3 * at, 3 * N);
    std::memset(a.out.mask + at, 0, N);
    if (inked) {
      add_streaks<N, kNext, false>(from, nullptr, from.codes);
    } else {
      std::memset(a.out.streak + at, 0, N);
      std::memcpy(a.out.lq + 3 * at, a.scene.clean + 3 * at, 3 * N);
    }
  }

  /// `mask` gets the codes of coverage.
  template <int N, int kNext>
  PLUVIA_MEMBER void add_drops(const synth::Stretch& from, std::int32_t drop[3][N],
                               std::int32_t* mask) const {
    const float* const coverage = from.pane + 3 * kNext;
    float bare[N];
    for (int x = 0; x < N; ++x) {
      mask[x] = to_code(coverage[x]);
      bare[x] = 1 - synth::clamped(coverage[x]);
    }
    for (int c = 0; c < 3; ++c) {
      const float* const light = from.pane + c * kNext;
      const std::int32_t* const clean = from.codes + c * kNext;
      for (int x = 0; x < N; ++x) {
        const std::int32_t through =
            synth::code_of_light(bare[x] * synth::light_of_code(clean[x]) + light[x]);
        drop[c][x] = mask[x] != 0 ? through : clean[x];
      }
    }
  }

  /// Channels of `drop` are kNext numbers apart; `mask` is 0 and not read where all is dry.
  template <int N, int kNext, bool kWet>
  PLUVIA_MEMBER void add_streaks(const synth::Stretch& from, const std::int32_t* mask,
                                 const std::int32_t* drop) const {
    const std::ptrdiff_t at = place(from);
    std::int32_t grey[N];
    std::int32_t lq[3][N];
    find_grey<N, kWet>(from.y, from.x0, mask, grey);
    for (int c = 0; c < 3; ++c) {
      for (int x = 0; x < N; ++x) {
        const std::int32_t sum = drop[c * kNext + x] + grey[x];
        lq[c][x] = sum < 255 ? sum : 255;
      }
    }
    narrow<N>(grey, a.out.streak + at);
    weave<N>(lq, a.out.lq + 3 * at);
  }

  template <int N, bool kWet>
  PLUVIA_MEMBER void find_grey(int y, int x0, const std::int32_t* mask, std::int32_t* grey) const {
    const float* const glow = a.scene.streaks.glow(y, x0);
    float around[N];
    a.around.row<N>(y, x0, around);
    for (int x = 0; x < N; ++x) {
      float bare = 1;
      if constexpr (kWet) bare -= static_cast<float>(mask[x]) * (1.0F / 255);
      const float level = synth::clamped(a.tone.brightness - a.tone.sky_fade * around[x]);
      const float bright = level * (1 - exact::exp_of_minus(a.tone.gain * glow[x]));
      grey[x] = to_code(bare * bright);
    }
  }
};

void compose_vrds(const VrdsArgs& args) { for_each_tile(args.grid, VrdsBody{args}); }

}  // namespace pluvia::PLUVIA_BACKEND
