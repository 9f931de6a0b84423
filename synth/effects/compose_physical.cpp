// SPDX-License-Identifier: Apache-2.0
#include "core/for_each.h"
#include "synth/effects/compose.h"

namespace pluvia::PLUVIA_BACKEND {

using synth::LightRow;
using synth::PaneRow;
using synth::PhysicalArgs;

struct PhysicalBody {
  PhysicalArgs a;

  PLUVIA_MEMBER void pixel(const Tile& tile, int x, int y) const { stretch<1>(tile, y, x, 1); }

  PLUVIA_MEMBER void rows(const Tile& tile) const {
    for (int y = tile.y0; y < tile.y1; ++y) {
      for (int x = tile.x0; x < tile.x1; x += kStretch) {
        stretch<kStretch>(tile, y, x, tile.x1 - x < kStretch ? tile.x1 - x : kStretch);
      }
    }
  }

 private:
  static constexpr int kStretch = 64;  ///< pixels that are found with or without streaks together

  template <int N>
  PLUVIA_MEMBER void stretch(const Tile& tile, int y, int x0, int n) const {
    const bool streaked = a.scene.streaked(tile.number) && synth::inked(a.scene, y, x0, n);
    LightRow<N> light;
    synth::veiled_row(a.scene, y, x0, n, 1.0F, light);
    if (streaked) {
      synth::streaked_row(a.scene, y, x0, n, light);
    } else {
      for (int c = 0; c < 3; ++c) {
        for (int x = 0; x < n; ++x) light.s[c][x] = light.v[c][x];
      }
    }
    PaneRow<8, N> pane;
    const bool wet = a.pane.reaches(tile.number) && synth::read_pane(a.pane, y, x0, n, pane);
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(y) * a.scene.width + x0;
    std::uint8_t* const mask = a.out.mask + at;
    if (wet) {
      // Under drops lq differs from drop also where no streak crosses: drops show streaks.
      for (int x = 0; x < n; ++x) {
        mask[x] = static_cast<std::uint8_t>(synth::to_code(pane.lane[3][x]));
      }
      float bare[N];
      for (int x = 0; x < n; ++x) bare[x] = 1 - (pane.lane[3][x] < 1 ? pane.lane[3][x] : 1.0F);
      for (int c = 0; c < 3; ++c) {
        cover<N>(light.s[c], bare, pane.lane[4 + c], n, light.s[c]);
        cover<N>(light.v[c], bare, pane.lane[c], n, light.v[c]);
      }
    } else {
      for (int x = 0; x < n; ++x) mask[x] = 0;
    }
    if (a.noise.any()) add_noise<N>(at, n, streaked || wet, light);
    write<N>(at, n, streaked || wet, light);
  }

  template <int N>
  PLUVIA_MEMBER void cover(const float* behind, const float* bare, const float* drop, int n,
                           float* out) const {
    float sum[N];
    for (int x = 0; x < n; ++x) sum[x] = bare[x] * behind[x] + drop[x];
    for (int x = 0; x < n; ++x) out[x] = sum[x];
  }

  template <int N>
  PLUVIA_MEMBER void add_noise(std::ptrdiff_t at, int n, bool two, LightRow<N>& light) const {
    float unit[3][N];
    synth::unit_noise<N>(a.noise, static_cast<std::uint32_t>(at), n, unit);
    const std::uint8_t* const clean = a.scene.clean + 3 * at;
    for (int c = 0; c < 3; ++c) {
      for (int x = 0; x < n; ++x) {
        const float change = std::fabs(light.v[c][x] - a.scene.light->decode(clean[3 * x + c]));
        const float grain = unit[c][x] * synth::grain_size(change, a.noise);
        light.v[c][x] += grain;
        if (two) light.s[c][x] += grain;
      }
    }
  }

  /// Planar codes to interleaved bytes.
  template <int N>
  PLUVIA_MEMBER void weave(const std::int32_t code[3][N], int n, std::uint8_t* out) const {
    for (int x = 0; x < n; ++x) {
      out[3 * x] = static_cast<std::uint8_t>(code[0][x]);
      out[3 * x + 1] = static_cast<std::uint8_t>(code[1][x]);
      out[3 * x + 2] = static_cast<std::uint8_t>(code[2][x]);
    }
  }

  template <int N>
  PLUVIA_MEMBER void write(std::ptrdiff_t at, int n, bool two, const LightRow<N>& light) const {
    std::int32_t without[3][N];
    for (int c = 0; c < 3; ++c) {
      for (int x = 0; x < n; ++x) without[c][x] = a.scene.light->encode_wide(light.v[c][x]);
    }
    weave<N>(without, n, a.out.drop + 3 * at);
    std::uint8_t* const lq = a.out.lq + 3 * at;
    std::uint8_t* const streak = a.out.streak + at;
    std::int16_t* const rgb = a.out.streak_rgb == nullptr ? nullptr : a.out.streak_rgb + 3 * at;
    if (!two) {
      const std::uint8_t* const drop = a.out.drop + 3 * at;
      for (int i = 0; i < 3 * n; ++i) lq[i] = drop[i];
      for (int x = 0; x < n; ++x) streak[x] = 0;
      if (rgb != nullptr) {
        for (int i = 0; i < 3 * n; ++i) rgb[i] = 0;
      }
      return;
    }
    std::int32_t with[3][N];
    std::int32_t most[N];
    for (int x = 0; x < n; ++x) most[x] = 0;
    for (int c = 0; c < 3; ++c) {
      for (int x = 0; x < n; ++x) {
        with[c][x] = a.scene.light->encode_wide(light.s[c][x]);
        const std::int32_t more = with[c][x] - without[c][x];
        most[x] = more > most[x] ? more : most[x];
      }
    }
    weave<N>(with, n, lq);
    for (int x = 0; x < n; ++x) streak[x] = static_cast<std::uint8_t>(most[x]);
    if (rgb == nullptr) return;
    for (int x = 0; x < n; ++x) {
      for (int c = 0; c < 3; ++c) {
        rgb[3 * x + c] = static_cast<std::int16_t>(with[c][x] - without[c][x]);
      }
    }
  }
};

void compose_physical(const PhysicalArgs& args) { for_each_tile(args.grid, PhysicalBody{args}); }

}  // namespace pluvia::PLUVIA_BACKEND
