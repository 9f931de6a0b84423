// SPDX-License-Identifier: Apache-2.0
// The operators against plain loops, and their gradients against finite differences, in double
// precision and at sizes that do not fit blocks, chunks and runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <vector>

#include "core/cpu.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "models/ops/causal_conv1d.h"
#include "models/ops/depthwise_conv3d.h"
#include "models/ops/selective_scan.h"

namespace pluvia::ops {
namespace {

using Values = std::vector<double>;

Values random_values(std::uint64_t seed, std::int64_t count, double scale = 1) {
  Values out(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Random random{.seed = seed, .particle = static_cast<std::uint32_t>(i)};
    out[i] = scale * random.uniform(0, -1, 1);
  }
  return out;
}

double dot(const Values& a, const Values& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Every element of `gradient` against a central difference of `loss` in the same element of `at`.
void check_gradient(const char* name, Values& at, const Values& gradient,
                    const std::function<double()>& loss) {
  constexpr double kStep = 3e-5;  // at 1e-5 the losses' own rounding was 1e-8
  ASSERT_EQ(at.size(), gradient.size());
  const std::size_t stride = 1 + at.size() / 97;  // a sample of the large ones
  for (std::size_t i = 0; i < at.size(); i += stride) {
    const double kept = at[i];
    at[i] = kept + kStep;
    const double up = loss();
    at[i] = kept - kStep;
    const double down = loss();
    at[i] = kept;
    const double expected = (up - down) / (2 * kStep);
    ASSERT_NEAR(gradient[i], expected, 2e-8 * std::max(1.0, std::abs(expected)) + 1e-8)
        << name << " " << i;
  }
}

/// A scan with its own storage. Rows of x and b, c are slices of wider ones, as in the network.
struct Scan {
  std::int64_t batch, tokens, channels, states;
  Values x, step, gate, bc, a_log, skip, bias;

  Scan(std::int64_t n, std::int64_t s, std::int64_t e, std::int64_t m)
      : batch(n), tokens(s), channels(e), states(m) {
    x = random_values(1, n * s * 2 * e);
    step = random_values(2, n * s * e, 2);
    gate = random_values(3, n * s * e, 3);
    bc = random_values(4, n * s * (2 * m + 3));
    a_log = random_values(5, e * m, 1.5);
    skip = random_values(6, e);
    bias = random_values(7, e);
  }
  template <typename T = double>
  ScanInput<double> input(bool reverse) const {
    ScanInput<double> in;
    in.batch = batch;
    in.tokens = tokens;
    in.channels = channels;
    in.states = states;
    in.x = {x.data(), 2 * channels};
    in.step = {step.data(), channels};
    in.gate = {gate.data(), channels};
    in.b = {bc.data() + 3, 2 * states + 3};
    in.c = {bc.data() + 3 + states, 2 * states + 3};
    in.a_log = a_log.data();
    in.skip = skip.data();
    in.step_bias = bias.data();
    in.reverse = reverse;
    return in;
  }
  std::int64_t count() const { return batch * tokens * channels; }
};

Values plain_scan(const Scan& s, bool reverse) {
  Values out(static_cast<std::size_t>(s.count()));
  const ScanInput<double> in = s.input(reverse);
  for (std::int64_t n = 0; n < s.batch; ++n) {
    for (std::int64_t e = 0; e < s.channels; ++e) {
      Values h(static_cast<std::size_t>(s.states), 0.0);
      for (std::int64_t i = 0; i < s.tokens; ++i) {
        const std::int64_t row = n * s.tokens + (reverse ? s.tokens - 1 - i : i);
        const double raw = in.step.row(row)[e] + s.bias[static_cast<std::size_t>(e)];
        const double dt = raw > 20 ? raw : std::log1p(std::exp(raw));
        const double x = in.x.row(row)[e];
        double y = s.skip[static_cast<std::size_t>(e)] * x;
        for (std::int64_t k = 0; k < s.states; ++k) {
          double& state = h[static_cast<std::size_t>(k)];
          const double a = -std::exp(s.a_log[static_cast<std::size_t>(e * s.states + k)]);
          state = std::exp(dt * a) * state + dt * x * in.b.row(row)[k];
          y += state * in.c.row(row)[k];
        }
        const double z = in.gate.row(row)[e];
        out[static_cast<std::size_t>(row * s.channels + e)] = y * z / (1 + std::exp(-z));
      }
    }
  }
  return out;
}

Values fast_scan(const Scan& s, bool reverse) {
  Values out(static_cast<std::size_t>(s.count()), std::nan(""));
  scan_forward<double>(s.input(reverse), out.data(), nullptr);
  return out;
}

std::vector<Scan> scans() {
  return {Scan(1, 1, 1, 1), Scan(2, 37, 33, 16), Scan(1, 70, 64, 16), Scan(3, 33, 5, 3)};
}

TEST(SelectiveScan, EqualsThePlainLoop) {
  for (const Scan& s : scans()) {
    for (const bool reverse : {false, true}) {
      const Values expected = plain_scan(s, reverse);
      const Values found = fast_scan(s, reverse);
      for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-12);
    }
  }
}

TEST(SelectiveScan, SinglePrecisionIsCloseToDouble) {
  Scan s(1, 600, 40, 16);
  const Values expected = plain_scan(s, false);
  const auto single = [](const Values& v) { return std::vector<float>(v.begin(), v.end()); };
  const auto x = single(s.x), step = single(s.step), gate = single(s.gate), bc = single(s.bc);
  const auto a_log = single(s.a_log), skip = single(s.skip), bias = single(s.bias);
  ScanInput<float> in;
  in.batch = 1;
  in.tokens = s.tokens;
  in.channels = s.channels;
  in.states = s.states;
  in.x = {x.data(), 2 * s.channels};
  in.step = {step.data(), s.channels};
  in.gate = {gate.data(), s.channels};
  in.b = {bc.data() + 3, 2 * s.states + 3};
  in.c = {bc.data() + 3 + s.states, 2 * s.states + 3};
  in.a_log = a_log.data();
  in.skip = skip.data();
  in.step_bias = bias.data();
  std::vector<float> out(expected.size());
  for (int level = 0; level <= static_cast<int>(cpu_level()); ++level) {
    set_kernel_level(static_cast<CpuLevel>(level));
    scan_forward<float>(in, out.data(), nullptr);
    set_kernel_level(cpu_level());
    for (std::size_t i = 0; i < out.size(); ++i) {
      ASSERT_NEAR(static_cast<double>(out[i]), expected[i], 2e-5) << "level " << level;
    }
  }
}

struct ScanGradientValues {
  Values x, step, gate, b, c, a_log, skip, bias;
};

ScanGradientValues scan_gradients(const Scan& s, bool reverse, const Values& out_gradient) {
  const auto room = [](std::int64_t n) {
    return Values(static_cast<std::size_t>(n), std::nan(""));
  };
  const ScanInput<double> in = s.input(reverse);
  Values out = room(s.count());
  Values states = room(in.chunk_state_count());
  scan_forward(in, out.data(), states.data());
  ScanGradientValues g;
  g.x = g.step = g.gate = room(s.count());
  g.b = g.c = room(s.batch * s.tokens * s.states);
  g.a_log = room(s.batch * s.channels * s.states);
  g.skip = g.bias = room(s.batch * s.channels);
  Values partial = room(in.blocks() * s.batch * s.tokens * 2 * s.states);
  scan_backward(in, out_gradient.data(), states.data(),
                {g.x.data(), g.step.data(), g.gate.data(), g.b.data(), g.c.data(), g.a_log.data(),
                 g.skip.data(), g.bias.data(), partial.data()});
  return g;
}

/// Sums over the batch, as parameters' gradients want.
Values over_batch(const Values& v, std::int64_t batch) {
  Values out(v.size() / static_cast<std::size_t>(batch), 0.0);
  for (std::size_t i = 0; i < v.size(); ++i) out[i % out.size()] += v[i];
  return out;
}

TEST(SelectiveScan, GradientsAreThoseOfFiniteDifferences) {
  for (Scan& s : scans()) {
    for (const bool reverse : {false, true}) {
      const Values g = random_values(9, s.count());
      const ScanGradientValues found = scan_gradients(s, reverse, g);
      const auto loss = [&] { return dot(fast_scan(s, reverse), g); };
      // x, b and c lie in wider rows, whose other elements have no gradient.
      Values x(s.x.size(), 0.0);
      for (std::size_t i = 0; i < found.x.size(); ++i) {
        const auto e = static_cast<std::size_t>(s.channels);
        x[i / e * 2 * e + i % e] = found.x[i];
      }
      Values bc(s.bc.size(), 0.0);
      const auto m = static_cast<std::size_t>(s.states);
      for (std::size_t i = 0; i < found.b.size(); ++i) {
        const std::size_t row = i / m * (2 * m + 3);
        bc[row + 3 + i % m] = found.b[i];
        bc[row + 3 + m + i % m] = found.c[i];
      }
      check_gradient("x", s.x, x, loss);
      check_gradient("step", s.step, found.step, loss);
      check_gradient("gate", s.gate, found.gate, loss);
      check_gradient("b, c", s.bc, bc, loss);
      check_gradient("a_log", s.a_log, over_batch(found.a_log, s.batch), loss);
      check_gradient("skip", s.skip, over_batch(found.skip, s.batch), loss);
      check_gradient("bias", s.bias, over_batch(found.bias, s.batch), loss);
    }
  }
}

TEST(SelectiveScan, DoesNotDependOnThreads) {
  const Scan s(2, 100, 130, 16);
  const Values g = random_values(9, s.count());
  set_thread_count(1);
  const Values one = fast_scan(s, true);
  const ScanGradientValues one_back = scan_gradients(s, true, g);
  set_thread_count(4);
  EXPECT_EQ(fast_scan(s, true), one);
  EXPECT_EQ(scan_gradients(s, true, g).b, one_back.b);
  EXPECT_EQ(scan_gradients(s, true, g).a_log, one_back.a_log);
  set_thread_count(0);
}

struct Causal {
  std::int64_t batch, tokens, channels;
  Values x, weight, bias;

