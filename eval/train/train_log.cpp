// SPDX-License-Identifier: Apache-2.0
#include "eval/train/train_log.h"

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "datasets/media/stills.h"

namespace pluvia {

TrainLog::TrainLog(const std::filesystem::path& run, std::int64_t first, std::int64_t validated)
    : file_(run / "log.jsonl"), events_(run, first) {
  std::error_code ignored;
  if (!fs::exists(file_, ignored)) return;
  std::string kept;
  for (const std::string& line : split(read_text(file_), '\n')) {
    const Json entry = Json::parse(line, nullptr, false);
    if (!entry.is_object()) continue;
    const bool validation = entry.value("kind", "") == "validation";
    if (entry.value("iteration", std::int64_t{0}) > (validation ? validated : first)) continue;
    kept += line + "\n";
  }
  write_text(file_, kept);
}

void TrainLog::add(std::int64_t iteration, const std::string& kind, const LogValues& values) {
  Json line = {{"iteration", iteration}, {"kind", kind}};
  LogValues tagged;
  for (const auto& [name, value] : values) {
    line[name] = value;
    tagged.emplace_back(kind + "/" + name, value);
  }
  append_line(file_, line.dump());
  events_.scalars(iteration, tagged);
}

void TrainLog::picture(std::int64_t iteration, const std::string& tag,
                       const std::filesystem::path& png) {
  const StillSize size = probe_still(png);
  const std::vector<std::byte> bytes = read_bytes(png, std::uint64_t{1} << 30);
  events_.picture(iteration, tag, size.height, size.width, bytes);
}

}  // namespace pluvia
