// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include "core/error.h"
#include "models/ops/deform_conv.h"
#include "models/ops/device_deform.h"
#include "models/ops/torch_deform_conv.h"
#include "models/ops/torch_device.h"
#include "models/ops/torch_products.h"
#include "models/ops/torch_threads.h"
#include "models/ops/torch_types.h"

namespace pluvia::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr const char* kName = "deform_conv";

/// x with a group's channels innermost: (n, groups, H, W, I / groups).
Tensor by_groups(const Tensor& x, int groups) {
  return x.unflatten(1, {groups, -1}).permute({0, 1, 3, 4, 2}).contiguous();
}

/// (O, H, W) as (H * W, O). A transposition of two dimensions is four times as fast in LibTorch as
/// the same of three.
Tensor pixels_of(const Tensor& picture) {
  const Tensor inner = picture.permute({1, 2, 0});
  if (inner.is_contiguous()) return inner.flatten(0, 1);
  return picture.contiguous().flatten(1).t().contiguous();
}

/// (O, I, kh, kw) as (O, taps * I), in the order of columns.
Tensor as_matrix(const Tensor& weight) {
  return weight.permute({0, 2, 3, 1}).reshape({weight.size(0), -1});
}

DeformSizes sizes_of(const Tensor& x, const Tensor& mask, const Tensor& weight,
                     const DeformSettings& settings) {
  DeformSizes s;
  s.channels = x.size(1);
  s.height = x.size(2);
  s.width = x.size(3);
  s.out_height = mask.size(2);
  s.out_width = mask.size(3);
  s.kernel_rows = static_cast<int>(weight.size(2));
  s.kernel_columns = static_cast<int>(weight.size(3));
  s.stride = settings.stride;
  s.padding = settings.padding;
  s.dilation = settings.dilation;
  s.groups = static_cast<int>(mask.size(1)) / s.taps();
  return s;
}

void check(const DeformTensors& t, const DeformSizes& s) {
  const auto out = [&](std::int64_t size, int kernel) {
    return (size + 2 * s.padding - s.dilation * (kernel - 1) - 1) / s.stride + 1;
  };
  const bool fits = s.groups > 0 && t.mask.size(1) == s.groups * s.taps() &&
                    t.offset.size(1) == 2 * t.mask.size(1) && s.channels % s.groups == 0 &&
                    t.weight.size(1) == s.channels &&
                    s.out_height == out(s.height, s.kernel_rows) &&
                    s.out_width == out(s.width, s.kernel_columns) &&
                    t.offset.sizes().slice(2) == t.mask.sizes().slice(2);
  PLUVIA_CHECK(fits, t.offset.size(1), " ", t.mask.size(1), " ", s.out_height, "x", s.out_width);
}

/// As many output pixels at a time as have columns of a quarter of the inputs' size.
std::int64_t block_pixels(const DeformSizes& s) {
  const std::int64_t positions =
      3 * static_cast<std::int64_t>(s.groups) * s.taps() * s.out_pixels();
  const std::int64_t values = s.height * s.width * s.channels + positions;
  const std::int64_t pixels = values / (4 * s.taps() * s.channels);
  return std::clamp<std::int64_t>(pixels, 64, std::max<std::int64_t>(64, s.out_pixels()));
}

template <typename T>
DeformInput<T> input_of(const Tensor& x, const Tensor& offset, const Tensor& mask, std::int64_t n) {
  return {x[n].const_data_ptr<T>(), offset[n].const_data_ptr<T>(), mask[n].const_data_ptr<T>()};
}

/// The CPU's vectorised loops, or the kernels of a GPU.
template <typename T>
void fill_columns(const Device& device, const DeformColumnsArgs<T>& args) {
  const OnTorchThreads on_torch_threads;
  if (takes_device_body(device)) {
    device_deform_columns(device, args);
  } else {
    deform_columns(args.sizes, args.in, args.block, args.columns);
  }
}

template <typename T>
void give_back(const Device& device, const DeformBackwardArgs<T>& args) {
  const OnTorchThreads on_torch_threads;
  if (takes_device_body(device)) {
    device_deform_positions(device, args);
    device_deform_picture(device, args);
    device_deform_columns(device, {args.sizes, args.in, args.block, args.columns});
  } else {
    deform_columns_backward(args.sizes, args.in, args.block, args.columns, args.gradient);
  }
}

