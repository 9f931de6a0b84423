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

constexpr int kColumns = kRun + 2;
constexpr int kRowTaps = 9;  ///< rows around a row, itself included
constexpr int kBlockRows = kCubeTaps + 1;

/// Weights with channels contiguous and padded to whole blocks: tap k of block j at (j * 28 + k),
/// the bias last.
template <typename T>
std::vector<T> by_block(const CubeFilter<T>& filter, std::int64_t channels, bool flipped) {
  std::vector<T> out(static_cast<std::size_t>(lane_blocks(channels) * kBlockRows * kLanes), T{0});
  for (std::int64_t c = 0; c < channels; ++c) {
    T* const to = out.data() + c / kLanes * kBlockRows * kLanes + c % kLanes;
    for (int k = 0; k < kCubeTaps; ++k) {
      to[k * kLanes] = filter.weight[c * kCubeTaps + (flipped ? kCubeTaps - 1 - k : k)];
    }
    if (filter.bias != nullptr) to[kCubeTaps * kLanes] = filter.bias[c];
  }
  return out;
}

/// The rows around a row that are inside the volume, with the number of their first weight.
template <typename T>
struct Neighbours {
  const T* row[kRowTaps];
  int weight[kRowTaps];
  int count = 0;

  /// `index` is (batch * frames + t) * height + y.
  Neighbours(const TokenVolume& volume, const T* in, std::int64_t index) {
    const std::int64_t y = index % volume.height;
    const std::int64_t t = index / volume.height % volume.frames;
    for (int tap = 0; tap < kRowTaps; ++tap) {
      const int dt = tap / 3 - 1;
      const int dy = tap % 3 - 1;
      if (y + dy < 0 || y + dy >= volume.height || t + dt < 0 || t + dt >= volume.frames) continue;
      row[count] = in + (index + dt * volume.height + dy) * volume.width * volume.channels;
      weight[count++] = 3 * tap;
    }
  }
};

/// Where pixels x - 1 to x + kRun of a row begin; `zeros` stands for those outside.
template <typename T>
struct Columns {
  std::int64_t offset[kColumns];
  bool inside[kColumns];

  Columns(const TokenVolume& volume, std::int64_t x) {
    for (int j = 0; j < kColumns; ++j) {
      const std::int64_t at = x + j - 1;
      inside[j] = at >= 0 && at < volume.width;
      offset[j] = at * volume.channels;
    }
  }
  void of(const T* row, const T* zeros, const T** out) const {
    for (int j = 0; j < kColumns; ++j) out[j] = inside[j] ? row + offset[j] : zeros;
  }
};

template <typename T>
inline void add_row(const T* const* v, const T* weight, T (*sum)[kLanes], int lanes) {
  const T* const p0 = v[0];
  const T* const p1 = v[1];
  const T* const p2 = v[2];
  const T* const p3 = v[3];
  const T* const p4 = v[4];
  const T* const p5 = v[5];
  PLUVIA_LANES
  for (int i = 0; i < lanes; ++i) {
    const T w0 = weight[i];
    const T w1 = weight[kLanes + i];
    const T w2 = weight[2 * kLanes + i];
    const T v0 = p0[i], v1 = p1[i], v2 = p2[i], v3 = p3[i], v4 = p4[i], v5 = p5[i];
    // One chain of fused multiply-adds each, not a sum of products.
    sum[0][i] = w2 * v2 + (w1 * v1 + (w0 * v0 + sum[0][i]));
    sum[1][i] = w2 * v3 + (w1 * v2 + (w0 * v1 + sum[1][i]));
    sum[2][i] = w2 * v4 + (w1 * v3 + (w0 * v2 + sum[2][i]));
    sum[3][i] = w2 * v5 + (w1 * v4 + (w0 * v3 + sum[3][i]));
  }
}

