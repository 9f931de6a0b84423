// SPDX-License-Identifier: Apache-2.0
#include "models/ops/hilbert.h"

#include <array>
#include <cstdlib>
#include <map>
#include <mutex>
#include <tuple>

#include "core/error.h"

namespace pluvia::ops {
namespace {

/// (row, column, frame). Axis vectors have one component that is not zero.
struct Vec {
  int y = 0, x = 0, t = 0;

  Vec operator+(const Vec& o) const { return {y + o.y, x + o.x, t + o.t}; }
  Vec operator-(const Vec& o) const { return {y - o.y, x - o.x, t - o.t}; }
  Vec operator-() const { return {-y, -x, -t}; }
  int length() const { return std::abs(y) + std::abs(x) + std::abs(t); }
};

int sign(int v) { return (v > 0) - (v < 0); }
Vec unit(const Vec& v) { return {sign(v.y), sign(v.x), sign(v.t)}; }

// Towards minus infinity, also for negative components: division that truncates gives another curve
// at five frames, which is every official table of five frames.
int floor_half(int v) { return v >= 0 ? v / 2 : -((1 - v) / 2); }

// An odd half of a side longer than two is made even, so that sub-curves end on the right corner.
Vec half(const Vec& v) {
  const Vec h = {floor_half(v.y), floor_half(v.x), floor_half(v.t)};
  return h.length() % 2 == 1 && v.length() > 2 ? h + unit(v) : h;
}

/// A box to be visited: where to start, the main direction and the two others.
struct Box {
  Vec start, a, b, c;
};

struct Parts {
  std::array<Box, 5> box;
  int count = 0;
};

Parts divide(const Box& box) {
  const auto& [p, a, b, c] = box;
  const int width = a.length();
  const int height = b.length();
  const int depth = c.length();
  const Vec a2 = half(a);
  const Vec b2 = half(b);
  const Vec c2 = half(c);
  const Vec a_end = p + (a - unit(a));
  if (2 * width > 3 * height && 2 * width > 3 * depth) {  // long: cut across
    return {{{{p, a2, b, c}, {p + a2, a - a2, b, c}}}, 2};
  }
  if (3 * height > 4 * depth) {  // flat: leave c whole
    return {{{{p, b2, c, a2}, {p + b2, a, b - b2, c}, {a_end + (b2 - unit(b)), -b2, c, -(a - a2)}}},
            3};
  }
  if (3 * depth > 4 * height) {  // flat the other way: leave b whole
    return {{{{p, c2, a2, b}, {p + c2, a, b, c - c2}, {a_end + (c2 - unit(c)), -c2, -(a - a2), b}}},
            3};
  }
  const Vec c_end = c - unit(c);
  return {{{{p, b2, c2, a2},
            {p + b2, c, a2, b - b2},
            {p + (b2 - unit(b)) + c_end, a, -b2, -(c - c2)},
            {a_end + b2 + c_end, -c, -(a - a2), b - b2},
            {a_end + (b2 - unit(b)), -b2, c2, -(a - a2)}}},
          5};
}

void visit_line(const Vec& start, const Vec& axis, std::vector<Vec>& out) {
  const Vec step = unit(axis);
  Vec at = start;
  for (int i = 0; i < axis.length(); ++i, at = at + step) out.push_back(at);
}

void visit(const Box& box, std::vector<Vec>& out) {
  // Half of a side of one may be nothing; such a part has no points but could be divided for ever.
  if (box.a.length() * box.b.length() * box.c.length() == 0) return;
  const bool thin_a = box.a.length() == 1;
  const bool thin_b = box.b.length() == 1;
  const bool thin_c = box.c.length() == 1;
  if (thin_b && thin_c) return visit_line(box.start, box.a, out);
  if (thin_a && thin_c) return visit_line(box.start, box.b, out);
  if (thin_a && thin_b) return visit_line(box.start, box.c, out);
  const Parts parts = divide(box);
  for (int i = 0; i < parts.count; ++i) visit(parts.box.at(static_cast<std::size_t>(i)), out);
}

TokenOrder make_order(int frames, int height, int width) {
  const std::size_t count = static_cast<std::size_t>(frames) * static_cast<std::size_t>(height) *
                            static_cast<std::size_t>(width);
  std::vector<Vec> points;
  points.reserve(count);
  // Rows come first: the official code hands the number of rows to an argument called width, which
  // its square tiles hide.
  visit({{}, {height, 0, 0}, {0, width, 0}, {0, 0, frames}}, points);
  PLUVIA_CHECK(points.size() == count, points.size(), " != ", count);
  TokenOrder order;
  order.place.resize(count);
  for (std::size_t l = 0; l < count; ++l) {
    const std::int64_t t = points[l].t;
    const std::int64_t y = points[l].y;
    const std::int64_t x = points[l].x;
    order.curve.push_back((y * width + x) * frames + t);
    order.raster.push_back((t * height + y) * width + x);
    order.place[static_cast<std::size_t>(order.raster.back())] = static_cast<std::int64_t>(l);
  }
  return order;
}

}  // namespace

std::shared_ptr<const TokenOrder> hilbert_order(int frames, int height, int width) {
  PLUVIA_CHECK(frames > 0 && height > 0 && width > 0, frames, " ", height, " ", width);
  // A clip has two sizes and a run few kinds of clip; beyond these all are made again.
  constexpr std::size_t kMost = 16;
  using Key = std::tuple<int, int, int>;
  static std::mutex mutex;
  static std::map<Key, std::shared_ptr<const TokenOrder>> kept;
  const std::scoped_lock lock(mutex);
  const Key key{frames, height, width};
  const auto found = kept.find(key);
  if (found != kept.end()) return found->second;
  if (kept.size() >= kMost) kept.clear();
  auto order = std::make_shared<const TokenOrder>(make_order(frames, height, width));
  kept.emplace(key, order);
  return order;
}

}  // namespace pluvia::ops
