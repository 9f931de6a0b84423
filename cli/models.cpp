// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/choice.h"
#include "cli/command.h"
#include "cli/method_options.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/tensor_file/safetensors.h"
#include "core/text.h"
#include "models/methods/methods.h"
#include "models/nets/nets.h"
#include "models/network_of_file.h"

namespace pluvia::cli {
namespace {

struct Options {
  MethodRequest method;
  std::vector<std::string> convert;
  std::string size = "256x256";
  int frames = 5;
  bool keys = false;
  bool force = false;
};

int list(const Globals& globals) {
  if (globals.json) {
    Json out = Json::array();
    for (const NetworkEntry& entry : all_networks()) {
      out.push_back({{"name", entry.name},
                     {"kind", "network"},
                     {"help", entry.help},
                     {"published", entry.published}});
    }
    for (const MethodEntry& entry : all_methods()) {
      const MethodInfo info = entry.make()->info();
      out.push_back({{"name", info.name}, {"kind", "method"}, {"help", info.help}});
    }
    print_line(out.dump());
    return 0;
  }
  std::string text = "Networks (--weights FILE; `pluvia models NAME` says more)\n";
  const auto line = [&](const std::string& name, const std::string& help) {
    text += "  " + name + std::string(name.size() < 24 ? 24 - name.size() : 1, ' ') + help + "\n";
  };
  for (const NetworkEntry& entry : all_networks()) line(entry.name, entry.help);
  text += "Without weights\n";
  for (const MethodEntry& entry : all_methods()) {
    const MethodInfo info = entry.make()->info();
    line(info.name, info.help);
  }
  text.pop_back();
  print_line(text);
  return 0;
}

std::string giga(double macs) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", macs / 1e9);
  return text;
}

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

void print_json(const Options& options, const NetworkDescription& what, const MethodInfo& info) {
  Json macs = Json::object();
  double total = 0;
  for (const NetworkPart& part : what.parts) {
    macs[part.name] = part.macs;
    total += part.macs;
  }
  macs["total"] = total;
  Json parts = Json::object();
  for (const NetworkPart& part : what.parts) parts[part.name] = part.parameters;
  Json state = Json::array();
  for (const StateEntry& entry : what.state) {
    state.push_back({{"key", entry.key}, {"shape", entry.shape}});
  }
  Json layers = Json::array({"clean"});
  for (const auto& layer : info.layers) layers.push_back(layer.first);
  const NetworkEntry& entry = network_entry(options.method.name);
  print_line(Json{
      {"name", options.method.name},
      {"help", entry.help},
      {"published", entry.published},
      {"parameters", what.parameters},
      {"parameters_of", parts},
      {"macs", macs},
      {"macs_of_clip", {{"frames", what.frames}, {"height", what.height}, {"width", what.width}}},
      {"options", parse_json(what.options, "options")},
      {"outputs", layers},
      {"size_multiple", info.size_multiple},
      {"state_dict",
       state}}.dump());
}

void print_text(const Options& options, const NetworkDescription& what, const MethodInfo& info) {
  const NetworkEntry& entry = network_entry(options.method.name);
  std::string text = cat(options.method.name, ": ", entry.help, "\n");
  if (*entry.published != '\0') text += cat("published: ", entry.published, "\n");
  std::vector<std::string> layers = {"clean frame"};
  for (const auto& layer : info.layers) layers.push_back(layer.first);
  text += cat("input: ", counted(info.window_frames, "frame"), ", RGB in 0..1, sides multiples of ",
              info.size_multiple, "; output: ", join(layers, ", "), "\n");
  text += "options: ";
  const Json all = parse_json(what.options, "options");
  for (const auto& [key, value] : all.items()) {
    text += cat(key, "=", value.is_string() ? value.get<std::string>() : value.dump(), " ");
  }
  text.back() = '\n';
  text += cat("\n  part                        parameters   GMAC for ", what.frames, "x",
              what.height, "x", what.width, "\n");
  double total = 0;
  const auto row = [&](const std::string& name, std::int64_t parameters, double macs) {
    char buffer[128];
    std::snprintf(buffer, sizeof buffer, "  %-25s %13s %10s\n", name.c_str(),
                  grouped(parameters).c_str(), giga(macs).c_str());
    text += buffer;
  };
  for (const NetworkPart& part : what.parts) {
    row(part.name, part.parameters, part.macs);
    total += part.macs;
  }
  row("all", what.parameters, total);
  if (options.keys) {
    text += cat("\n", counted(what.state.size(), "tensor"), "\n");
    for (const StateEntry& state : what.state) {
      std::vector<std::string> sizes;
      for (const std::int64_t size : state.shape) sizes.push_back(std::to_string(size));
      text += cat("  ", state.key, " (", join(sizes, ","), ")\n");
    }
  } else {
    text += cat("\n", counted(what.state.size(), "tensor"),
                " in its state dictionary (--keys lists them)\n");
  }
  text.pop_back();
  print_line(text);
}

int convert(const Options& options, Network& network) {
  const std::string& from = options.convert[0];
  const fs::path to = options.convert[1];
  std::error_code ignored;
  if (to.extension() != ".safetensors") {
    fail_usage("--convert ", from, " ", to.string(), ": expected a name that ends in .safetensors");
  }
  if (fs::exists(to, ignored) && !options.force) {
    fail_usage(to.string(), " exists; use --force to replace it");
  }
  network.load(read_weights(from), from);
  const NetworkDescription what = network.describe(1, 64, 64);
  write_safetensors(to, network.save(),
                    {{"network", options.method.name}, {"options", what.options}});
  note(cat(to.string(), ": ", counted(what.state.size(), "tensor"), ", ", grouped(what.parameters),
           " parameters of ", options.method.name));
  return 0;
}

int run(Options& options, const Globals& globals) {
  if (options.method.name.empty()) {
    if (!options.convert.empty()) fail_usage("--convert needs the network's name: models NAME");
    if (options.method.weights.empty()) return list(globals);
    options.method.name = network_of_file(options.method.weights);
  }
  for (const MethodEntry& entry : all_methods()) {
    if (options.method.name != entry.name) continue;
    if (!options.convert.empty() || !options.method.weights.empty()) {
      fail_usage(entry.name, " has no weights to convert or describe; networks have");
    }
    const MethodInfo info = entry.make()->info();
    print_line(globals.json
                   ? Json{{"name", info.name}, {"help", info.help}, {"parameters", 0}}.dump()
                   : cat(info.name, ": ", info.help, "; it has no weights"));
    return 0;
  }
  MethodRequest wanted = options.method;
  if (!options.convert.empty()) wanted.weights = options.convert[0];
  const std::unique_ptr<Network> network =
      make_network({wanted.name, network_options(wanted), "float32", "cpu"});
  if (!options.convert.empty()) return convert(options, *network);
  if (!options.method.weights.empty()) {
    network->load(read_weights(options.method.weights), options.method.weights);
  }
  const auto size = parse_size(options.size);
  if (!size || size->width < 1 || size->height < 1) {
    fail_usage("--size ", options.size, ": expected WIDTHxHEIGHT");
  }
  const NetworkDescription what = network->describe(options.frames, size->height, size->width);
  if (globals.json) {
    print_json(options, what, network->info());
  } else {
    print_text(options, what, network->info());
  }
  return 0;
}

}  // namespace

Run setup_models(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  app.add_option("NAME", options->method.name, "a network or method; without it, all are listed");
  app.add_option("--set", options->method.options, "key=value: an option of the network")
      ->take_all();
  app.add_option("-w,--weights", options->method.weights,
                 "describe the network of these weights; without NAME, the one they fit");
  app.add_option("--convert", options->convert,
                 "IN OUT.safetensors: check weights strictly and store them plainly")
      ->expected(2);
  app.add_option("--size", options->size,
                 "WIDTHxHEIGHT that multiply-adds are counted for (default 256x256)")
      ->check(a_size());
  app.add_option("--frames", options->frames, "likewise (default 5)")->check(CLI::Range(1, 1000));
  app.add_flag("--keys", options->keys, "list the state dictionary");
  app.add_flag("--force", options->force, "replace an existing OUT");
  return [options, &globals] { return run(*options, globals); };
}

}  // namespace pluvia::cli
