// SPDX-License-Identifier: Apache-2.0
// Shell completion, generated from the same option tree that parses the command line.
#include <algorithm>
#include <map>

#include "cli/choice.h"
#include "cli/command.h"
#include "core/error.h"
#include "core/manifest.h"
#include "core/text.h"
#include "models/any_method.h"
#include "models/nets/nets.h"

namespace pluvia::cli {
namespace {

std::string joined(const std::vector<std::string>& words) { return join(words, " "); }

bool is_name(const std::string& word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

/// What an option or argument takes, where that is a choice: the words between the braces that
/// one_of adds to its type, or a description that is nothing but a list of names.
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  if (open != std::string::npos)
    return split(type.substr(open + 1, type.find('}') - open - 1), ',');
  std::vector<std::string> words;
  for (const std::string& word : split(option.get_description(), ',')) {
    words.push_back(word.substr(std::min(word.size(), word.find_first_not_of(' '))));
  }
  const bool all_names = std::all_of(words.begin(), words.end(), is_name);
  return words.size() > 1 && all_names ? words : std::vector<std::string>();
}

/// Names of what ships, and of methods.
std::vector<std::string> names_for(const std::string& command, const std::string& word) {
  static const std::map<std::string, std::string> kinds = {{"RECIPE", "recipes"},
                                                           {"EXPERIMENT", "experiments"},
                                                           {"--protocol", "protocols"},
                                                           {"--schedule", "schedules"},
                                                           {"--table", "tables"}};
  const auto kind = kinds.find(word);
  if (kind != kinds.end()) return manifest_names(kind->second);
  if (word == "MODEL") {
    std::vector<std::string> networks;
    for (const NetworkEntry& network : all_networks()) networks.emplace_back(network.name);
    return networks;
  }
  const bool method = word == "METHOD" || (command == "models" && word == "NAME");
  return method ? method_names() : std::vector<std::string>();
}

struct CommandWords {
  std::string options;  ///< all of them
  std::string takes;    ///< those that a value follows
  std::string values;   ///< cases "word) words=...": after an option, or at a place
};

void add_values(const std::string& command, const CLI::Option& option, const std::string& at,
                const std::string& name, CommandWords& out) {
  std::vector<std::string> words = choices_of(option);
  if (words.empty()) words = names_for(command, name);
  if (!words.empty()) out.values += "    '" + at + "') words=\"" + joined(words) + "\" ;;\n";
}

CommandWords words_of(const CLI::App& app) {
  CommandWords out;
  int place = 0;
  for (const CLI::Option* option : app.get_options()) {
    const bool has_value = option->get_items_expected_max() > 0;
    if (option->get_positional())
      add_values(app.get_name(), *option, app.get_name() + " " + std::to_string(place++),
                 option->get_name(), out);
    std::vector<std::string> spellings;
    for (const std::string& name : option->get_lnames()) spellings.push_back("--" + name);
    for (const std::string& name : spellings) out.options += " " + name;
    for (const std::string& name : option->get_snames()) spellings.push_back("-" + name);
    for (const std::string& name : spellings) {
      if (!has_value) continue;
      out.takes += " " + name;
      add_values(app.get_name(), *option, app.get_name() + " " + name, name, out);
    }
  }
  return out;
}

// Plain enough for bash 3 and for zsh's bashcompinit. Names of files may have spaces: only line
// ends separate them. A word "=" comes from --option=value, which bash takes apart.
// clang-format off
constexpr const char* kScript = R"sh(_pluvia() {
  local current="${COMP_WORDS[COMP_CWORD]}" before="" command="" place=0 i=1 word=""
  local options="$_pluvia_shared" takes="$_pluvia_shared_takes" words=""
  while [ "$i" -lt "$COMP_CWORD" ]; do
    word="${COMP_WORDS[i]}"
    before=""
    case "$word" in
    =) ;;
    -*)
      case "$takes " in
      *" $word "*)
        before="$word"
        if [ "${COMP_WORDS[i+1]}" = "=" ]; then i=$((i + 1)); fi
        if [ "$((i + 1))" -lt "$COMP_CWORD" ]; then before=""; fi
        i=$((i + 1)) ;;
      esac ;;
    *)
      if [ -z "$command" ]; then
        command="$word"
        _pluvia_about
      else
        place=$((place + 1))
      fi ;;
    esac
    i=$((i + 1))
  done
  if [ "$current" = "=" ]; then current=""; fi
  _pluvia_values "$command ${before:-$place}"
  if [ -z "$command" ] && [ -z "$before" ]; then words="$_pluvia_commands$options"; fi
  if [ "$command" = help ]; then words="$_pluvia_commands"; fi
  if [ -z "$before" ] && [ "${current#-}" != "$current" ]; then words="$options"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current" || :))
  if [ "${#COMPREPLY[@]}" -eq 0 ] && [ -n "$command" ]; then
    local IFS='
'
    COMPREPLY=($(compgen -f -- "$current" || :))
  fi
}
complete -o filenames -F _pluvia pluvia
)sh";
// clang-format on

std::string bash_script(const Program& program) {
  const CommandWords shared = words_of(program.app);
  std::string names;
  std::string about;
  std::string values = shared.values;
  for (const auto& [sub, run] : program.runs) {
    const CommandWords own = words_of(*sub);
    names += " " + sub->get_name();
    about += "    " + sub->get_name() + ") options=\"" + own.options + "$options\" takes=\"" +
             own.takes + "$takes\" ;;\n";
    values += own.values;
  }
  return "# pluvia completion for bash: source it, or save it as\n"
         "# ~/.local/share/bash-completion/completions/pluvia\n"
         "_pluvia_commands=\"" +
         names + "\"\n_pluvia_shared=\"" + shared.options + "\"\n_pluvia_shared_takes=\"" +
         shared.takes + "\"\n_pluvia_about() {\n  case \"$command\" in\n" + about +
         "  esac\n}\n_pluvia_values() {\n  case \"$1\" in\n" + values + "  esac\n}\n" + kScript;
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
    std::string script = *shell == "bash" ? bash_script(program) : zsh_script(program);
    script.pop_back();
    print_line(script);
    return 0;
  };
}

}  // namespace pluvia::cli
