// SPDX-License-Identifier: Apache-2.0
// Files that appear whole or not at all, and the little of POSIX that this needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pluvia {

namespace fs = std::filesystem;

/// An open file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  static Fd open_read(const fs::path& path);

  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }
  int release();

 private:
  int number_ = -1;
};

/// The text of errno for messages: "No space left on device".
std::string system_error_text(int code);

std::uint64_t file_size(const Fd& file, const fs::path& name);
/// Reads exactly data.size() bytes at `offset`; a short file is an Error.
void read_exact(const Fd& file, const fs::path& name, std::uint64_t offset,
                std::span<std::byte> data);
/// The whole file; refuses more than `limit` bytes.
std::string read_text(const fs::path& path, std::uint64_t limit = 256U << 20);
std::vector<std::byte> read_bytes(const fs::path& path, std::uint64_t limit);

void fsync_path(const fs::path& path);
/// Makes a rename in `directory` durable.
void fsync_directory(const fs::path& directory);
/// fsync(from), rename, fsync(directory): afterwards `to` is whole even after a power cut.
void publish(const fs::path& from, const fs::path& to);
/// As publish, but refuses when there is something under the name `to`, which stays.
void publish_new(const fs::path& from, const fs::path& to);
/// Puts the folder `from` in the place of the folder `to` in one step, so that one of the two is
/// there under that name whenever the machine stops; the old one is then called `from`. On file
/// systems that cannot do that it is moved aside first, and back if the new one cannot follow.
void exchange_folders(const fs::path& from, const fs::path& to);
/// Writes `text` under a temporary name beside `path`, then publishes it.
void write_text(const fs::path& path, std::string_view text);
/// A folder of our own among the temporary ones that is gone when this is.
class WorkFolder {
 public:
  WorkFolder();
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};
/// A file that is written in pieces under a temporary name and gets its own at the end; nothing is
/// left of it otherwise.
class NewFile {
 public:
  explicit NewFile(fs::path path);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::span<const std::byte> data);
  void write_at(std::uint64_t offset, std::span<const std::byte> data);
  void finish();

 private:
  fs::path path_;
  fs::path temporary_;
  Fd file_;
};

/// Appends one line and makes it durable. Refuses text with a newline in it.
void append_line(const fs::path& path, std::string_view line);
/// Appends in one write, so that texts of programs that append at the same time do not mix.
void append_text(const fs::path& path, std::string_view text);

/// Free bytes for an ordinary user on the file system that holds `path` (or its nearest parent).
std::uint64_t free_bytes(const fs::path& path);

/// Something has this name, and be it a symbolic link that leads nowhere.
bool is_taken(const fs::path& path);
/// Refuses, as wrong usage, an --out that is a folder or ends as one ("sets/").
void require_file_name(const fs::path& out);
/// Creates `path`'s parent folders and checks that files can be made there.
void require_writable_parent(const fs::path& path);

/// Exclusive lock held for the life of the object; a second holder gets an Error that names the
/// first.
class LockFile {
 public:
  explicit LockFile(const fs::path& path);
  LockFile(LockFile&&) = default;
  LockFile& operator=(LockFile&&) = default;

 private:
  Fd file_;
};

}  // namespace pluvia
