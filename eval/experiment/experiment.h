// SPDX-License-Identifier: Apache-2.0
// An experiment as data (manifests/experiments/*.json): sets to render, methods with weights or
// with training, protocols, curves. docs/training.md describes the fields.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"

namespace pluvia {

struct ExperimentSet {
  std::string name;
  std::string recipe;
  std::vector<std::string> overrides;  ///< as synth's --set
};

struct ExperimentTraining {
  std::string schedule;
  std::string data;                    ///< name of a set, or of a recipe: rain rendered as needed
  std::string valid;                   ///< name of a set to validate on, or empty
  std::vector<std::string> overrides;  ///< as train's --set
  std::vector<std::int64_t> seeds;
};

struct ExperimentMethod {
  std::string label;
  std::string method;
  std::string weights;
  std::vector<std::string> options;
  bool trained = false;
  ExperimentTraining training;
};

struct ExperimentScore {
  std::string set;
  std::string protocol;
};

/// Scores against something that differs from clip to clip.
struct ExperimentCurve {
  std::string title;
  std::string set;
  std::string x;       ///< a rain parameter, or "speed_m_s" or "drop_cover_percent"
  std::string x_name;  ///< "rain, mm/h"
  std::string y;       ///< key of a score: "psnr"
};

struct Experiment {
  std::string name;
  std::string title;
  std::vector<ExperimentSet> sets;
  std::vector<ExperimentMethod> methods;
  std::vector<ExperimentScore> scores;  ///< the first is the report's table
  std::vector<ExperimentCurve> curves;
  std::vector<std::string> tables;
  std::string against;
};

/// A label with '_' for all that has no place in the name of a file.
std::string file_name_of(const std::string& label);

/// Strict: unknown keys and names of sets that are not there are Errors. `overrides`:
/// "sets.NAME.key=value" for a recipe, "train.key=value" for every training.
Experiment load_experiment(const std::string& name_or_path,
                           const std::vector<std::string>& overrides);

}  // namespace pluvia
