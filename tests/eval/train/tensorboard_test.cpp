// SPDX-License-Identifier: Apache-2.0
// CRC-32C against the check values of RFC 3720, and the framing against a reader written from the
// format's description. TensorBoard's own reader is asked in tests/cli/train.py where it is there.
#include "eval/train/tensorboard.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/file.h"
#include "tests/support/temp_dir.h"

namespace pluvia {
namespace {

TEST(TensorBoard, Crc32cCheckValues) {
  const auto crc = [](const std::string& text) { return crc32c(std::as_bytes(std::span(text))); };
  EXPECT_EQ(crc(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc(std::string(32, '\xFF')), 0x62A8AB43U);
  EXPECT_EQ(crc("123456789"), 0xE3069283U);
}

/// Of the folder's one event file; framing and check sums hold.
std::vector<std::string> records_in(const fs::path& folder) {
  fs::path file;
  for (const auto& entry : fs::directory_iterator(folder)) file = entry.path();
  EXPECT_NE(file.filename().string().find("events.out.tfevents."), std::string::npos);
  const std::string all = read_text(file);
  std::size_t at = 0;
  std::vector<std::string> records;
  while (at < all.size()) {
    if (at + 12 > all.size()) return ADD_FAILURE(), records;
    std::uint64_t length = 0;
    std::uint32_t check = 0;
    std::memcpy(&length, &all[at], 8);
    std::memcpy(&check, &all[at + 8], 4);
    const auto masked = [](const std::string& text) {
      const std::uint32_t crc = crc32c(std::as_bytes(std::span(text)));
      return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U;
    };
    EXPECT_EQ(check, masked(all.substr(at, 8)));
    if (at + 16 + length > all.size()) return ADD_FAILURE(), records;
    const std::string record = all.substr(at + 12, length);
    std::memcpy(&check, &all[at + 12 + length], 4);
    EXPECT_EQ(check, masked(record));
    records.push_back(record);
    at += 16 + length;
  }
  return records;
}

TEST(TensorBoard, FramesAreWhole) {
  const test::TempDir dir;
  EventWriter(dir.path(), 0).scalars(300, {{"train/total", 0.25}, {"train/rate", 1e-4}});
  const std::vector<std::string> records = records_in(dir.path());
  ASSERT_EQ(records.size(), 2U);
  EXPECT_NE(records[0].find("brain.Event:2"), std::string::npos);
  EXPECT_NE(records[1].find("train/total"), std::string::npos);
  // Field 2, a varint: 300 is AC 02.
  EXPECT_NE(records[1].find("\x10\xAC\x02"), std::string::npos);
  const float value = 0.25F;
  std::string bytes(4, '\0');
  std::memcpy(bytes.data(), &value, 4);
  EXPECT_NE(records[1].find("\x15" + bytes), std::string::npos);
}

// Step 301, then field 7 (session_log) with its field 1 (status) at 1 (START).
TEST(TensorBoard, SaysWhereARunIsGoneOnWith) {
  const test::TempDir dir;
  EventWriter(dir.path(), 300).scalars(310, {{"train/total", 0.25}});
  const std::vector<std::string> records = records_in(dir.path());
  ASSERT_EQ(records.size(), 3U);
  EXPECT_NE(records[1].find("\x10\xAD\x02\x3A\x02\x08\x01"), std::string::npos);
}

}  // namespace
}  // namespace pluvia
