// SPDX-License-Identifier: Apache-2.0
// make_synthetic_set OUT [CLIPS FRAMES HEIGHT WIDTH]: a set by formula for tests in
// other languages and for scale tests.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "core/error.h"
#include "tests/support/synthetic_set.h"

int main(int argc, char** argv) {
  using namespace pluvia;
  const auto number = [&](int i, int fallback) { return argc > i ? std::atoi(argv[i]) : fallback; };
  try {
    SetOptions options = test::synthetic_options();
    options.resume = true;
    SetWriter set(argv[1], options);
    if (set.complete()) return 0;
    for (int i = 0; i < number(2, 3); ++i) {
      ClipInfo info = test::synthetic_info("clip" + std::to_string(i), number(3, 4), number(4, 70),
                                           number(5, 200));
      if (i % 3 == 2) info.split = "test";
      if (!set.has_clip(info.id)) test::write_clip(set, info);
    }
    set.commit();
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.kind());
  }
  return 0;
}
