// SPDX-License-Identifier: Apache-2.0
#include "eval/derain/derain.h"

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/choice.h"
#include "cli/command.h"
#include "cli/method_options.h"
#include "cli/version.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/text.h"

namespace pluvia::cli {
namespace {

struct Options {
  MethodRequest method;
  DerainRequest request;
  std::string tiling = "auto";
};

Tiling tiling_of(const std::string& word) {
  if (word == "none") return Tiling::kNone;
  return word == "paper" ? Tiling::kPaper : Tiling::kAuto;
}

std::string rate(const DerainOutcome& outcome) {
  const double each = outcome.seconds / outcome.frames;
  return each < 1 ? cat(std::lround(1000 * each), " ms a frame")
                  : cat(std::lround(each), " s a frame, ", human_seconds(outcome.seconds));
}

int run(const Options& options, const Globals& globals) {
  DerainRequest request = options.request;
  request.tiling = tiling_of(options.tiling);
  const MethodRequest wanted = with_device(options.method, globals);
  request.place.generator = cat("pluvia ", kVersion);
  const std::unique_ptr<Method> method = make_method(wanted);
  request.place.settings = Json{{"method", parse_json(describe_method(wanted), "method")}}.dump();
  const DerainOutcome outcome = derain(*method, request);
  if (globals.json) {
    print_line(Json{{"out", request.output},
                    {"sequences", outcome.sequences},
                    {"frames", outcome.frames},
                    {"method_s", outcome.seconds}}
                   .dump());
    return 0;
  }
  if (outcome.frames == 0) {
    note(request.output + ": was there already and was left as it is (--force replaces it)");
    return 0;
  }
  note(cat(request.output, ": ", counted(outcome.frames, "frame"), " by ", method->info().name,
           ", ", rate(outcome)));
  return 0;
}

}  // namespace

Run setup_derain(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  DerainRequest& request = options->request;
  app.add_option("METHOD", options->method.name, "a network's or another method's name")
      ->required();
  app.add_option("INPUT", request.input,
                 "a video, a picture, a folder of frames or of such folders, SET.h5, or FILE.npy "
                 "(float32 (T,3,H,W), RGB in 0..1)")
      ->required();
  app.add_option("OUTPUT", request.output,
                 "likewise; by its extension, without one a folder of PNG")
      ->required();
  add_method_options(app, options->method);
  app.add_option(
         "--tile", options->tiling,
         "auto: soft-edged tiles (default); none: whole pictures; paper: as the paper's test")
      ->check(one_of({"auto", "none", "paper"}));
  app.add_option("--tile-size", request.tile_px, "side of auto's tiles, pixels (default 384)")
      ->check(CLI::Range(32, 16384));
  app.add_option("--layers", request.layers,
                 "folder for what the method also predicts (streak map, drop mask, stage 1)");
  app.add_option("--clip,--clips", request.clip,
                 "only this clip of a set or of a folder of folders");
  app.add_option("--fps", request.place.fps, "of a video made from frames (default 25)")
      ->check(CLI::Range(0.1, 1000.0));
  app.add_option("--crf", request.place.crf, "quality of .mp4, 0 (best) to 51 (default 16)")
      ->check(CLI::Range(0, 51));
  app.add_flag("--resume", request.place.resume, "go on with a run that was stopped");
  app.add_flag("--force", request.place.force,
               "replace an existing output when the new one is whole");
  app.footer("Methods: " + join(method_names(), ", ") +
             ".\nSound is not copied; ffmpeg -i clean.mp4 -i rainy.mp4 -map 0:v -map 1:a? -c copy "
             "out.mp4 adds it.");
  return [options, &globals] { return run(*options, globals); };
}

}  // namespace pluvia::cli
