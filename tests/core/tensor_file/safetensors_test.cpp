// SPDX-License-Identifier: Apache-2.0
// .safetensors: every dtype there and back, headers written by hand as the format's documentation
// has them, headers that lie, cuts at every length.
#include "core/tensor_file/safetensors.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.h"
#include "tests/core/tensor_file/torch_bytes.h"
#include "tests/support/program.h"

namespace pluvia::test {
namespace {

std::vector<std::byte> file_of(const std::string& header, const std::string& data) {
  return bytes_of(raw(static_cast<std::uint64_t>(header.size())) + header + data);
}

std::string error_of(const std::vector<std::byte>& file) {
  try {
    parse_safetensors(file, "w.safetensors");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "no error";
}

NamedTensors samples() {
  NamedTensors tensors;
  int size = 1;
  for (const char* dtype :
       {"b1", "i1", "u1", "f2", "bf2", "i2", "u2", "f4", "i4", "u4", "f8", "i8", "u8"}) {
    Tensor tensor{dtype, {size, 3}, {}};
    tensor.data.resize(static_cast<std::size_t>(3 * size) * tensor_item_bytes(dtype));
    for (std::size_t i = 0; i < tensor.data.size(); ++i) tensor.data[i] = std::byte(i * 37 & 1);
    tensors.emplace_back(std::string("layer.") + dtype, tensor);
    ++size;
  }
  tensors.emplace_back("scalar", Tensor{"f4", {}, std::vector<std::byte>(4)});
  tensors.emplace_back("empty", Tensor{"f4", {0, 5}, {}});
  return tensors;
}

void expect_same(const NamedTensors& a, const NamedTensors& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].first, b[i].first);
    EXPECT_EQ(a[i].second.dtype, b[i].second.dtype);
    EXPECT_EQ(a[i].second.shape, b[i].second.shape);
    EXPECT_EQ(a[i].second.data, b[i].second.data) << a[i].first;
  }
}

TEST(Safetensors, WritesAndReadsEveryDtypeInOrderWithMetadata) {
  const TempDir dir;
  const std::map<std::string, std::string> metadata = {{"format", "pt"}, {"größe", "1\n\"2\""}};
  write_safetensors(dir / "w.safetensors", samples(), metadata);
  const Safetensors back = read_safetensors(dir / "w.safetensors");
  expect_same(back.tensors, samples());
  EXPECT_EQ(back.metadata, metadata);
  expect_same(parse_safetensors(bytes_of(encode_safetensors({})), "w").tensors, {});
}

// Every tensor begins where its element size divides, from the start of the file too.
TEST(Safetensors, TensorsAreAligned) {
  const std::string text = encode_safetensors(samples());
  const auto length = static_cast<std::size_t>(static_cast<unsigned char>(text[0]) |
                                               static_cast<unsigned char>(text[1]) << 8);
  EXPECT_EQ((8 + length) % 8, 0U);
  for (const auto& [name, tensor] : samples()) {
    const std::size_t at = text.find("\"" + name + "\"");
    const std::size_t offsets = text.find("[", text.find("data_offsets", at));
    EXPECT_EQ(std::stoul(text.substr(offsets + 1)) % tensor_item_bytes(tensor.dtype), 0U) << name;
  }
}

TEST(Safetensors, ReadsAHeaderWrittenByHand) {
  const Safetensors file =
      parse_safetensors(file_of(R"({"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},)"
                                R"("__metadata__":{"k":"v"},)"
                                R"("a":{"dtype":"I32","shape":[],"data_offsets":[0,4]}}   )",
                                raw(std::int32_t{7}) + raw(1.5F) + raw(-2.0F)),
                        "w");
  ASSERT_EQ(file.tensors.size(), 2U);
  EXPECT_EQ(file.tensors[0].first, "b");
  EXPECT_EQ(to_floats(file.tensors[0].second), (std::vector<float>{1.5F, -2}));
  EXPECT_EQ(to_floats(file.tensors[1].second), std::vector<float>{7});
  EXPECT_EQ(file.metadata.at("k"), "v");
}

