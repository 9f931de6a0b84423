// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "core/for_each.h"
#include "synth/effects/compose.h"

namespace pluvia::PLUVIA_BACKEND {

using synth::LightRow;
using synth::PhysicalArgs;
using synth::Stretch;

struct PhysicalBody {
  PhysicalArgs a;

  PLUVIA_MEMBER void pixel(const Tile& tile, int x, int y) const {
    synth::compose_pixel<kPlanes>(*this, tile, x, y);
  }
  PLUVIA_MEMBER void rows(const Tile& tile) const { synth::compose_rows<kPlanes>(*this, tile); }

  static constexpr int kPlanes = 7;
  /// Pixels for which it is worth finding out that the streaked scene is the veiled one.
  static constexpr int kGroup = 32;

  /// See compose_rows.
  template <int N, int kNext>
  PLUVIA_MEMBER void compose(const Stretch& from) const {
    const bool inked = from.streaked && synth::inked<N>(a.scene, from.y, from.x0);
    const bool wet = from.pane != nullptr && synth::covered<N>(from.pane + 3 * kNext);
    LightRow<N> light;
    synth::veiled_row<N, kNext>(a.scene, from.codes, from.y, from.x0, 1.0F, light);
    if (inked || wet) {
      write_both<N, kNext>(from, inked, wet ? from.pane : nullptr, light);
    } else {
      write_plain<N, kNext>(from, light);
    }
  }

  PLUVIA_MEMBER std::ptrdiff_t place(int y, int x) const {
    return static_cast<std::ptrdiff_t>(y) * a.scene.width + x;
  }

  /// Where lq is drop.
  template <int N, int kNext>
  PLUVIA_MEMBER void write_plain(const Stretch& from, LightRow<N>& light) const {
    const std::ptrdiff_t at = place(from.y, from.x0);
    if (a.noise.any()) {
      float none[3][N] = {};
      add_noise<N, kNext>(from, light, none);
    }
    std::int32_t code[3][N];
    encode<N, N>(light.v[0], code[0]);
    weave<N>(code, a.out.drop + 3 * at);
    weave<N>(code, a.out.lq + 3 * at);
    std::memset(a.out.mask + at, 0, N);
    std::memset(a.out.streak + at, 0, N);
    if (a.out.streak_rgb != nullptr) {
      std::memset(a.out.streak_rgb + 3 * at, 0, 3 * N * sizeof(std::int16_t));
    }
  }

  template <int N, int kNext>
  PLUVIA_MEMBER void write_both(const Stretch& from, bool inked, const float* pane,
                                LightRow<N>& light) const {
    constexpr int kPart = N < kGroup ? N : kGroup;
    const std::ptrdiff_t at = place(from.y, from.x0);
    bool differs[N / kPart];
    for (int k = 0; k < N / kPart; ++k) {
      differs[k] = find_streaked<kPart, N, kNext>(from.y, from.x0 + k * kPart, inked,
                                                  pane == nullptr ? nullptr : pane + k * kPart,
                                                  light.v[0] + k * kPart, light.s[0] + k * kPart);
    }
    if (pane != nullptr) {
      const float* const coverage = pane + 3 * kNext;
      cover<N, N, kNext>(coverage, pane, light.v[0]);
      std::int32_t code[N];
      for (int x = 0; x < N; ++x) code[x] = synth::to_code(coverage[x]);
      narrow<N>(code, a.out.mask + at);
    } else {
      std::memset(a.out.mask + at, 0, N);
    }
    if (a.noise.any()) add_noise<N, kNext>(from, light, light.s);
    std::int32_t without[3][N];
    std::int32_t with[3][N];
    encode<N, N>(light.v[0], without[0]);
    for (int k = 0; k < N / kPart; ++k) {
      if (differs[k]) {
        encode<kPart, N>(light.s[0] + k * kPart, with[0] + k * kPart);
        continue;
      }
      for (int c = 0; c < 3; ++c) {
        for (int x = k * kPart; x < (k + 1) * kPart; ++x) with[c][x] = without[c][x];
      }
    }
    write_codes<N>(at, without, with);
  }

