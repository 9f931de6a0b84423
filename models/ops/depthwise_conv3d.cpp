// SPDX-License-Identifier: Apache-2.0
// Four neighbouring pixels of a row at a time: each value that is read takes part in up to three
// of them, which leaves about one load for each multiply-add.
#include "models/ops/depthwise_conv3d.h"

#include <cstdint>
#include <vector>

#include "core/for_each.h"
#include "models/ops/lanes.h"

namespace pluvia::ops {
namespace {

constexpr int kRun = 4;  ///< pixels of a row handled together

/// Weights with channels contiguous and padded to whole blocks: tap k of block j at (j * 27 + k).
template <typename T>
std::vector<T> by_block(const T* weight, std::int64_t channels, bool flipped) {
  std::vector<T> out(static_cast<std::size_t>(lane_blocks(channels) * kCubeTaps * kLanes), T{0});
  for (std::int64_t c = 0; c < channels; ++c) {
    for (int k = 0; k < kCubeTaps; ++k) {
      const std::int64_t at = (c / kLanes * kCubeTaps + k) * kLanes + c % kLanes;
      out[static_cast<std::size_t>(at)] = weight[c * kCubeTaps + (flipped ? kCubeTaps - 1 - k : k)];
    }
  }
  return out;
}

/// One row of pixels and the rows around it.
template <typename T>
struct VolumeRow {
  const TokenVolume& volume;
  const T* in;
  std::int64_t row;  ///< (batch * frames + t) * height + y

