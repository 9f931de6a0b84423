// SPDX-License-Identifier: Apache-2.0
// The table of verbs and the option tree made from it.
#include <cstdio>
#include <iostream>
#include <memory>

#include "cli/command.h"
#include "cli/version.h"
#include "core/error.h"
#include "core/text.h"

namespace pluvia::cli {

#define PLUVIA_COMMAND(name, summary) Run setup_##name(CLI::App& app, const Globals& globals);
#ifdef PLUVIA_HAVE_HDF5
#define PLUVIA_COMMAND_HDF5(name, summary) PLUVIA_COMMAND(name, summary)
#else
#define PLUVIA_COMMAND_HDF5(name, summary)
#endif
#include "cli/commands.list"
#undef PLUVIA_COMMAND

namespace {

#define PLUVIA_COMMAND(name, summary) Command{#name, summary, &setup_##name},
constexpr Command kCommands[] = {
#include "cli/commands.list"
};
#undef PLUVIA_COMMAND

}  // namespace

namespace {

/// What is wrong with a --device, said at once: many commands use none.
std::string wrong_device(std::string& word) {
  const bool known = word == "auto" || word == "cpu" || word == "cuda";
  const auto index = parse_int(word.rfind("cuda:", 0) == 0 ? word.substr(5) : std::string());
  if (known || (index && *index >= 0)) return "";
  return "'" + word + "' is no device; expected auto, cpu, cuda or cuda:N";
}

}  // namespace

std::span<const Command> all_commands() { return kCommands; }

Program::Program()
    : app("Pluvia: synthetic rainy video with exact ground truth, and the scoring of "
          "methods that remove rain.",
          "pluvia") {
  app.set_version_flag("--version", std::string("pluvia ") + kVersion);
  app.add_flag("--json", globals.json,
               "one JSON document on standard output, all else on standard error");
  app.add_flag("-q,--quiet", globals.quiet, "only errors");
  app.add_flag("-v,--verbose", globals.verbose, "say more");
  app.add_option("--threads", globals.threads, "worker threads (default: all cores)")
      ->check(CLI::Range(0, 1024));
  app.add_option("--device", globals.device, "auto, cpu or cuda[:N] (default: auto)")
      ->check(CLI::Validator(wrong_device, ""));
  app.require_subcommand(0, 1);
  app.allow_extras();  // main names them, with the nearest known word
  app.get_formatter()->column_width(34);
  for (const Command& command : all_commands()) {
    CLI::App* const sub = app.add_subcommand(command.name, command.summary);
    sub->fallthrough()->allow_extras();
    runs.emplace_back(sub, command.setup(*sub, globals));
    const std::string own = sub->get_footer();
    sub->footer(own + (own.empty() ? "" : "\n\n") +
                "With every command: --json, -q, -v, --threads, --device ('pluvia --help').");
  }
  app.footer(
      "'pluvia COMMAND --help' or 'pluvia help COMMAND' describes a command.\n"
      "Exit status: 0 done, 1 the thing checked is not right, 2 wrong usage, 3 an input cannot be\n"
      "used or the machine cannot do it, 130 and 143 interrupted.");
}

void print_line(const std::string& text) {
  if (std::fprintf(stdout, "%s\n", text.c_str()) < 0 || std::fflush(stdout) != 0) {
    fail("writing to standard output: ", "the reader has gone or the disk is full");
  }
}

void require_output() {
  std::cout.flush();
  if (!std::cout || std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fail("writing to standard output: ", "the reader has gone or the disk is full");
  }
}

}  // namespace pluvia::cli
