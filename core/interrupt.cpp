// SPDX-License-Identifier: Apache-2.0
#include "core/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "core/error.h"

namespace pluvia {
namespace {

std::atomic<int> caught_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler needs a lock-free flag");

void on_signal(int number) {
  if (caught_signal.exchange(number) != 0) _exit(128 + number);
}

}  // namespace

void install_interrupt_handlers() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A file that may grow no further is an error of that write, as a full disk is, and not the end.
  action.sa_handler = SIG_IGN;
  sigaction(SIGXFSZ, &action, nullptr);
}

bool interrupted() { return caught_signal.load(std::memory_order_relaxed) != 0; }

void throw_if_interrupted() {
  const int number = caught_signal.load(std::memory_order_relaxed);
  if (number == SIGINT) throw Error(ErrorKind::kInterrupt, "interrupted");
  if (number != 0) throw Error(ErrorKind::kTerminate, "stopped by a signal");
}

void set_interrupt_signal(int signal_number) { caught_signal = signal_number; }

}  // namespace pluvia
