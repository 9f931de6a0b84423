// SPDX-License-Identifier: Apache-2.0
// The selective scan on the CPU at RainMamba's size (256 channels, 16 states), against the two ways
// to write it with LibTorch's operators, in the same process on the same input: a loop over tokens
// on tensors of (n, channels, states), plain and with all that allows it moved out, and on whole
// tensors of (n, tokens, channels, states), by prefix products within chunks of 16 tokens (the
// faster of that and of an associative scan in log2(tokens) steps). Rates are tokens a second.
//
// Share of peak: 3 multiply-adds a state as published counts have it, against two 8-wide fused
// multiply-adds a cycle, measured here by a loop of nothing else.
#include <torch/torch.h>
// After LibTorch.
#include <chrono>
#include <cstdio>

#include "benchmarks/support/ratios.h"
#include "benchmarks/support/torch_threads.h"
#include "core/cpu.h"
#include "core/for_each.h"
#include "models/ops/torch_ops.h"

namespace pluvia::bench {
namespace {

using torch::Tensor;

constexpr std::int64_t kChannels = 256;
constexpr std::int64_t kStates = 16;

ops::ScanTensors make(std::int64_t tokens, bool gradients) {
  torch::manual_seed(1);
  const auto random = [&](std::vector<std::int64_t> shape) { return torch::randn(shape); };
  ops::ScanTensors t;
  t.x = random({1, tokens, kChannels});
  t.step = random({1, tokens, kChannels}) - 3;
  t.gate = random({1, tokens, kChannels});
  t.b = random({1, tokens, kStates});
  t.c = random({1, tokens, kStates});
  t.a_log = torch::arange(1, kStates + 1).log().expand({kChannels, kStates}).contiguous();
  t.skip = torch::ones({kChannels});
  t.step_bias = torch::zeros({kChannels});
  if (gradients) {
    for (Tensor* one : {&t.x, &t.step, &t.gate, &t.b, &t.c, &t.a_log, &t.skip, &t.step_bias}) {
      one->set_requires_grad(true);
    }
  }
  return t;
}

/// What both forms of LibTorch's operators begin and end with.
struct Unfused {
  Tensor decay_log;  ///< dt A: (n, tokens, channels, states), or nothing
  Tensor dt, a;
};
Unfused begin(const ops::ScanTensors& t) {
  return {{}, torch::softplus(t.step + t.step_bias), -torch::exp(t.a_log)};
}
Tensor end(const ops::ScanTensors& t, const Tensor& y) {
  return (y + t.skip * t.x) * torch::silu(t.gate);
}

Tensor plain_loop(const ops::ScanTensors& t) {
  const Tensor a = -torch::exp(t.a_log);
  Tensor h = torch::zeros({1, kChannels, kStates});
  std::vector<Tensor> out;
  for (std::int64_t l = 0; l < t.x.size(1); ++l) {
    const Tensor x = t.x.select(1, l);
    const Tensor dt = torch::softplus(t.step.select(1, l) + t.step_bias);
    h = torch::exp(dt.unsqueeze(-1) * a) * h +
        (dt * x).unsqueeze(-1) * t.b.select(1, l).unsqueeze(1);
    const Tensor y = (h * t.c.select(1, l).unsqueeze(1)).sum(-1) + t.skip * x;
    out.push_back(y * torch::silu(t.gate.select(1, l)));
  }
  return torch::stack(out, 1);
}

/// The same with all that can be moved out of the loop moved out.
Tensor token_loop(const ops::ScanTensors& t) {
  const Unfused u = begin(t);
  Tensor h = torch::zeros({1, kChannels, kStates});
  std::vector<Tensor> y;
  for (std::int64_t l = 0; l < t.x.size(1); ++l) {
    const Tensor dt = u.dt.select(1, l).unsqueeze(-1);
    const Tensor into = dt * t.x.select(1, l).unsqueeze(-1) * t.b.select(1, l).unsqueeze(1);
    h = torch::exp(dt * u.a) * h + into;
    y.push_back(torch::matmul(h, t.c.select(1, l).unsqueeze(-1)).squeeze(-1));
  }
  return end(t, torch::stack(y, 1));
}

// Within a chunk h_l = P_l (h_0 + sum_j in_j / P_j), P the running product of decays: chunks are
// short so that 1 / P stays in range. Chunks follow each other in a loop.
Tensor whole_tensors(const ops::ScanTensors& t) {
  constexpr std::int64_t kChunk = 16;
  const Unfused u = begin(t);
  const std::vector<std::int64_t> chunked = {1, -1, kChunk, kChannels, kStates};
  const Tensor sums = (u.dt.unsqueeze(-1) * u.a).view(chunked).cumsum(2);
  const Tensor into = ((u.dt * t.x).unsqueeze(-1) * t.b.unsqueeze(2)).view(chunked);
  const Tensor product = torch::exp(sums);
  const Tensor within = (into * torch::exp(-sums)).cumsum(2);
  Tensor h = torch::zeros({1, kChannels, kStates});
  std::vector<Tensor> starts;
  for (std::int64_t k = 0; k < sums.size(1); ++k) {
    starts.push_back(h);
    const auto last = [k](const Tensor& v) { return v.select(1, k).select(1, kChunk - 1); };
    h = last(product) * (h + last(within));
  }
  const Tensor states = product * (torch::stack(starts, 1).unsqueeze(2) + within);
  const Tensor flat = states.view({1, -1, kChannels, kStates});
  return end(t, torch::matmul(flat, t.c.unsqueeze(-1)).squeeze(-1));
}

Tensor associative(const ops::ScanTensors& t) {
  const Unfused u = begin(t);
  Tensor a = torch::exp(u.dt.unsqueeze(-1) * u.a);
  Tensor h = (u.dt * t.x).unsqueeze(-1) * t.b.unsqueeze(2);
  const std::int64_t tokens = t.x.size(1);
  for (std::int64_t reach = 1; reach < tokens; reach *= 2) {
    const Tensor before_h = h.narrow(1, 0, tokens - reach);
    const Tensor before_a = a.narrow(1, 0, tokens - reach);
    const Tensor late_a = a.narrow(1, reach, tokens - reach);
    const Tensor late_h = h.narrow(1, reach, tokens - reach) + late_a * before_h;
    h = torch::cat({h.narrow(1, 0, reach), late_h}, 1);
    a = torch::cat({a.narrow(1, 0, reach), late_a * before_a}, 1);
  }
  return end(t, torch::matmul(h, t.c.unsqueeze(-1)).squeeze(-1));
}

Tensor fused(const ops::ScanTensors& t) { return ops::selective_scan(t, false); }

using Form = Tensor (*)(const ops::ScanTensors&);

// range(0): threads, range(1): tokens.
void forward(benchmark::State& state, Form form) {
  use_threads(static_cast<int>(state.range(0)));
  const torch::NoGradGuard no_grad;
  const ops::ScanTensors t = make(state.range(1), false);
  for (auto _ : state) benchmark::DoNotOptimize(form(t).data_ptr<float>());
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

void both_ways(benchmark::State& state, Form form) {
  use_threads(static_cast<int>(state.range(0)));
  const ops::ScanTensors t = make(state.range(1), true);
  for (auto _ : state) form(t).sum().backward();
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

// Independent chains of fused multiply-adds; items are tokens' worth of the scan's multiply-adds.
PLUVIA_ALL_LEVELS float multiply_adds(std::int64_t count) {
  float sum[96] = {};
  for (std::int64_t k = 0; k < count; ++k) {
    for (float& one : sum) one = __builtin_fmaf(one, 0.999F, 0.5F);
  }
  float total = 0;
  for (const float one : sum) total += one;
  return total;
}

void peak(benchmark::State& state) {
  constexpr std::int64_t kCount = 1 << 16;
  for (auto _ : state) benchmark::DoNotOptimize(multiply_adds(kCount));
  const double macs = 96.0 * kCount;
  state.SetItemsProcessed(static_cast<std::int64_t>(static_cast<double>(state.iterations()) * macs /
                                                    (3.0 * kChannels * kStates)));
}

#define PLUVIA_SCAN_BENCH(how, form, tokens) \
  BENCHMARK_CAPTURE(how, form, &form)        \
      ->Args({1, tokens})                    \
      ->Args({2, tokens})                    \
      ->UseRealTime()                        \
      ->Unit(benchmark::kMillisecond)
PLUVIA_SCAN_BENCH(forward, fused, 20480);
PLUVIA_SCAN_BENCH(forward, fused, 2048);
PLUVIA_SCAN_BENCH(forward, plain_loop, 2048);
PLUVIA_SCAN_BENCH(forward, token_loop, 2048);
PLUVIA_SCAN_BENCH(forward, whole_tensors, 2048);
PLUVIA_SCAN_BENCH(forward, associative, 2048);
PLUVIA_SCAN_BENCH(both_ways, fused, 20480);
PLUVIA_SCAN_BENCH(both_ways, fused, 2048);
PLUVIA_SCAN_BENCH(both_ways, plain_loop, 2048);
PLUVIA_SCAN_BENCH(both_ways, whole_tensors, 512);
PLUVIA_SCAN_BENCH(both_ways, fused, 512);
BENCHMARK(peak)->UseRealTime()->Unit(benchmark::kMillisecond);

/// All forms give the same numbers, or there is nothing to compare.
bool forms_agree() {
  const torch::NoGradGuard no_grad;
  const ops::ScanTensors t = make(256, false);
  const Tensor ours = fused(t);
  for (const Form form : {&plain_loop, &token_loop, &whole_tensors, &associative}) {
    const double d = (form(t) - ours).abs().max().item<double>();
    if (!(d < 2e-4)) {
      std::printf("forms differ by %g\n", d);
      return false;
    }
  }
  return true;
}

}  // namespace
}  // namespace pluvia::bench

int main(int argc, char** argv) {
  pluvia::bench::wait_as_program(argv);
  std::printf("%s, %s\n", pluvia::cpu_model().c_str(), pluvia::cpu_level_name().c_str());
  if (!pluvia::bench::forms_agree()) return 1;
  std::vector<pluvia::bench::Ratio> ratios;
  for (const std::string how : {"forward", "both_ways"}) {
    for (const std::string threads : {"1", "2"}) {
      const auto name = [&](const std::string& form, const char* tokens = "/2048") {
        return how + "/" + form + "/" + threads + tokens;
      };
      const bool promised = how == "forward";
      const char* const short_run = promised ? "/2048" : "/512";
      ratios.push_back({name("fused"), name("plain_loop"), promised ? 40.0 : 0.0});
      ratios.push_back({name("fused"), name("token_loop"), 0});
      ratios.push_back(
          {name("fused", short_run), name("whole_tensors", short_run), promised ? 5.0 : 0.0});
      ratios.push_back({name("fused"), name("associative"), 0});
    }
  }
  ratios.push_back({"forward/fused/1/20480", "peak", 0});
  return pluvia::bench::run_with_ratios(argc, argv, ratios);
}
