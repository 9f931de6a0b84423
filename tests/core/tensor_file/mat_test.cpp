// SPDX-License-Identifier: Apache-2.0
// .mat files of level 5: built by hand in both byte orders, and one that SciPy wrote compressed;
// cut at every length, every byte damaged, headers that lie.
#include "core/tensor_file/mat.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "core/error.h"

namespace pluvia {
namespace {

// What scipy.io.savemat(do_compression=True) wrote behind its 128 bytes of header:
// mu_prisparam = [[1.5, -2.25, 3]], grid = uint8 [[0,1,2],[3,4,5]], word = 'text', c = [1+2j].
constexpr const char* kScipy =
    "0f0000003d000000789ce36360608800623620e680d220c00ae53302313394e601e2dcd2f882a2cc"
    "e282c4a2c45c903a4e20966080811ff6109ae90084e67000002ae9080b0f00000030000000789ce3"
    "636060b000623620e600624e06086085f2998098198819195818d28b325398a06a1998195998808a"
    "0037a202320f0000002a000000789ce36360603000623620e600621606086085f219a1628c40b23c"
    "bf2845004897a45694000029a403fd0f0000002b000000789ce3636060f000623620e600d1200208"
    "58a17c463866644806d29c507108f8608fca677000004ae50278";

std::string unhex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return out;
}

std::vector<std::byte> file_of(const std::string& body, bool big = false) {
  std::string text = "MATLAB 5.0 MAT-file, made by a test";
  text.resize(124, ' ');
  text += big ? std::string("\x01\x00MI", 4) : std::string("\x00\x01IM", 4);
  text += body;
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

template <typename T>
std::string number(T value, bool big) {
  std::string out(sizeof value, ' ');
  std::memcpy(out.data(), &value, sizeof value);
  if (big) std::reverse(out.begin(), out.end());
  return out;
}

std::string element(std::uint32_t type, std::string data, bool big) {
  const auto size = static_cast<std::uint32_t>(data.size());
  data.resize((data.size() + 7) / 8 * 8);
  return number(type, big) + number(size, big) + data;
}

// A 2x3 matrix of class double whose numbers are stored as int16 (MATLAB does so when they fit).
std::string matrix(bool big, std::uint32_t kind = 6, std::int32_t columns = 3) {
  std::string data;
  for (const std::int16_t v : {10, 20, 11, 21, 12, -22}) data += number(v, big);
  return element(14,
                 element(6, number(kind, big) + number(std::uint32_t{0}, big), big) +
                     element(5, number(std::int32_t{2}, big) + number(columns, big), big) +
                     element(1, "mu_prisparam", big) + element(3, data, big),
                 big);
}

TEST(Mat, ReadsBothByteOrdersIntoCOrder) {
  for (const bool big : {false, true}) {
    const MatArrays arrays = parse_mat(file_of(matrix(big), big), "a.mat");
    ASSERT_EQ(arrays.count("mu_prisparam"), 1U);
    const NpyArray& array = arrays.at("mu_prisparam");
    EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 3}));
    const auto v = array.as<double>();
    EXPECT_EQ(std::vector<double>(v.begin(), v.end()),
              (std::vector<double>{10, 11, 12, 20, 21, -22}));
  }
}

TEST(Mat, ReadsWhatScipyCompressed) {
  const MatArrays arrays = parse_mat(file_of(unhex(kScipy)), "a.mat");
  ASSERT_EQ(arrays.size(), 2U);  // text and complex numbers are passed over
  const auto mu = arrays.at("mu_prisparam").as<double>();
  EXPECT_EQ(std::vector<double>(mu.begin(), mu.end()), (std::vector<double>{1.5, -2.25, 3}));
  const auto grid = arrays.at("grid").as<double>();
  EXPECT_EQ(std::vector<double>(grid.begin(), grid.end()), (std::vector<double>{0, 1, 2, 3, 4, 5}));
}

TEST(Mat, EveryTruncationIsRefusedOrWhole) {
  for (const std::string& body : {matrix(false), unhex(kScipy)}) {
    const std::vector<std::byte> whole = file_of(body);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::vector<std::byte> cut(whole.begin(),
                                       whole.begin() + static_cast<std::ptrdiff_t>(size));
      try {
        EXPECT_LT(parse_mat(cut, "a.mat").size(), parse_mat(whole, "a.mat").size() + 1) << size;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kInput);
        EXPECT_EQ(std::string(error.what()).rfind("a.mat: ", 0), 0U) << error.what();
      }
    }
  }
  const std::vector<std::byte> whole = file_of(matrix(false));
  const std::vector<std::byte> cut(whole.begin(), whole.end() - 9);
  EXPECT_THROW(parse_mat(cut, "a.mat"), Error);
}

TEST(Mat, DamagedBytesNeverCrash) {
  int refused = 0;
  for (const std::string& body : {matrix(false), unhex(kScipy)}) {
    const std::vector<std::byte> whole = file_of(body);
    for (std::size_t at = 124; at < whole.size(); ++at) {
      for (const int bit : {0, 4, 7}) {
        std::vector<std::byte> bad = whole;
        bad[at] ^= std::byte{1} << bit;
        try {
          parse_mat(bad, "a.mat");
        } catch (const Error&) {
          ++refused;
        }
      }
    }
  }
  EXPECT_GT(refused, 300);
}

TEST(Mat, LiesAreRefused) {
  EXPECT_THROW(parse_mat(file_of(matrix(false, 6, 4)), "a.mat"), Error);
  EXPECT_THROW(parse_mat(file_of(matrix(false, 6, -3)), "a.mat"), Error);
  EXPECT_THROW(parse_mat(file_of(matrix(false, 6, 1 << 30)), "a.mat"), Error);
  EXPECT_TRUE(parse_mat(file_of(matrix(false, 4)), "a.mat").empty());  // text
  std::vector<std::byte> v73 = file_of("");
  std::memcpy(v73.data(), "MATLAB 7.3", 10);
  try {
    parse_mat(v73, "a.mat");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("-v7"), std::string::npos);
  }
}

}  // namespace
}  // namespace pluvia
