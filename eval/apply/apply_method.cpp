// SPDX-License-Identifier: Apache-2.0
#include "eval/apply/apply_method.h"

#include <algorithm>
#include <deque>

#include "core/counted.h"
#include "core/error.h"
#include "core/interrupt.h"

namespace pluvia {
namespace {

/// Index reflected into [0, n) without repeating the edge.
int reflected(int i, int n) {
  if (n == 1) return 0;
  const int period = 2 * (n - 1);
  const int m = i % period;
  return m < n ? m : period - m;
}

int rounded_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

/// A frame that waits for all windows that see it.
struct Waiting {
  PlanarFrame input;
  std::vector<float> sum;     ///< (channels out, H, W)
  std::vector<float> weight;  ///< (H, W)
};

class Run {
 public:
  Run(Method& method, const ApplyPlan& plan, const NextFrame& next, const PutFrame& put)
      : method_(method),
        plan_(plan),
        next_(next),
        put_(put),
        channels_out_(method.info().channels_out()) {}

  int all() {
    const int size = plan_.frames.cut.size;
    if (size == 0) {
      while (read()) {
      }
      if (count_ > 0) window({0, count_}, count_);
      flush(count_);
      return count_;
    }
    const int step = size - plan_.frames.cut.overlap;
    if (step < 1) fail_usage("windows of ", counted(size, "frame"), " cannot overlap by ", size);
    int first = 0;
    // A window is the last one when no frame lies behind it.
    while (read_to(first + size)) {
      window({first, size}, count_ + 1);
      first += step;
      // The last window, which may end with the newest frame, starts no earlier than this.
      flush(std::min(first, count_ - size));
    }
    if (count_ == 0) return 0;
    const int last = std::max(0, count_ - size);
    window({last, std::min(size, count_)}, count_);
    flush(count_);
    return count_;
  }

 private:
  bool read() {
    Waiting waiting;
    if (ended_ || !next_(waiting.input)) {
      ended_ = true;
      return false;
    }
    const PlanarFrame& frame = waiting.input;
    if (count_ == 0) {
      height_ = frame.height;
      width_ = frame.width;
    }
    if (frame.height != height_ || frame.width != width_ ||
        frame.channels != method_.info().channels_in()) {
      fail("frame ", count_, " is ", frame.width, "x", frame.height, " with ", frame.channels,
           " channels, expected ", width_, "x", height_, " with ", method_.info().channels_in());
    }
    const std::size_t pixels = static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_);
    waiting.sum.assign(static_cast<std::size_t>(channels_out_) * pixels, 0);
    waiting.weight.assign(pixels, 0);
    waiting_.push_back(std::move(waiting));
    ++count_;
    return true;
  }

  /// Whether frame `index` exists.
  bool read_to(int index) {
    while (count_ <= index) {
      if (!read()) return false;
    }
    return true;
  }

  void flush(int before) {
    while (first_ < before && !waiting_.empty()) {
      Waiting& done = waiting_.front();
      const std::size_t pixels = done.weight.size();
      for (std::size_t c = 0; c < static_cast<std::size_t>(channels_out_); ++c) {
        for (std::size_t i = 0; i < pixels; ++i) done.sum[c * pixels + i] /= done.weight[i];
      }
      put_(first_, {channels_out_, height_, width_, std::move(done.sum)});
      waiting_.pop_front();
      ++first_;
    }
  }

  /// `total` is known to be beyond the window when more frames follow; that is all weights ask for.
  void window(const Range& frames, int total) {
    const std::vector<float> in_time = axis_weights(frames, total, plan_.frames);
    const auto ranges = [](int whole, const Cut& cut) {
      return cover(whole, cut.size == 0 ? whole : cut.size, cut.size == 0 ? 0 : cut.overlap);
    };
    for (const Range& rows : ranges(height_, plan_.rows.cut)) {
      for (const Range& columns : ranges(width_, plan_.columns.cut)) {
        throw_if_interrupted();
        tile(frames, in_time, rows, columns);
      }
    }
  }

