// SPDX-License-Identifier: Apache-2.0
// Checked RAII over HDF5's C interface. The library is not thread-safe: every call happens while an
// Hdf5Lock lives. Files may come from anywhere, so objects are opened only through functions that
// refuse soft and external links, external raw storage, virtual layouts and unknown filters.
#pragma once

#include <hdf5.h>

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clip.h"

namespace pluvia::h5 {

/// Holds the one lock over the library. `file` names the file in case the library itself crashes on
/// damaged content: the process then leaves with one line and exit status 3.
class Lock {
 public:
  explicit Lock(const std::string& file);
  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  std::unique_lock<std::recursive_mutex> lock_;
  const char* outer_file_;
};

/// Owns one identifier of any kind and closes it under the lock.
class Handle {
 public:
  Handle() = default;
  explicit Handle(hid_t id) : id_(id) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { reset(); }

  hid_t get() const { return id_; }
  bool valid() const { return id_ >= 0; }
  void reset() noexcept;

 private:
  hid_t id_ = -1;
};

/// Throws Error "<what>: <the library's innermost reason>" when `status` is negative.
void check(long long status, const std::string& what);
/// As check, and takes ownership of the identifier.
Handle own(hid_t id, const std::string& what);

// Files.
Handle create_file(const std::string& path);
Handle open_file(const std::string& path);
/// Flushes and closes; the step at which a full disk shows.
void close_file(Handle file, const std::string& path);

// Groups and links. `open_*` accept hard links only.
enum class LinkKind { kAbsent, kHard, kExternal, kOther };
LinkKind link_kind(hid_t parent, const std::string& name);
Handle create_group(hid_t parent, const std::string& name);
Handle open_group(hid_t parent, const std::string& name);
Handle open_dataset(hid_t parent, const std::string& name);
struct ExternalTarget {
  std::string file;
  std::string object;
};
ExternalTarget external_target(hid_t parent, const std::string& name);
/// Names in a group, at most `limit`.
std::vector<std::string> link_names(hid_t group, std::size_t limit);

// Attributes: variable-length UTF-8 text (h5py gives str) and scalars.
void write_text(hid_t object, const std::string& name, const std::string& value);
void write_double(hid_t object, const std::string& name, double value);
void write_int(hid_t object, const std::string& name, long long value);
void write_uint64(hid_t object, const std::string& name, std::uint64_t value);
std::optional<std::string> read_text(hid_t object, const std::string& name);
std::optional<double> read_double(hid_t object, const std::string& name);
std::optional<std::uint64_t> read_uint64(hid_t object, const std::string& name);

/// Fixed-length UTF-8 text of `bytes` bytes, padded with zeros.
Handle text_type(std::size_t bytes);
std::vector<hsize_t> extent(hid_t dataset);
/// The stored type of a layer's numbers; not to be closed.
hid_t element_type(DType type);

}  // namespace pluvia::h5
