// SPDX-License-Identifier: Apache-2.0
// Our operators' loops on the threads that LibTorch's operators run on. A network's operators and
// ours take turns many times a second; LibTorch's threads, awake for a while after each loop
// (core/openmp_waiting.h), would hold the cores that threads of ours wake up for.
#pragma once

#include "core/parallel.h"

namespace pluvia::ops {

/// While it lives, this thread's loops run on LibTorch's threads.
class OnTorchThreads {
 public:
  OnTorchThreads();

 private:
  TeamScope scope_;
};

}  // namespace pluvia::ops
