// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/support/rows.h"

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

namespace pluvia::bench {
namespace {

void write(const nlohmann::json& row) {
  const char* const file = std::getenv("PLUVIA_BENCH_ROWS");
  if (file != nullptr) std::ofstream(file, std::ios::app) << row.dump() << "\n";
}

}  // namespace

void write_time(const std::string& name, double milliseconds, double per_second) {
  write({{"name", name}, {"milliseconds", milliseconds}, {"per_second", per_second}});
}

void write_ratio(const std::string& ours, const std::string& theirs, double ratio, double promised,
                 bool held) {
  write({{"ours", ours},
         {"theirs", theirs},
         {"ratio", ratio},
         {"promised", promised},
         {"held", held}});
}

}  // namespace pluvia::bench