  void tile(const Range& frames, const std::vector<float>& in_time, const Range& rows,
            const Range& columns) {
    const int multiple = method_.info().size_multiple;
    const int least = method_.info().least_size;
    const int height = rounded_up(std::max(rows.size, least), multiple);
    const int width = rounded_up(std::max(columns.size, least), multiple);
    const int channels = method_.info().channels_in();
    const auto plane = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    const auto count = static_cast<std::size_t>(frames.size);
    rainy_.resize(count * static_cast<std::size_t>(channels) * plane);
    const auto planes_out = static_cast<std::size_t>(channels_out_);
    clean_.resize(count * planes_out * plane);
    float* to = rainy_.data();
    for (int t = 0; t < frames.size; ++t) {
      const PlanarFrame& input = at(frames.first + t).input;
      for (int c = 0; c < channels; ++c) {
        for (int y = 0; y < height; ++y) {
          const float* const row =
              input.values.data() + row_at(c, rows.first + reflected(y, rows.size));
          for (int x = 0; x < width; ++x) *to++ = row[columns.first + reflected(x, columns.size)];
        }
      }
    }
    method_.derain({rainy_.data(), frames.size, channels, height, width},
                   {clean_.data(), frames.size, channels_out_, height, width});
    const std::vector<float> down = axis_weights(rows, height_, plan_.rows);
    const std::vector<float> across = axis_weights(columns, width_, plan_.columns);
    for (int t = 0; t < frames.size; ++t) {
      if (in_time[static_cast<std::size_t>(t)] == 0) continue;
      add(at(frames.first + t), clean_.data() + static_cast<std::size_t>(t) * planes_out * plane,
          plane, width, {rows, columns, in_time[static_cast<std::size_t>(t)], down, across});
    }
  }

  struct Place {
    const Range& rows;
    const Range& columns;
    float in_time;
    const std::vector<float>& down;
    const std::vector<float>& across;
  };

  void add(Waiting& to, const float* from, std::size_t plane, int stride, const Place& place) {
    for (int y = 0; y < place.rows.size; ++y) {
      const float row_weight = place.in_time * place.down[static_cast<std::size_t>(y)];
      if (row_weight == 0) continue;
      float* const weight = to.weight.data() + row_at(0, place.rows.first + y) +
                            static_cast<std::size_t>(place.columns.first);
      for (int x = 0; x < place.columns.size; ++x) {
        weight[x] += row_weight * place.across[static_cast<std::size_t>(x)];
      }
      for (int c = 0; c < channels_out_; ++c) {
        float* const sum = to.sum.data() + row_at(c, place.rows.first + y) +
                           static_cast<std::size_t>(place.columns.first);
        const float* const value = from + static_cast<std::size_t>(c) * plane +
                                   static_cast<std::size_t>(y) * static_cast<std::size_t>(stride);
        for (int x = 0; x < place.columns.size; ++x) {
          const float w = row_weight * place.across[static_cast<std::size_t>(x)];
          if (w != 0) sum[x] += w * value[x];
        }
      }
    }
  }

  std::size_t row_at(int channel, int y) const {
    return (static_cast<std::size_t>(channel) * static_cast<std::size_t>(height_) +
            static_cast<std::size_t>(y)) *
           static_cast<std::size_t>(width_);
  }
  Waiting& at(int frame) { return waiting_[static_cast<std::size_t>(frame - first_)]; }

  Method& method_;
  const ApplyPlan& plan_;
  const NextFrame& next_;
  const PutFrame& put_;
  const int channels_out_;
  std::deque<Waiting> waiting_;
  std::vector<float> rainy_;
  std::vector<float> clean_;
  int first_ = 0;  ///< number of waiting_.front()
  int count_ = 0;
  int height_ = 0;
  int width_ = 0;
  bool ended_ = false;
};

}  // namespace

std::vector<float> axis_weights(const Range& window, int total, const ApplyAxis& axis) {
  std::vector<float> weights(static_cast<std::size_t>(window.size), 1.0F);
  const int overlap = std::min(axis.cut.size == 0 ? 0 : axis.cut.overlap, window.size);
  if (axis.overlap == Overlap::kAverage || overlap == 0) return weights;
  const bool starts_inside = window.first > 0;
  const bool ends_inside = window.first + window.size < total;
  for (int i = 0; i < overlap; ++i) {
    float w = 1;
    if (axis.overlap == Overlap::kTrim) {
      w = i < overlap / 2 ? 0.0F : 1.0F;
    } else {
      w = (static_cast<float>(i) + 0.5F) / static_cast<float>(overlap);
    }
    const auto near = static_cast<std::size_t>(i);
    const auto far = static_cast<std::size_t>(window.size - 1 - i);
    if (starts_inside) weights[near] = std::min(weights[near], w);
    if (ends_inside) weights[far] = std::min(weights[far], w);
  }
  return weights;
}

int apply_method(Method& method, const ApplyPlan& plan, const NextFrame& next,
                 const PutFrame& put) {
  return Run(method, plan, next, put).all();
}

}  // namespace pluvia
