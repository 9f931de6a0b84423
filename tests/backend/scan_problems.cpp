// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <type_traits>

#include "models/ops/device_scan.h"
#include "models/ops/selective_scan.h"
#include "tests/backend/op_arrays.h"

namespace pluvia::backend {
namespace {

struct ScanSize {
  std::int64_t batch, tokens, channels, states;
  bool reverse;
};

/// One token, one channel, one state; whole chunks and rests of them; more states than a group has.
std::vector<ScanSize> scan_sizes() {
  std::vector<ScanSize> out;
  for (const bool reverse : {false, true}) {
    for (const ScanSize& s : std::vector<ScanSize>{{1, 1, 1, 1, reverse},
                                                   {3, 1, 40, 16, reverse},
                                                   {1, 48, 1, 3, reverse},
                                                   {2, 37, 33, 16, reverse},
                                                   {1, 16, 32, 16, reverse},
                                                   {1, 17, 5, 33, reverse},
                                                   {2, 100, 70, 1, reverse},
                                                   {1, 31, 64, 64, reverse}}) {
      out.push_back(s);
    }
  }
  out.push_back({1, 1280, 256, 16, false});
  return out;
}

/// Rows of x, b and c are slices of wider ones, as in the network.
template <typename T>
ops::ScanInput<T> scan_input(const ScanSize& s, OpArrays<T>& arrays) {
  const std::int64_t rows = s.batch * s.tokens;
  const std::int64_t wide = 2 * s.states + 3;
  ops::ScanInput<T> in;
  in.batch = s.batch;
  in.tokens = s.tokens;
  in.channels = s.channels;
  in.states = s.states;
  in.x = {arrays.random(rows * 2 * s.channels), 2 * s.channels};
  // Some are beyond where softplus becomes the identity.
  in.step = {arrays.random(rows * s.channels, s.tokens % 2 == 0 ? 2 : 30), s.channels};
  in.gate = {arrays.random(rows * s.channels, 3), s.channels};
  const T* const bc = arrays.random(rows * wide);
  in.b = {bc + 3, wide};
  in.c = {bc + 3 + s.states, wide};
  in.a_log = arrays.random(s.channels * s.states, 1.5);
  in.skip = arrays.random(s.channels);
  in.step_bias = arrays.random(s.channels);
  in.reverse = s.reverse;
  return in;
}

template <typename T>
ops::ScanGradients<T> scan_gradients(const ScanSize& s, OpArrays<T>& arrays) {
  const std::int64_t count = s.batch * s.tokens * s.channels;
  const std::int64_t rows = s.batch * s.tokens * s.states;
  ops::ScanGradients<T> to;
  to.x = arrays.result("x", count);
  to.step = arrays.result("step", count);
  to.gate = arrays.result("gate", count);
  to.b = arrays.result("b", rows);
  to.c = arrays.result("c", rows);
  to.a_log = arrays.result("a_log", s.batch * s.channels * s.states);
  to.skip = arrays.result("skip", s.batch * s.channels);
  to.step_bias = arrays.result("step_bias", s.batch * s.channels);
  to.partial = arrays.room(ops::lane_blocks(s.channels) * 2 * rows);
  return to;
}

template <typename T>
OpRun ordinary_scan(const ScanSize& s) {
  const auto arrays = std::make_shared<OpArrays<T>>(Device{});
  const ops::ScanInput<T> in = scan_input(s, *arrays);
  const std::int64_t count = s.batch * s.tokens * s.channels;
  const T* const gradient = arrays->random(count);
  T* const out = arrays->result("out", count);
  const ops::ScanGradients<T> to = scan_gradients(s, *arrays);
  T* const states = arrays->room(in.chunk_state_count());
  return {[=] {
            ops::scan_forward(in, out, states);
            ops::scan_backward(in, gradient, states, to);
          },
          [arrays] { return arrays->results(); }};
}

template <typename T>
OpRun scan_on(const Device& device, const ScanSize& s) {
  const auto arrays = std::make_shared<OpArrays<T>>(device);
  ops::DeviceScan<T> forward;
  forward.in = scan_input(s, *arrays);
  const std::int64_t count = s.batch * s.tokens * s.channels;
  ops::DeviceScanBackward<T> backward;
  backward.in = forward.in;
  backward.out_gradient = arrays->random(count);
  forward.out = arrays->result("out", count);
  backward.to = scan_gradients(s, *arrays);
  forward.states = arrays->room(forward.state_count());
  forward.step_sums = arrays->room(forward.step_sum_count());
  backward.states = forward.states;
  backward.state_gradients = arrays->room(forward.state_count());
  backward.step_sums = arrays->room(forward.step_sum_count());
  backward.skip_sums = arrays->room(forward.step_sum_count());
  return {[=] {
            device_scan(device, forward);
            device_scan_backward(device, backward);
          },
          [arrays] { return arrays->results(); }};
}

template <typename T>
OpProblem scan_problem(const ScanSize& s) {
  OpProblem out;
  const bool single = std::is_same_v<T, float>;
  const auto size = [](std::int64_t n) { return "x" + std::to_string(n); };
  out.name = std::string("scan ") + (single ? "f4 " : "f8 ") + std::to_string(s.batch) +
             size(s.tokens) + size(s.channels) + size(s.states) + (s.reverse ? " reverse" : "");
  out.tolerance = single ? 1e-5 : 1e-13;
  out.ordinary = [s] { return ordinary_scan<T>(s); };
  out.device = [s](const Device& device) { return scan_on<T>(device, s); };
  return out;
}

}  // namespace

void add_scan_problems(std::vector<OpProblem>& problems) {
  for (const ScanSize& size : scan_sizes()) {
    problems.push_back(scan_problem<float>(size));
    problems.push_back(scan_problem<double>(size));
  }
}

}  // namespace pluvia::backend