/// A run of pixels in one block of channels; `lanes` is how many of its channels there are.
template <typename T>
inline void filter_run(const Neighbours<T>& rows, const Columns<T>& columns, std::int64_t channel,
                       const T* weight, T (*sum)[kLanes], int lanes) {
  static constexpr T kZeros[kLanes] = {};
  PLUVIA_LANES
  for (int i = 0; i < kLanes; ++i) {
    const T bias = weight[kCubeTaps * kLanes + i];
    sum[0][i] = sum[1][i] = sum[2][i] = sum[3][i] = bias;
  }
  for (int k = 0; k < rows.count; ++k) {
    const T* v[kColumns];
    columns.of(rows.row[k] + channel, kZeros, v);
    add_row(v, weight + rows.weight[k] * kLanes, sum, lanes);
  }
}

/// Blocks of channels that a task takes through a frame side by side. Nine rows of that width stay
/// in the second cache level up to rows of 200 pixels: each value then comes from memory three
/// times, once for each frame that it takes part in, and not nine.
constexpr std::int64_t kBlocksTogether = 2;

/// The row that the next row of output needs besides those that this one did, in one frame.
template <typename T>
inline void fetch_run(const TokenVolume& volume, const T* row, std::int64_t x, int channels) {
  constexpr int kLine = 64 / sizeof(T);
  for (std::int64_t j = x; j < x + kRun && j < volume.width; ++j) {
    for (int i = 0; i < channels; i += kLine) __builtin_prefetch(row + j * volume.channels + i);
  }
}

template <typename T>
inline void filter_row(const TokenVolume& volume, const T* weight, const T* in, std::int64_t index,
                       std::int64_t first_block, T* out) {
  const Neighbours<T> rows(volume, in, index);
  const std::int64_t left = lane_blocks(volume.channels) - first_block;
  const std::int64_t count = left < kBlocksTogether ? left : kBlocksTogether;
  const bool more = index % volume.height + 2 < volume.height;
  for (std::int64_t x = 0; x < volume.width; x += kRun) {
    const Columns<T> columns(volume, x);
    for (int k = 0; more && k < rows.count; ++k) {
      if (rows.weight[k] % kRowTaps != 2 * 3) continue;  // only the lower ones
      const T* const next = rows.row[k] + volume.width * volume.channels + first_block * kLanes;
      fetch_run(volume, next, x, static_cast<int>(count) * kLanes);
    }
    for (std::int64_t block = first_block; block < first_block + count; ++block) {
      const std::int64_t channel = block * kLanes;
      const int lanes = lanes_in(volume.channels, block);
      const T* const w = weight + block * kBlockRows * kLanes;
      alignas(64) T sum[kRun][kLanes];
      if (lanes == kLanes) {
        filter_run(rows, columns, channel, w, sum, kLanes);
      } else {
        filter_run(rows, columns, channel, w, sum, lanes);
      }
      T* const to = out + (index * volume.width + x) * volume.channels + channel;
      for (int j = 0; j < kRun && x + j < volume.width; ++j) {
        store_lanes(sum[j], lanes, to + j * volume.channels);
      }
    }
  }
}

template <typename T>
void filter_volume(const TokenVolume& volume, const std::vector<T>& weight, const T* in, T* out) {
  const T* const w = weight.data();
  const std::int64_t groups =
      (lane_blocks(volume.channels) + kBlocksTogether - 1) / kBlocksTogether;
  // A part of a frame's rows: enough tasks for many threads, and rows above are read again seldom.
  constexpr std::int64_t kRows = 32;
  const std::int64_t parts = (volume.height + kRows - 1) / kRows;
  const auto task = [&volume, w, in, out, groups, parts](std::int64_t i) {
    const std::int64_t frame = i / groups / parts;
    const std::int64_t begin = i / groups % parts * kRows;
    const std::int64_t end = begin + kRows < volume.height ? begin + kRows : volume.height;
    for (std::int64_t y = begin; y < end; ++y) {
      filter_row(volume, w, in, frame * volume.height + y, i % groups * kBlocksTogether, out);
    }
  };
  cpu_backend::for_each(volume.batch * volume.frames * parts * groups, task, 1);
}

