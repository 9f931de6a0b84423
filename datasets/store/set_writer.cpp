// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/set_writer.h"

#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/text.h"
#include "datasets/store/merge.h"
#include "datasets/store/part_writer.h"
#include "datasets/store/set_reader.h"

namespace pluvia {
namespace {

// Measured on photographs with rain (docs/performance.md): what the default storage saves at least.
double usual_ratio(Storage storage) { return storage == Storage::kFast ? 1 : 1.6; }

fs::path part_path(const fs::path& parts, const std::string& id) { return parts / (id + ".h5"); }

SetInfo head_of(const SetOptions& options) {
  SetInfo head;
  head.kind = options.kind;
  head.formation = options.formation;
  head.title = options.title;
  head.recipe = options.recipe;
  head.provenance = options.provenance;
  head.generator = options.generator;
  return head;
}

// What `key` says in text of ours that anybody may have edited.
std::string text_at(const Json& object, const char* key) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_string()) return "";
  return object[key].get<std::string>();
}

// That `set` is whole and came from these settings.
bool is_made_so(const fs::path& set, const SetOptions& options) {
  const SetInfo there = SetReader::open(set)->info();
  const Json provenance = parse_json(there.provenance, set.string());
  return text_at(provenance, "settings_sha256") == sha256_hex(options.settings);
}

// A folder that happens to have the name of our parts is somebody's: at the end ours is removed.
// Before the settings are written it holds the lock and, at most, the settings' first half.
void require_ours(const fs::path& parts) {
  for (const fs::directory_entry& entry : fs::directory_iterator(parts)) {
    const std::string name = entry.path().filename().string();
    if (name == "lock" || name.starts_with("settings.json")) continue;
    fail("writing ", parts.string(), ": the folder holds '", name,
         "', which no run of pluvia put there; move it away or choose another --out");
  }
}

}  // namespace

SetWriter::SetWriter(fs::path out, SetOptions options)
    : out_(std::move(out)), options_(std::move(options)), replaces_(options_.force) {
  parts_ = out_;
  parts_ += ".parts";
  require_file_name(out_);
  std::error_code ignored;
  const bool out_exists = is_taken(out_);
  if (out_exists && options_.resume && !fs::exists(parts_, ignored)) {
    complete_ = is_made_so(out_, options_);
    if (complete_) return;
    // A run that replaces it was stopped before anything was worth keeping.
    if (!options_.force) {
      fail("--resume: ", out_.string(),
           " was made with other settings; choose another --out or use --force");
    }
  }
  if (out_exists && !options_.resume && !options_.force) {
    fail_usage("--out ", out_.string(),
               " exists; use --force to replace it or --resume to go on with it");
  }
  Json provenance = parse_json(options_.provenance, "provenance");
  provenance["settings_sha256"] = sha256_hex(options_.settings);
  options_.provenance = canonical_text(provenance);
  open_parts();
}

void SetWriter::open_parts() {
  require_writable_parent(out_);
  std::error_code code;
  const bool parts_existed = fs::exists(parts_, code);
  fs::create_directories(parts_, code);
  if (code) fail("creating folder ", parts_.string(), ": ", code.message());
  lock_.emplace(parts_ / "lock");
  const fs::path settings = parts_ / "settings.json";
  if (parts_existed && fs::exists(settings, code)) {
    if (!options_.resume && !options_.force) {
      lock_.reset();
      fail_usage(
          parts_.string(),
          " holds an unfinished run; use --resume to go on with it or --force to start over");
    }
    if (options_.resume) {
      resume_parts(parse_json(read_text(settings), settings.string()));
      return;
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(parts_)) {
      if (entry.path().filename() != "lock") fs::remove_all(entry.path(), code);
    }
  }
  require_ours(parts_);
  Json now;
  now["settings_sha256"] = sha256_hex(options_.settings);
  now["replaces"] = options_.force;
  write_text(settings, now.dump() + "\n");
}

// `before` is what the run that was stopped noted of itself. A set under the final name is ours to
// replace where that run was told so, or has itself published it and was stopped right then.
void SetWriter::resume_parts(const Json& before) {
  try {
    if (text_at(before, "settings_sha256") != sha256_hex(options_.settings)) {
      fail("--resume: ", parts_.string(),
           " was started with other settings; repeat them, or use --force to start over");
    }
    replaces_ = options_.force || (before.contains("replaces") && before["replaces"] == true);
    if (!replaces_ && is_taken(out_)) {
      try {
        replaces_ = is_made_so(out_, options_);
      } catch (const Error&) {  // no set at all: not ours
      }
      if (!replaces_) {
        fail("--resume: ", out_.string(),
             " was not there when the run began that this goes on with; move it away, or use "
             "--force to replace it");
      }
    }
  } catch (...) {
    lock_.reset();  // the parts stay
    throw;
  }
  load_journal();
}

