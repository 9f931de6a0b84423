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

TEST(TensorBoard, FramesAreWhole) {
  const test::TempDir dir;
  {
    EventWriter writer(dir.path(), 3);
    writer.scalars(300, {{"train/total", 0.25}, {"train/rate", 1e-4}});
  }
  fs::path file;
  for (const auto& entry : fs::directory_iterator(dir.path())) file = entry.path();
  EXPECT_NE(file.filename().string().find("events.out.tfevents."), std::string::npos);
  const std::string all = read_text(file);
  std::size_t at = 0;
  std::vector<std::string> records;
  while (at < all.size()) {
    ASSERT_LE(at + 12, all.size());
    std::uint64_t length = 0;
    std::uint32_t check = 0;
    std::memcpy(&length, &all[at], 8);
    std::memcpy(&check, &all[at + 8], 4);
    const auto masked = [](const std::string& text) {
      const std::uint32_t crc = crc32c(std::as_bytes(std::span(text)));
      return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U;
    };
    EXPECT_EQ(check, masked(all.substr(at, 8)));
    ASSERT_LE(at + 16 + length, all.size());
    const std::string record = all.substr(at + 12, length);
    std::memcpy(&check, &all[at + 12 + length], 4);
    EXPECT_EQ(check, masked(record));
    records.push_back(record);
    at += 16 + length;
  }
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

}  // namespace
}  // namespace pluvia
