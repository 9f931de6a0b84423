// SPDX-License-Identifier: Apache-2.0
// Ctrl-C, SIGTERM and a terminal that closes stop long work cleanly: handlers raise a flag, loops
// call throw_if_interrupted at places where stopping is safe. A second Ctrl-C ends the process at
// once.
#pragma once

#include <atomic>

namespace pluvia {

void install_interrupt_handlers();

bool interrupted();

/// Throws Error with kind kInterrupt or kTerminate once a signal has come.
void throw_if_interrupted();

/// A group of processes that we started. While this lives, a second Ctrl-C ends them with us: a
/// group of its own hears nothing from the terminal.
class GroupOfOurs {
 public:
  explicit GroupOfOurs(int group);
  ~GroupOfOurs();
  GroupOfOurs(const GroupOfOurs&) = delete;
  GroupOfOurs& operator=(const GroupOfOurs&) = delete;

 private:
  std::atomic<int>* place_;
};

/// For tests: as if the signal had come (0 clears it).
void set_interrupt_signal(int signal_number);

}  // namespace pluvia
