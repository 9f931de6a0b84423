// SPDX-License-Identifier: Apache-2.0
// Any bytes as a set: an Error, problems named, or a set; never a crash of ours. Crashes inside the
// HDF5 library on damaged files are known (the program turns them into one line and exit status 3),
// so run this against an HDF5 built with the sanitizers, or read a report's stack before blaming
// us. Start it with a few small sets:
//   ASAN_OPTIONS=detect_leaks=0 build/fuzz/fuzz/fuzz_set -max_total_time=600 CORPUS_FOLDER
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/error.h"
#include "datasets/store/verify.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int file = ::memfd_create("set", 0);
  if (file < 0 || ::write(file, data, size) != static_cast<ssize_t>(size)) return 0;
  try {
    pluvia::verify_set("/proc/self/fd/" + std::to_string(file), 1);
  } catch (const pluvia::Error&) {
  }
  ::close(file);
  return 0;
}
