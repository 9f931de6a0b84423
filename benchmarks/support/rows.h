// SPDX-License-Identifier: Apache-2.0
// What a benchmark found, as lines of JSON that `pluvia bench` gathers into one table: appended to
// the file that PLUVIA_BENCH_ROWS names, and nothing where it names none.
#pragma once

#include <string>

namespace pluvia::bench {

/// `per_second`: items or bytes, 0 where there is no such thing.
void write_time(const std::string& name, double milliseconds, double per_second);

/// `promised`: what docs/performance.md says, 0 when it says nothing.
void write_ratio(const std::string& ours, const std::string& theirs, double ratio, double promised,
                 bool held);

}  // namespace pluvia::bench
