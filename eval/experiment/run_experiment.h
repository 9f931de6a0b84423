// SPDX-License-Identifier: Apache-2.0
// Renders, trains, scores and reports all that an experiment names, each step once:
//
//   OUT/sets/NAME.h5  OUT/training/LABEL-seedN/  OUT/runs/SET/LABEL-seedN.json  OUT/report/
//   OUT/steps/        one file per finished step with the hash of what went into it
//
// A step whose hash is there is not done again; one whose inputs changed is done anew, and with it
// what stands on it. A run that was stopped goes on inside the step that it was in.
#pragma once

#include <string>

#include "eval/experiment/experiment.h"

namespace pluvia {

struct ReproduceRequest {
  Experiment experiment;
  std::string out;
  std::string device = "cpu";
  std::string generator;
};

/// The report's page.
std::string reproduce(const ReproduceRequest& request);

}  // namespace pluvia
