// SPDX-License-Identifier: Apache-2.0
#include "core/exact_float.h"
#include "core/for_each.h"
#include "synth/effects/compose.h"

namespace pluvia::PLUVIA_BACKEND {

using synth::PaneRow;
using synth::to_code;
using synth::VrdsArgs;

struct VrdsBody {
  VrdsArgs a;

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
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(y) * a.scene.width + x0;
    const std::uint8_t* const gt = a.scene.clean + 3 * at;
    std::uint8_t* const drop = a.out.drop + 3 * at;
    std::uint8_t* const lq = a.out.lq + 3 * at;
    std::uint8_t* const mask = a.out.mask + at;
    std::uint8_t* const streak = a.out.streak + at;
    PaneRow<4, N> pane;
    const bool wet = a.pane.reaches(tile.number) && synth::read_pane(a.pane, y, x0, n, pane);
    for (int i = 0; i < 3 * n; ++i) drop[i] = gt[i];
    for (int x = 0; x < n; ++x) mask[x] = 0;
    if (wet) add_drops<N>(pane, gt, n, drop, mask);
    if (!a.scene.streaked(tile.number) || !synth::inked(a.scene, y, x0, n)) {
      for (int x = 0; x < n; ++x) streak[x] = 0;
      for (int i = 0; i < 3 * n; ++i) lq[i] = drop[i];
      return;
    }
    std::int32_t grey[N];
    find_grey<N>(y, x0, n, mask, grey);
    for (int x = 0; x < n; ++x) streak[x] = static_cast<std::uint8_t>(grey[x]);
    for (int x = 0; x < n; ++x) {
      for (int c = 0; c < 3; ++c) {
        const std::int32_t sum = drop[3 * x + c] + grey[x];
        lq[3 * x + c] = static_cast<std::uint8_t>(sum < 255 ? sum : 255);
      }
    }
  }

  template <int N>
  PLUVIA_MEMBER void add_drops(const PaneRow<4, N>& pane, const std::uint8_t* gt, int n,
                               std::uint8_t* drop, std::uint8_t* mask) const {
    std::int32_t code[3][N];
    std::int32_t cover[N];
    for (int x = 0; x < n; ++x) cover[x] = to_code(pane.lane[3][x]);
    for (int x = 0; x < n; ++x) mask[x] = static_cast<std::uint8_t>(cover[x]);
    for (int c = 0; c < 3; ++c) {
      for (int x = 0; x < n; ++x) {
        const float covered = pane.lane[3][x] < 1 ? pane.lane[3][x] : 1.0F;
        const float behind = (1 - covered) * a.scene.light->decode(gt[3 * x + c]);
        const std::int32_t through = a.scene.light->encode_wide(behind + pane.lane[c][x]);
        code[c][x] = cover[x] != 0 ? through : gt[3 * x + c];
      }
    }
    for (int x = 0; x < n; ++x) {
      drop[3 * x] = static_cast<std::uint8_t>(code[0][x]);
      drop[3 * x + 1] = static_cast<std::uint8_t>(code[1][x]);
      drop[3 * x + 2] = static_cast<std::uint8_t>(code[2][x]);
    }
  }

  template <int N>
  PLUVIA_MEMBER void find_grey(int y, int x0, int n, const std::uint8_t* mask,
                               std::int32_t grey[N]) const {
    const float* const glow = a.scene.streaks.glow + y * a.scene.streaks.stride + x0;
    float around[N];
    float bare[N];
    a.around.row<N>(y, x0, n, around);
    for (int x = 0; x < n; ++x) bare[x] = 1 - static_cast<float>(mask[x]) * (1.0F / 255);
    const float brightness = a.tone.brightness;
    const float fade = a.tone.sky_fade;
    const float gain = a.tone.gain;
    for (int x = 0; x < n; ++x) {
      const float level = brightness - fade * around[x];
      const float bright = (level > 0 ? level : 0.0F) * (1 - exact::exp_of_minus(gain * glow[x]));
      grey[x] = to_code(bare[x] * bright);
    }
  }
};

void compose_vrds(const VrdsArgs& args) { for_each_tile(args.grid, VrdsBody{args}); }

}  // namespace pluvia::PLUVIA_BACKEND
