// SPDX-License-Identifier: Apache-2.0
#include "core/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace pluvia {
namespace {

void write_all(int file, const fs::path& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(file, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail("writing ", path.string(), ": ", system_error_text(errno));
    text.remove_prefix(static_cast<std::size_t>(done));
  }
}

Fd open_or_fail(const fs::path& path, int flags, const char* verb) {
  Fd file(::open(path.c_str(), flags | O_CLOEXEC, 0666));
  if (!file.valid()) fail(verb, " ", path.string(), ": ", system_error_text(errno));
  return file;
}

void fsync_or_fail(const Fd& file, const fs::path& path) {
  if (::fsync(file.get()) != 0) {
    fail("writing ", path.string(), " to disk: ", system_error_text(errno));
  }
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    if (valid()) ::close(number_);
    number_ = other.release();
  }
  return *this;
}

Fd::~Fd() {
  if (valid()) ::close(number_);
}

int Fd::release() { return std::exchange(number_, -1); }

Fd Fd::open_read(const fs::path& path) {
  // A pipe that nobody writes to would be waited for.
  Fd file = open_or_fail(path, O_RDONLY | O_NONBLOCK, "opening");
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return file;
  if (S_ISDIR(status.st_mode)) {
    fail("opening ", path.string(), ": it is a folder, expected a file");
  }
  if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISCHR(status.st_mode)) {
    fail("opening ", path.string(), ": it is a pipe or a device, expected a file");
  }
  return file;
}

std::string system_error_text(int code) { return std::generic_category().message(code); }

std::uint64_t file_size(const Fd& file, const fs::path& name) {
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) {
    fail("reading the size of ", name.string(), ": ", system_error_text(errno));
  }
  return static_cast<std::uint64_t>(status.st_size);
}

void read_exact(const Fd& file, const fs::path& name, std::uint64_t offset,
                std::span<std::byte> data) {
  while (!data.empty()) {
    const ssize_t done = ::pread(file.get(), data.data(), data.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail("reading ", name.string(), ": ", system_error_text(errno));
    if (done == 0) {
      fail(name.string(), " ends at byte ", offset, ", ", data.size(), " more were expected");
    }
    offset += static_cast<std::uint64_t>(done);
    data = data.subspan(static_cast<std::size_t>(done));
  }
}

std::vector<std::byte> read_bytes(const fs::path& path, std::uint64_t limit) {
  const Fd file = Fd::open_read(path);
  const std::uint64_t size = file_size(file, path);
  if (size > limit) {
    fail(path.string(), " holds ", human_bytes(static_cast<double>(size)), ", expected at most ",
         human_bytes(static_cast<double>(limit)));
  }
  std::vector<std::byte> data(size);
  read_exact(file, path, 0, data);
  return data;
}

std::string read_text(const fs::path& path, std::uint64_t limit) {
  const std::vector<std::byte> data = read_bytes(path, limit);
  return std::string(reinterpret_cast<const char*>(data.data()), data.size());
}

void fsync_path(const fs::path& path) {
  fsync_or_fail(open_or_fail(path, O_RDONLY, "opening"), path);
}

void fsync_directory(const fs::path& directory) {
  const fs::path name = directory.empty() ? fs::path(".") : directory;
  const Fd file = open_or_fail(name, O_RDONLY | O_DIRECTORY, "opening folder");
  // Some network file systems refuse fsync on folders; the rename itself has been done.
  if (::fsync(file.get()) != 0 && errno != EINVAL && errno != ENOTSUP) {
    fail("writing folder ", name.string(), " to disk: ", system_error_text(errno));
  }
}

void publish(const fs::path& from, const fs::path& to) {
  fsync_path(from);
  if (::rename(from.c_str(), to.c_str()) != 0) {
    fail("renaming ", from.string(), " to ", to.string(), ": ", system_error_text(errno));
  }
  fsync_directory(folder_of(to));
}

void publish_new(const fs::path& from, const fs::path& to) {
  fsync_path(from);
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    const int reason = errno;
    bool taken = reason == EEXIST;
    // Some file systems can only look and then rename.
    if (reason == EINVAL || reason == ENOTSUP) {
      taken = is_taken(to);
      if (!taken) return publish(from, to);
    }
    if (!taken)
      fail("renaming ", from.string(), " to ", to.string(), ": ", system_error_text(reason));
    fail("writing ", to.string(),
         ": something has come to lie there since the work began, and is "
         "kept; move it away, or use --force to replace it");
  }
  fsync_directory(folder_of(to));
}

