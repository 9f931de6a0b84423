// SPDX-License-Identifier: Apache-2.0
// Keeps memory that was freed. Frames of megabytes come and go; glibc by itself gives each back to
// the system at once and has its pages cleared again for the next, which takes a fifth of scoring a
// frame's luma. What is kept never exceeds what was once in use.
#pragma once

namespace pluvia {

/// First thing in main.
void reuse_freed_memory();

}  // namespace pluvia