template <typename Body>
void for_blocks(const DeformSizes& s, const Body& body) {
  const std::int64_t step = block_pixels(s);
  for (std::int64_t first = 0; first < s.out_pixels(); first += step) {
    body(PixelBlock{first, std::min(step, s.out_pixels() - first)});
  }
}

class DeformConv : public torch::autograd::Function<DeformConv> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& offset,
                        const Tensor& mask, const Tensor& weight, const Tensor& bias,
                        const torch::IntArrayRef& settings) {
    const DeformSettings how = {static_cast<int>(settings[0]), static_cast<int>(settings[1]),
                                static_cast<int>(settings[2])};
    const DeformSizes s = sizes_of(x, mask, weight, how);
    const Device device = device_of({x, offset, mask, weight, bias}, kName);
    const Tensor inner = by_groups(x, s.groups);
    const Tensor offsets = offset.contiguous();
    const Tensor masks = mask.contiguous();
    context->save_for_backward({x, offsets, masks, weight});
    context->saved_data["settings"] = settings;
    const Tensor matrix = as_matrix(weight);
    const Tensor out = torch::empty({x.size(0), s.out_pixels(), weight.size(0)}, x.options());
    const Tensor columns = torch::empty({block_pixels(s), s.taps() * s.channels}, x.options());
    for (std::int64_t n = 0; n < x.size(0); ++n) {
      for_blocks(s, [&](const PixelBlock& block) {
        const Tensor part = columns.slice(0, 0, block.count);
        with_type(x.scalar_type(), [&](auto zero) {
          using T = decltype(zero);
          fill_columns<T>(device,
                          {s, input_of<T>(inner, offsets, masks, n), block, part.data_ptr<T>()});
        });
        out[n].slice(0, block.first, block.first + block.count).copy_(times(part, matrix, bias));
      });
    }
    return out.unflatten(1, {s.out_height, s.out_width}).permute({0, 3, 1, 2});
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const std::vector<std::int64_t> settings = context->saved_data["settings"].toIntVector();
    const DeformSettings how = {static_cast<int>(settings[0]), static_cast<int>(settings[1]),
                                static_cast<int>(settings[2])};
    const Tensor& x = saved[0];
    const Tensor& weight = saved[3];
    const DeformSizes s = sizes_of(x, saved[2], weight, how);
    const Device device = device_of({x, gradients[0]}, kName);
    const Tensor inner = by_groups(x, s.groups);
    const Tensor matrix = as_matrix(weight);
    const Tensor to_x = torch::zeros_like(inner);
    const Tensor to_offset = torch::empty_like(saved[1]);
    const Tensor to_mask = torch::empty_like(saved[2]);
    Tensor to_matrix = torch::zeros_like(matrix);
    const Tensor matrix_t = matrix.t().contiguous();
    for (std::int64_t n = 0; n < x.size(0); ++n) {
      const Tensor out = pixels_of(gradients[0][n]);
      for_blocks(s, [&](const PixelBlock& block) {
        const Tensor rows = out.slice(0, block.first, block.first + block.count);
        const Tensor columns = times(rows, matrix_t);
        with_type(x.scalar_type(), [&](auto zero) {
          using T = decltype(zero);
          const DeformInput<T> in = input_of<T>(inner, saved[1], saved[2], n);
          const DeformGradient<T> to = {to_x[n].data_ptr<T>(), to_offset[n].data_ptr<T>(),
                                        to_mask[n].data_ptr<T>()};
          give_back<T>(device, {s, in, block, columns.data_ptr<T>(), to});
        });
        to_matrix += sum_of_products(rows, columns);
      });
    }
    const Tensor to_weight =
        to_matrix.reshape({weight.size(0), s.kernel_rows, s.kernel_columns, s.channels})
            .permute({0, 3, 1, 2});
    return {to_x.permute({0, 1, 4, 2, 3}).flatten(1, 2),
            to_offset,
            to_mask,
            to_weight,
            gradients[0].sum({0, 2, 3}),
            Tensor()};
  }
};

}  // namespace

Tensor deform_conv(const DeformTensors& t, const DeformSettings& settings) {
  check(t, sizes_of(t.x, t.mask, t.weight, settings));
  const std::vector<std::int64_t> how = {settings.stride, settings.padding, settings.dilation};
  // Positions in a half precision would be off by whole pixels.
  const torch::ScalarType type = computed_type(t.x);
  return DeformConv::apply(t.x.to(type), t.offset.to(type), t.mask.to(type), t.weight.to(type),
                           t.bias.to(type), torch::IntArrayRef(how))
      .to(t.x.scalar_type());
}

}  // namespace pluvia::ops
