// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/score_cache.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "eval/report/run_record.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

Json list_json(const std::vector<double>& values) {
  Json out = Json::array();
  for (const double value : values) out.push_back(score_json(value));
  return out;
}

std::vector<double> list_of(const Json& json) {
  std::vector<double> out;
  for (const Json& value : json) out.push_back(score_of(value));
  return out;
}

std::string to_line(const FrameScores& scores) {
  Json json{{"i", scores.identical},
            {"v", list_json(scores.values)},
            {"s", sums_json(scores.sums)},
            {"r", Json::array()}};
  for (const std::vector<double>& regions : scores.regions) {
    json["r"].push_back(list_json(regions));
  }
  const bool pooled = std::any_of(scores.region_sums.begin(), scores.region_sums.end(),
                                  [](const auto& sums) { return !sums.empty(); });
  if (pooled) {
    for (const auto& sums : scores.region_sums) json["q"].push_back(sums_json(sums));
  }
  return json.dump();
}

FrameScores from_line(const std::string& text) {
  const Json json = Json::parse(text);
  FrameScores scores;
  scores.identical = json.at("i").get<bool>();
  scores.values = list_of(json.at("v"));
  scores.sums = sums_of(json.at("s"));
  for (const Json& regions : json.at("r")) scores.regions.push_back(list_of(regions));
  scores.region_sums.resize(scores.values.size());
  const Json pooled = json.value("q", Json::array());
  for (std::size_t i = 0; i < pooled.size() && i < scores.region_sums.size(); ++i) {
    scores.region_sums[i] = sums_of(pooled[i]);
  }
  return scores;
}

}  // namespace

Json sums_json(const std::vector<MetricSum>& sums) {
  Json out = Json::array();
  for (const MetricSum& sum : sums) out.push_back({sum.sum, sum.count});
  return out;
}

std::vector<MetricSum> sums_of(const Json& json) {
  std::vector<MetricSum> out;
  for (const Json& sum : json) out.push_back({sum.at(0).get<double>(), sum.at(1).get<double>()});
  return out;
}

ScoreCache::ScoreCache(const fs::path& folder, const std::string& scoring) {
  if (folder.empty()) return;
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  file_ = folder / (scoring + ".jsonl");
  std::ifstream in(file_);
  for (std::string line; std::getline(in, line);) {
    if (line.size() > 65 && line[64] == ' ') known_[line.substr(0, 64)] = line.substr(65);
  }
}

std::optional<FrameScores> ScoreCache::find(const std::string& key, std::size_t metrics,
                                            std::size_t regions) const {
  const std::scoped_lock lock(mutex_);
  const auto entry = known_.find(key);
  if (entry == known_.end()) return std::nullopt;
  try {
    FrameScores scores = from_line(entry->second);
    bool fits = scores.values.size() == metrics && scores.sums.size() == metrics &&
                scores.regions.size() == metrics;
    for (const auto& of_metric : scores.regions)
      fits = fits && (of_metric.empty() || of_metric.size() == regions);
    if (!fits) return std::nullopt;
    return scores;
  } catch (const std::exception&) {  // damaged: scored again
    return std::nullopt;
  }
}

void ScoreCache::add(const std::string& key, const FrameScores& scores) {
  if (file_.empty()) return;
  const std::string line = to_line(scores);
  const std::scoped_lock lock(mutex_);
  known_[key] = line;
  unwritten_ += key + " " + line + "\n";
}

void ScoreCache::flush() {
  const std::scoped_lock lock(mutex_);
  if (file_.empty() || unwritten_.empty()) return;
  // All in one write, which other programs' cannot come between; the first line break ends what a
  // full disk may have cut off before.
  try {
    append_text(file_, "\n" + unwritten_);
  } catch (const Error&) {  // a cache that cannot be kept is no fault of the scores
  }
  unwritten_.clear();
}

fs::path score_cache_folder() {
  if (const char* const cache = std::getenv("PLUVIA_CACHE")) return fs::path(cache) / "scores";
  if (const char* const home = std::getenv("HOME")) return fs::path(home) / ".cache/pluvia/scores";
  return {};
}

}  // namespace pluvia
