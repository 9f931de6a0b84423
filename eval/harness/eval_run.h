// SPDX-License-Identifier: Apache-2.0
// A method scored on a set by a protocol: clips in parallel, a run record at the end. Finished
// clips are kept in OUT.journal, so that --resume goes on; frames whose bytes were scored before
// come from the cache (eval/harness/score_cache.h).
#pragma once

#include <string>

#include "eval/harness/eval_request.h"

namespace pluvia {

struct EvalOutcome {
  std::string content;  ///< "2 clips, 8 frames", "30 pictures"
  int identical = 0;
  std::string table;  ///< the means, a line each, for people
  std::string json;   ///< the run record
};

EvalOutcome evaluate(const EvalRequest& request);

}  // namespace pluvia
