// SPDX-License-Identifier: Apache-2.0
// Comparisons of records that are made here: intervals and tests belong to the printed means, every
// metric is tested, pictures of stacks are units, and unequal means are said to be such.
#include "eval/report/comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "core/error.h"
#include "eval/report/left_out.h"
#include "eval/report/page.h"
#include "eval/report/tables.h"

namespace pluvia {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

ScoreColumn column(const std::string& key, ColumnAverage average, bool up = true) {
  ScoreColumn out{key, key, key, "", key == "psnr" ? "dB" : "", "", up};
  out.average = average;
  return out;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  int count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    sum += value;
    ++count;
  }
  return count == 0 ? kInfinity : sum / count;
}

/// One metric; clips[c][t] are the scores of frames, the mean is as `column` says.
RunRecord record(const std::string& label, const std::vector<std::vector<double>>& clips,
                 const ScoreColumn& column) {
  RunRecord out;
  out.label = label;
  out.columns = {column};
  out.of_pictures = column.average == ColumnAverage::kPictures;
  out.json = "{}";
  std::vector<double> all;
  std::vector<double> means;
  for (const std::vector<double>& frames : clips) {
    RunClip clip;
    clip.id = std::to_string(out.clips.size());
    clip.frames[column.key] = frames;
    clip.mean[column.key] = mean_of(frames);
    means.push_back(clip.mean[column.key]);
    all.insert(all.end(), frames.begin(), frames.end());
    out.identical_frames += static_cast<int>(std::count(frames.begin(), frames.end(), kInfinity));
    out.clips.push_back(clip);
  }
  out.mean[column.key] = mean_of(column.average == ColumnAverage::kClips ? means : all);
  return out;
}

/// A second metric of the same frames, the first one's times `factor`.
void add_metric(RunRecord& record, const ScoreColumn& column, double factor) {
  const std::string first = record.columns.front().key;
  record.columns.push_back(column);
  record.mean[column.key] = record.mean[first] * factor;
  for (RunClip& clip : record.clips) {
    clip.mean[column.key] = clip.mean[first] * factor;
    for (const double value : clip.frames[first]) {
      clip.frames[column.key].push_back(value * factor);
    }
  }
}

/// A field of a line of table.csv by its head.
std::string field(const std::string& csv, std::size_t line, const std::string& head) {
  std::istringstream text(csv);
  std::vector<std::vector<std::string>> rows;
  for (std::string row; std::getline(text, row);) {
    rows.emplace_back();
    std::istringstream fields(row + ",");
    for (std::string one; std::getline(fields, one, ',');) rows.back().push_back(one);
  }
  EXPECT_EQ(rows[0].size(), rows[line].size());
  const auto at = std::find(rows[0].begin(), rows[0].end(), head);
  if (at == rows[0].end()) return "no " + head;
  return rows[line][static_cast<std::size_t>(at - rows[0].begin())];
}

/// One clip of 40 frames and five of 2, as in sets with one long video.
std::vector<std::vector<double>> one_long_clip(double gain, double step) {
  std::vector<std::vector<double>> out;
  const std::vector<double> of_clips = {40, 16, 20, 24, 28, 30};
  for (std::size_t c = 0; c < of_clips.size(); ++c) {
    const double value = of_clips[c] + gain + step * static_cast<double>(c % 3);
    out.emplace_back(c == 0 ? 40 : 2, value);
  }
  return out;
}

TEST(Comparison, AnIntervalHoldsAMeanOverFrames) {
  const ScoreColumn psnr = column("psnr", ColumnAverage::kFrames);
  const std::vector<RunRecord> runs = {record("a", one_long_clip(0, 0), psnr),
                                       record("b", one_long_clip(1, 0.5), psnr)};
  const Comparison compared = compare_runs(runs, "a");
  const ComparedMethod& a = compared.methods[0];
  EXPECT_NEAR(a.mean.at("psnr"), (40.0 * 40 + 2 * 118) / 50, 1e-9);
  EXPECT_LT(a.interval.at("psnr").first, a.mean.at("psnr"));
  EXPECT_GT(a.interval.at("psnr").second, a.mean.at("psnr"));
  const Difference& gain = compared.methods[1].against.at("psnr");
  // 1, 1.5, 2, 1, 1.5, 2 of clips; the first has 40 of 50 frames.
  EXPECT_NEAR(gain.delta, (40 * 1 + 2 * (1.5 + 2 + 1 + 1.5 + 2)) / 50, 1e-9);
  EXPECT_LT(gain.interval->first, gain.delta);
  EXPECT_GT(gain.interval->second, gain.delta);
  EXPECT_EQ(gain.p, 2 / 64.0);  // all gain: only all flips or none are as large
  EXPECT_NEAR(gain.p_wilcoxon, 2 / 64.0, 1e-12);
  EXPECT_NEAR(gain.dz, 1.5 / std::sqrt(6 * (0.25 + 0 + 0.25) / 3 / 5), 1e-9);
}

