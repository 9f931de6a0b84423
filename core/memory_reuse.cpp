// SPDX-License-Identifier: Apache-2.0
#include "core/memory_reuse.h"

#include <cstddef>  // defines __GLIBC__ where it is

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace pluvia {

void reuse_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 128 << 20);
  // As large as what a thread's memory comes in: otherwise such a piece goes back whenever it is
  // free.
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

}  // namespace pluvia
