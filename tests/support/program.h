// SPDX-License-Identifier: Apache-2.0
// Runs a program the way a shell does and keeps what it printed.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/temp_dir.h"

namespace pluvia::test {

struct ProgramResult {
  int status = -1;  ///< exit status, or 128 + signal
  std::string out;
  std::string err;
};

inline std::string read_all(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline ProgramResult run_shell(const std::string& command) {
  const TempDir dir;
  const std::string line = "( " + command + " ) >'" + (dir / "out").string() + "' 2>'" +
                           (dir / "err").string() + "' </dev/null";
  const int code = std::system(line.c_str());
  ProgramResult result;
  result.status = WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code);
  result.out = read_all(dir / "out");
  result.err = read_all(dir / "err");
  return result;
}

/// The program under test with the given arguments.
inline ProgramResult run_pluvia(const std::string& arguments) {
  return run_shell(std::string("'") + PLUVIA_BINARY_DIR + "/pluvia' " + arguments);
}

}  // namespace pluvia::test
