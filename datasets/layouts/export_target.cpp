// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/export_target.h"

#include "core/error.h"

namespace pluvia {
namespace {

constexpr const char* kLockName = ".pluvia-lock";
constexpr std::uint64_t kRecordLimit = 64U << 20;

bool is_ours_or_empty(const fs::path& dir) {
  std::error_code code;
  if (!fs::is_directory(dir, code)) return false;
  return fs::exists(dir / kExportRecord, code) || fs::exists(dir / kLockName, code) ||
         fs::is_empty(dir, code);
}

void remove_tree(const fs::path& dir) {
  std::error_code code;
  fs::remove_all(dir, code);
  if (code) fail("removing ", dir.string(), ": ", code.message());
}

// The record of a folder, or nothing.
std::string record_in(const fs::path& dir) {
  std::error_code code;
  const fs::path file = dir / kExportRecord;
  return fs::exists(file, code) ? read_text(file, kRecordLimit) : std::string();
}

void rename_folder(const fs::path& from, const fs::path& to) {
  std::error_code code;
  fs::rename(from, to, code);
  if (code) fail("renaming ", from.string(), " to ", to.string(), ": ", code.message());
}

}  // namespace

ExportTarget::ExportTarget(fs::path dir, std::string record, bool resume, bool force)
    : dir_(std::move(dir)), record_(std::move(record)), force_(force) {
  if (!dir_.has_filename()) dir_ = dir_.parent_path();
  part_ = dir_;
  part_ += ".part";
  std::error_code code;
  const bool exists = fs::symlink_status(dir_, code).type() != fs::file_type::not_found;
  const bool replacing = force_ && fs::exists(part_, code);
  if (exists && resume && !replacing && record_in(dir_) == record_) {
    complete_ = true;
    return;
  }
  if (exists && !force_) {
    fail_usage("exporting to ", dir_.string(),
               resume ? ": it is there already and of other settings" : ": it is there already",
               "; choose another --out, or replace an earlier export with --force");
  }
  if (exists && !is_ours_or_empty(dir_)) {
    fail_usage("exporting to ", dir_.string(), ": not a folder that an export wrote (no ",
               kExportRecord, " in it), so --force does not replace it; choose another --out");
  }
  require_writable_parent(dir_);
  const bool begun = fs::is_directory(part_, code);
  if (begun && !is_ours_or_empty(part_)) {
    fail_usage("exporting to ", dir_.string(), ": ", part_.string(),
               " is in the way and no unfinished export; move it or choose another --out");
  }
  if (begun && !resume && !force_ && fs::exists(part_ / kExportRecord, code)) {
    fail_usage("exporting to ", dir_.string(), ": ", part_.string(),
               " holds an unfinished export; go on with it by --resume or start over with --force");
  }
  fs::create_directories(part_, code);
  if (code) fail("creating folder ", part_.string(), ": ", code.message());
  lock_.emplace(part_ / kLockName);
  const fs::path record_file = part_ / kExportRecord;
  if (begun && resume && fs::exists(record_file, code)) {
    if (record_in(part_) != record_) {
      fail_usage("exporting to ", dir_.string(), ": ", part_.string(),
                 " was begun with other settings; repeat them, or start over with --force");
    }
    resumed_ = true;
    return;
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(part_)) {
    if (entry.path().filename() != kLockName) remove_tree(entry.path());
  }
  write_text(record_file, record_);
}

void ExportTarget::publish_folder() {
  std::error_code code;
  fs::remove(part_ / kLockName, code);
  fsync_directory(part_);
  if (fs::exists(dir_, code)) {
    exchange_folders(part_, dir_);
    remove_tree(part_);
    return;
  }
  rename_folder(part_, dir_);
  fsync_directory(dir_.has_parent_path() ? dir_.parent_path() : fs::path("."));
}

}  // namespace pluvia
