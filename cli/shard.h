// SPDX-License-Identifier: Apache-2.0
// Which part of the work is this process's, where many share it: --shard I/N, or what the launcher
// of a cluster says of itself in the environment.
#pragma once

#include <string>

namespace pluvia::cli {

struct Shard {
  int index = 0;
  int count = 1;
};

/// "I/N" with I from 0 to N-1; "auto" asks the launcher (SLURM's arrays and tasks, Open MPI,
/// MPICH), "auto/N" for the index alone (indexed jobs of Kubernetes do not tell their number).
Shard read_shard(const std::string& text);

}  // namespace pluvia::cli