  /// Row of tap (0..8), or null outside.
  const T* tap_row(int tap) const {
    const std::int64_t y = row % volume.height + tap % 3 - 1;
    const std::int64_t t = row / volume.height % volume.frames + tap / 3 - 1;
    if (y < 0 || y >= volume.height || t < 0 || t >= volume.frames) return nullptr;
    const std::int64_t there = row + (tap / 3 - 1) * volume.height + tap % 3 - 1;
    return in + there * volume.width * volume.channels;
  }
};

/// Pointers to `count` pixels from `x` on, of a row; `zeros` for those outside of it.
template <typename T>
inline void columns(const T* row, const TokenVolume& volume, std::int64_t x, std::int64_t channel,
                    const T* zeros, const T** out, int count) {
  for (int j = 0; j < count; ++j) {
    const std::int64_t at = x + j;
    out[j] = at >= 0 && at < volume.width ? row + at * volume.channels + channel : zeros;
  }
}

template <typename T>
inline void add_row(const T* const* v, const T* weight, T (*sum)[kLanes], int lanes) {
  for (int i = 0; i < lanes; ++i) {
    const T w0 = weight[i];
    const T w1 = weight[kLanes + i];
    const T w2 = weight[2 * kLanes + i];
    const T v0 = v[0][i], v1 = v[1][i], v2 = v[2][i], v3 = v[3][i], v4 = v[4][i], v5 = v[5][i];
    sum[0][i] += w0 * v0 + w1 * v1 + w2 * v2;
    sum[1][i] += w0 * v1 + w1 * v2 + w2 * v3;
    sum[2][i] += w0 * v2 + w1 * v3 + w2 * v4;
    sum[3][i] += w0 * v3 + w1 * v4 + w2 * v5;
  }
}

template <typename T>
inline void filter_run(const VolumeRow<T>& row, std::int64_t x, std::int64_t block, const T* weight,
                       const T* bias, T* out) {
  const TokenVolume& volume = row.volume;
  const std::int64_t channel = block * kLanes;
  const int lanes = lanes_in(volume.channels, block);
  alignas(64) const T zeros[kLanes] = {};
  alignas(64) T sum[kRun][kLanes];
  for (auto& one : sum) {
    for (int i = 0; i < kLanes; ++i) one[i] = bias != nullptr && i < lanes ? bias[channel + i] : T{0};
  }
  for (int tap = 0; tap < 9; ++tap) {
    const T* const from = row.tap_row(tap);
    if (from == nullptr) continue;
    const T* v[kRun + 2];
    columns(from, volume, x - 1, channel, zeros, v, kRun + 2);
    const T* const w = weight + (block * kCubeTaps + 3 * tap) * kLanes;
    if (lanes == kLanes) {
      add_row(v, w, sum, kLanes);
    } else {
      add_row(v, w, sum, lanes);
    }
  }
  T* const to = out + (row.row * volume.width + x) * volume.channels + channel;
  for (int j = 0; j < kRun && x + j < volume.width; ++j) {
    store_lanes(sum[j], lanes, to + j * volume.channels);
  }
}

template <typename T>
void filter_volume(const TokenVolume& volume, const std::vector<T>& weight, const T* bias,
                   const T* in, T* out) {
  const T* const w = weight.data();
  const auto task = [&volume, w, bias, in, out](std::int64_t i) {
    const VolumeRow<T> row{volume, in, i};
    for (std::int64_t block = 0; block < lane_blocks(volume.channels); ++block) {
      for (std::int64_t x = 0; x < volume.width; x += kRun) filter_run(row, x, block, w, bias, out);
    }
  };
  cpu_backend::for_each(volume.batch * volume.frames * volume.height, task, 4);
}

template <typename T>
inline void add_weight_row(const T* const* g, const T* const* v, T* sum, int lanes) {
  for (int i = 0; i < lanes; ++i) {
    const T g0 = g[0][i], g1 = g[1][i], g2 = g[2][i], g3 = g[3][i];
    const T v0 = v[0][i], v1 = v[1][i], v2 = v[2][i], v3 = v[3][i], v4 = v[4][i], v5 = v[5][i];
    sum[i] += (g0 * v0 + g1 * v1) + (g2 * v2 + g3 * v3);
    sum[kLanes + i] += (g0 * v1 + g1 * v2) + (g2 * v3 + g3 * v4);
    sum[2 * kLanes + i] += (g0 * v2 + g1 * v3) + (g2 * v4 + g3 * v5);
  }
}

/// All tokens' part in the gradients of one block of channels.
template <typename T>
inline void weight_block(const TokenVolume& volume, const T* in, const T* out_gradient,
                         std::int64_t block, const CubeGradients<T>& to) {
  const std::int64_t channel = block * kLanes;
  const int lanes = lanes_in(volume.channels, block);
  alignas(64) const T zeros[kLanes] = {};
  alignas(64) T weight[kCubeTaps * kLanes] = {};
  alignas(64) T bias[kLanes] = {};
  for (std::int64_t r = 0; r < volume.batch * volume.frames * volume.height; ++r) {
    const VolumeRow<T> row{volume, in, r};
    const T* const gradient_row = out_gradient + r * volume.width * volume.channels;
    for (std::int64_t x = 0; x < volume.width; x += kRun) {
      const T* g[kRun];
      columns(gradient_row, volume, x, channel, zeros, g, kRun);
      for (int i = 0; i < lanes; ++i) bias[i] += (g[0][i] + g[1][i]) + (g[2][i] + g[3][i]);
      for (int tap = 0; tap < 9; ++tap) {
        const T* const from = row.tap_row(tap);
        if (from == nullptr) continue;
        const T* v[kRun + 2];
        columns(from, volume, x - 1, channel, zeros, v, kRun + 2);
        if (lanes == kLanes) {
          add_weight_row(g, v, weight + 3 * tap * kLanes, kLanes);
        } else {
          add_weight_row(g, v, weight + 3 * tap * kLanes, lanes);
        }
      }
    }
  }
  for (int i = 0; i < lanes; ++i) {
    to.bias[channel + i] = bias[i];
    for (int k = 0; k < kCubeTaps; ++k) {
      to.weight[(channel + i) * kCubeTaps + k] = weight[k * kLanes + i];
    }
  }
}

}  // namespace

template <typename T>
void depthwise_conv3d(const TokenVolume& volume, const CubeFilter<T>& filter, const T* in, T* out) {
  filter_volume(volume, by_block(filter.weight, volume.channels, false), filter.bias, in, out);
}

template <typename T>
void depthwise_conv3d_backward(const TokenVolume& volume, const CubeFilter<T>& filter, const T* in,
                               const T* out_gradient, const CubeGradients<T>& gradients) {
  filter_volume<T>(volume, by_block(filter.weight, volume.channels, true), nullptr, out_gradient,
                   gradients.in);
  const auto task = [&](std::int64_t block) {
    weight_block(volume, in, out_gradient, block, gradients);
  };
  cpu_backend::for_each(lane_blocks(volume.channels), task, 1);
}

template void depthwise_conv3d(const TokenVolume&, const CubeFilter<float>&, const float*, float*);
template void depthwise_conv3d(const TokenVolume&, const CubeFilter<double>&, const double*,
                               double*);
template void depthwise_conv3d_backward(const TokenVolume&, const CubeFilter<float>&, const float*,
                                        const float*, const CubeGradients<float>&);
template void depthwise_conv3d_backward(const TokenVolume&, const CubeFilter<double>&,
                                        const double*, const double*,
                                        const CubeGradients<double>&);

}  // namespace pluvia::ops
