// SPDX-License-Identifier: Apache-2.0
// Hostile .npy and .npz bytes: cut at every length, every byte damaged, headers that lie. Agreement
// with numpy itself is tested by numpy_oracle.py.
#include "core/tensor_file/npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "core/error.h"
#include "core/tensor_file/npz.h"

namespace pluvia {
namespace {

std::vector<std::byte> bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> npy_with_header(const std::string& header, std::size_t data_bytes) {
  std::string text = "\x93NUMPY";
  text += {'\x01', '\x00', static_cast<char>(header.size() & 0xFF),
           static_cast<char>(header.size() >> 8)};
  return bytes_of(text + header + std::string(data_bytes, 'x'));
}

std::string refusal(const std::vector<std::byte>& bytes) {
  try {
    parse_npy(bytes, "a.npy");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_EQ(std::string(error.what()).rfind("a.npy: ", 0), 0U) << error.what();
    return error.what();
  }
  return "";
}

NpyArray sample() {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  return make_npy<float>("f4", {2, 3}, values);
}

TEST(Npy, ReadsWhatItWrites) {
  const NpyArray array = parse_npy(encode_npy(sample()), "a.npy");
  EXPECT_EQ(array.dtype, "f4");
  EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(array.as<float>()[5], 6);
}

TEST(Npy, EveryTruncationIsRefused) {
  const std::vector<std::byte> whole = encode_npy(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::byte> cut(whole.begin(),
                                     whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_NE(refusal(cut), "") << size;
  }
}

TEST(Npy, HeadersThatLieAreRefused) {
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";
  EXPECT_EQ(refusal(npy_with_header(good, 24)), "");
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"<f4", "|O"},
                                                        {"<f4", "<U3"},
                                                        {"<f4", "<f3"},
                                                        {"<f4", ""},
                                                        {"'<f4'", "[('a', '<f4')]"},
                                                        {"False", "Maybe"},
                                                        {"(2, 3)", "(2, -3)"},
                                                        {"(2, 3)", "(4611686018427387904, 4)"},
                                                        {"(2, 3)", "(1000000, 1000000, 1000000)"},
                                                        {"(2, 3)", "(2, 4)"},
                                                        {"(2, 3)", "(2, 3"},
                                                        {"(2, 3)", "(2 3)"},
                                                        {"'shape'", "'shap'"},
                                                        {"'shape'", "'descr'"},
                                                        {", }", ", } x"},
                                                        {"{", "__import__('os')"}}) {
    std::string bad = good;
    bad.replace(bad.find(from), from.size(), to);
    EXPECT_NE(refusal(npy_with_header(bad, 24)), "") << bad;
  }
  EXPECT_NE(refusal(npy_with_header(good, 23)), "");
  EXPECT_NE(refusal(npy_with_header(good, 25)), "");
  EXPECT_NE(refusal(npy_with_header(std::string(40000, '{'), 0)), "");
}

NpzArrays two_arrays() {
  const std::vector<std::uint8_t> mask(1000, 7);
  return {{"frames", sample()}, {"mask", make_npy<std::uint8_t>("u1", {10, 100}, mask)}};
}

TEST(Npz, ReadsWhatItWrites) {
  for (const NpzPacking packing : {NpzPacking::kStored, NpzPacking::kDeflated}) {
    const std::vector<std::byte> whole = encode_npz(two_arrays(), packing);
    const NpzArrays arrays = parse_npz(whole, "a.npz");
    ASSERT_EQ(arrays.size(), 2U);
    EXPECT_EQ(arrays.at("mask").data, two_arrays().at("mask").data);
    EXPECT_EQ(arrays.at("frames").shape, sample().shape);
  }
  EXPECT_LT(encode_npz(two_arrays(), NpzPacking::kDeflated).size(),
            encode_npz(two_arrays(), NpzPacking::kStored).size() / 2);
}

TEST(Npz, EveryTruncationIsRefused) {
  const std::vector<std::byte> whole = encode_npz(two_arrays(), NpzPacking::kDeflated);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::byte> cut(whole.begin(),
                                     whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THROW(parse_npz(cut, "a.npz"), Error) << size;
  }
}

// A flipped bit in the arrays themselves is always found (CRC-32); one in the zip's bookkeeping may
// be harmless, but must not change what is read.
TEST(Npz, FlippedBitsNeverChangeAnArray) {
  for (const NpzPacking packing : {NpzPacking::kStored, NpzPacking::kDeflated}) {
    const std::vector<std::byte> whole = encode_npz(two_arrays(), packing);
    int refused = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const int bit : {0, 3, 7}) {
        std::vector<std::byte> bad = whole;
        bad[at] ^= std::byte{1} << bit;
        try {
          for (const auto& [name, array] : parse_npz(bad, "a.npz")) {
            const bool is_mask = array.data.size() == 1000;
            EXPECT_EQ(array.data, two_arrays().at(is_mask ? "mask" : "frames").data) << at;
          }
        } catch (const Error&) {
          ++refused;
        }
      }
    }
    EXPECT_GT(refused, 100);
  }
}

TEST(Npz, BombsAreRefusedBeforeMemoryIsTaken) {
  std::vector<std::byte> bytes = encode_npz(two_arrays(), NpzPacking::kDeflated);
  const std::byte mark[] = {std::byte{'P'}, std::byte{'K'}, std::byte{1}, std::byte{2}};
  const auto entry = std::search(bytes.begin(), bytes.end(), std::begin(mark), std::end(mark));
  ASSERT_NE(entry, bytes.end());
  const std::uint32_t huge = 0xFFFFFFF0U;
  std::memcpy(&*(entry + 24), &huge, sizeof huge);
  const auto refused = [](const std::vector<std::byte>& file, const char* words) {
    try {
      parse_npz(file, "a.npz");
      FAIL();
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
    }
  };
  refused(bytes, "more than can be");
  // One that deflate can well reach: 320 MB of zeros in some 0.3 MB.
  const NpyArray zeros{"u1", {320 << 20}, std::vector<std::byte>(320U << 20)};
  refused(encode_npz({{"zeros", zeros}}, NpzPacking::kDeflated), "64 times its size");
  const NpyArray few{"u1", {1 << 20}, std::vector<std::byte>(1U << 20)};
  EXPECT_EQ(parse_npz(encode_npz({{"few", few}}, NpzPacking::kDeflated), "a").size(), 1U);
}

TEST(Npz, ErrorsNameMembersInOneLine) {
  const NpzArrays odd = {{"a\nb\x01", two_arrays().begin()->second}};
  std::vector<std::byte> bytes = encode_npz(odd, NpzPacking::kStored);
  bytes[60] ^= std::byte{1};
  try {
    parse_npz(bytes, "a.npz");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find_first_of("\n\x01"), std::string::npos);
  }
}

}  // namespace
}  // namespace pluvia
