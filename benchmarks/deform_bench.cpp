// SPDX-License-Identifier: Apache-2.0
// Modulated deformable convolution on the CPU at ViMP-Net's size (a tile of 256x256: 128 channels
// of 64x64 in 16 groups, 64 out, 3x3 taps), against im2col in LibTorch's operators on whole
// tensors, in the same process on the same input. Two ways to sample: grid_sampler, one picture per
// group, which is the fastest we know; and four gathers, the corners of a pixel by index. Then one
// matrix product with all columns. Rates are output pixels a second.
//
// Extra memory: what tensors hold at most during the call, less inputs, output and gradients.
#include <torch/torch.h>
// After LibTorch.
#include <cstdio>

#include "benchmarks/support/ratios.h"
#include "benchmarks/support/tensor_memory.h"
#include "benchmarks/support/torch_threads.h"
#include "core/cpu.h"
#include "models/ops/torch_deform_conv.h"

namespace pluvia::bench {
namespace {

using ops::DeformTensors;
using torch::Tensor;

constexpr std::int64_t kSide = 64;
constexpr std::int64_t kIn = 128;
constexpr std::int64_t kOut = 64;
constexpr std::int64_t kGroups = 16;
constexpr std::int64_t kTaps = 9;

/// Offsets of a few pixels, as alignment along flows has them.
DeformTensors make(bool gradients) {
  torch::manual_seed(1);
  DeformTensors t;
  t.x = torch::randn({1, kIn, kSide, kSide}).contiguous(torch::MemoryFormat::ChannelsLast);
  t.offset = 3 * torch::randn({1, kGroups * kTaps * 2, kSide, kSide});
  t.mask = torch::sigmoid(torch::randn({1, kGroups * kTaps, kSide, kSide}));
  t.weight = 0.05 * torch::randn({kOut, kIn, 3, 3});
  t.bias = torch::randn({kOut});
  if (gradients) {
    for (Tensor* one : {&t.x, &t.offset, &t.mask, &t.weight, &t.bias}) one->set_requires_grad(true);
  }
  return t;
}

/// Where every tap reads: rows and columns, (groups, taps, h, w).
std::pair<Tensor, Tensor> positions(const DeformTensors& t) {
  const Tensor offset = t.offset.view({kGroups, kTaps, 2, kSide, kSide});
  const Tensor pixel = torch::arange(kSide, torch::kFloat32);
  const Tensor tap = torch::arange(kTaps);
  const Tensor tap_row = (torch::floor_divide(tap, 3) - 1).view({kTaps, 1, 1});
  const Tensor tap_column = (torch::remainder(tap, 3) - 1).view({kTaps, 1, 1});
  return {offset.select(2, 0) + pixel.view({kSide, 1}) + tap_row,
          offset.select(2, 1) + pixel + tap_column};
}

/// columns: (groups, channels of a group, taps, h, w), masked.
Tensor multiply(const DeformTensors& t, const Tensor& columns) {
  const Tensor matrix = columns.reshape({kIn * kTaps, kSide * kSide});
  const Tensor out = torch::matmul(t.weight.flatten(1), matrix) + t.bias.unsqueeze(1);
  return out.view({1, kOut, kSide, kSide});
}

Tensor by_grid(const DeformTensors& t) {
  const auto [rows, columns] = positions(t);
  const double scale = 2.0 / (kSide - 1);
  const Tensor grid = torch::stack({columns * scale - 1, rows * scale - 1}, -1)
                          .view({kGroups, kTaps * kSide, kSide, 2});
  constexpr int kBilinear = 0;
  constexpr int kZeros = 0;
  const Tensor seen =
      torch::grid_sampler_2d(t.x.contiguous().view({kGroups, kIn / kGroups, kSide, kSide}), grid,
                             kBilinear, kZeros, /*align_corners=*/true);
  const Tensor mask = t.mask.view({kGroups, 1, kTaps * kSide, kSide});
  return multiply(t, seen * mask);
}

Tensor by_gathers(const DeformTensors& t) {
  const auto [rows, columns] = positions(t);
  const Tensor top = torch::floor(rows);
  const Tensor left = torch::floor(columns);
  const Tensor x = t.x.contiguous().view({kGroups, kIn / kGroups, kSide * kSide});
  const auto inside = [](const Tensor& v) { return (v >= 0) & (v < kSide); };
  Tensor sum;
  for (const int down : {0, 1}) {
    for (const int right : {0, 1}) {
      const Tensor row = top + down;
      const Tensor column = left + right;
      const Tensor weight = (1 - (rows - row).abs()) * (1 - (columns - column).abs()) *
                            (inside(row) & inside(column));
      const Tensor index = (row.clamp(0, kSide - 1) * kSide + column.clamp(0, kSide - 1))
                               .to(torch::kInt64)
                               .view({kGroups, 1, -1});
      const Tensor corner = x.gather(2, index.expand({kGroups, kIn / kGroups, index.size(2)}));
      const Tensor part = corner * weight.view({kGroups, 1, -1});
      sum = sum.defined() ? sum + part : part;
    }
  }
  return multiply(t, sum * t.mask.view({kGroups, 1, -1}));
}

Tensor ours(const DeformTensors& t) { return ops::deform_conv(t, {}); }

using Form = Tensor (*)(const DeformTensors&);

void forward(benchmark::State& state, Form form) {
  use_threads(static_cast<int>(state.range(0)));
  const torch::NoGradGuard no_grad;
  const DeformTensors t = make(false);
  for (auto _ : state) benchmark::DoNotOptimize(form(t).data_ptr<float>());
  state.SetItemsProcessed(state.iterations() * kSide * kSide);
}

void both_ways(benchmark::State& state, Form form) {
  use_threads(static_cast<int>(state.range(0)));
  const DeformTensors t = make(true);
  const Tensor toward = torch::randn({1, kOut, kSide, kSide});
  for (auto _ : state) {
    for (const Tensor* one : {&t.x, &t.offset, &t.mask, &t.weight, &t.bias}) {
      one->mutable_grad() = Tensor();
    }
    form(t).backward(toward);
  }
  state.SetItemsProcessed(state.iterations() * kSide * kSide);
}

#define PLUVIA_DEFORM_BENCH(how, form) \
  BENCHMARK_CAPTURE(how, form, &form)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond)
PLUVIA_DEFORM_BENCH(forward, ours);
PLUVIA_DEFORM_BENCH(forward, by_grid);
PLUVIA_DEFORM_BENCH(forward, by_gathers);
PLUVIA_DEFORM_BENCH(both_ways, ours);
PLUVIA_DEFORM_BENCH(both_ways, by_grid);
PLUVIA_DEFORM_BENCH(both_ways, by_gathers);

/// Results and gradients of one form.
std::vector<Tensor> results(Form form) {
  const DeformTensors t = make(true);
  const Tensor out = form(t);
  out.backward(torch::cos(torch::arange(out.numel(), torch::kFloat32)).view_as(out));
  return {out.detach(), t.x.grad(), t.offset.grad(), t.mask.grad(), t.weight.grad(), t.bias.grad()};
}

/// All forms give the same numbers, or there is nothing to compare.
bool forms_agree() {
  const std::vector<Tensor> mine = results(&ours);
  for (const Form form : {&by_grid, &by_gathers}) {
    const std::vector<Tensor> theirs = results(form);
    for (std::size_t i = 0; i < mine.size(); ++i) {
      // In the mean: where a position is all but whole, rounding decides on which side of a step
      // the gradient of an offset lies.
      const double d = ((mine[i] - theirs[i]).norm() / mine[i].norm()).item<double>();
      if (!(d < 5e-3)) {
        std::printf("forms differ in result %zu by %g\n", i, d);
        return false;
      }
    }
  }
  return true;
}

/// Beyond input, output and, with gradients, one gradient for each.
void print_memory(const char* name, Form form, bool gradients) {
  const DeformTensors t = make(gradients);
  const Tensor toward = torch::randn({1, kOut, kSide, kSide});
  const auto before = tensor_bytes();
  forget_peak();
  {
    const torch::AutoGradMode mode(gradients);
    const Tensor out = form(t);
    if (gradients) out.backward(toward);
  }
  const auto size = [](const Tensor& v) { return v.numel() * 4; };
  std::int64_t due = size(toward);
  const std::int64_t input = size(t.x) + size(t.offset) + size(t.mask);
  if (gradients) due += input + size(t.weight) + size(t.bias);
  const auto extra = static_cast<double>(peak_tensor_bytes() - before - due);
  std::printf("extra memory, %s, %s: %.1f MB, %.2f of its inputs (features %.1f MB, all %.1f MB)\n",
              name, gradients ? "both ways" : "forward", extra / 1e6,
              extra / static_cast<double>(input), 1e-6 * static_cast<double>(size(t.x)),
              1e-6 * static_cast<double>(input));
}

}  // namespace
}  // namespace pluvia::bench

int main(int argc, char** argv) {
  using namespace pluvia::bench;
  wait_as_program(argv);
  count_tensor_memory();
  std::printf("%s, %s\n", pluvia::cpu_model().c_str(), pluvia::cpu_level_name().c_str());
  if (!forms_agree()) return 1;
  for (const bool gradients : {false, true}) {
    print_memory("ours", &ours, gradients);
    print_memory("by_grid", &by_grid, gradients);
    print_memory("by_gathers", &by_gathers, gradients);
  }
  std::vector<Ratio> ratios;
  for (const std::string how : {"forward", "both_ways"}) {
    for (const std::string threads : {"/1", "/2"}) {
      ratios.push_back({how + "/ours" + threads, how + "/by_grid" + threads, 3});
      ratios.push_back({how + "/ours" + threads, how + "/by_gathers" + threads, 0});
    }
  }
  return run_with_ratios(argc, argv, ratios);
}
