// SPDX-License-Identifier: Apache-2.0
// TensorBoard's event files: TFRecord framing (length, masked CRC-32C of it, bytes, masked CRC-32C
// of them; RFC 3720 appendix B.4 for the polynomial) around `tensorflow.Event` protocol buffers, of
// which scalars and PNG pictures are all that is written here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/file.h"

namespace pluvia {

class EventWriter {
 public:
  /// A new file RUN/events.out.tfevents.<seconds>.pluvia.<first step>. `first_step` is the last
  /// that earlier files hold; what they say of later ones, readers drop.
  EventWriter(const std::filesystem::path& folder, std::int64_t first_step);

  void scalars(std::int64_t step, const std::vector<std::pair<std::string, double>>& values);
  void picture(std::int64_t step, const std::string& tag, int height, int width,
               std::span<const std::byte> png);

 private:
  void write(const std::string& event);

  fs::path path_;
  Fd file_;
};

/// CRC-32C (Castagnoli), as the framing needs it.
std::uint32_t crc32c(std::span<const std::byte> bytes);

}  // namespace pluvia
