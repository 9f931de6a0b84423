// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/byte_reader.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace pluvia {

ByteReader::ByteReader(const fs::path& path)
    : file_(Fd::open_read(path)), size_(file_size(file_, path)) {
  if (size_ == 0) fail(path.string(), ": the file is empty (0 bytes), expected a picture");
  buffer_.resize(std::min<std::uint64_t>(size_, 1U << 16));
}

std::span<const std::byte> ByteReader::next_block() noexcept {
  while (true) {
    const ssize_t done =
        ::pread(file_.get(), buffer_.data(), buffer_.size(), static_cast<off_t>(offset_));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) error_ = errno;
    if (done <= 0) return {};
    offset_ += static_cast<std::uint64_t>(done);
    return {buffer_.data(), static_cast<std::size_t>(done)};
  }
}

bool ByteReader::read(std::span<std::byte> out) noexcept {
  while (!out.empty()) {
    if (rest_.empty()) rest_ = next_block();
    if (rest_.empty()) return false;
    const std::size_t count = std::min(rest_.size(), out.size());
    std::memcpy(out.data(), rest_.data(), count);
    rest_ = rest_.subspan(count);
    out = out.subspan(count);
  }
  return true;
}

std::string ByteReader::end_reason() const {
  if (error_ != 0) return "cannot be read: " + system_error_text(error_);
  return cat("ends at byte ", size_, " before the picture is complete: it is cut short");
}

}  // namespace pluvia
