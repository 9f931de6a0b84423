// SPDX-License-Identifier: Apache-2.0
#include "eval/protocol/result.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/counted.h"
#include "core/error.h"
#include "core/text.h"

namespace pluvia {
namespace {

constexpr std::size_t kLinesAtEnds = 10;

Json number_json(double value) {
  if (std::isnan(value)) return nullptr;
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

Json means_json(const Means& means) {
  Json out = Json::object();
  for (const auto& [key, value] : means.values) out[key] = number_json(value);
  return out;
}

std::string item_name(const ClipScores& clip, const FrameScores& frame) {
  return clip.name.empty() ? frame.name : clip.name + "/" + frame.name;
}

std::string padded(const std::string& text, std::size_t width) {
  return text.size() >= width ? text : text + std::string(width - text.size(), ' ');
}

std::string means_line(const Means& means) {
  std::string line;
  for (const auto& [key, value] : means.values) {
    line += "  " + padded(key + " " + score_text(value, key), 18);
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

std::string frame_line(const ProtocolScorer& scorer, const FrameScores& frame) {
  Means means;
  for (std::size_t i = 0; i < scorer.frame_keys().size(); ++i) {
    means.values.emplace_back(scorer.frame_keys()[i], frame.values[i]);
  }
  return means_line(means);
}

/// "psnr of 3 frames, psnr_outside of 1 frame"
std::string infinite_text(const Summary& summary) {
  std::vector<std::string> parts;
  for (const auto& [key, frames] : summary.infinite) {
    parts.push_back(key + " of " + counted(frames, "frame"));
  }
  return list_some(parts);
}

/// What there was of frames equal to their reference and of infinite scores, and what became of it.
std::string identical_line(const Protocol& protocol, const Summary& summary) {
  std::string out;
  if (summary.identical > 0) {
    out = cat(counted(summary.identical, "frame"), summary.identical == 1 ? " equals" : " equal",
              " the reference");
  }
  if (!summary.infinite.empty()) {
    const bool left_out = protocol.identical == IdenticalRule::kExclude;
    out += cat(out.empty() ? "" : "; ", "infinite scores (", infinite_text(summary),
               left_out ? ") are left out of means that have others (identical=exclude)"
                        : ") make their means infinite (identical=include)");
  }
  return out.empty() ? "" : "  " + out + "\n";
}

Json items_json(const ProtocolScorer& scorer, const ScoredMedia& scored,
                const ScoredMedia::OfProtocol& result) {
  Json items = Json::array();
  for (const ClipScores& clip : result.clips) {
    for (const FrameScores& frame : clip.frames) {
      Json item;
      item["name"] = item_name(clip, frame);
      if (!clip.name.empty()) item["clip"] = clip.name;
      for (std::size_t i = 0; i < scorer.frame_keys().size(); ++i) {
        const std::string& key = scorer.frame_keys()[i];
        item[key] = number_json(frame.values[i]);
        for (std::size_t r = 0; r < frame.regions[i].size(); ++r) {
          item[key + "_" + scored.regions[r]] = number_json(frame.regions[i][r]);
        }
      }
      if (frame.identical) item["identical"] = true;
      items.push_back(std::move(item));
    }
  }
  return items;
}

}  // namespace

std::string score_text(double value, const std::string& key) {
  if (std::isnan(value)) return "n/a";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  const bool decibels = key.find("psnr") != std::string::npos;
  std::array<char, 400> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                 std::chars_format::fixed, decibels ? 4 : 6);
  return {text.data(), end.ptr};
}

Json result_json(const ProtocolScorer& scorer, const ScoredMedia& scored, std::size_t protocol) {
  const ScoredMedia::OfProtocol& result = scored.protocols[protocol];
  Json out;
  out["protocol"] = scorer.protocol().name;
  out["protocol_sha256"] = scorer.protocol().sha256();
  if (!result.refusal.empty()) {
    out["refusal"] = result.refusal;
    return out;
  }
  const Summary summary = summarise(scorer, result.clips, scored.regions);
  out["frames"] = summary.frames;
  out["identical_frames"] = summary.identical;
  out["infinite_scores"] = Json::object();
  for (const auto& [key, frames] : summary.infinite) out["infinite_scores"][key] = frames;
  out["mean"] = means_json(summary.mean);
  Json clips = Json::array();
  for (std::size_t c = 0; c < result.clips.size(); ++c) {
    clips.push_back({{"name", result.clips[c].name},
                     {"frames", result.clips[c].frames.size()},
                     {"mean", means_json(summary.clips[c])}});
  }
  out["clips"] = std::move(clips);
  out["items"] = items_json(scorer, scored, result);
  return out;
}

Json protocol_json(const Protocol& protocol) {
  return {{"name", protocol.name},
          {"title", protocol.title},
          {"definition", protocol.definition()},
          {"sha256", protocol.sha256()},
          {"used_by", protocol.used_by},
          {"note", protocol.note}};
}

std::string result_text(const ProtocolScorer& scorer, const ScoredMedia& scored) {
  const ScoredMedia::OfProtocol& result = scored.protocols.front();
  const Summary summary = summarise(scorer, result.clips, scored.regions);
  std::vector<std::string> lines;
  for (const ClipScores& clip : result.clips) {
    if (scorer.frame_keys().empty()) break;  // all is said of clips
    for (const FrameScores& frame : clip.frames) {
      lines.push_back("  " + padded(item_name(clip, frame), 24) + frame_line(scorer, frame));
    }
  }
  std::string out =
      cat("protocol ", scorer.protocol().name, ", ", counted(summary.frames, "frame"), "\n");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines.size() > 2 * kLinesAtEnds && i == kLinesAtEnds) {
      out += cat("  ... ", lines.size() - 2 * kLinesAtEnds, " more (--json lists all)\n");
      i = lines.size() - kLinesAtEnds;
    }
    out += lines[i] + "\n";
  }
  out += "  " + padded("mean", 24) + means_line(summary.mean) + "\n";
  return out + identical_line(scorer.protocol(), summary);
}

std::string comparison_text(const std::vector<ProtocolScorer>& scorers, const ScoredMedia& scored) {
  std::size_t width = 0;
  for (const ProtocolScorer& scorer : scorers) {
    width = std::max(width, scorer.protocol().name.size());
  }
  std::string out;
  for (std::size_t p = 0; p < scorers.size(); ++p) {
    const ScoredMedia::OfProtocol& result = scored.protocols[p];
    out += padded(scorers[p].protocol().name, width);
    if (result.refusal.empty()) {
      out += means_line(summarise(scorers[p], result.clips, scored.regions).mean) + "\n";
    } else {
      out += "  n/a: " + result.refusal + "\n";
    }
  }
  return out;
}

std::string protocols_text(const std::vector<Protocol>& protocols) {
  std::string out;
  for (const Protocol& protocol : protocols) {
    out += padded(protocol.name, 24) + "  " + protocol.title + "\n";
    if (!protocol.used_by.empty()) {
      out += std::string(26, ' ') + "used by: " + join(protocol.used_by, ", ") + "\n";
    }
  }
  return out;
}

bool Requirement::met_by(double value) const {
  if (sign == ">=") return value >= bound;
  if (sign == "<=") return value <= bound;
  return sign == ">" ? value > bound : value < bound;
}

std::string Requirement::text() const { return key + sign + to_text(bound); }

Requirement parse_requirement(const std::string& text) {
  const std::size_t at = text.find_first_of("<>");
  if (at != std::string::npos && at > 0) {
    const std::size_t size = text.size() > at + 1 && text[at + 1] == '=' ? 2 : 1;
    const auto bound = parse_double(std::string_view(text).substr(at + size));
    if (bound && !std::isnan(*bound)) return {text.substr(0, at), text.substr(at, size), *bound};
  }
  fail_usage("--require '", text, "': expected a score, a sign and a number, such as psnr>=30");
}

void check_requirement_keys(const std::vector<Requirement>& requirements, const Means& means) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : means.values) keys.push_back(key);
  for (const Requirement& requirement : requirements) {
    if (std::find(keys.begin(), keys.end(), requirement.key) != keys.end()) continue;
    fail_usage("--require ", requirement.text(), ": no score '", requirement.key, "'",
               did_you_mean(requirement.key, keys), "; there are ", join(keys, ", "));
  }
}

void check_requirements(const std::vector<Requirement>& requirements, const Means& means) {
  std::vector<std::string> unmet;
  for (const Requirement& requirement : requirements) {
    const double value = means.at(requirement.key);
    if (requirement.met_by(value)) continue;
    unmet.push_back(cat(requirement.key, " is ", std::isnan(value) ? "undefined" : to_text(value),
                        ", required ", requirement.sign, " ", to_text(requirement.bound)));
  }
  if (!unmet.empty()) throw Error(ErrorKind::kCheck, join(unmet, "; "));
}

}  // namespace pluvia
