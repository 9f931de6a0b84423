// SPDX-License-Identifier: Apache-2.0
#include "core/interrupt.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>

#include "core/error.h"

namespace pluvia {
namespace {

std::atomic<int> caught_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler needs a lock-free flag");

/// Zero where free. More groups than these run at once on no machine; the ones above are not ended.
std::array<std::atomic<int>, 1024> groups_of_ours{};

void on_signal(int number) {
  int none = 0;
  if (caught_signal.compare_exchange_strong(none, number)) return;
  // A terminal that closes says so twice: the shell in it, and the system. Nobody is impatient.
  if (number == SIGHUP) return;
  for (const std::atomic<int>& group : groups_of_ours) {
    if (group != 0) kill(-group, SIGKILL);
  }
  _exit(128 + number);
}

std::atomic<int>* place_for(int group) {
  for (std::atomic<int>& place : groups_of_ours) {
    int free = 0;
    if (place.compare_exchange_strong(free, group)) return &place;
  }
  return nullptr;
}

}  // namespace

void install_interrupt_handlers() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // Unless nohup had it ignored.
  struct sigaction hangup = {};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
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

GroupOfOurs::GroupOfOurs(int group) : place_(place_for(group)) {}

GroupOfOurs::~GroupOfOurs() {
  if (place_ != nullptr) *place_ = 0;
}

void set_interrupt_signal(int signal_number) { caught_signal = signal_number; }

}  // namespace pluvia
