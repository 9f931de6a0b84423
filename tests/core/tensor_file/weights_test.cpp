// SPDX-License-Identifier: Apache-2.0
// read_weights: every format by its bytes, whatever the file is called, and a line for each thing
// that people save by mistake in place of weights.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "core/error.h"
#include "core/tensor_file/npz.h"
#include "core/tensor_file/safetensors.h"
#include "core/tensor_file/tensors.h"
#include "tests/core/tensor_file/torch_bytes.h"
#include "tests/support/temp_dir.h"

namespace pluvia::test {
namespace {

class Weights : public ::testing::Test {
 protected:
  std::filesystem::path save(const std::vector<std::byte>& bytes,
                             const std::string& name = "w.pth") const {
    std::ofstream(dir_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return dir_ / name;
  }
  void expect_error(const std::string& text, const std::string& part,
                    const std::string& name = "w.pth") const {
    try {
      read_weights(save(bytes_of(text), name));
      ADD_FAILURE() << "no error, expected " << part;
    } catch (const Error& error) {
      const std::string found = error.what();
      EXPECT_NE(found.find(part), std::string::npos) << found;
      EXPECT_NE(found.find(name), std::string::npos) << found;
      EXPECT_EQ(found.find('\n'), std::string::npos) << found;
    }
  }

  TempDir dir_;
};

TEST_F(Weights, EveryFormatIsKnownByItsBytes) {
  const std::vector<float> values = {1, -2};
  const std::string body = op_dict({{"w", op_tensor(op_storage("Float", "0", 2), {0, {2}, {1}})}});
  const NamedTensors tensors = {{"w", Tensor{"f4", {2}, bytes_of(raw_all(values))}}};
  NpzArrays arrays;
  arrays["w"] = make_npy<float>("f4", {2}, values);
  for (const auto& bytes :
       {zip_file(body, {{"0", raw_all(values)}}), legacy_file(body, {{"0", raw_all(values)}}),
        bytes_of(encode_safetensors(tensors)), encode_npz(arrays, NpzPacking::kDeflated)}) {
    for (const char* name : {"w.pth", "w.safetensors.part", "w"}) {
      const NamedTensors read = read_weights(save(bytes, name));
      ASSERT_EQ(read.size(), 1U);
      EXPECT_EQ(read[0].first, "w");
      EXPECT_EQ(to_floats(read[0].second), values);
    }
  }
}

TEST_F(Weights, MistakesAreNamed) {
  expect_error("", "an empty file");
  expect_error("version https://git-lfs.github.com/spec/v1\noid sha256:a\n", "git lfs pull");
  expect_error("\n <!DOCTYPE html><html>", "a web page");
  expect_error("<HTML><body>Sign in</body>", "a web page");
  expect_error("\x89HDF\r\n\x1A\n", "an HDF5 file");
  expect_error("\x1F\x8B\x08", "a compressed file");
  expect_error("\x93NUMPY\x01", "one array without a name");
  expect_error("hello", "not weights");
  expect_error("hello", "too short", "w.safetensors");
  expect_error("PK\x03\x04 and no more", "cut off");
  ZipWriter zip;
  zip.add("weights.pth", bytes_of("x"), ZipPacking::kStored);
  const std::vector<std::byte> archive = zip.finish();
  expect_error({reinterpret_cast<const char*>(archive.data()), archive.size()},
               "in it: weights.pth");
  EXPECT_THROW(read_weights(dir_ / "missing.pth"), Error);
  EXPECT_THROW(read_weights(dir_.path()), Error);
}

TEST(ToFloats, EveryDtypeAndItsEnds) {
  const auto of = [](const char* dtype, const std::string& data) {
    const Tensor tensor{dtype, {}, bytes_of(data)};
    return to_floats(tensor).at(0);
  };
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(of("f2", raw<std::uint16_t>(0x0001)), 0x1p-24F);
  EXPECT_EQ(of("f2", raw<std::uint16_t>(0x7BFF)), 65504);
  EXPECT_EQ(of("f2", raw<std::uint16_t>(0xFC00)), -inf);
  EXPECT_EQ(of("bf2", raw<std::uint16_t>(0x3F80)), 1);
  EXPECT_EQ(of("bf2", raw<std::uint16_t>(0xFF80)), -inf);
  EXPECT_EQ(of("bf2", raw<std::uint16_t>(0x0001)), 0x1p-133F);
  EXPECT_TRUE(std::isnan(of("bf2", raw<std::uint16_t>(0x7FC0))));
  EXPECT_EQ(of("f8", raw(0.1)), 0.1F);
  EXPECT_EQ(of("f8", raw(1e300)), inf);
  EXPECT_EQ(of("i8", raw(std::numeric_limits<std::int64_t>::min())), -0x1p63F);
  EXPECT_EQ(of("u8", raw(std::numeric_limits<std::uint64_t>::max())), 0x1p64F);
  EXPECT_EQ(of("i4", raw(std::int32_t{16777217})), 16777216);
  EXPECT_EQ(of("u4", raw(std::uint32_t{4294967295U})), 0x1p32F);
  EXPECT_EQ(of("i2", raw(std::int16_t{-32768})), -32768);
  EXPECT_EQ(of("u2", raw(std::uint16_t{65535})), 65535);
  EXPECT_EQ(of("i1", "\x80"), -128);
  EXPECT_EQ(of("u1", "\x80"), 128);
  EXPECT_EQ(of("b1", "\x01"), 1);
  EXPECT_THROW(of("c8", "abcdefgh"), Error);
}

}  // namespace
}  // namespace pluvia::test