template <typename T>
inline void add_weight_row(const T* const* g, const T* const* v, T* sum, int lanes) {
  PLUVIA_LANES
  for (int i = 0; i < lanes; ++i) {
    const T g0 = g[1][i], g1 = g[2][i], g2 = g[3][i], g3 = g[4][i];
    const T v0 = v[0][i], v1 = v[1][i], v2 = v[2][i], v3 = v[3][i], v4 = v[4][i], v5 = v[5][i];
    sum[i] = g3 * v3 + (g2 * v2 + (g1 * v1 + (g0 * v0 + sum[i])));
    sum[kLanes + i] = g3 * v4 + (g2 * v3 + (g1 * v2 + (g0 * v1 + sum[kLanes + i])));
    sum[2 * kLanes + i] = g3 * v5 + (g2 * v4 + (g1 * v3 + (g0 * v2 + sum[2 * kLanes + i])));
  }
}

/// One row's part in the gradients of one block of channels; the bias' is the last of `sum`.
template <typename T>
inline void weight_row(const TokenVolume& volume, const Neighbours<T>& rows, const T* gradient_row,
                       int lanes, T* sum) {
  static constexpr T kZeros[kLanes] = {};
  for (std::int64_t x = 0; x < volume.width; x += kRun) {
    const Columns<T> columns(volume, x);
    const T* g[kColumns];
    columns.of(gradient_row, kZeros, g);
    PLUVIA_LANES
    for (int i = 0; i < lanes; ++i) {
      sum[kCubeTaps * kLanes + i] += (g[1][i] + g[2][i]) + (g[3][i] + g[4][i]);
    }
    for (int k = 0; k < rows.count; ++k) {
      const T* v[kColumns];
      columns.of(rows.row[k], kZeros, v);
      add_weight_row(g, v, sum + rows.weight[k] * kLanes, lanes);
    }
  }
}

/// All tokens' part in the gradients of one block of channels.
template <typename T>
inline void weight_block(const TokenVolume& volume, const T* in, const T* out_gradient,
                         std::int64_t block, const CubeGradients<T>& to) {
  const std::int64_t channel = block * kLanes;
  const int lanes = lanes_in(volume.channels, block);
  alignas(64) T sum[kBlockRows * kLanes] = {};
  for (std::int64_t r = 0; r < volume.batch * volume.frames * volume.height; ++r) {
    const Neighbours<T> rows(volume, in + channel, r);
    const T* const gradient_row = out_gradient + r * volume.width * volume.channels + channel;
    if (lanes == kLanes) {
      weight_row(volume, rows, gradient_row, kLanes, sum);
    } else {
      weight_row(volume, rows, gradient_row, lanes, sum);
    }
  }
  for (int i = 0; i < lanes; ++i) {
    to.bias[channel + i] = sum[kCubeTaps * kLanes + i];
    for (int k = 0; k < kCubeTaps; ++k) {
      to.weight[(channel + i) * kCubeTaps + k] = sum[k * kLanes + i];
    }
  }
}

}  // namespace

template <typename T>
void depthwise_conv3d(const TokenVolume& volume, const CubeFilter<T>& filter, const T* in, T* out) {
  filter_volume(volume, by_block(filter, volume.channels, false), in, out);
}

template <typename T>
void depthwise_conv3d_backward(const TokenVolume& volume, const CubeFilter<T>& filter, const T* in,
                               const T* out_gradient, const CubeGradients<T>& gradients) {
  const CubeFilter<T> flipped = {filter.weight, nullptr};
  filter_volume(volume, by_block(flipped, volume.channels, true), out_gradient, gradients.in);
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
                                        const double*, const double*, const CubeGradients<double>&);

}  // namespace pluvia::ops
