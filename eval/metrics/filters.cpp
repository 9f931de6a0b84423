// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/filters.h"

#include <algorithm>
#include <array>

#include "core/exact_math.h"
#include "core/for_each.h"
#include "core/parallel.h"

namespace pluvia {
namespace {

constexpr int kBlock = 32;  // values whose sums stay in registers
constexpr int kGrain = 16;  // rows

PLUVIA_ALL_LEVELS void weigh(const double* const* rows, std::span<const double> taps, double* out,
                             int n) {
  int x = 0;
  for (; x + kBlock <= n; x += kBlock) {
    std::array<double, kBlock> sums{};
    for (std::size_t k = 0; k < taps.size(); ++k) {
      if (rows[k] == nullptr) continue;
      const double* const row = rows[k] + x;
      const double tap = taps[k];
      for (std::size_t i = 0; i < kBlock; ++i) sums[i] += tap * row[i];
    }
    std::copy(sums.begin(), sums.end(), out + x);
  }
  for (; x < n; ++x) {
    double sum = 0;
    for (std::size_t k = 0; k < taps.size(); ++k) {
      if (rows[k] != nullptr) sum += taps[k] * rows[k][x];
    }
    out[x] = sum;
  }
}

}  // namespace

void weigh_rows(const double* const* rows, std::span<const double> taps, double* out, int n) {
  weigh(rows, taps, out, n);
}

int border_index(int i, int n, Border border) {
  if (i >= 0 && i < n) return i;
  switch (border) {
    case Border::kReplicate:
      return i < 0 ? 0 : n - 1;
    case Border::kZero:
      return -1;
    case Border::kReflect: {
      if (n == 1) return 0;
      const int period = 2 * (n - 1);
      const int j = ((i % period) + period) % period;
      return j < n ? j : period - j;
    }
    case Border::kSymmetric: {
      const int period = 2 * n;
      const int j = ((i % period) + period) % period;
      return j < n ? j : period - 1 - j;
    }
    case Border::kValid:
      break;
  }
  PLUVIA_CHECK(false, i, " of ", n);
  return 0;
}

std::vector<double> gaussian_taps(int size, double sigma) {
  std::vector<double> taps;
  double sum = 0;
  for (int i = 0; i < size; ++i) {
    const double x = i - (size - 1) / 2.0;
    taps.push_back(exact::exp(-x * x / (2 * sigma * sigma)));
    sum += taps.back();
  }
  for (double& tap : taps) tap /= sum;
  return taps;
}

Image<double> filter_plane(ImageView<const double> plane, std::span<const double> taps,
                           Border border) {
  PLUVIA_CHECK(taps.size() % 2 == 1 && plane.channels() == 1, taps.size());
  const int size = static_cast<int>(taps.size());
  const int radius = size / 2;
  const bool valid = border == Border::kValid;
  const int height = valid ? plane.height() - size + 1 : plane.height();
  const int width = valid ? plane.width() - size + 1 : plane.width();
  PLUVIA_CHECK(height > 0 && width > 0, plane.width(), "x", plane.height());
  const int shift = valid ? 0 : -radius;
  Image<double> across(plane.height(), width, 1);
  parallel_for(plane.height(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> padded(static_cast<std::size_t>(width + size - 1));
    std::vector<const double*> rows(taps.size());
    for (auto y = static_cast<int>(begin); y < static_cast<int>(end); ++y) {
      pad_row(plane.row(y), 1, valid ? 0 : radius, border, padded.data());
      for (std::size_t k = 0; k < rows.size(); ++k) rows[k] = padded.data() + k;
      weigh_rows(rows.data(), taps, across.view().row(y).data(), width);
    }
  });
  Image<double> out(height, width, 1);
  parallel_for(height, kGrain, [&](std::int64_t begin, std::int64_t end) {
    std::vector<const double*> rows(taps.size());
    for (auto y = static_cast<int>(begin); y < static_cast<int>(end); ++y) {
      for (int k = 0; k < size; ++k) {
        const int from = border_index(y + k + shift, plane.height(), border);
        rows[static_cast<std::size_t>(k)] = from < 0 ? nullptr : across.view().row(from).data();
      }
      weigh_rows(rows.data(), taps, out.view().row(y).data(), width);
    }
  });
  return out;
}

Image<double> box_downsample(ImageView<const double> plane, int factor) {
  const int before = (factor + 1) / 2 - 1;
  const int height = (plane.height() + factor - 1) / factor;
  const int width = (plane.width() + factor - 1) / factor;
  std::vector<std::size_t> columns;
  for (int x = 0; x < width * factor; ++x) {
    columns.push_back(
        static_cast<std::size_t>(border_index(x - before, plane.width(), Border::kSymmetric)));
  }
  Image<double> out(height, width, 1);
  parallel_for(height, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (auto y = static_cast<int>(begin); y < static_cast<int>(end); ++y) {
      const auto to = out.view().row(y);
      std::ranges::fill(to, 0.0);
      for (int j = 0; j < factor; ++j) {
        const auto row =
            plane.row(border_index(y * factor - before + j, plane.height(), Border::kSymmetric));
        auto column = columns.begin();
        for (double& sum : to) {
          for (int i = 0; i < factor; ++i) sum += row[*column++];
        }
      }
      for (double& sum : to) sum /= factor * factor;
    }
  });
  return out;
}

Image<double> plane_of(ImageView<const double> image, int c) {
  Image<double> plane(image.height(), image.width(), 1);
  const auto step = static_cast<std::size_t>(image.channels());
  parallel_for(image.height(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (auto y = static_cast<int>(begin); y < static_cast<int>(end); ++y) {
      const double* from = image.row(y).data() + c;
      for (double& value : plane.view().row(y)) {
        value = *from;
        from += step;
      }
    }
  });
  return plane;
}

}  // namespace pluvia