// A journal line counts when its part lies there with the size it had: the part was durable before
// the line was written, so only a torn last line or a tampered folder can disagree.
void SetWriter::load_journal() {
  const fs::path path = parts_ / "journal.jsonl";
  std::error_code code;
  if (!fs::exists(path, code)) return;
  for (const std::string& line : split(read_text(path), '\n')) {
    const Json entry = Json::parse(line, nullptr, false);
    if (!entry.is_object()) continue;
    const std::string id = text_at(entry, "id");
    if (!is_clip_id(id) || !entry.contains("bytes") || !entry["bytes"].is_number_unsigned())
      continue;
    const auto bytes = entry["bytes"].get<std::uint64_t>();
    if (fs::file_size(part_path(parts_, id), code) != bytes || code) continue;
    journal_[id] = {bytes, text_at(entry, "content_sha256")};
  }
}

SetWriter::~SetWriter() {
  if (committed_ || complete_ || !lock_) return;
  // Nothing worth resuming: leave no trace of a run that finished no clip.
  if (journal_.empty()) {
    std::error_code ignored;
    fs::remove_all(parts_, ignored);
  }
}

void SetWriter::require_space(std::uint64_t raw_bytes) const {
  const double expected = static_cast<double>(raw_bytes) / usual_ratio(options_.storage);
  const auto free = static_cast<double>(free_bytes(out_));
  if (free < expected) {
    fail("writing ", out_.string(), ": ", human_bytes(free), " are free, about ",
         human_bytes(2 * expected),
         " are needed (the set and its parts while it is assembled); make room or choose another "
         "--out");
  }
  if (free < 2 * expected) {
    warn(cat(human_bytes(free), " are free; assembling ", out_.string(), " may need up to ",
             human_bytes(2 * expected)));
  }
}

std::unique_ptr<ClipWriter> SetWriter::begin(const ClipInfo& info) {
  PLUVIA_CHECK(!complete_ && is_clip_id(info.id) && !info.layers.empty(), info.id);
  const auto finished = [this](const fs::path& part, const IndexRow& row) {
    const JournalEntry entry = {fs::file_size(part), clip_sha256(row.content_sha256)};
    Json line;
    line["id"] = row.clip.id;
    line["bytes"] = entry.bytes;
    line["content_sha256"] = entry.content_sha256;
    const std::scoped_lock lock(journal_mutex_);
    append_line(parts_ / "journal.jsonl", line.dump());
    journal_[row.clip.id] = entry;
  };
  return std::make_unique<PartWriter>(part_path(parts_, info.id), head_of(options_), info,
                                      options_.storage, thread_count(options_.threads), finished);
}

std::map<std::string, std::set<std::string>> SetWriter::clip_notes() const {
  std::map<std::string, std::set<std::string>> values;
  for (const auto& [id, entry] : journal_) {
    const ClipInfo info = SetReader::open(part_path(parts_, id))->clip(id)->info();
    for (const auto& [key, note] : info.notes) {
      if (key != "name" && key != "group") values[key].insert(note.substr(0, note.find(" (")));
    }
  }
  return values;
}

void SetWriter::add_provenance(const std::string& key, const std::string& json) {
  Json provenance = parse_json(options_.provenance, "provenance");
  provenance[key] = parse_json(json, key);
  options_.provenance = canonical_text(provenance);
}

void SetWriter::commit() {
  PLUVIA_CHECK(!complete_ && !committed_, out_.string());
  if (journal_.empty()) fail("writing ", out_.string(), ": there is no clip to write");
  std::vector<fs::path> parts;
  for (const auto& [id, entry] : journal_) parts.push_back(part_path(parts_, id));
  const fs::path target = parts_ / "assembled.h5";
  assemble(parts, head_of(options_), target, "assembling " + out_.string(), "repeat with --resume");
  replaces_ ? publish(target, out_) : publish_new(target, out_);
  committed_ = true;
  std::error_code ignored;
  fs::remove_all(parts_, ignored);
  lock_.reset();
}

}  // namespace pluvia
