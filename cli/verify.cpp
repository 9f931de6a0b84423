// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/verify.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/json.h"
#include "core/text.h"

namespace pluvia::cli {
namespace {

Json describe(const VerifyResult& result) {
  Json out;
  out["ok"] = result.ok();
  out["checked"] = {{"clips", result.clips},
                    {"frames", result.frames},
                    {"chunks", result.chunks},
                    {"bytes", result.bytes},
                    {"formation_frames", result.formation_frames}};
  out["problems"] = Json::array();
  for (const VerifyProblem& problem : result.problems) {
    out["problems"].push_back({{"item", problem.item}, {"problem", problem.problem}});
  }
  return out;
}

}  // namespace

Run setup_verify(CLI::App& app, const Globals& globals) {
  auto set = std::make_shared<std::string>();
  app.add_option("SET", *set, "a Pluvia set (.h5)")->required();
  return [set, &globals] {
    const VerifyResult result = verify_set(*set, globals.threads);
    if (globals.json) {
      print_line(describe(result).dump(-1, ' ', false, Json::error_handler_t::replace));
    } else {
      for (const VerifyProblem& problem : result.problems) {
        std::printf("%s: %s\n", problem.item.c_str(), problem.problem.c_str());
      }
      print_line(cat(*set, ": ",
                     result.ok() ? "all right" : counted(result.problems.size(), "problem"), " (",
                     counted(result.clips, "clip"), ", ", counted(result.frames, "frame"), ", ",
                     counted(result.chunks, "chunk"), ", ",
                     human_bytes(static_cast<double>(result.bytes)), " decoded",
                     result.formation_frames > 0
                         ? ", formation held in " + counted(result.formation_frames, "frame")
                         : "",
                     ")"));
    }
    return result.ok() ? 0 : static_cast<int>(ErrorKind::kCheck);
  };
}

}  // namespace pluvia::cli
