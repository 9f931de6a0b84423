// SPDX-License-Identifier: Apache-2.0
// What a verb is: one file in cli/ with a `setup_<verb>` that declares options and returns what to
// run, and one line in commands.list. No logic lives here; verbs call the rooms below.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <span>
#include <string>

namespace pluvia::cli {

/// Options every verb takes.
struct Globals {
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  int threads = 0;  ///< 0: all cores
  std::string device = "auto";
};

using Run = std::function<int()>;

struct Command {
  const char* name;
  const char* summary;
  Run (*setup)(CLI::App& app, const Globals& globals);
};

std::span<const Command> all_commands();

/// The whole option tree; used by main and by the completion scripts.
struct Program {
  CLI::App app;
  Globals globals;
  std::vector<std::pair<CLI::App*, Run>> runs;
  Program();
};

/// Prints a JSON document on standard output.
void print_line(const std::string& text);

/// An Error unless all that was printed has gone out.
void require_output();

}  // namespace pluvia::cli
