// SPDX-License-Identifier: Apache-2.0
// The door: parses, runs one verb, turns every error into one line and an exit status.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <string_view>

#include "cli/command.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/memory_reuse.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/text.h"

namespace pluvia::cli {
namespace {

int report(ErrorKind kind, const std::string& line) {
  // Words of a file or a user's may be among it: nothing that moves a terminal's cursor.
  std::string one_line = line;
  for (char& c : one_line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = c == '\n' || c == '\r' || c == '\t' ? ' ' : '?';
  }
  std::fprintf(stderr, "pluvia: %s\n", one_line.c_str());
  return static_cast<int>(kind);
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const Command& command : all_commands()) names.emplace_back(command.name);
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// The first word that nobody took, with the nearest known one where one is likely meant.
std::string unknown_word_line(const Program& program) {
  std::string help = "pluvia";
  bool have_command = false;
  std::vector<std::string> options = option_names(program.app);
  for (const auto& [sub, run] : program.runs) {
    if (!sub->parsed()) continue;
    have_command = true;
    help += " " + sub->get_name();
    const std::vector<std::string> more = option_names(*sub);
    options.insert(options.end(), more.begin(), more.end());
  }
  const std::vector<std::string> words = program.app.remaining(true);
  const std::string see = "; see '" + help + " --help'";
  for (const std::string& word : words) {
    if (word.rfind('-', 0) != 0 || word == "-") continue;
    const std::string name = word.substr(0, word.find('='));
    return cat("unknown option '", name, "'", did_you_mean(name, options), see);
  }
  if (have_command) return cat("unexpected argument '", words.front(), "'", see);
  return cat("unknown command '", words.front(), "'", did_you_mean(words.front(), command_names()),
             see);
}

std::string usage_line(const Program& program, const CLI::ParseError& error) {
  if (!program.app.remaining(true).empty()) return unknown_word_line(program);
  std::string help = "pluvia";
  for (const auto& [sub, run] : program.runs) {
    if (sub->parsed()) help += " " + sub->get_name();
  }
  return cat(error.what(), "; see '", help, " --help'");
}

/// "help COMMAND" is "COMMAND --help".
std::vector<const char*> words_of(int argc, char** argv) {
  std::vector<const char*> words(argv, argv + argc);
  if (argc < 2 || std::string_view(argv[1]) != "help") return words;
  words.erase(words.begin() + 1);
  words.push_back("--help");
  return words;
}

bool names_unknown_command(const Program& program) {
  const bool known = std::any_of(program.runs.begin(), program.runs.end(),
                                 [](const auto& of) { return of.first->parsed(); });
  return !known && !program.app.remaining().empty();
}

/// Of an interruption says how to go on, where the command knows how.
int run_command(const CLI::App& command, const Run& body) {
  try {
    return body();
  } catch (const Error& error) {
    const bool stopped =
        error.kind() == ErrorKind::kInterrupt || error.kind() == ErrorKind::kTerminate;
    if (!stopped || command.get_option_no_throw("--resume") == nullptr) throw;
    throw Error(error.kind(), cat(error.what(), "; the same command with --resume goes on"));
  }
}

int run(int argc, char** argv) {
  Program program;
  try {
    const std::vector<const char*> words = words_of(argc, argv);
    program.app.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::ParseError& error) {
    // --help and --version come as errors of status 0.
    if (error.get_exit_code() == 0 && !names_unknown_command(program)) {
      const int status = program.app.exit(error);
      require_output();
      return status;
    }
    return report(ErrorKind::kUsage, usage_line(program, error));
  }
  if (!program.app.remaining(true).empty()) {
    return report(ErrorKind::kUsage, unknown_word_line(program));
  }
  if (program.globals.quiet) set_verbosity(Verbosity::kQuiet);
  if (program.globals.verbose) set_verbosity(Verbosity::kVerbose);
  if (program.globals.threads > 0) set_thread_count(program.globals.threads);
  for (const auto& [sub, body] : program.runs) {
    if (!sub->parsed()) continue;
    const int status = run_command(*sub, body);
    require_output();
    return status;
  }
  std::fputs(program.app.help().c_str(), stdout);
  require_output();
  return 0;
}

int guarded(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    return report(error.kind(), error.what());
  } catch (const std::bad_alloc&) {
    return report(ErrorKind::kInput, "out of memory: close other programs or choose smaller sizes");
  } catch (const std::exception& error) {
    return report(ErrorKind::kInput, error.what());
  }
}

}  // namespace
}  // namespace pluvia::cli

int main(int argc, char** argv) {
  pluvia::reuse_freed_memory();
  pluvia::install_interrupt_handlers();
  return pluvia::cli::guarded(argc, argv);
}
