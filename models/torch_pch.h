// SPDX-License-Identifier: Apache-2.0
// The one precompiled header of everything that includes LibTorch: parsing it takes half a minute
// a file otherwise. Torch files include it first and never go through nvcc.
#pragma once

#include <torch/torch.h>
