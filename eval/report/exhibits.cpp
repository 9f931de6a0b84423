// SPDX-License-Identifier: Apache-2.0
#include "eval/report/exhibits.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "core/base64.h"
#include "core/error.h"
#include "core/file.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

/// A page beyond this opens slowly; further pictures are left out and that is said.
constexpr std::size_t kPictureBytes = 60 << 20;

/// A frame and what every method kept of it.
struct Frame {
  std::string clip;
  std::string name;
  std::vector<std::pair<std::size_t, const RunPicture*>> kept;  ///< by method, worst first
  bool worst = false;
  double badness = 0;  ///< of the worst score that makes it one; of samples, the worst of all
};

class Exhibits {
 public:
  explicit Exhibits(const Comparison& comparison) : comparison_(comparison) {}

  Json all() {
    Json list = Json::array();
    for (const Frame& frame : frames_in_order()) {
      if (bytes_ > kPictureBytes) {
        left_out_ = true;
        break;
      }
      Json exhibit = exhibit_of(frame);
      if (!exhibit.is_null()) list.push_back(std::move(exhibit));
    }
    return {{"list", list}, {"left_out", left_out_}};
  }

 private:
  const RunRecord& run(std::size_t method) const { return *comparison_.methods[method].runs[0]; }

  /// More is worse; what is no number is not bad at all.
  double badness_of(const RunPicture& picture) const {
    if (!std::isfinite(picture.score)) return -std::numeric_limits<double>::infinity();
    return comparison_.columns.front().higher_is_better ? -picture.score : picture.score;
  }

  void add(std::size_t method, const RunPicture& picture, std::vector<Frame>& frames) const {
    const auto same = [&](const Frame& frame) {
      return frame.clip == picture.clip && frame.name == picture.frame;
    };
    auto at = std::find_if(frames.begin(), frames.end(), same);
    const bool is_new = at == frames.end();
    if (is_new) at = frames.insert(at, {picture.clip, picture.frame, {}, false, 0});
    at->kept.emplace_back(method, &picture);
    const bool worst = picture.role == "worst";
    const double badness = badness_of(picture);
    if (is_new || (worst && !at->worst)) {
      at->badness = badness;
    } else if (worst == at->worst) {
      at->badness = std::max(at->badness, badness);
    }
    at->worst = at->worst || worst;
  }

  std::vector<Frame> frames_in_order() const {
    std::vector<Frame> frames;
    for (std::size_t m = 0; m < comparison_.methods.size(); ++m) {
      for (const RunPicture& picture : run(m).pictures) add(m, picture, frames);
    }
    for (Frame& frame : frames) {
      std::stable_sort(frame.kept.begin(), frame.kept.end(), [&](const auto& a, const auto& b) {
        return badness_of(*a.second) > badness_of(*b.second);
      });
    }
    std::stable_sort(frames.begin(), frames.end(), [](const Frame& a, const Frame& b) {
      return a.worst != b.worst ? a.worst : a.badness > b.badness;
    });
    return frames;
  }

  Json exhibit_of(const Frame& frame) {
    const bool pictures = comparison_.unit == "picture";
    Json out{{"name", cat(pictures ? "stack " : "clip ", frame.clip,
                          pictures ? ", picture " : ", frame ", frame.name)},
             {"worst", Json::array()},
             {"scores", Json::object()},
             {"predictions", Json::object()}};
    for (const auto& [method, picture] : frame.kept) {
      const fs::path folder = run(method).file.parent_path();
      if (!out.contains("rainy")) {
        const std::string rainy = address_of(folder / picture->rainy);
        const std::string truth = address_of(folder / picture->truth);
        if (rainy.empty() || truth.empty()) continue;
        out["rainy"] = rainy;
        out["truth"] = truth;
      }
      const std::string prediction = address_of(folder / picture->prediction);
      if (!prediction.empty()) {
        out["predictions"][std::to_string(method)] = prediction;
        out["scores"][std::to_string(method)] = score_json(picture->score);
        if (picture->role == "worst") out["worst"].push_back(method);
      }
      for (const LayerPicture& layer : picture->layers) add_layer(layer, folder, method, out);
    }
    return out.contains("rainy") && !out["predictions"].empty() ? out : Json();
  }

  /// {"layers": {"mask": {"truth", "claimed": {"0": ...}}}}
  void add_layer(const LayerPicture& layer, const fs::path& folder, std::size_t method, Json& out) {
    const std::string claimed = address_of(folder / layer.claimed);
    Json to =
        out.contains("layers") ? out["layers"].value(layer.layer, Json::object()) : Json::object();
    if (!to.contains("truth")) to["truth"] = address_of(folder / layer.truth);
    if (claimed.empty() || to["truth"].get<std::string>().empty()) return;
    to["claimed"][std::to_string(method)] = claimed;
    out["layers"][layer.layer] = std::move(to);
  }

  /// Empty when the picture is no longer there.
  std::string address_of(const fs::path& file) {
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) {
      left_out_ = true;
      return "";
    }
    const std::string bytes = read_text(file);
    bytes_ += bytes.size();
    return "data:image/png;base64," + base64(std::as_bytes(std::span(bytes)));
  }

  const Comparison& comparison_;
  std::size_t bytes_ = 0;
  bool left_out_ = false;
};

}  // namespace

Json exhibits_json(const Comparison& comparison) { return Exhibits(comparison).all(); }

}  // namespace pluvia
