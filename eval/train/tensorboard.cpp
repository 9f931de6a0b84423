// SPDX-License-Identifier: Apache-2.0
#include "eval/train/tensorboard.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>

#include "core/error.h"

namespace pluvia {
namespace {

constexpr std::array<std::uint32_t, 256> crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
    table[i] = crc;
  }
  return table;
}

std::string little_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
  return out;
}

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  return out + static_cast<char>(value);
}

// Protocol-buffer fields: a key of (number << 3 | wire type), then the value.
std::string field_int(int number, std::uint64_t value) {
  return varint(static_cast<std::uint64_t>(number) << 3) + varint(value);
}
std::string field_double(int number, double value) {
  return varint(static_cast<std::uint64_t>(number) << 3 | 1) +
         little_endian(std::bit_cast<std::uint64_t>(value), 8);
}
std::string field_float(int number, float value) {
  return varint(static_cast<std::uint64_t>(number) << 3 | 5) +
         little_endian(std::bit_cast<std::uint32_t>(value), 4);
}
std::string field_bytes(int number, const std::string& value) {
  return varint(static_cast<std::uint64_t>(number) << 3 | 2) + varint(value.size()) + value;
}

double now_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::uint32_t masked_crc(const std::string& text) {
  const std::uint32_t crc = crc32c(std::as_bytes(std::span(text)));
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U;
}

// tensorflow.Event: 1 wall_time, 2 step, 3 file_version, 5 summary, 7 session_log.
std::string event(std::int64_t step, const std::string& summary) {
  return field_double(1, now_s()) + field_int(2, static_cast<std::uint64_t>(step)) +
         field_bytes(5, summary);
}

// SessionLog: 1 status (1: START). Readers then drop what earlier files say of this step and later
// ones.
std::string session_start(std::int64_t step) {
  return field_double(1, now_s()) + field_int(2, static_cast<std::uint64_t>(step)) +
         field_bytes(7, field_int(1, 1));
}

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = crc_table();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::byte byte : bytes) {
    crc = kTable[(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xFF] ^ (crc >> 8);
  }
  return ~crc;
}

EventWriter::EventWriter(const std::filesystem::path& folder, std::int64_t first_step)
    : path_(folder / cat("events.out.tfevents.", static_cast<std::int64_t>(now_s()), ".pluvia.",
                         first_step)),
      file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (!file_.valid()) fail("creating ", path_.string(), ": ", system_error_text(errno));
  write(field_double(1, now_s()) + field_bytes(3, "brain.Event:2"));
  if (first_step > 0) write(session_start(first_step + 1));
}

// Summary: 1 value; Value: 1 tag, 2 simple_value, 4 image.
void EventWriter::scalars(std::int64_t step,
                          const std::vector<std::pair<std::string, double>>& values) {
  std::string summary;
  for (const auto& [tag, value] : values) {
    summary += field_bytes(1, field_bytes(1, tag) + field_float(2, static_cast<float>(value)));
  }
  write(event(step, summary));
}

// Image: 1 height, 2 width, 3 colour space (3: RGB), 4 the encoded picture.
void EventWriter::picture(std::int64_t step, const std::string& tag, int height, int width,
                          std::span<const std::byte> png) {
  const std::string bytes(reinterpret_cast<const char*>(png.data()), png.size());
  const std::string image = field_int(1, static_cast<std::uint64_t>(height)) +
                            field_int(2, static_cast<std::uint64_t>(width)) + field_int(3, 3) +
                            field_bytes(4, bytes);
  write(event(step, field_bytes(1, field_bytes(1, tag) + field_bytes(4, image))));
}

void EventWriter::write(const std::string& text) {
  const std::string length = little_endian(text.size(), 8);
  const std::string record =
      length + little_endian(masked_crc(length), 4) + text + little_endian(masked_crc(text), 4);
  std::string_view rest = record;
  while (!rest.empty()) {
    const ssize_t done = ::write(file_.get(), rest.data(), rest.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail("writing ", path_.string(), ": ", system_error_text(errno));
    rest.remove_prefix(static_cast<std::size_t>(done));
  }
}

}  // namespace pluvia