TEST(Comparison, PooledErrorsHaveTheirOwnInterval) {
  const ScoreColumn psnr = column("psnr", ColumnAverage::kPooledMse);
  const std::vector<std::vector<double>> errors = {{4, 6, 5}, {900}, {40, 44}};
  RunRecord run = record("a", errors, psnr);
  double sum = 0;
  for (std::size_t c = 0; c < errors.size(); ++c) {
    for (double& value : run.clips[c].frames["psnr"]) {
      run.clips[c].pooled["psnr"].push_back({value, 1});
      sum += value;
      value = 10 * std::log10(65025 / value);
    }
  }
  run.mean["psnr"] = 10 * std::log10(65025 / (sum / 6));
  std::vector<RunRecord> runs = {run};
  const Comparison compared = compare_runs(runs, "");
  // One resample in 27 is the best clip alone, one the worst.
  const auto interval = compared.methods[0].interval.at("psnr");
  EXPECT_NEAR(interval.first, 10 * std::log10(65025 / 900.0), 1e-9);
  EXPECT_NEAR(interval.second, 10 * std::log10(65025 / 5.0), 1e-9);
  runs[0].columns[0].average = ColumnAverage::kUnknown;
  EXPECT_TRUE(compare_runs(runs, "").methods[0].interval.empty());
}

TEST(Comparison, PicturesOfAStackAreUnits) {
  std::vector<double> a;
  std::vector<double> b;
  for (int i = 0; i < 15; ++i) {
    a.push_back(30 + i % 5);
    b.push_back(30.5 + i % 5 + 0.1 * (i % 3));
  }
  const auto at = [&](ColumnAverage average) {
    const ScoreColumn psnr = column("psnr", average);
    return std::vector<RunRecord>{record("a", {a}, psnr), record("b", {b}, psnr)};
  };
  const std::vector<RunRecord> runs = at(ColumnAverage::kPictures);
  const Comparison compared = compare_runs(runs, "");
  EXPECT_EQ(compared.unit, "picture");
  EXPECT_EQ(compared.units, 15U);
  const Difference& gain = compared.methods[1].against.at("psnr");
  EXPECT_NEAR(gain.delta, 0.6, 1e-9);
  EXPECT_EQ(gain.p, 2 / 32768.0);
  EXPECT_NEAR(gain.p_wilcoxon, 2 / 32768.0, 1e-15);
  // 0.5, 0.6, 0.7 five times each: variance 5 * 2 * 0.01 / 14.
  EXPECT_NEAR(gain.dz, 0.6 / std::sqrt(0.1 / 14), 1e-6);
  EXPECT_LT(compared.methods[0].interval.at("psnr").first, 32);
  const std::string csv = csv_table(compared);
  EXPECT_EQ(field(csv, 2, "unit"), "picture");
  EXPECT_EQ(field(csv, 2, "units"), "15");
  const std::string page = report_page(compared, {"t", {}, {}, {}});
  EXPECT_NE(page.find("15 pictures, protocol"), std::string::npos);
  EXPECT_NE(page.find("bootstrap over pictures"), std::string::npos);
  EXPECT_EQ(page.find("With 15"), std::string::npos);

  const std::vector<RunRecord> stacks = at(ColumnAverage::kClips);
  const Comparison alone = compare_runs(stacks, "");
  EXPECT_TRUE(alone.methods[0].interval.empty());
  EXPECT_EQ(alone.methods[1].against.at("psnr").p, 1);
  EXPECT_TRUE(std::isnan(alone.methods[1].against.at("psnr").dz));
  EXPECT_THROW(compare_runs({runs[0], stacks[1]}, ""), Error);  // of an earlier build
}

