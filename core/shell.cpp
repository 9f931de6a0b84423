// SPDX-License-Identifier: Apache-2.0
#include "core/shell.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "core/error.h"
#include "core/interrupt.h"

namespace pluvia {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookEvery{2};
constexpr std::chrono::milliseconds kGrace{1500};

/// How the shell starts: in a session of its own (a program that asks the terminal for something
/// then fails instead of waiting in the background for ever) and with signals as a program expects
/// them.
class Setup {
 public:
  Setup() {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files_, STDERR_FILENO, STDOUT_FILENO);
    posix_spawnattr_init(&attributes_);
    sigset_t as_usual;
    sigemptyset(&as_usual);
    for (const int number : {SIGINT, SIGTERM, SIGXFSZ}) sigaddset(&as_usual, number);
    posix_spawnattr_setsigdefault(&attributes_, &as_usual);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF);
  }
  ~Setup() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&files_);
  }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;

  pid_t start(std::string line) const {
    std::string shell = "sh";
    std::string option = "-c";
    char* const words[] = {shell.data(), option.data(), line.data(), nullptr};
    pid_t pid = 0;
    const int code = posix_spawn(&pid, "/bin/sh", &files_, &attributes_, words, environ);
    if (code != 0) fail("starting /bin/sh failed: ", std::strerror(code));
    return pid;
  }

 private:
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

/// Ends whatever of the group still runs. The shell may be gone and programs that it started be
/// there.
void end_group(pid_t group) {
  kill(-group, SIGTERM);
  const Clock::time_point last = Clock::now() + kGrace;
  while (Clock::now() < last) {
    waitpid(group, nullptr, WNOHANG);
    if (kill(-group, 0) != 0) return;
    std::this_thread::sleep_for(kLookEvery);
  }
  kill(-group, SIGKILL);
  waitpid(group, nullptr, 0);
}

}  // namespace

std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

int run_by_shell(const std::string& line) {
  const pid_t shell = Setup().start(line);
  const GroupOfOurs group(shell);
  int status = 0;
  while (!interrupted() && waitpid(shell, &status, WNOHANG) == 0) {
    std::this_thread::sleep_for(kLookEvery);
  }
  if (interrupted()) {
    end_group(shell);
    throw_if_interrupted();
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace pluvia
