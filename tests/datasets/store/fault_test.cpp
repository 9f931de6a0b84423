// SPDX-License-Identifier: Apache-2.0
// Hostile and damaged sets given to the real program: one line on standard error and exit status 3
// (verify may also find the damage: 1), or the right answer; never a crash, never more memory than
// the file can justify.
#include <gtest/gtest.h>
#include <hdf5.h>

#include <algorithm>
#include <fstream>

#include "datasets/store/merge.h"
#include "datasets/store/set_reader.h"
#include "tests/support/program.h"
#include "tests/support/synthetic_set.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;
using test::run_pluvia;

void write_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// One line "pluvia: ...", and the status that goes with it.
void expect_refused(const test::ProgramResult& result, const std::string& word) {
  EXPECT_EQ(result.status, 3) << result.err;
  EXPECT_EQ(result.err.rfind("pluvia: ", 0), 0U) << result.err;
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  EXPECT_NE(result.err.find(word), std::string::npos) << result.err;
}

class Fault : public testing::Test {
 protected:
  void SetUp() override {
    ClipInfo second = test::synthetic_info("b", 2, 20, 30);
    second.split = "test";
    test::write_set(path_, {test::synthetic_info("a", 2, 130, 150), second});
    whole_ = test::read_all(path_);
  }
  std::string quoted(const fs::path& path) const { return "'" + path.string() + "'"; }

  test::TempDir dir_;
  fs::path path_ = dir_ / "set.h5";
  fs::path bad_ = dir_ / "bad.h5";
  std::string whole_;
};

TEST_F(Fault, TruncatedAnywhere) {
  std::vector<std::size_t> ends = {0, 1, 7, 8, 9, 47, 48, 95, 96, 511, 512, 513, 2047, 2048};
  for (std::size_t end = 3000; end < whole_.size(); end += whole_.size() / 60) ends.push_back(end);
  for (std::size_t back = 1; back < 200; back += 13) ends.push_back(whole_.size() - back);
  for (const std::size_t end : ends) {
    write_bytes(bad_, whole_.substr(0, end));
    expect_refused(run_pluvia("info " + quoted(bad_)), "bad.h5");
    expect_refused(run_pluvia("verify " + quoted(bad_)), "bad.h5");
  }
}

TEST_F(Fault, FlippedBitsAreFoundOrHarmless) {
  const test::ProgramResult good = run_pluvia("info --json " + quoted(path_));
  ASSERT_EQ(good.status, 0);
  int found = 0;
  for (std::uint32_t trial = 0; trial < 240; ++trial) {
    // Half of the flips go into the first pages, where the structure of the file is dense.
    const std::size_t range =
        trial % 2 == 0 ? std::min<std::size_t>(whole_.size(), 16384) : whole_.size();
    std::string bytes = whole_;
    const std::size_t at = test::mix(trial * 2 + 1) % range;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << test::mix(trial) % 8));
    write_bytes(bad_, bytes);
    const test::ProgramResult verify = run_pluvia("verify " + quoted(bad_));
    EXPECT_TRUE(verify.status == 0 || verify.status == 1 || verify.status == 3)
        << at << ": " << verify.status << verify.err;
    EXPECT_LE(std::count(verify.err.begin(), verify.err.end(), '\n'), 1)
        << at << ": " << verify.err;
    found += verify.status != 0 ? 1 : 0;
    const test::ProgramResult info = run_pluvia("info " + quoted(bad_));
    EXPECT_TRUE(info.status == 0 || info.status == 3) << at << ": " << info.status << info.err;
  }
  EXPECT_GT(found, 120);  // the rest hit padding and unused space
}

TEST_F(Fault, NotASet) {
  write_bytes(bad_, "frame,psnr\n1,30.2\n");
  expect_refused(run_pluvia("info " + quoted(bad_)), "not an HDF5 file");
  expect_refused(run_pluvia("info " + quoted(dir_.path())), "folder");
  expect_refused(run_pluvia("info " + quoted(dir_ / "none.h5")), "No such file");
  const hid_t file = H5Fcreate(bad_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  expect_refused(run_pluvia("verify " + quoted(bad_)), "not a Pluvia set");
}

TEST_F(Fault, NewerVersion) {
  const hid_t file = H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t attribute = H5Aopen(file, "format_version", H5P_DEFAULT);
  const long long version = 7;
  H5Awrite(attribute, H5T_NATIVE_LLONG, &version);
  H5Aclose(attribute);
  H5Fclose(file);
  expect_refused(run_pluvia("info " + quoted(path_)), "version 7, expected 1");
}

// Replaces /clips/a/lq by a data set made with the given creation list and size.
void replace_lq(const fs::path& path, hid_t create, const std::vector<hsize_t>& size,
                hid_t type = H5T_STD_U8LE) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  H5Ldelete(file, "/clips/a/lq", H5P_DEFAULT);
  const hid_t space = H5Screate_simple(static_cast<int>(size.size()), size.data(), nullptr);
  const hid_t data = H5Dcreate2(file, "/clips/a/lq", type, space, H5P_DEFAULT, create, H5P_DEFAULT);
  ASSERT_GE(data, 0);
  H5Dclose(data);
  H5Sclose(space);
  H5Fclose(file);
}

void expect_verify_names(const fs::path& path, const std::string& word) {
  const test::ProgramResult result = run_pluvia("verify '" + path.string() + "'");
  EXPECT_EQ(result.status, 1) << result.err;
  EXPECT_NE(result.out.find(word), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("clips/a"), std::string::npos) << result.out;
}

TEST_F(Fault, ExternalStorageIsNotRead) {
  const hid_t create = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(create, "/etc/hostname", 0, 2 * 130 * 150 * 3);
  replace_lq(path_, create, {2, 130, 150, 3});
  H5Pclose(create);
  expect_verify_names(path_, "other files");
}

