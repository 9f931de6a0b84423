// SPDX-License-Identifier: Apache-2.0
// Keeps memory that was freed. Frames of megabytes come and go; glibc by itself gives each back to the
// system at once and has its pages cleared again for the next, which takes a fifth of scoring a frame's
// luma. What is kept never exceeds what was once in use.
#pragma once

#include <cstddef>  // defines __GLIBC__ where it is

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace pluvia {

/// First thing in main.
inline void reuse_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 128 << 20);
#endif
}

}  // namespace pluvia
