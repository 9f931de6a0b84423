// SPDX-License-Identifier: Apache-2.0
// RainMamba's options: from and to JSON, what weights say about them, and what they cost.
#include "models/torch_pch.h"
// After the precompiled header.
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "models/nets/rainmamba.h"
#include "models/ops/depthwise_conv3d.h"

namespace pluvia {
namespace {

const char* const kPlace = "rainmamba's options";

int read_integer(const Json& json, const std::string& key, int low, int high) {
  if (!json.is_number_integer()) {
    fail_usage(kPlace, ": ", key, "=", json.dump(), ": expected an integer");
  }
  const auto value = json.get<std::int64_t>();
  if (value < low || value > high) {
    fail_usage(kPlace, ": ", key, "=", value, ": expected ", low, " to ", high);
  }
  return static_cast<int>(value);
}

template <std::size_t N>
void read_list(const Json& json, const std::string& key, int low, std::array<int, N>& out) {
  constexpr int kMost = 4096;
  if (!json.is_array() || json.size() != N) {
    fail_usage(kPlace, ": ", key, "=", json.dump(), ": expected a list of ", N, " integers");
  }
  for (std::size_t i = 0; i < N; ++i) out[i] = read_integer(json[i], key, low, kMost);
}

bool read_flag(const Json& json, const std::string& key) {
  if (!json.is_boolean()) {
    fail_usage(kPlace, ": ", key, "=", json.dump(), ": expected true or false");
  }
  return json.get<bool>();
}

/// true for `second`, false for `first`.
bool read_choice(const Json& json, const std::string& key, const char* first, const char* second) {
  const std::string text = json.is_string() ? json.get<std::string>() : json.dump();
  if (text != first && text != second) {
    fail_usage(kPlace, ": ", key, "=", text, ": expected ", first, " or ", second);
  }
  return text == second;
}

using Shapes = std::map<std::string, std::vector<std::int64_t>>;

/// Dimension `axis` of a tensor, or nothing.
Json dimension(const Shapes& shapes, const std::string& key, std::size_t axis) {
  const auto found = shapes.find(key);
  return found == shapes.end() || found->second.size() <= axis ? Json() : Json(found->second[axis]);
}

int count_of(const Shapes& shapes, const std::string& head, const std::string& tail, int first) {
  int n = 0;
  while (shapes.count(cat(head, first + n, tail)) > 0) ++n;
  return n;
}

/// Which entry of parts() a parameter belongs to. Norms go with what follows them.
std::size_t part_of(const std::string& key) {
  const auto has = [&key](const char* piece) { return key.find(piece) != std::string::npos; };
  if (has("feat_extract.")) return 0;
  if (has("head.") || has("refine.")) return 1;
  if (has("conv_before_upsample") || has("conv_last.")) return 8;
  if (!has("MambaBlock")) return 2;
  if (has(".mlp.") || has(".norm2.")) return 7;
  if (has(".conv1d")) return 4;
  if (has(".x_proj") || has(".dt_proj")) return 5;
  return has(".A_log") || has(".A_b_log") || has(".D") ? 6 : 3;
}

}  // namespace

Json RainMambaOptions::to_json() const {
  return {{"num_features", num_features},
          {"frames", frames},
          {"encoder_widths", encoder.widths},
          {"encoder_depths", encoder.depths},
          {"block_pairs", block_pairs},
          {"decoder_widths", decoder_widths},
          {"states", states},
          {"input_residual", input_residual},
          {"level_residual", level_residual},
          {"mlp_order", mlp_order == MlpOrder::kSpace ? "space" : "sequence"},
          {"step_init", step_init == StepInit::kMamba ? "mamba" : "flat"}};
}

RainMambaOptions RainMambaOptions::from_json(const Json& json) {
  RainMambaOptions out;
  std::vector<std::string> known;
  const Json defaults = out.to_json();
  for (const auto& [key, value] : defaults.items()) known.push_back(key);
  try {
    require_known_keys(json, known, kPlace);
  } catch (const Error& error) {
    fail_usage(error.what());
  }
  for (const auto& [key, value] : json.items()) {
    if (key == "num_features") out.num_features = read_integer(value, key, 4, 1024);
    if (key == "frames") out.frames = read_integer(value, key, 1, 64);
    if (key == "encoder_widths") read_list(value, key, 1, out.encoder.widths);
    if (key == "encoder_depths") read_list(value, key, 1, out.encoder.depths);
    if (key == "block_pairs") read_list(value, key, 1, out.block_pairs);
    if (key == "decoder_widths") read_list(value, key, 4, out.decoder_widths);
    if (key == "states") out.states = read_integer(value, key, 1, 64);
    if (key == "input_residual") out.input_residual = read_flag(value, key);
    if (key == "level_residual") out.level_residual = read_flag(value, key);
    if (key == "mlp_order" && read_choice(value, key, "sequence", "space")) {
      out.mlp_order = MlpOrder::kSpace;
    }
    if (key == "step_init" && read_choice(value, key, "flat", "mamba")) {
      out.step_init = StepInit::kMamba;
    }
  }
  for (const int width : out.decoder_widths) {
    if (width % 4 != 0) {
      fail_usage(kPlace, ": decoder_widths has ", width,
                 ": expected multiples of 4, which the "
                 "pixel shuffles divide by");
    }
  }
  return out;
}

Json RainMamba::options() const { return options_.to_json(); }

std::shared_ptr<Net> make_rainmamba(const std::string& name, const Json& options) {
  return std::make_shared<RainMamba>(name, RainMambaOptions::from_json(options));
}

// Everything but frames and the four options that no shape shows.
Json rainmamba_options_of(const std::vector<StateEntry>& state) {
  Shapes shapes;
  for (const StateEntry& entry : state) shapes[entry.key] = entry.shape;
  Json out = Json::object();
  const auto set = [&out](const char* key, const Json& value) {
    if (!value.is_null()) out[key] = value;
  };
  set("num_features", dimension(shapes, "refine.0.weight", 0));
  set("states", dimension(shapes, "GlobalMambaBlock1.mamba.A_log", 1));
  Json widths = Json::array();
  Json depths = Json::array();
  for (int i = 0; i < kConvNextStages; ++i) {
    const Json width = dimension(shapes, cat("feat_extract.norm", i, ".weight"), 0);
    const int depth = count_of(shapes, cat("feat_extract.stages.", i, "."), ".gamma", 0);
    if (!width.is_null() && depth > 0) {
      widths.push_back(width);
      depths.push_back(depth);
    }
  }
  if (widths.size() == kConvNextStages) {
    out["encoder_widths"] = widths;
    out["encoder_depths"] = depths;
  }
  const Json wide = dimension(shapes, "conv_before_upsample1.weight", 0);
  const Json narrow = dimension(shapes, "conv_before_upsample2.weight", 0);
  if (!wide.is_null() && !narrow.is_null()) out["decoder_widths"] = {wide, narrow};
  // How many of the pairs at full resolution come before the lower one is not in the weights: half.
  const int full = count_of(shapes, "GlobalMambaBlock", ".norm1.weight", 1);
  const int low = count_of(shapes, "GlobalMambaBlockLowRes", ".norm1.weight", 1);
  if (full >= 2 && low >= 1) out["block_pairs"] = {full - full / 2, low, full / 2};
  return out;
}

std::vector<NetworkPart> RainMamba::parts(int frames, int height, int width) const {
  const double pixels = static_cast<double>(frames) * height * width;
  const double large = pixels / 16;
  const double small = pixels / 64;
  const auto nf = static_cast<double>(options_.num_features);
  const auto [wide, narrow] = options_.decoder_widths;
  double head = 0;
  for (std::size_t i = 0; i < kConvNextStages; ++i) {
    head += pixels / static_cast<double>(16 << (2 * i)) * nf * options_.encoder.widths[i];
  }
  const double refine = large * nf * nf * (9 + 9 + 1);
  const double decoder =
      9.0 * (large * nf * wide + large * 4 * (wide / 4) * narrow + pixels * (narrow / 4) * 3);
  MambaMacs blocks;
  const auto add = [&](const std::vector<Pair>& pairs, double tokens, std::int64_t d) {
    const MambaMacs one = mamba_macs({d, options_.states});
    const double count = 2.0 * static_cast<double>(pairs.size()) * tokens;
    blocks.in_out += count * one.in_out;
    blocks.x_dt += count * one.x_dt;
    blocks.conv += count * one.conv;
    blocks.scan += count * one.scan;
    blocks.mlp += count * one.mlp;
  };
  add(before_, large, options_.num_features);
  add(low_, small, 2 * options_.num_features);
  add(after_, large, options_.num_features);
  std::vector<NetworkPart> out = {
      {"encoder", 0, frames * convnext_macs(options_.encoder, height, width)},
      {"head and refine", 0, head + refine},
      {"conv1 and upconv2", 0, small * 4 * nf * nf * ops::kCubeTaps},
      {"blocks: in_proj and out_proj", 0, blocks.in_out},
      {"blocks: conv1d", 0, blocks.conv},
      {"blocks: x_proj and dt_proj", 0, blocks.x_dt},
      {"blocks: scan", 0, blocks.scan},
      {"blocks: MLP", 0, blocks.mlp},
      {"decoder", 0, decoder}};
  for (const auto& item : named_parameters()) {
    out[part_of(item.key())].parameters += item.value().numel();
  }
  return out;
}

}  // namespace pluvia
