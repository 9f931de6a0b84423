// SPDX-License-Identifier: Apache-2.0
// Writes a set that appears whole or not at all, survives kill -9, and can be gone on with.
//
// While it is being written, OUT.parts/ holds one small, complete set per finished clip (written,
// fsync, renamed), a journal with one durable line per finished clip, the hash of the settings, and
// a lock. `commit` copies the parts' raw chunks into one file, makes it durable and renames it to
// OUT. The disk must hold the parts and the assembled file for a moment: twice the set's size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "core/clip.h"
#include "core/file.h"
#include "core/json.h"
#include "datasets/store/storage.h"

namespace pluvia {

struct SetOptions {
  std::string kind = "clips";
  std::string formation;
  std::string title;
  std::string recipe = "{}";
  std::string provenance = "{}";
  std::string generator = "pluvia";
  /// Everything that decides the content, as text. Its hash guards --resume.
  std::string settings;
  Storage storage = Storage::kDefault;
  bool resume = false;
  bool force = false;
  int threads = 0;  ///< 0: all cores
};

class SetWriter {
 public:
  SetWriter(std::filesystem::path out, SetOptions options);
  ~SetWriter();
  SetWriter(const SetWriter&) = delete;
  SetWriter& operator=(const SetWriter&) = delete;

  /// With --resume: the finished set is there already, made with these settings.
  bool complete() const { return complete_; }
  /// With --resume: an earlier run finished this clip.
  bool has_clip(const std::string& id) const { return journal_.count(id) > 0; }
  /// Of a clip that is finished: clip_sha256 of its layers.
  std::string content_sha256(const std::string& id) const { return journal_.at(id).content_sha256; }

  /// Checks the disk for a set of this many uncompressed bytes before work starts.
  void require_space(std::uint64_t raw_bytes) const;

  /// `info.frames` may be 0 when the number is not known yet. Clips may be written at the same time
  /// by several threads.
  std::unique_ptr<ClipWriter> begin(const ClipInfo& info);

  /// What clips that are finished were noted to be: the values of each note, without their counts
  /// of frames. Names and groups, of which each clip has its own, are left out.
  std::map<std::string, std::set<std::string>> clip_notes() const;
  /// Adds an entry of JSON text to the set's provenance.
  void add_provenance(const std::string& key, const std::string& json);

  /// Assembles and publishes. Afterwards the parts are gone.
  void commit();

 private:
  struct JournalEntry {
    std::uint64_t bytes = 0;
    std::string content_sha256;
  };

  void open_parts();
  void resume_parts(const Json& before);
  void load_journal();

  std::filesystem::path out_;
  std::filesystem::path parts_;
  SetOptions options_;
  bool replaces_;  ///< what lies under the final name may be replaced
  std::optional<LockFile> lock_;
  std::map<std::string, JournalEntry> journal_;
  std::mutex journal_mutex_;
  bool complete_ = false;
  bool committed_ = false;
};

}  // namespace pluvia
