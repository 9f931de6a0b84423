// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/method_choice.h"

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/error.h"

namespace pluvia {
namespace {

bool starts_with(const std::string& text, const char* head, std::string& rest) {
  const std::string start = head;
  if (text.rfind(start, 0) != 0) return false;
  rest = text.substr(start.size());
  return true;
}

/// How tables call another program: its file's name, not that of what runs it. "python derain.py"
/// is derain.py, "cd net && LEVEL=2 ./run.sh" run.sh.
std::string program_name(const std::string& command) {
  static const std::set<std::string> kRunners = {"bash", "conda",  "env",     "exec", "nice",
                                                 "perl", "python", "python3", "ruby", "run",
                                                 "sh",   "time",   "uv"};
  const std::size_t in = command.find("{in}");
  const std::size_t before = command.find_last_of(";&|", in);
  std::istringstream words(command.substr(before == std::string::npos ? 0 : before + 1));
  std::string first;
  for (std::string word; words >> word;) {
    const std::string name = std::filesystem::path(word).filename().string();
    if (first.empty()) first = name;
    const bool is_setting = word[0] == '-' || word.find('=') != std::string::npos;
    if (name.empty() || name[0] == '{' || is_setting || kRunners.count(name) > 0) continue;
    return name;
  }
  return first;
}

MethodChoice folder_choice(const std::string& path) {
  MethodChoice choice;
  choice.kind = MethodKind::kFolder;
  choice.folder = path;
  std::error_code ignored;
  if (!std::filesystem::is_directory(choice.folder, ignored)) {
    const bool is_file = std::filesystem::exists(choice.folder, ignored);
    fail("scoring folder:", path, is_file ? ": it is a file" : ": there is no such folder",
         ", expected a folder of predictions as CLIP/FRAME.png",
         choice.folder.extension() == ".h5" ? "; 'pluvia export' writes a set's pictures so" : "");
  }
  const auto whole = std::filesystem::weakly_canonical(choice.folder, ignored);
  choice.label = whole.filename().empty() ? path : whole.filename().string();
  choice.description = json_text(Json{{"kind", "folder"}, {"folder", path}});
  return choice;
}

MethodChoice command_choice(const std::string& command) {
  if (command.find("{in}") == std::string::npos || command.find("{out}") == std::string::npos) {
    fail_usage("cmd:", command,
               ": expected {in} and {out} in it, the folders of rainy and clean "
               "frames");
  }
  MethodChoice choice;
  choice.kind = MethodKind::kCommand;
  choice.command = command;
  choice.label = program_name(command);
  choice.description = json_text(Json{{"kind", "command"}, {"command", command}});
  return choice;
}

}  // namespace

MethodChoice choose_method(const MethodRequest& request) {
  std::string rest;
  const bool elsewhere =
      starts_with(request.name, "folder:", rest) || starts_with(request.name, "cmd:", rest);
  if (elsewhere && !request.weights.empty()) {
    fail_usage("--weights: ", request.name, " has no weights");
  }
  if (starts_with(request.name, "folder:", rest)) return folder_choice(rest);
  if (starts_with(request.name, "cmd:", rest)) return command_choice(rest);
  MethodChoice choice;
  const std::shared_ptr<Method> first = make_method(request);
  choice.description = describe_method(request);
  const MethodInfo& info = first->info();
  choice.label = info.name;
  choice.sees_truth = info.sees_truth;
  // Networks are made once and use all threads; the others are made for every clip.
  choice.one_at_a_time = parse_json(choice.description, "method").at("kind") != "built in";
  if (choice.one_at_a_time) {
    choice.make = [first] { return std::make_unique<LentMethod>(*first); };
  } else {
    choice.make = [request] { return make_method(request); };
  }
  return choice;
}

}  // namespace pluvia