void exchange_folders(const fs::path& from, const fs::path& to) {
  fsync_path(from);
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) != 0) {
    fs::path aside = from;
    aside += ".old";
    fs::rename(to, aside);
    std::error_code failed;
    fs::rename(from, to, failed);
    fs::rename(aside, failed ? to : from);
    if (failed) fail("renaming ", from.string(), " to ", to.string(), ": ", failed.message());
  }
  fsync_directory(folder_of(to));
}

void write_text(const fs::path& path, std::string_view text) {
  fs::path temporary = path;
  temporary += ".part-" + std::to_string(::getpid());
  try {
    const Fd file = open_or_fail(temporary, O_WRONLY | O_CREAT | O_TRUNC, "creating");
    write_all(file.get(), temporary, text);
    publish(temporary, path);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

WorkFolder::WorkFolder() {
  std::error_code code;
  const fs::path place = fs::temp_directory_path(code);
  if (code) fail("making a temporary folder: TMPDIR is no folder that is there");
  std::string pattern = (place / "pluvia-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    fail("making a folder ", pattern, ": ", system_error_text(errno));
  }
  path_ = pattern;
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

NewFile::NewFile(fs::path path) : path_(std::move(path)), temporary_(path_) {
  temporary_ += ".part-" + std::to_string(::getpid());
  file_ = open_or_fail(temporary_, O_WRONLY | O_CREAT | O_TRUNC, "creating");
}

NewFile::~NewFile() {
  if (file_.valid()) ::unlink(temporary_.c_str());
}

void NewFile::write(std::span<const std::byte> data) {
  write_all(file_.get(), path_, {reinterpret_cast<const char*>(data.data()), data.size()});
}

void NewFile::write_at(std::uint64_t offset, std::span<const std::byte> data) {
  while (!data.empty()) {
    const ssize_t done =
        ::pwrite(file_.get(), data.data(), data.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail("writing ", path_.string(), ": ", system_error_text(errno));
    data = data.subspan(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
}

void NewFile::finish() {
  publish(temporary_, path_);
  ::close(file_.release());
}

void append_line(const fs::path& path, std::string_view line) {
  PLUVIA_CHECK(line.find('\n') == std::string_view::npos, line);
  const Fd file = open_or_fail(path, O_WRONLY | O_CREAT | O_APPEND, "opening");
  write_all(file.get(), path, std::string(line) + "\n");
  fsync_or_fail(file, path);
}

void append_text(const fs::path& path, std::string_view text) {
  const Fd file = open_or_fail(path, O_WRONLY | O_CREAT | O_APPEND, "opening");
  write_all(file.get(), path, text);
}

std::uint64_t free_bytes(const fs::path& path) {
  fs::path place = fs::absolute(path);
  std::error_code ignored;
  while (!fs::exists(place, ignored) && place.has_parent_path() && place != place.root_path()) {
    place = place.parent_path();
  }
  struct statvfs status = {};
  if (::statvfs(place.c_str(), &status) != 0) {
    fail("asking for free space at ", place.string(), ": ", system_error_text(errno));
  }
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

bool is_taken(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

void require_file_name(const fs::path& out) {
  std::error_code ignored;
  if (!out.has_filename() || fs::is_directory(out, ignored))
    fail_usage("--out ", out.string(), " is a folder, expected a file name");
}

void require_writable_parent(const fs::path& path) {
  const fs::path folder = folder_of(path);
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) fail("creating folder ", folder.string(), ": ", code.message());
  const std::string probe = (folder / (".pluvia-probe-" + std::to_string(::getpid()))).string();
  const Fd file(::open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file.valid()) fail("writing into ", folder.string(), ": ", system_error_text(errno));
  ::unlink(probe.c_str());
}

LockFile::LockFile(const fs::path& path) {
  file_ = open_or_fail(path, O_RDWR | O_CREAT, "creating lock");
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    std::string holder(64, '\0');
    const ssize_t length = ::pread(file_.get(), holder.data(), holder.size(), 0);
    holder.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
    while (!holder.empty() && holder.back() == '\n') holder.pop_back();
    fail("locking ", path.string(), ": another pluvia",
         holder.empty() ? "" : " (process " + holder + ")",
         " is writing there; wait for it or choose another --out");
  }
  if (::ftruncate(file_.get(), 0) == 0) {
    write_all(file_.get(), path, std::to_string(::getpid()) + "\n");
  }
}

}  // namespace pluvia
