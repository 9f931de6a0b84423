// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/support/ratios.h"

#include <cstdio>
#include <map>

#include "benchmarks/support/rows.h"

namespace pluvia::bench {
namespace {

class Remembering : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.error_occurred) continue;
      double rate = 0;
      for (const char* counter : {"items_per_second", "bytes_per_second"}) {
        const auto found = run.counters.find(counter);
        if (found == run.counters.end()) continue;
        rate = found->second.value;
        rate_[run.benchmark_name()] = rate;
      }
      const double seconds =
          run.GetAdjustedRealTime() / benchmark::GetTimeUnitMultiplier(run.time_unit);
      write_time(run.benchmark_name(), 1e3 * seconds, rate);
    }
    ConsoleReporter::ReportRuns(runs);
  }
  double rate(const std::string& name) const {
    // Names may carry suffixes such as "/real_time"; aggregates carry "_median".
    for (const char* suffix : {"/real_time_median", "/real_time", "_median", ""}) {
      const auto found = rate_.find(name + suffix);
      if (found != rate_.end()) return found->second;
    }
    return 0;
  }

 private:
  std::map<std::string, double> rate_;
};

}  // namespace

int run_with_ratios(int argc, char** argv, const std::vector<Ratio>& ratios) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  Remembering reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  for (const Ratio& ratio : ratios) {
    const double ours = reporter.rate(ratio.ours);
    const double theirs = reporter.rate(ratio.theirs);
    if (ours <= 0 || theirs <= 0) continue;
    const bool held = ours / theirs >= ratio.wanted;
    write_ratio(ratio.ours, ratio.theirs, ours / theirs, ratio.wanted, held);
    std::printf("%-32s / %-32s = %6.2f x", ratio.ours.c_str(), ratio.theirs.c_str(), ours / theirs);
    if (ratio.wanted > 0)
      std::printf("  (promised %.1f: %s)", ratio.wanted, held ? "held" : "MISSED");
    std::printf("\n");
  }
  return 0;
}

}  // namespace pluvia::bench
