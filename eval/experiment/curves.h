// SPDX-License-Identifier: Apache-2.0
// How scores change with what differs from clip to clip: the rain rate, the drops, the speed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "eval/experiment/experiment.h"
#include "eval/protocol/protocol.h"
#include "eval/report/page.h"
#include "eval/report/run_record.h"

namespace pluvia {

/// Names that the curve asks for are there: an Error before anything is rendered.
void check_curve(const ExperimentCurve& curve, const Protocol& protocol);

/// What the curve's x is, for every clip of a set. An Error when a clip does not say.
std::map<std::string, double> clip_values(const std::string& set, const std::string& what);

/// One line a method: the mean of its clips' scores at every x.
PagePlot curve_plot(const ExperimentCurve& curve, const std::map<std::string, double>& x,
                    const std::vector<RunRecord>& runs);

/// Loss and validation over the iterations, from RUN/log.jsonl of every training.
std::vector<PagePlot> training_plots(const std::map<std::string, std::string>& run_of_label);

}  // namespace pluvia
