// SPDX-License-Identifier: Apache-2.0
// make_photo_like OUT.h5 CLIPS FRAMES: the set that bench_store uses, for measurements from
// outside.
#include <cstdio>

#include "benchmarks/support/photo_like.h"
#include "core/error.h"
#include "core/text.h"
#include "datasets/store/set_writer.h"

int main(int argc, char** argv) {
  using namespace pluvia;
  if (argc != 4) {
    std::fprintf(stderr, "usage: make_photo_like OUT.h5 CLIPS FRAMES\n");
    return 2;
  }
  try {
    SetOptions options;
    options.force = true;
    SetWriter set(argv[1], options);
    const int frames = static_cast<int>(parse_int(argv[3]).value_or(1));
    for (std::int64_t i = 0; i < parse_int(argv[2]).value_or(1); ++i) {
      const bench::PhotoLike source(720, 1280, static_cast<std::uint32_t>(i) + 1);
      const auto clip = set.begin(source.info("clip" + std::to_string(i), frames));
      for (int t = 0; t < frames; ++t) clip->add(source.frame(t));
      clip->finish();
    }
    set.commit();
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.kind());
  }
  return 0;
}