TEST_F(Fault, OpenForWritingElsewhere) {
  const hid_t file = H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  expect_refused(run_pluvia("info " + quoted(path_)), "it is being written");
  H5Fclose(file);
}

TEST_F(Fault, AnotherOrderOfChannels) {
  const hid_t file = H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t attribute = H5Aopen(file, "channel_order", H5P_DEFAULT);
  const hid_t type = H5Aget_type(attribute);
  const char* const text = "BGR";
  EXPECT_GE(H5Awrite(attribute, type, &text), 0);
  H5Tclose(type);
  H5Aclose(attribute);
  H5Fclose(file);
  const test::ProgramResult result = run_pluvia("verify " + quoted(path_));
  EXPECT_EQ(result.status, 1) << result.err;
  EXPECT_NE(result.out.find("attribute channel_order: is 'BGR', expected 'RGB'"), std::string::npos)
      << result.out;
}

TEST_F(Fault, AnotherSignIsAnotherType) {
  replace_lq(path_, H5P_DEFAULT, {2, 130, 150, 3}, H5T_STD_I8LE);
  expect_verify_names(path_, "another number type");
}

TEST_F(Fault, DeclaredTerabytes) {
  const hid_t create = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[4] = {1, 130, 150, 3};
  H5Pset_chunk(create, 4, chunk);
  H5Pset_deflate(create, 1);
  replace_lq(path_, create, {1780000000, 130, 150, 3});  // 104 TB
  H5Pclose(create);
  expect_verify_names(path_, "has size");
}

TEST_F(Fault, TinyFileWhoseIndexAgreesWithItsTerabytes) {
  // As an attacker would: index and data set both say 1,000,000 frames of 8000x4000.
  SetInfo info;
  IndexRow row;
  row.clip = test::synthetic_info("a", 1'000'000, 4000, 8000);
  row.clip.layers = {Layer::kLq};
  row.content_sha256[Layer::kLq] = std::string(64, '0');
  info.rows = {row};
  const hid_t file = H5Fcreate(bad_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  write_set_info(file, info);
  const hid_t clips = H5Gcreate2(file, "clips", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t clip = H5Gcreate2(clips, "a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Gclose(clip);
  H5Gclose(clips);
  const hid_t empty = H5Screate_simple(1, std::vector<hsize_t>{1}.data(), nullptr);
  H5Dclose(
      H5Dcreate2(file, "/clips/a/lq", H5T_STD_U8LE, empty, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Fclose(file);
  const hid_t create = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[4] = {1, 4000, 8000, 3};
  H5Pset_chunk(create, 4, chunk);
  replace_lq(bad_, create, {1'000'000, 4000, 8000, 3});
  H5Pclose(create);
  const test::ProgramResult result = test::run_shell(
      "ulimit -v 1000000; '" PLUVIA_BINARY_DIR "/pluvia' verify --threads 1 " + quoted(bad_));
  EXPECT_EQ(result.status, 1) << result.err;
  EXPECT_NE(result.out.find("declares"), std::string::npos) << result.out << result.err;
}

TEST_F(Fault, UnknownFilter) {
  const hid_t create = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[4] = {1, 130, 150, 3};
  H5Pset_chunk(create, 4, chunk);
  H5Pset_filter(create, 32000, H5Z_FLAG_OPTIONAL, 0, nullptr);  // lzf
  replace_lq(path_, create, {2, 130, 150, 3});
  H5Pclose(create);
  expect_verify_names(path_, "filter 32000");
}

class LinkFault : public Fault, public testing::WithParamInterface<const char*> {};

TEST_P(LinkFault, LinksAreNotFollowed) {
  const std::string kind = GetParam();
  fs::create_directory(dir_ / "sub");
  fs::copy_file(path_, dir_ / "sub/other.h5");
  const hid_t file = H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  H5Ldelete(file, "/clips/a", H5P_DEFAULT);
  if (kind == "soft circle") H5Lcreate_soft("/clips/a", file, "/clips/a", H5P_DEFAULT, H5P_DEFAULT);
  if (kind == "soft") H5Lcreate_soft("/clips/b", file, "/clips/a", H5P_DEFAULT, H5P_DEFAULT);
  if (kind == "parent folder")
    H5Lcreate_external("sub/other.h5", "/clips/a", file, "/clips/a", H5P_DEFAULT, H5P_DEFAULT);
  if (kind == "absolute")
    H5Lcreate_external((dir_ / "sub/other.h5").c_str(), "/clips/a", file, "/clips/a", H5P_DEFAULT,
                       H5P_DEFAULT);
  if (kind == "itself")
    H5Lcreate_external("set.h5", "/clips/a", file, "/clips/a", H5P_DEFAULT, H5P_DEFAULT);
  if (kind == "hard circle")
    H5Lcreate_hard(file, "/clips", file, "/clips/a", H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  const test::ProgramResult verify = run_pluvia("verify " + quoted(path_));
  EXPECT_EQ(verify.status, 1) << verify.err;
  EXPECT_NE(verify.out.find("clips/a"), std::string::npos) << verify.out;
  const test::ProgramResult merge =
      run_pluvia("merge " + quoted(path_) + " --out " + quoted(dir_ / "out.h5"));
  EXPECT_EQ(merge.status, 3) << merge.err;
  EXPECT_FALSE(fs::exists(dir_ / "out.h5"));
}

INSTANTIATE_TEST_SUITE_P(Kinds, LinkFault,
                         testing::Values("soft", "soft circle", "parent folder", "absolute",
                                         "itself", "hard circle"));

}  // namespace
}  // namespace pluvia
