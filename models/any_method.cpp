// SPDX-License-Identifier: Apache-2.0
#include "models/any_method.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/tensor_file/safetensors.h"
#include "core/text.h"
#include "models/methods/methods.h"
#include "models/nets/nets.h"
#include "models/network_of_file.h"
#include "models/torch_module.h"

namespace pluvia {
namespace {

constexpr const char* kScript = "torchscript:";

bool is_script(const std::string& name) { return name.rfind(kScript, 0) == 0; }

bool is_network(const std::string& name) {
  return std::any_of(all_networks().begin(), all_networks().end(),
                     [&](const NetworkEntry& entry) { return name == entry.name; });
}

std::unique_ptr<Method> script_method(const MethodRequest& request) {
  if (!request.weights.empty()) {
    fail_usage("--weights: a TorchScript file brings its own");
  }
  if (!request.allow_code) {
    fail_usage(request.name,
               ": such a file is a program, which runs with your rights; add "
               "--allow-code if you trust who made it");
  }
  return torch_module().make_script({request.name.substr(std::string(kScript).size()),
                                     options_json(request.options), request.device});
}

/// The options that weights trained here were trained with; what no tensor's shape shows is known
/// from nothing else. Weights that say they are another network's are refused: sizes of one network
/// may have tensors of the same shapes, and a record would bear the wrong name.
Json trained_options(const MethodRequest& request) {
  const std::map<std::string, std::string> said = safetensors_metadata(request.weights);
  const auto name = said.find("network");
  if (name == said.end() || !is_network(name->second)) return Json::object();
  if (name->second != request.name) {
    fail_usage(request.weights, " holds weights of ", name->second, ", not of ", request.name,
               "; name that network, as in: pluvia eval ", name->second, " --weights ",
               request.weights);
  }
  const auto options = said.find("options");
  if (options == said.end()) return Json::object();
  const Json json = Json::parse(options->second, nullptr, false);
  return json.is_object() ? json : Json::object();
}

std::unique_ptr<Method> network_method(const MethodRequest& request) {
  if (request.weights.empty()) {
    fail_usage(request.name,
               " is a network: give its weights with --weights FILE (.safetensors, "
               "or an official .pth)");
  }
  std::unique_ptr<Network> network =
      make_network({request.name, network_options(request), request.precision, request.device});
  const NamedTensors weights = read_weights(request.weights);
  network->load(weights, request.weights);
  if (request.options.empty() && trained_options(request).empty()) {
    const std::string other = other_network_of_shapes(request.name, weights, request.weights);
    if (!other.empty()) {
      warn(cat(request.weights, " has the sizes of ", other, " and runs with ", request.name,
               "'s other options; name ", other, " if it is that"));
    }
  }
  return network;
}

}  // namespace

std::string options_json(const std::vector<std::string>& pairs) {
  Json out = Json::object();
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      fail_usage("--set ", pair, ": expected key=value");
    }
    const std::string text = pair.substr(equals + 1);
    const Json value = Json::parse(text, nullptr, false);
    out[pair.substr(0, equals)] = value.is_discarded() ? Json(text) : value;
  }
  return out.dump();
}

std::string network_options(const MethodRequest& request) {
  Json options = trained_options(request);
  options.update(parse_json(options_json(request.options), "options"));
  return options.dump();
}

std::unique_ptr<Method> make_method(const MethodRequest& request) {
  if (is_script(request.name)) return script_method(request);
  if (is_network(request.name)) return network_method(request);
  const std::vector<std::string> names = method_names();
  if (std::find(names.begin(), names.end(), request.name) == names.end()) {
    fail_usage("unknown method '", request.name, "'", did_you_mean(request.name, names),
               "; known: ", join(names, ", "));
  }
  if (!request.weights.empty()) fail_usage("--weights: ", request.name, " has no weights");
  if (!request.options.empty()) fail_usage("--set: ", request.name, " has no options");
  return make_method(request.name);
}

std::string describe_method(const MethodRequest& request) {
  Json out = {{"kind", "built in"}, {"name", request.name}};
  if (is_script(request.name)) {
    out["kind"] = "torchscript";
    out["file_sha256"] = sha256_of_file(request.name.substr(std::string(kScript).size()));
  }
  if (is_network(request.name)) out["kind"] = "network";
  if (is_network(request.name) || is_script(request.name)) {
    out["options"] = parse_json(options_json(request.options), "options");
    out["device"] = request.device;
  }
  if (!request.weights.empty()) {
    out["weights"] = std::filesystem::path(request.weights).filename().string();
    out["weights_sha256"] = sha256_of_file(request.weights);
    out["precision"] = request.precision;
  }
  return out.dump();
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const MethodEntry& entry : all_methods()) names.emplace_back(entry.name);
  for (const NetworkEntry& entry : all_networks()) names.emplace_back(entry.name);
  return names;
}

}  // namespace pluvia
