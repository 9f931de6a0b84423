// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/merge.h"

#include <unistd.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/interrupt.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/text.h"
#include "datasets/store/hdf5.h"
#include "datasets/store/set_reader.h"

namespace pluvia {
namespace {

constexpr std::size_t kMaxObjectsPerClip = 1000;

// Everything in a clip's group must be a data set that stands in this file, so that a copy is whole
// and follows nothing.
void require_plain_clip(hid_t clip) {
  for (const std::string& name : h5::link_names(clip, kMaxObjectsPerClip))
    h5::open_dataset(clip, name);
}

void copy_clip(hid_t from_clips, const std::string& id, hid_t to_clips) {
  {
    const h5::Handle clip = h5::open_group(from_clips, id);
    require_plain_clip(clip.get());
  }
  h5::check(H5Ocopy(from_clips, id.c_str(), to_clips, id.c_str(), H5P_DEFAULT, H5P_DEFAULT),
            "copying clip '" + id + "'");
}

// Clips by their names, from whichever file they are in; the last file stays open.
class ClipFiles {
 public:
  hid_t clips_of(const fs::path& path) {
    if (path != path_) {
      clips_.reset();
      file_.reset();
      path_.clear();
      file_ = h5::open_file(path.string());
      clips_ = h5::open_group(file_.get(), "clips");
      path_ = path;
    }
    return clips_.get();
  }

 private:
  fs::path path_;
  h5::Handle file_;
  h5::Handle clips_;
};

void link_clip(const std::string& file, const std::string& id, hid_t to_clips) {
  const std::string object = "/clips/" + id;
  h5::check(H5Lcreate_external(file.c_str(), object.c_str(), to_clips, id.c_str(), H5P_DEFAULT,
                               H5P_DEFAULT),
            "linking clip '" + id + "'");
}

// Gathers rows and splits, naming both files when a clip appears twice.
class Collected {
 public:
  void take(const SetInfo& shard, const fs::path& path) {
    for (const IndexRow& row : shard.rows) {
      const auto [at, fresh] = where_.emplace(row.clip.id, path);
      if (!fresh) {
        fail("clip '", row.clip.id, "' is in ", at->second.string(), " and in ", path.string(),
             "; each clip may come from one file only");
      }
      rows.push_back(row);
    }
    for (const auto& [name, ids] : shard.splits)
      splits[name].insert(splits[name].end(), ids.begin(), ids.end());
  }
  std::vector<IndexRow> rows;
  std::map<std::string, std::vector<std::string>> splits;

