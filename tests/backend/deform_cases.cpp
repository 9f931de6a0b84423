// SPDX-License-Identifier: Apache-2.0
// The deformable convolution, forward and all gradients, against the CPU's own loops.
#include <memory>

#include "core/device_array.h"
#include "models/ops/device_deform.h"
#include "tests/backend/cases.h"
#include "tests/models/deform_problem.h"

namespace pluvia::backend {
namespace {

using ops::DeformProblem;
using ops::DeformResult;
using ops::DeformSizes;
using ops::PixelBlock;

/// What a problem needs and gives, in the memory of a device.
template <typename T>
struct OnDevice {
  DeviceArray<T> x, offset, mask, given, columns, to_x, to_offset, to_mask;

  OnDevice(const Device& device, const DeformProblem<T>& p)
      : x(device),
        offset(device),
        mask(device),
        given(device),
        columns(device),
        to_x(device),
        to_offset(device),
        to_mask(device) {
    x.upload(p.x);
    offset.upload(p.offset);
    mask.upload(p.mask);
    given.upload(p.given);
    columns.reserve(p.given.size());
    to_offset.reserve(p.offset.size());
    to_mask.reserve(p.mask.size());
  }
};

template <typename T>
void run(const Device& device, const DeformProblem<T>& p, OnDevice<T>& d) {
  d.to_x.upload(std::vector<T>(p.x.size()));  // is added to
  const ops::DeformInput<T> in = {d.x.data(), d.offset.data(), d.mask.data()};
  for (const PixelBlock& block : ops::deform_blocks(p.sizes)) {
    const std::int64_t first = block.first * p.row();
    const DeformColumnsArgs<T> forward = {p.sizes, in, block, d.columns.data() + first};
    const DeformBackwardArgs<T> back = {p.sizes,
                                        in,
                                        block,
                                        d.given.data() + first,
                                        {d.to_x.data(), d.to_offset.data(), d.to_mask.data()}};
    device_deform_columns(device, forward);
    device_deform_positions(device, back);
    device_deform_picture(device, back);
  }
}

template <typename T>
std::vector<double> all_of(const DeformResult<T>& result) {
  std::vector<double> out(result.columns.begin(), result.columns.end());
  for (const auto& more : {result.x, result.offset, result.mask}) {
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

template <typename T>
Work prepare(const Device& device, const DeformSizes& sizes) {
  const auto problem = std::make_shared<DeformProblem<T>>(sizes);
  const auto there = std::make_shared<OnDevice<T>>(device, *problem);
  Work work;
  work.launch = [=] { run(device, *problem, *there); };
  work.fetch = [=] {
    DeformResult<T> out(*problem);
    there->columns.download(out.columns);
    there->to_x.download(out.x);
    there->to_offset.download(out.offset);
    there->to_mask.download(out.mask);
    return all_of(out);
  };
  return work;
}

template <typename T>
void add_case(const char* type, double tolerance, const DeformSizes& sizes,
              std::vector<Case>& cases) {
  Case one;
  one.name = std::string("deform ") + type + " " + ops::name_of(sizes);
  one.tolerance = tolerance;
  one.prepare = [sizes](const Device& device) { return prepare<T>(device, sizes); };
  one.reference = [sizes] { return all_of(ops::deform_on_cpu(DeformProblem<T>(sizes))); };
  cases.push_back(one);
}

}  // namespace

void add_deform_cases(std::vector<Case>& cases) {
  std::vector<DeformSizes> all = ops::deform_sizes();
  DeformSizes tile = all[3];  // ViMP-Net's, of a quarter of its tile of 256x256
  tile.height = tile.width = tile.out_height = tile.out_width = 64;
  all.push_back(tile);
  // Sums of up to a few hundred terms of size 1; their order is the CPU's and the GPU's own.
  for (const DeformSizes& sizes : all) {
    add_case<float>("float", 1e-5, sizes, cases);
    add_case<double>("double", 2e-14, sizes, cases);
  }
}

}  // namespace pluvia::backend