TEST(Safetensors, LiesAreRefused) {
  const auto entry = [](const std::string& inner) { return "{\"a\":{" + inner + "}}"; };
  const std::string good = R"("dtype":"F32","shape":[1],"data_offsets":[0,4])";
  EXPECT_EQ(error_of(file_of(entry(good), "abcd")), "no error");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])"), "expected 8 bytes"},
      {entry(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])"), "expected 4 bytes"},
      {entry(R"("dtype":"F32","shape":[1],"data_offsets":[0,8])"), "expected 4 bytes"},
      {entry(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])"), "begins at byte 4"},
      {entry(R"("dtype":"F32","shape":[0],"data_offsets":[0,0])"), "the file has 4"},
      {entry(R"("dtype":"F32","shape":[0],"data_offsets":[9,9])"), "begins at byte 9"},
      {entry(R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])"), "no whole number"},
      {entry(R"("dtype":"F32","shape":[1.0],"data_offsets":[0,4])"), "no whole number"},
      {entry(R"("dtype":"F32","shape":[1],"data_offsets":[0,4.0])"), "no whole number"},
      {entry(R"("dtype":"F32","shape":[1],"data_offsets":[0])"), "no pair"},
      {entry(R"("dtype":"F32","shape":1,"data_offsets":[0,4])"), "no list of sizes"},
      {entry(R"("dtype":4,"shape":[1],"data_offsets":[0,4])"), "no text"},
      {entry(R"("dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4])"), "F8_E4M3"},
      {entry(R"("shape":[1],"data_offsets":[0,4])"), "has no 'dtype'"},
      {entry(good + R"(,"extra":1)"), "unknown key 'extra'"},
      {entry(R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4])"),
       "more elements"},
      {entry(R"("dtype":"F64","shape":[281474976710656,8192],"data_offsets":[0,0])"),
       "more elements"},
      {"{\"a\":{" + good + "},\"a\":{" + good + "}}", "is there twice"},
      {"{\"a\":{" + good + "},\"b\":{" + good + "}}", "begins at byte 0"},
      {entry(R"("dtype":"F32","shape":[1e999],"data_offsets":[0,4])"), "too large"},
      {R"({"a":1})", "expected an object"},
      {R"({"__metadata__":{"k":1}})", "is no text"},
      {R"({"__metadata__":[]})", "is no object"},
      {R"(["a"])", "no JSON object"},
      {R"({"a":)", "not valid JSON"}};
  for (const auto& [header, part] : cases) {
    const std::string text = error_of(file_of(header, "abcd"));
    EXPECT_NE(text.find(part), std::string::npos) << header << " -> " << text;
    EXPECT_EQ(text.rfind("w.safetensors: ", 0), 0U) << text;
  }
  EXPECT_NE(error_of(bytes_of(raw(std::uint64_t{1} << 60) + "{}")).find("at most"),
            std::string::npos);
  EXPECT_NE(error_of(bytes_of(raw(std::uint64_t{1} << 20) + "{}")).find("cut off"),
            std::string::npos);
}

TEST(Safetensors, EveryTruncationIsRefused) {
  const std::vector<std::byte> whole = bytes_of(encode_safetensors(samples(), {{"k", "v"}}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::byte> cut(whole.begin(),
                                     whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(error_of(cut), "no error") << size;
  }
  std::vector<std::byte> longer = whole;
  longer.push_back(std::byte{0});
  EXPECT_NE(error_of(longer), "no error");
}

TEST(Safetensors, WhatCannotBeWrittenLeavesTheOldFile) {
  const TempDir dir;
  write_safetensors(dir / "w.safetensors", samples());
  const std::string before = read_all(dir / "w.safetensors");
  EXPECT_THROW(write_safetensors(dir / "w.safetensors", {{"__metadata__", Tensor{"f4", {0}, {}}}}),
               Error);
  EXPECT_THROW(write_safetensors(dir / "w.safetensors", {{"\xFF", Tensor{"f4", {0}, {}}}}), Error);
  EXPECT_THROW(write_safetensors(dir / "none" / "w.safetensors", samples()), Error);
  EXPECT_EQ(read_all(dir / "w.safetensors"), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1);
}

}  // namespace
}  // namespace pluvia::test