 private:
  std::map<std::string, fs::path> where_;
};

template <typename Files>
void require_space_for_copy(const Files& files, const fs::path& target, const std::string& again) {
  std::uint64_t needed = 0;
  for (const fs::path& file : files) needed += fs::file_size(file);
  const std::uint64_t free = free_bytes(target);
  if (free < needed) {
    fail("writing ", target.string(), ": ", human_bytes(static_cast<double>(needed)),
         " are needed, ", human_bytes(static_cast<double>(free)), " are free; make room and ",
         again);
  }
}

// Writes into `target`; on any error removes it again.
template <typename Body>
void write_file_or_remove(const fs::path& target, Body&& body) {
  try {
    const h5::Lock lock(target.native());
    h5::Handle file = h5::create_file(target.string());
    body(file.get());
    h5::close_file(std::move(file), target.string());
  } catch (...) {
    ::unlink(target.c_str());
    throw;
  }
}

/// Shards of one rendering differ in the hash of their settings only: `regen` needs the rest.
std::string common_keys(const std::string& a, const std::string& b) {
  if (a == b) return a;
  const Json one = parse_json(a, "provenance");
  const Json other = parse_json(b, "provenance");
  Json common = Json::object();
  if (one.is_object() && other.is_object()) {
    for (const auto& [key, value] : one.items()) {
      if (other.contains(key) && other[key] == value) common[key] = value;
    }
  }
  return canonical_text(common);
}

// What the merged set says of itself: what all shards say alike, and nothing where they differ.
SetInfo common_head(const std::vector<fs::path>& shards) {
  SetInfo head;
  for (const fs::path& shard : shards) {
    const SetInfo info = SetReader::open(shard)->info();
    if (&shard == shards.data()) {
      head = info;
      head.rows.clear();
      head.splits.clear();
      continue;
    }
    const auto must_agree = [&](const std::string& here, const std::string& there,
                                const char* what) {
      if (here != there) {
        fail(shard.string(), ": ", what, " is '", here, "', ", shards.front().string(), " has '",
             there, "'; only sets of one kind and formation can be merged");
      }
    };
    must_agree(info.kind, head.kind, "kind");
    must_agree(info.formation, head.formation, "formation");
    if (info.title != head.title) head.title.clear();
    if (info.recipe != head.recipe) head.recipe = "{}";
    head.provenance = common_keys(head.provenance, info.provenance);
  }
  return head;
}

}  // namespace

void assemble(const std::vector<fs::path>& parts, SetInfo head, const fs::path& target,
              const std::string& title, const std::string& again) {
  require_space_for_copy(parts, target, again);
  write_file_or_remove(target, [&](hid_t file) {
    const h5::Handle clips = h5::create_group(file, "clips");
    Collected collected;
    Progress progress(title, parts.size(), "files");
    for (const fs::path& part : parts) {
      within(part.string(), [&] {
        throw_if_interrupted();
        const h5::Lock lock(part.native());
        const std::shared_ptr<SetReader> set = SetReader::open(part);
        ClipFiles from;
        for (const IndexRow& row : set->info().rows) {
          throw_if_interrupted();
          copy_clip(from.clips_of(set->file_of(row.clip.id)), row.clip.id, clips.get());
        }
        collected.take(set->info(), part);
      });
      progress.add(1);
    }
    head.rows = std::move(collected.rows);
    for (auto& [name, ids] : collected.splits) {
      head.splits[name].insert(head.splits[name].end(), ids.begin(), ids.end());
    }
    write_set_info(file, std::move(head));
  });
}

std::size_t merge_sets(const std::vector<fs::path>& shards, const fs::path& out,
                       const MergeOptions& options) {
  if (shards.empty()) fail_usage("merge: name at least one set");
  require_file_name(out);
  std::error_code ignored;
  if (is_taken(out) && !options.force)
    fail_usage("--out ", out.string(), " exists; use --force to replace it");
  require_writable_parent(out);
  SetInfo head = common_head(shards);
  Collected collected;
  const fs::path folder = fs::canonical(fs::absolute(out).parent_path());
  std::map<std::string, fs::path> file_of;  // where a set is links, what they lead to
  std::set<fs::path> files;
  for (const fs::path& shard : shards) {
    if (fs::equivalent(shard, out, ignored))
      fail_usage("--out ", out.string(), " is also an input");
    const std::shared_ptr<SetReader> set = SetReader::open(shard);
    for (const IndexRow& row : set->info().rows) {
      const fs::path file = fs::canonical(set->file_of(row.clip.id));
      if (options.link && file.parent_path() != folder) {
        fail_usage("--link: ", file.string(), " must lie in the same folder as ", out.string(),
                   ", so that both can be moved together");
      }
      if (fs::equivalent(file, out, ignored))
        fail_usage("--out ", out.string(), " is what ", shard.string(), " links to");
      file_of[row.clip.id] = file;
      files.insert(file);
    }
    collected.take(set->info(), shard);
  }
  fs::path target = out;
  target += ".part-" + std::to_string(::getpid());
  if (options.link) {
    write_file_or_remove(target, [&](hid_t file) {
      const h5::Handle clips = h5::create_group(file, "clips");
      for (const auto& [id, in] : file_of) link_clip(in.filename().string(), id, clips.get());
      head.rows = collected.rows;
      head.splits = collected.splits;
      write_set_info(file, head);
    });
  } else {
    require_space_for_copy(files, target, "run it again");
    assemble(shards, head, target, "merging into " + out.string(), "run it again");
  }
  try {
    options.force ? publish(target, out) : publish_new(target, out);
  } catch (...) {
    ::unlink(target.c_str());
    throw;
  }
  return collected.rows.size();
}

}  // namespace pluvia
