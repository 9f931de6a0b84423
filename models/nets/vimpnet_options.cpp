// SPDX-License-Identifier: Apache-2.0
// ViMP-Net's options: from and to JSON, what weights say about them, and what they cost.
#include "models/torch_pch.h"
// After the precompiled header.
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/params.h"
#include "models/nets/vimpnet.h"

namespace pluvia {
namespace {

using Kind = ParamKind;
constexpr Param kOptions[] = {
    {"channels", Kind::kInteger, "", "of features; a multiple of 8", "64", 8, 1024},
    {"blocks", Kind::kInteger, "", "of a propagation branch", "9", 0, 100},
    {"feature_blocks", Kind::kInteger, "", "of feature extraction and reconstruction", "5", 0, 100},
    {"groups", Kind::kInteger, "",
     "of the deformable convolution; even, divides twice the channels", "16", 2, 1024},
    {"flow_width", Kind::kInteger, "", "of SPyNet's first convolutions", "32", 2, 1024},
    {"dual_channels", Kind::kInteger, "", "of the second stage, a multiple of 8; 0: as channels",
     "0", 0, 1024},
    {"tokens", Kind::kInteger, "", "width of the transformer", "512", 4, 8192},
    {"heads", Kind::kInteger, "", "of attention; divides tokens", "4", 1, 64},
    {"frames", Kind::kInteger, "", "that it is trained with; no weight depends on it", "5", 1, 64},
    {"sticky_mirror", Kind::kFlag, "", "as the reference: one mirrored clip marks all later ones",
     "true"},
};

/// Which entry of parts() a parameter belongs to.
std::size_t part_of(const std::string& key) {
  static const char* const kHeads[] = {"spynet.", "feat_extract.", "deform_align.", "backbone.",
                                       "reconstruction."};
  for (std::size_t i = 0; i < std::size(kHeads); ++i) {
    if (key.rfind(kHeads[i], 0) == 0) return i;
  }
  return key.rfind("Dual_", 0) == 0 ? 6 : 5;
}

}  // namespace

Json ViMPNetOptions::to_json() const {
  return {{"channels", channels},
          {"blocks", blocks},
          {"feature_blocks", feature_blocks},
          {"groups", groups},
          {"flow_width", flow_width},
          {"dual_channels", dual_channels},
          {"tokens", tokens},
          {"heads", heads},
          {"frames", frames},
          {"sticky_mirror", sticky_mirror}};
}

ViMPNetOptions ViMPNetOptions::from_json(const Json& json) {
  Params params(kOptions);
  params.set_all(json, "vimpnet's options");
  const auto whole = [&](const char* name) { return static_cast<int>(params.integer(name)); };
  ViMPNetOptions out;
  out.channels = whole("channels");
  out.blocks = whole("blocks");
  out.feature_blocks = whole("feature_blocks");
  out.groups = whole("groups");
  out.flow_width = whole("flow_width");
  out.dual_channels = whole("dual_channels");
  out.tokens = whole("tokens");
  out.heads = whole("heads");
  out.frames = whole("frames");
  out.sticky_mirror = params.flag("sticky_mirror");
  const bool fits = out.channels % 8 == 0 && out.dual_channels % 8 == 0 && out.groups % 2 == 0 &&
                    (2 * out.channels) % out.groups == 0 && out.tokens % out.heads == 0;
  if (!fits) {
    fail_usage("vimpnet's options: channels=", out.channels, ", dual_channels=", out.dual_channels,
               ", groups=", out.groups, ", tokens=", out.tokens, ", heads=", out.heads,
               ": expected channels and dual_channels multiples of 8, groups even "
               "and dividing twice the channels, heads dividing tokens");
  }
  return out;
}

Json ViMPNet::options() const { return options_.to_json(); }

std::vector<NetworkPart> ViMPNet::parts(int frames, int height, int width) const {
  const double t = frames;
  const double full = static_cast<double>(height) * width;
  const double small = full / 16;
  const double half = full / 4;
  const double c = options_.channels;
  const double c2 = 9 * c * c;
  const double w = options_.flow_width;
  // Six levels, the finest at a quarter of the size and brought to a multiple of 32, each below a
  // quarter of the area of the next.
  const double flow = 32.0 * 32 * std::ceil(height / 128.0) * std::ceil(width / 128.0);
  const double level = 49 * (8 * w + 2 * w * w + 2 * w * w + w * w / 2 + w);
  double levels = 0;
  for (int i = 0; i < 6; ++i) levels += flow / static_cast<double>(1 << (2 * i));
  const double extract = t * (half * 27 * c + small * c2 * (2 + 2.0 * options_.feature_blocks));
  const double taps = 3.0 * options_.groups * 9;
  const double align = 2 * (t - 1) * small * (9 * (3 * c + 5) * c + 2 * c2 + 9 * c * taps + 2 * c2);
  const double backbone = t * small * c2 * (5 + 4.0 * options_.blocks);
  const double up = t * (small * 2 * c2 + half * c2 / 2);
  const double rec = t * small * (3 * c * c + 3 * c2 * 2 * options_.feature_blocks) + up;
  const double heads = t * (small * (27 * c * c / 4 + c * c / 16 + 27 * c / 4) +
                            full * (27 * c * c / 32 + c * c / 64 + 27 * c / 8 + 27 * c / 4));
  const double d = options_.tokens;
  const double s = options_.second_stage();
  const double piece = 4 * s * 49;
  const double tokens =
      t * std::floor((height / 4.0 - 1) / 3 + 1) * std::floor((width / 4.0 - 1) / 3 + 1);
  const double encoders =
      t * (9 * s * 10 * full + 3 * (half * 27 * 2 * s * s + small * 27 * 8 * s * s));
  const double streams = 8 * (tokens * 12 * d * d + 2 * tokens * tokens * d);
  const double fusion = tokens * 12 * d * d + 2 * tokens * tokens * d;
  const double dual = encoders + tokens * (4 * piece * d + 2 * d * d) + streams + fusion +
                      9 * t * s * s * (small * (16 + 8) + half / 2) + t * full * 27 * s / 4;
  std::vector<NetworkPart> out = {{"SPyNet", 0, 2 * (t - 1) * levels * level},
                                  {"feature extraction", 0, extract},
                                  {"deformable alignment", 0, align},
                                  {"propagation", 0, backbone},
                                  {"reconstruction", 0, rec},
                                  {"heads and last convolution", 0, heads},
                                  {"dual transformer", 0, dual}};
  for (const auto& item : named_parameters()) {
    out[part_of(item.key())].parameters += item.value().numel();
  }
  return out;
}

std::shared_ptr<Net> make_vimpnet(const std::string& name, const Json& options) {
  return std::make_shared<ViMPNet>(name, ViMPNetOptions::from_json(options));
}

// Everything but frames and heads, which no shape shows.
Json vimpnet_options_of(const std::vector<StateEntry>& state) {
  Json out = Json::object();
  int blocks = 0;
  int feature_blocks = 0;
  std::int64_t dual = 0;
  for (const StateEntry& entry : state) {
    const auto is = [&](const char* key) { return entry.key == key && !entry.shape.empty(); };
    if (is("feat_extract.0.weight")) out["channels"] = entry.shape[0];
    if (is("deform_align.backward_1.conv_offset.6.bias")) out["groups"] = entry.shape[0] / 27;
    if (is("Dual_Raindrop_gnostic_Transformer.downdropbg.conv_first.weight")) dual = entry.shape[0];
    if (is("spynet.basic_module.0.basic_module.0.conv.weight")) out["flow_width"] = entry.shape[0];
    if (is("Dual_Raindrop_gnostic_Transformer.ss.embedding.weight")) out["tokens"] = entry.shape[0];
    const bool second = entry.key.ends_with(".conv2.bias");
    if (second && entry.key.rfind("backbone.backward_1.", 0) == 0) ++blocks;
    if (second && entry.key.rfind("feat_extract.", 0) == 0) ++feature_blocks;
  }
  if (!out.contains("channels")) return out;
  if (dual > 0 && dual != out["channels"]) out["dual_channels"] = dual;
  out["blocks"] = blocks;
  out["feature_blocks"] = feature_blocks;
  return out;
}

}  // namespace pluvia
