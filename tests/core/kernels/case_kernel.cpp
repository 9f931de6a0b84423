// SPDX-License-Identifier: Apache-2.0
#include "tests/core/kernels/case_kernel.h"

#include "core/for_each.h"
#include "core/rng.h"

namespace pluvia::PLUVIA_BACKEND {

void case_kernel(const CaseArgs& args) {
  for_each(
      args.n, PLUVIA_LAMBDA(std::int64_t i) {
        const Random random{args.seed, 0, 0, static_cast<std::uint32_t>(i)};
        const double noise = random.normal(0) + random.uniform(1);
        args.out[i] = static_cast<float>(double{args.in[i]} * 3 + exact::exp(-noise * noise));
      });
}

}  // namespace pluvia::PLUVIA_BACKEND
