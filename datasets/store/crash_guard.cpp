// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/crash_guard.h"

#include <unistd.h>

#include <csignal>
#include <cstring>
#include <initializer_list>

namespace pluvia::h5 {
namespace {

// Written by the thread that holds the library's lock; read by a signal handler in that thread.
thread_local const char* file_in_use = nullptr;

#ifndef __SANITIZE_ADDRESS__
void say(const char* text) {
  const ssize_t done = ::write(STDERR_FILENO, text, std::strlen(text));
  static_cast<void>(done);
}

void on_crash(int number) {
  if (file_in_use == nullptr) {
    std::signal(number, SIG_DFL);
    raise(number);
    return;
  }
  say("pluvia: ");
  say(file_in_use);
  say(": damaged so badly that the HDF5 library crashed while reading it; restore it from a "
      "copy\n");
  _exit(3);
}
#endif

}  // namespace

void set_file_being_read(const char* name) { file_in_use = name; }

const char* file_being_read() { return file_in_use; }

void install_crash_handler() {
#ifndef __SANITIZE_ADDRESS__  // the sanitizer's own report says more
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGABRT}) {
    struct sigaction action = {};
    action.sa_handler = on_crash;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_NODEFER;
    sigaction(number, &action, nullptr);
  }
#endif
}

}  // namespace pluvia::h5
