// SPDX-License-Identifier: Apache-2.0
// What the LibTorch module offers to the rest of the program: a table of functions, behind one
// C entry. The program is not linked to LibTorch (it costs 350 ms at every start); the module is
// opened at first use.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/network.h"
#include "models/torch_script.h"
#include "models/training/training.h"

namespace pluvia {

/// The LibTorch at hand and what it can do on this machine.
struct TorchInfo {
  std::string version;
  bool cuda_built = false;                ///< the package has a CUDA half
  std::vector<std::string> cuda_devices;  ///< names of the GPUs that it can use
  std::string cuda_note;                  ///< why there are none, in words
  int threads = 0;
  bool self_check = false;  ///< a 2x2 matrix product came out right
};

/// Grows at its end; `layout` says which build the two sides come from.
struct TorchModule {
  int layout;
  TorchInfo (*info)();
  void (*set_threads)(int count);
  std::unique_ptr<Network> (*make_network)(const NetworkRequest& request);
  std::unique_ptr<Training> (*make_training)(const NetworkRequest& request,
                                             const Schedule& schedule);
  std::unique_ptr<Method> (*make_script)(const ScriptRequest& request);
};

inline constexpr int kTorchModuleLayout = 4;

/// Opens the module and gives it as many threads as core/parallel.h has, so that --threads holds
/// for both; later calls give the same table. An Error says what is missing.
const TorchModule& torch_module();

/// Whether this build has the module.
bool torch_built();

}  // namespace pluvia
