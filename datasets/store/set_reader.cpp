// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/set_reader.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "datasets/store/hdf5.h"
#include "datasets/store/stored_clip.h"

namespace pluvia {

struct SetReader::File {
  std::string name;
  h5::Handle id;
  Fd fd;  ///< the same open file, for reads beside the library
};

namespace {

// HDF5's own words for these are long and name no cause a user knows.
void check_signature(const fs::path& path) {
  const Fd file = Fd::open_read(path);
  const std::uint64_t size = file_size(file, path);
  static constexpr std::array<unsigned char, 8> kMagic = {0x89, 'H',  'D',  'F',
                                                          '\r', '\n', 0x1A, '\n'};
  std::array<std::byte, 8> start{};
  if (size == 0) fail("is empty, expected a Pluvia set");
  if (size < start.size()) fail("is not an HDF5 file (", size, " bytes)");
  read_exact(file, path, 0, start);
  for (std::size_t i = 0; i < start.size(); ++i) {
    if (start[i] != std::byte{kMagic[i]}) fail("is not an HDF5 file, expected a Pluvia set (.h5)");
  }
}

h5::Handle open_or_explain(const fs::path& path) {
  try {
    return h5::open_file(path.string());
  } catch (const Error& error) {
    const std::string reason = error.what();
    if (reason.find("truncated") != std::string::npos)
      fail("is truncated; restore it from a copy (", reason, ")");
    // The system's words for a lock that another holds; the library's own where it has none.
    const bool held = reason.find(system_error_text(EAGAIN)) != std::string::npos;
    if (held || reason.find("lock") != std::string::npos) {
      fail(
          "cannot be locked: it is being written, or its file system has no locks (then set "
          "HDF5_USE_FILE_LOCKING=FALSE)");
    }
    throw;
  }
}

// Sizes, layers, and those hashes that both know: whatever decides which pixels a reader gets.
bool is_same_clip(const IndexRow& a, const IndexRow& b) {
  const auto differs = [&](const auto& entry) {
    const auto other = b.content_sha256.find(entry.first);
    return other != b.content_sha256.end() && other->second != entry.second;
  };
  return a.clip.frames == b.clip.frames && a.clip.height == b.clip.height &&
         a.clip.width == b.clip.width && a.clip.layers.names() == b.clip.layers.names() &&
         std::none_of(a.content_sha256.begin(), a.content_sha256.end(), differs);
}

}  // namespace

SetReader::SetReader(fs::path path) : path_(std::move(path)), file_(std::make_unique<File>()) {
  check_signature(path_);
  file_->name = path_.string();
  const h5::Lock lock(file_->name);
  file_->id = open_or_explain(path_);
  void* handle = nullptr;
  h5::check(H5Fget_vfd_handle(file_->id.get(), H5P_DEFAULT, &handle), "reading the file's handle");
  file_->fd = Fd(::dup(*static_cast<int*>(handle)));
  info_ = read_set_info(file_->id.get());
  for (std::size_t i = 0; i < info_.rows.size(); ++i) by_id_[info_.rows[i].clip.id] = i;
}

SetReader::~SetReader() = default;

std::shared_ptr<SetReader> SetReader::open(const fs::path& path) {
  return within(path.string(), [&] { return std::shared_ptr<SetReader>(new SetReader(path)); });
}

const IndexRow& SetReader::row(const std::string& id) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) {
    std::vector<std::string> ids;
    for (const IndexRow& row : info_.rows) ids.push_back(row.clip.id);
    fail(path_.string(), " has no clip '", id, "'", did_you_mean(id, ids), "; there are ",
         list_some(ids));
  }
  return info_.rows[found->second];
}

std::shared_ptr<const SetReader> SetReader::linked(const std::string& id) const {
  const h5::Lock lock(file_->name);
  const h5::Handle clips = h5::open_group(file_->id.get(), "clips");
  if (h5::link_kind(clips.get(), id) != h5::LinkKind::kExternal) return nullptr;
  if (!follows_links_)
    fail("is a link in a file that was reached by a link; links are followed once");
  const h5::ExternalTarget target = h5::external_target(clips.get(), id);
  if (target.object != "/clips/" + id)
    fail("links to '", target.object, "', expected '/clips/", id, "'");
  std::shared_ptr<const SetReader> other = sibling(target.file);
  if (!is_same_clip(row(id), other->row(id))) {
    fail("is not what '", target.file,
         "' held when the link was made; put that file back, or run merge --link again");
  }
  return other;
}

std::filesystem::path SetReader::file_of(const std::string& id) const {
  const std::shared_ptr<const SetReader> other =
      within(path_.string() + ": clips/" + id, [&] { return linked(id); });
  return other != nullptr ? other->path() : path_;
}

std::unique_ptr<ClipReader> SetReader::clip(const std::string& id) const {
  const IndexRow& entry = row(id);
  return within(path_.string() + ": clips/" + id, [&]() -> std::unique_ptr<ClipReader> {
    if (const std::shared_ptr<const SetReader> other = linked(id)) return other->clip(id);
    const h5::Lock lock(file_->name);
    const h5::Handle clips = h5::open_group(file_->id.get(), "clips");
    h5::Handle group = h5::open_group(clips.get(), id);
    return std::make_unique<StoredClip>(shared_from_this(), std::move(group), entry.clip,
                                        file_->fd);
  });
}

std::vector<std::string> SetReader::stored_clip_names() const {
  const h5::Lock lock(file_->name);
  const h5::Handle clips = h5::open_group(file_->id.get(), "clips");
  return h5::link_names(clips.get(), kMaxClips);
}

std::map<std::string, std::string> SetReader::attribute_problems() const {
  const h5::Lock lock(file_->name);
  std::map<std::string, std::string> problems;
  for (const char* name : {"kind", "formation", "title", "recipe", "generator"}) {
    if (!h5::read_text(file_->id.get(), name)) problems[name] = "is missing";
  }
  // Writers may leave these out; whoever states something else has other pixels.
  for (const auto& [name, expected] :
       {std::pair{"color_space", "sRGB"}, {"channel_order", "RGB"}}) {
    const auto found = h5::read_text(file_->id.get(), name);
    if (found && *found != expected)
      problems[name] = cat("is '", *found, "', expected '", expected, "'");
  }
  return problems;
}

// Only a plain file name in the same folder is followed, and that file may not be an index itself:
// links cannot leave the folder, and cannot go round in circles.
std::shared_ptr<const SetReader> SetReader::sibling(const std::string& file) const {
  const fs::path name(file);
  if (file.empty() || name.has_parent_path() || file == "." || file == "..") {
    fail("links to '", file, "'; only files in the set's own folder are followed");
  }
  const fs::path path = path_.parent_path() / name;
  std::error_code ignored;
  if (fs::equivalent(path, path_, ignored)) fail("links to its own file");
  if (fs::is_symlink(path, ignored))
    fail("links to '", file, "', which is a symbolic link and is not followed");
  const std::scoped_lock lock(siblings_mutex_);
  std::shared_ptr<const SetReader>& known = siblings_[file];
  if (known == nullptr) {
    const std::shared_ptr<SetReader> opened = open(path);
    opened->follows_links_ = false;
    known = opened;
  }
  return known;
}

}  // namespace pluvia
