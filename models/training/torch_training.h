// SPDX-License-Identifier: Apache-2.0
// Any Net that learns by a schedule: the Training that the trainer sees.
#pragma once

#include <memory>

#include "models/training/training.h"

namespace pluvia {

/// An Error when the schedule's losses want what the network does not predict.
std::unique_ptr<Training> make_torch_training(const NetworkRequest& request,
                                              const Schedule& schedule);

}  // namespace pluvia
