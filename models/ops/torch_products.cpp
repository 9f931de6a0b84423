// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include <ATen/autocast_mode.h>

#include "core/cpu.h"
#include "models/ops/torch_products.h"
#include "models/ops/torch_types.h"

namespace pluvia::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

bool by_convolution(const Tensor& a) {
  static const bool worth_it = !cpu_is_intel() && at::hasMKLDNN();
  return worth_it && a.is_cpu() && a.scalar_type() == torch::kFloat32 &&
         at::globalContext().userEnabledMkldnn();
}

Tensor pixel_convolution(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return torch::mkldnn_convolution(x, weight, bias, /*padding=*/{0, 0}, /*stride=*/{1, 1},
                                   /*dilation=*/{1, 1}, /*groups=*/1);
}

class LinearFunction : public torch::autograd::Function<LinearFunction> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& rows, const Tensor& weight,
                        const std::optional<Tensor>& bias) {
    context->save_for_backward({rows, weight});
    context->saved_data["bias"] = bias.has_value();
    return times(rows, weight, bias.value_or(Tensor()));
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor g = gradients[0].contiguous();
    // A sum over many rows is faster by MKL: oneDNN would bring both into another order first.
    return {times(g, saved[1].t().contiguous()), torch::mm(g.t(), saved[0]),
            context->saved_data["bias"].toBool() ? g.sum(0) : Tensor()};
  }
};

}  // namespace

Tensor times(const Tensor& rows, const Tensor& matrix, const Tensor& bias) {
  if (!by_convolution(rows)) {
    return bias.defined() ? torch::addmm(bias, rows, matrix.t()) : torch::mm(rows, matrix.t());
  }
  // Every row is a pixel.
  const Tensor picture = rows.view({1, rows.size(0), 1, rows.size(1)}).permute({0, 3, 1, 2});
  const Tensor weight = matrix.view({matrix.size(0), matrix.size(1), 1, 1});
  const Tensor out = pixel_convolution(picture, weight, bias);
  return out.permute({0, 2, 3, 1}).reshape({rows.size(0), matrix.size(0)});
}

Tensor sum_of_products(const Tensor& a, const Tensor& b) {
  if (!by_convolution(a)) return torch::mm(a.t(), b);
  // Every row of b is a channel.
  const Tensor weight = a.t().contiguous().view({a.size(1), a.size(0), 1, 1});
  const Tensor out = pixel_convolution(b.view({1, b.size(0), b.size(1), 1}), weight, {});
  return out.reshape({a.size(1), b.size(1)});
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  // Below, to ask for a convolution takes longer than the product.
  constexpr std::int64_t kFewProducts = 1 << 22;
  const bool few = x.numel() * weight.size(0) < kFewProducts;
  // Mixed precision: LibTorch turns both into halves, which its own products know.
  const bool mixed = at::autocast::is_autocast_enabled(x.device().type());
  if (few || mixed || !by_convolution(x) || !by_convolution(weight)) {
    return torch::linear(x, weight, bias);
  }
  std::vector<std::int64_t> sizes = x.sizes().vec();
  sizes.back() = weight.size(0);
  const Tensor rows = x.reshape({-1, x.size(-1)}).contiguous();
  const std::optional<Tensor> addend = bias.defined() ? std::optional(bias) : std::nullopt;
  const Tensor out = wants_gradient({x, weight})
                         ? LinearFunction::apply(rows, weight.contiguous(), addend)
                         : times(rows, weight.contiguous(), bias);
  return out.view(sizes);
}

}  // namespace pluvia::ops
