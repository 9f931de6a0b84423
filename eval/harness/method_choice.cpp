// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/method_choice.h"

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace pluvia {
namespace {

bool starts_with(const std::string& text, const char* head, std::string& rest) {
  const std::string start = head;
  if (text.rfind(start, 0) != 0) return false;
  rest = text.substr(start.size());
  return true;
}

MethodChoice folder_choice(const std::string& path) {
  MethodChoice choice;
  choice.kind = MethodKind::kFolder;
  choice.folder = path;
  std::error_code ignored;
  if (!std::filesystem::is_directory(choice.folder, ignored)) {
    fail("scoring folder:", path, ": there is no such folder");
  }
  choice.label = choice.folder.lexically_normal().filename().string();
  if (choice.label.empty()) choice.label = choice.folder.parent_path().filename().string();
  choice.description = Json{{"kind", "folder"}, {"folder", path}}.dump();
  return choice;
}

MethodChoice command_choice(const std::string& command) {
  if (command.find("{in}") == std::string::npos || command.find("{out}") == std::string::npos) {
    fail_usage("cmd:", command, ": expected {in} and {out} in it, the folders of rainy and clean "
               "frames");
  }
  MethodChoice choice;
  choice.kind = MethodKind::kCommand;
  choice.command = command;
  choice.label = std::filesystem::path(command.substr(0, command.find(' '))).filename().string();
  choice.description = Json{{"kind", "command"}, {"command", command}}.dump();
  return choice;
}

}  // namespace

MethodChoice choose_method(const MethodRequest& request) {
  std::string rest;
  const bool elsewhere = starts_with(request.name, "folder:", rest) ||
                         starts_with(request.name, "cmd:", rest);
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
