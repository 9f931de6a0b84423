// SPDX-License-Identifier: Apache-2.0
// The bodies that networks' operators have for devices, against their ordinary ones.
#include "tests/backend/cases.h"
#include "tests/backend/op_problems.h"

namespace pluvia::backend {
namespace {

std::vector<double> fetch(const OpRun& run) {
  std::vector<double> out;
  for (const OpResult& one : run.fetch()) {
    out.insert(out.end(), one.values.begin(), one.values.end());
  }
  return out;
}

}  // namespace

void add_ops_cases(std::vector<Case>& cases) {
  for (const OpProblem& problem : all_op_problems()) {
    Case one;
    one.name = problem.name;
    one.tolerance = problem.tolerance;
    one.prepare = [problem](const Device& device) {
      const OpRun run = problem.device(device);
      return Work{run.launch, [run] { return fetch(run); }};
    };
    one.reference = [problem] {
      const OpRun run = problem.ordinary();
      run.launch();
      return fetch(run);
    };
    cases.push_back(one);
  }
}

}  // namespace pluvia::backend