TEST(Comparison, EveryMetricIsTestedAndTabled) {
  const ScoreColumn psnr = column("psnr", ColumnAverage::kClips);
  std::vector<RunRecord> runs;
  for (const double gain : {0.0, 1.0}) {
    std::vector<std::vector<double>> clips;
    for (int c = 0; c < 6; ++c) clips.push_back({30 + c + gain, 31 + c + gain});
    runs.push_back(record(gain > 0 ? "better" : "base", clips, psnr));
    add_metric(runs.back(), column("error", ColumnAverage::kClips, false), -0.1);
  }
  const Comparison compared = compare_runs(runs, "");
  const auto& against = compared.methods[1].against;
  ASSERT_EQ(against.size(), 2U);
  EXPECT_NEAR(against.at("error").delta, 0.1, 1e-9);  // lower is better: positive
  EXPECT_NEAR(against.at("error").interval->first, 0.1, 1e-9);
  EXPECT_EQ(against.at("psnr").p, 2 / 64.0);
  EXPECT_EQ(against.at("psnr").p_corrected, 4 / 64.0);  // two comparisons
  EXPECT_NEAR(against.at("error").p_wilcoxon_corrected, 4 / 64.0, 1e-12);
  EXPECT_EQ(against.at("psnr").dz, kInfinity);  // the same gain everywhere
  const std::string csv = csv_table(compared);
  EXPECT_NEAR(std::stod(field(csv, 2, "psnr_delta")), 1, 1e-9);
  EXPECT_NEAR(std::stod(field(csv, 2, "psnr_delta_low95")), 1, 1e-9);
  EXPECT_EQ(std::stod(field(csv, 2, "psnr_p")), 2 / 64.0);
  EXPECT_EQ(std::stod(field(csv, 2, "error_p_holm")), 4 / 64.0);
  EXPECT_NEAR(std::stod(field(csv, 2, "psnr_p_wilcoxon")), 2 / 64.0, 1e-12);
  EXPECT_EQ(field(csv, 2, "psnr_d"), "inf");
  EXPECT_EQ(field(csv, 1, "psnr_delta"), "");
  EXPECT_NE(report_page(compared, {"t", {}, {}, {}}).find(R"("dz":"inf")"), std::string::npos);
}

TEST(Comparison, RegionsAreComparedAndNotTested) {
  const ScoreColumn psnr = column("psnr", ColumnAverage::kClips);
  ScoreColumn outside = column("mae_outside", ColumnAverage::kClips, false);
  outside.region = "outside";
  std::vector<RunRecord> runs;
  for (const double gain : {0.0, 1.0}) {
    std::vector<std::vector<double>> clips;
    for (int c = 0; c < 6; ++c) clips.push_back({30 + c + gain, 31 + c + 3 * gain});
    runs.push_back(record(gain > 0 ? "damages" : "base", clips, psnr));
    add_metric(runs.back(), outside, 0.5);
  }
  const Comparison compared = compare_runs(runs, "");
  const Difference& damage = compared.methods[1].against.at("mae_outside");
  EXPECT_NEAR(damage.delta, -1, 1e-9);  // more error outside than before: negative
  ASSERT_TRUE(damage.interval.has_value());
  EXPECT_NEAR(damage.interval->first, -1, 1e-9);
  EXPECT_FALSE(damage.tested);
  EXPECT_EQ(compared.methods[1].against.at("psnr").p_corrected, 2 / 64.0);  // Holm of one
  const std::string csv = csv_table(compared);
  EXPECT_NEAR(std::stod(field(csv, 2, "mae_outside_delta")), -1, 1e-9);
  EXPECT_NEAR(std::stod(field(csv, 2, "mae_outside_delta_high95")), -1, 1e-9);
  EXPECT_EQ(field(csv, 1, "mae_outside_delta"), "");
  EXPECT_EQ(field(csv, 2, "mae_outside_p"), "no mae_outside_p");
}

TEST(Comparison, MeansOfDifferentFramesAreSaidToBe) {
  const ScoreColumn psnr = column("psnr", ColumnAverage::kClips);
  const std::vector<RunRecord> runs = {
      record("perfect once", {{kInfinity, 30, 30}, {29, 31, 30}, {kInfinity, kInfinity, kInfinity}},
             psnr),
      record("plain", {{33, 30, 30}, {29, 31, 30}, {35, 35, 35}}, psnr)};
  const Comparison compared = compare_runs(runs, "");
  const std::vector<std::string> notes = uneven_means(compared, compared.columns);
  ASSERT_EQ(notes.size(), 1U);
  const std::string counts = "of perfect once 4 of 9 frames and 1 of 3 clips, plain 0 of 9 frames.";
  EXPECT_NE(notes[0].find(counts), std::string::npos) << notes[0];
  EXPECT_NE(markdown_table(compared).find(counts), std::string::npos);
  EXPECT_NE(latex_table(compared).find("% " + notes[0]), std::string::npos);
  EXPECT_NE(report_page(compared, {"t", {}, {}, {}}).find(counts), std::string::npos);
  EXPECT_EQ(field(csv_table(compared), 1, "identical_frames"), "4");
  EXPECT_EQ(field(csv_table(compared), 2, "identical_frames"), "0");
  // The interval is of the two clips that the mean is of.
  EXPECT_NEAR(compared.methods[0].interval.at("psnr").first, 30, 1e-9);
  // A mean that is infinite leaves nothing out.
  const std::vector<RunRecord> perfect = {
      record("perfect", {{kInfinity, kInfinity}, {kInfinity, kInfinity}}, psnr),
      record("plain", {{30, 31}, {32, 33}}, psnr)};
  EXPECT_TRUE(uneven_means(compare_runs(perfect, ""), compared.columns).empty());
  const std::vector<RunRecord> alone = {runs[1]};
  EXPECT_TRUE(uneven_means(compare_runs(alone, ""), compared.columns).empty());
}

}  // namespace
}  // namespace pluvia