  CausalConvInput<double> input(bool reverse) const {
    return {batch, tokens, channels, {x.data(), channels + 2}, weight.data(), bias.data(), reverse};
  }
};

std::vector<Causal> causals() {
  std::vector<Causal> out;
  for (const auto& [n, s, e] : {std::array<std::int64_t, 3>{1, 1, 1}, {2, 3, 5}, {1, 1030, 33}}) {
    out.push_back({n, s, e, random_values(1, n * s * (e + 2)), random_values(2, e * 4, 2),
                   random_values(3, e)});
  }
  return out;
}

Values run_causal(const Causal& c, bool reverse) {
  Values out(static_cast<std::size_t>(c.batch * c.tokens * c.channels), std::nan(""));
  causal_conv_forward(c.input(reverse), out.data());
  return out;
}

TEST(CausalConv, EqualsThePlainLoopAndHasItsGradients) {
  for (Causal& c : causals()) {
    for (const bool reverse : {false, true}) {
      const Values found = run_causal(c, reverse);
      const std::int64_t direction = reverse ? -1 : 1;
      for (std::size_t i = 0; i < found.size(); ++i) {
        const auto at = static_cast<std::int64_t>(i);
        const std::int64_t e = at % c.channels;
        const std::int64_t l = at / c.channels % c.tokens;
        const std::int64_t n = at / c.channels / c.tokens;
        double sum = c.bias[static_cast<std::size_t>(e)];
        for (std::int64_t k = 0; k < 4; ++k) {
          const std::int64_t from = l + direction * (k - 3);
          if (from < 0 || from >= c.tokens) continue;
          sum += c.weight[static_cast<std::size_t>(e * 4 + k)] *
                 c.x[static_cast<std::size_t>((n * c.tokens + from) * (c.channels + 2) + e)];
        }
        ASSERT_NEAR(found[i], sum / (1 + std::exp(-sum)), 1e-12);
      }
      const Values g = random_values(9, static_cast<std::int64_t>(found.size()));
      Values dx(found.size());
      Values dw(static_cast<std::size_t>(c.batch * c.channels * 4));
      Values db(static_cast<std::size_t>(c.batch * c.channels));
      causal_conv_backward(c.input(reverse), g.data(), {dx.data(), dw.data(), db.data()});
      const auto loss = [&] { return dot(run_causal(c, reverse), g); };
      Values wide(c.x.size(), 0.0);
      const auto e = static_cast<std::size_t>(c.channels);
      for (std::size_t i = 0; i < dx.size(); ++i) wide[i / e * (e + 2) + i % e] = dx[i];
      check_gradient("x", c.x, wide, loss);
      check_gradient("weight", c.weight, over_batch(dw, c.batch), loss);
      check_gradient("bias", c.bias, over_batch(db, c.batch), loss);
    }
  }
}

TEST(DepthwiseConv3d, EqualsThePlainLoopAndHasItsGradients) {
  for (const TokenVolume& v : {TokenVolume{1, 1, 1, 1, 1}, TokenVolume{2, 3, 4, 6, 33},
                               TokenVolume{1, 2, 5, 9, 32}, TokenVolume{1, 4, 2, 3, 70}}) {
    const std::int64_t count = v.tokens() * v.channels;
    Values in = random_values(1, count);
    Values weight = random_values(2, v.channels * 27);
    Values bias = random_values(3, v.channels);
    const auto run = [&] {
      Values out(static_cast<std::size_t>(count), std::nan(""));
      depthwise_conv3d<double>(v, {weight.data(), bias.data()}, in.data(), out.data());
      return out;
    };
    const Values found = run();
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t c = i % v.channels, x = i / v.channels % v.width;
      const std::int64_t y = i / v.channels / v.width % v.height;
      const std::int64_t row = i / v.channels / v.width / v.height;
      double sum = bias[static_cast<std::size_t>(c)];
      for (std::int64_t k = 0; k < 27; ++k) {
        const std::int64_t t1 = row % v.frames + k / 9 - 1, y1 = y + k / 3 % 3 - 1,
                           x1 = x + k % 3 - 1;
        if (t1 < 0 || t1 >= v.frames || y1 < 0 || y1 >= v.height || x1 < 0 || x1 >= v.width) {
          continue;
        }
        const std::int64_t from = ((row + k / 9 - 1) * v.height + y1) * v.width + x1;
        sum += weight[static_cast<std::size_t>(c * 27 + k)] *
               in[static_cast<std::size_t>(from * v.channels + c)];
      }
      ASSERT_NEAR(found[static_cast<std::size_t>(i)], sum, 1e-12);
    }
    const Values g = random_values(9, count);
    Values din(in.size()), dw(weight.size()), db(bias.size());
    depthwise_conv3d_backward<double>(v, {weight.data(), bias.data()}, in.data(), g.data(),
                                      {din.data(), dw.data(), db.data()});
    const auto loss = [&] { return dot(run(), g); };
    check_gradient("in", in, din, loss);
    check_gradient("weight", weight, dw, loss);
    check_gradient("bias", bias, db, loss);
  }
}

}  // namespace
}  // namespace pluvia::ops
