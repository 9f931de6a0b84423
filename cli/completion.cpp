// SPDX-License-Identifier: Apache-2.0
// Shell completion, generated from the same option tree that parses the command line.
#include <set>

#include "cli/choice.h"
#include "cli/command.h"
#include "core/error.h"

namespace pluvia::cli {
namespace {

std::string words_of(const CLI::App& app) {
  std::set<std::string> words;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.insert("--" + name);
  }
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string bash_script(const Program& program) {
  std::string names;
  std::string cases;
  const std::string shared = words_of(program.app);
  for (const auto& [sub, run] : program.runs) {
    names += (names.empty() ? "" : " ") + sub->get_name();
    cases += "    " + sub->get_name() + ") words=\"" + words_of(*sub) + " " + shared + "\" ;;\n";
  }
  return "# pluvia completion for bash: source it, or save it as\n"
         "# ~/.local/share/bash-completion/completions/pluvia\n"
         "_pluvia() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" words=\"\"\n"
         "  COMPREPLY=()\n"
         "  case \"${COMP_WORDS[1]}\" in\n" +
         cases +
         "  esac\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then words=\"" +
         names + " " + shared +
         "\"; fi\n"
         "  if [ \"$COMP_CWORD\" -gt 1 ] && [ \"${current#-}\" = \"$current\" ]; then\n"
         "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
         "  else\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -F _pluvia pluvia\n";
}

std::string zsh_script(const Program& program) {
  return "#compdef pluvia\n"
         "# pluvia completion for zsh: source it after compinit.\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_script(program);
}

}  // namespace

Run setup_completion(CLI::App& app, const Globals&) {
  auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "bash or zsh")->required()->check(one_of({"bash", "zsh"}));
  return [shell] {
    const Program program;
    std::fputs((*shell == "bash" ? bash_script(program) : zsh_script(program)).c_str(), stdout);
    return 0;
  };
}

}  // namespace pluvia::cli
