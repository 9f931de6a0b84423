// SPDX-License-Identifier: Apache-2.0
#include "eval/train/validation.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/progress.h"
#include "datasets/store/set_reader.h"
#include "eval/harness/eval_run.h"
#include "eval/protocol/protocol.h"

namespace pluvia {
namespace {

/// As `eval` chooses them, or the first so many of those.
std::vector<IndexRow> chosen_rows(const TrainRequest& request, const SetInfo& info) {
  const bool tested = info.splits.count("test") > 0;
  std::vector<IndexRow> rows;
  for (const IndexRow& row : info.rows) {
    if (tested && row.clip.split != "test") continue;
    rows.push_back(row);
    if (static_cast<int>(rows.size()) == request.valid_clips) break;
  }
  return rows;
}

std::vector<std::string> chosen_clips(const TrainRequest& request) {
  if (request.valid_clips == 0) return {};
  const std::shared_ptr<SetReader> set = SetReader::open(request.valid);
  std::vector<std::string> ids;
  for (const IndexRow& row : chosen_rows(request, set->info())) ids.push_back(row.clip.id);
  return ids;
}

/// What validation says in passing is no news to one who trains.
class Silence {
 public:
  Silence() : before_(verbosity()) { set_verbosity(Verbosity::kQuiet); }
  ~Silence() { set_verbosity(before_); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  Verbosity before_;
};

fs::path record_of(const TrainRequest& request, std::int64_t iteration) {
  char name[32];
  std::snprintf(name, sizeof name, "%09lld.json", static_cast<long long>(iteration));
  return fs::path(request.out) / "validation" / name;
}

/// "psnr 24.31, ssim 0.8712"
std::string summary_of(const LogValues& means) {
  std::string text;
  for (const auto& [name, value] : means) {
    char number[64];
    std::snprintf(number, sizeof number, "%s%s %.4g", text.empty() ? "" : ", ", name.c_str(),
                  value);
    text += number;
  }
  return text;
}

}  // namespace

void check_validation(const TrainRequest& request) {
  load_protocol(request.protocol);
  const std::shared_ptr<SetReader> set = SetReader::open(request.valid);
  for (const IndexRow& row : set->info().rows) {
    if (!row.clip.layers.has(Layer::kLq) || !row.clip.layers.has(Layer::kGt)) {
      fail("validating on ", request.valid, ": clip ", row.clip.id, " has only ",
           row.clip.layers.names(), ", expected lq and gt");
    }
  }
}

std::string validation_identity(const TrainRequest& request) {
  const std::shared_ptr<SetReader> set = SetReader::open(request.valid);
  Json clips = Json::array();
  for (const IndexRow& row : chosen_rows(request, set->info())) {
    clips.push_back(clip_sha256(row.content_sha256));
  }
  return Json{{"clips", clips}, {"protocol_sha256", load_protocol(request.protocol).sha256()}}
      .dump();
}

Validation run_validation(const TrainRequest& request, Training& training, std::int64_t iteration) {
  EvalRequest eval;
  eval.method.label = request.network.name;
  eval.method.description =
      Json{{"kind", "training"}, {"name", request.network.name}, {"iteration", iteration}}.dump();
  eval.method.one_at_a_time = true;
  eval.method.make = [&] { return std::make_unique<LentMethod>(training.method()); };
  eval.data = request.valid;
  eval.protocol = request.protocol;
  eval.out = record_of(request, iteration);
  eval.clips = chosen_clips(request);
  eval.regions = false;
  eval.cache = false;
  eval.force = true;
  eval.generator = request.generator;
  fs::create_directories(eval.out.parent_path());
  const EvalOutcome outcome = [&] {
    const Silence silence;
    return evaluate(eval);
  }();

  const Json record = parse_json(outcome.json, "record");
  const ProtocolMetric first = load_protocol(request.protocol).metrics.front();
  Validation out;
  out.higher_is_better = first.higher_is_better();
  for (const auto& [key, value] : record.at("mean").items()) {
    if (!value.is_number()) continue;
    out.means.emplace_back(key, value.get<double>());
    if (key == first.key) out.score = value.get<double>();
  }
  out.summary = summary_of(out.means);
  const Json pictures = record.value("pictures", Json::array());
  for (const Json& picture : pictures) {
    if (picture.value("role", "") != "sample" || out.pictures.size() == 2) continue;
    out.pictures.push_back(eval.out.parent_path() / picture.at("prediction").get<std::string>());
  }
  return out;
}

}  // namespace pluvia
