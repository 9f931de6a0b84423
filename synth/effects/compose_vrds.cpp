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
  PLUVIA_MEMBER void stretch(int y, int x0, bool streaked, const float* pane) const {
    if constexpr (N > 1) synth::prefetch<N>(a.scene, a.out, y, x0);
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(y) * a.scene.width + x0;
    const std::uint8_t* const gt = a.scene.clean + 3 * at;
    std::uint8_t drop[3 * N];
    std::uint8_t mask[N];
    if (pane != nullptr && synth::covered<N>(pane + 3 * kNext)) {
      add_drops<N, kNext>(pane, gt, drop, mask);
    } else {
      std::memcpy(drop, gt, sizeof(drop));
      std::memset(mask, 0, sizeof(mask));
    }
    std::uint8_t lq[3 * N];
    std::uint8_t grey[N];
    if (streaked && synth::inked<N>(a.scene, y, x0)) {
      find_grey<N>(y, x0, mask, grey);
      add_grey<N>(drop, grey, lq);
    } else {
      std::memcpy(lq, drop, sizeof(lq));
      std::memset(grey, 0, sizeof(grey));
    }
    std::memcpy(a.out.drop + 3 * at, drop, sizeof(drop));
    std::memcpy(a.out.lq + 3 * at, lq, sizeof(lq));
    std::memcpy(a.out.mask + at, mask, sizeof(mask));
    std::memcpy(a.out.streak + at, grey, sizeof(grey));
  }

  template <int N, int kNext>
  PLUVIA_MEMBER void add_drops(const float* pane, const std::uint8_t* gt, std::uint8_t* drop,
                               std::uint8_t* mask) const {
    const float* const coverage = pane + 3 * kNext;
    std::int32_t clean[3][N];
    std::int32_t code[3][N];
    float bare[N];
    std::int32_t whole[N];
    synth::split<N>(gt, clean);
    for (int x = 0; x < N; ++x) {
      whole[x] = to_code(coverage[x]);
      bare[x] = 1 - (coverage[x] < 1 ? coverage[x] : 1.0F);
    }
    for (int x = 0; x < N; ++x) mask[x] = static_cast<std::uint8_t>(whole[x]);
    for (int c = 0; c < 3; ++c) {
      const float* const light = pane + c * kNext;
      for (int x = 0; x < N; ++x) {
        const std::int32_t through =
            synth::code_of_light(bare[x] * synth::light_of_code(clean[c][x]) + light[x]);
        code[c][x] = whole[x] != 0 ? through : clean[c][x];
      }
    }
    synth::weave<N>(code, drop);
  }

  template <int N>
  PLUVIA_MEMBER void find_grey(int y, int x0, const std::uint8_t* mask, std::uint8_t* grey) const {
    const float* const glow = a.scene.streaks.glow(y, x0);
    float around[N];
    std::int32_t covered[N];
    std::int32_t code[N];
    a.around.row<N>(y, x0, around);
    for (int x = 0; x < N; ++x) covered[x] = mask[x];
    for (int x = 0; x < N; ++x) {
      const float bare = 1 - static_cast<float>(covered[x]) * (1.0F / 255);
      const float level = a.tone.brightness - a.tone.sky_fade * around[x];
      const float bright =
          (level > 0 ? level : 0.0F) * (1 - exact::exp_of_minus(a.tone.gain * glow[x]));
      code[x] = to_code(bare * bright);
    }
    for (int x = 0; x < N; ++x) grey[x] = static_cast<std::uint8_t>(code[x]);
  }

  template <int N>
  PLUVIA_MEMBER void add_grey(const std::uint8_t* drop, const std::uint8_t* grey,
                              std::uint8_t* lq) const {
    std::uint8_t more[3 * N];
    for (int x = 0; x < N; ++x) {
      more[3 * x] = grey[x];
      more[3 * x + 1] = grey[x];
      more[3 * x + 2] = grey[x];
    }
    for (int i = 0; i < 3 * N; ++i) {
      const auto sum = static_cast<std::uint16_t>(drop[i] + more[i]);
      lq[i] = static_cast<std::uint8_t>(sum < 255 ? sum : 255);
    }
  }
};

void compose_vrds(const VrdsArgs& args) { for_each_tile(args.grid, VrdsBody{args}); }

}  // namespace pluvia::PLUVIA_BACKEND
