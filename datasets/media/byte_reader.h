// SPDX-License-Identifier: Apache-2.0
// Sequential bytes of a file in blocks, for callbacks of C libraries: it never throws while it
// reads (no exception may cross C frames), a failed read looks like the end and is kept for later.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/file.h"

namespace pluvia {

class ByteReader {
 public:
  /// An Error when the file cannot be opened or is empty.
  explicit ByteReader(const fs::path& path);

  std::uint64_t size() const { return size_; }
  /// The next block, empty at the end. Valid until the next call.
  std::span<const std::byte> next_block() noexcept;
  /// Copies exactly out.size() bytes, or returns false at the end of the file.
  bool read(std::span<std::byte> out) noexcept;
  /// "ends at byte 1200 before the picture is complete", or the system's reason.
  std::string end_reason() const;

 private:
  Fd file_;
  std::uint64_t size_ = 0;
  std::uint64_t offset_ = 0;  ///< of the next block
  std::vector<std::byte> buffer_;
  std::span<const std::byte> rest_;
  int error_ = 0;
};

}  // namespace pluvia
