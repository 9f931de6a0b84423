// SPDX-License-Identifier: Apache-2.0
#include "cli/method_options.h"

#include "cli/choice.h"
#include "core/device.h"

namespace pluvia::cli {

void add_method_options(CLI::App& app, MethodRequest& request) {
  app.add_option("-w,--weights", request.weights,
                 "a network's weights: .safetensors, official .pth or .pt");
  app.add_option("--set", request.options, "key=value: an option of the network")->take_all();
  app.add_option("--precision", request.precision, "of a network's arithmetic (default float32)")
      ->check(one_of({"float32", "float64", "bfloat16"}));
  app.add_flag("--allow-code", request.allow_code,
               "run torchscript:FILE, which is a program that somebody wrote");
}

std::string network_device(const Globals& globals) {
  return globals.device == "auto" ? std::string("cpu") : parse_device(globals.device).name();
}

MethodRequest with_device(MethodRequest request, const Globals& globals) {
  request.device = network_device(globals);
  return request;
}

}  // namespace pluvia::cli