  /// False where neither streak nor drop is. Under drops lq differs from drop also where no streak
  /// crosses: drops show streaks.
  template <int N, int kFrom, int kNext>
  PLUVIA_MEMBER bool find_streaked(int y, int x0, bool inked, const float* pane, const float* v,
                                   float* s) const {
    const bool touched = inked && synth::touched<N>(a.scene, y, x0);
    const bool wet = pane != nullptr && synth::covered<N>(pane + 3 * kNext);
    if (touched) {
      synth::add_streaks<N, kFrom>(a.scene, y, x0, v, s);
    } else {
      for (int c = 0; c < 3; ++c) {
        for (int x = 0; x < N; ++x) s[c * kFrom + x] = v[c * kFrom + x];
      }
    }
    if (wet) cover<N, kFrom, kNext>(pane + 3 * kNext, pane + 4 * kNext, s);
    return touched || wet;
  }

  /// Drops before a scene; channels kFrom apart, of the drops kNext.
  template <int N, int kFrom, int kNext>
  PLUVIA_MEMBER void cover(const float* coverage, const float* drops, float* scene) const {
    float bare[N];
    float share[N];
    for (int x = 0; x < N; ++x) {
      const bool wet = synth::is_covered(coverage[x]);
      bare[x] = wet ? 1 - synth::clamped(coverage[x]) : 1.0F;
      share[x] = wet ? 1.0F : 0.0F;
    }
    for (int c = 0; c < 3; ++c) {
      for (int x = 0; x < N; ++x) {
        scene[c * kFrom + x] = bare[x] * scene[c * kFrom + x] + share[x] * drops[c * kNext + x];
      }
    }
  }

  template <int N, int kNext>
  PLUVIA_MEMBER void add_noise(const Stretch& from, LightRow<N>& light, float s[3][N]) const {
    float unit[3][N];
    synth::unit_noise<N>(a.noise, a.scene.width, from.y, from.x0, unit);
    for (int c = 0; c < 3; ++c) {
      for (int x = 0; x < N; ++x) {
        const float change =
            std::fabs(light.v[c][x] - synth::light_of_code(from.codes[c * kNext + x]));
        const float grain = unit[c][x] * synth::grain_size(change, a.noise);
        light.v[c][x] += grain;
        s[c][x] += grain;
      }
    }
  }

  /// N of kFrom numbers of each channel.
  template <int N, int kFrom>
  PLUVIA_MEMBER void encode(const float* light, std::int32_t* code) const {
    for (int c = 0; c < 3; ++c) {
      for (int x = 0; x < N; ++x) {
        code[c * kFrom + x] = synth::code_of_light(light[c * kFrom + x]);
      }
    }
  }

  template <int N>
  PLUVIA_MEMBER void write_codes(std::ptrdiff_t at, const std::int32_t without[3][N],
                                 const std::int32_t with[3][N]) const {
    weave<N>(without, a.out.drop + 3 * at);
    weave<N>(with, a.out.lq + 3 * at);
    std::int32_t most[N];
    for (int x = 0; x < N; ++x) {
      const std::int32_t r = with[0][x] - without[0][x];
      const std::int32_t g = with[1][x] - without[1][x];
      const std::int32_t b = with[2][x] - without[2][x];
      const std::int32_t of_two = r > g ? r : g;
      const std::int32_t of_three = of_two > b ? of_two : b;
      most[x] = of_three > 0 ? of_three : 0;
    }
    narrow<N>(most, a.out.streak + at);
    if (a.out.streak_rgb == nullptr) return;
    for (int c = 0; c < 3; ++c) {
      for (int x = 0; x < N; ++x) {
        a.out.streak_rgb[3 * (at + x) + c] = static_cast<std::int16_t>(with[c][x] - without[c][x]);
      }
    }
  }
};

void compose_physical(const PhysicalArgs& args) { for_each_tile(args.grid, PhysicalBody{args}); }

}  // namespace pluvia::PLUVIA_BACKEND
