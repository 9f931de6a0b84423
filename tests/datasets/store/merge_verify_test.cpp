// SPDX-License-Identifier: Apache-2.0
// Merging copies stored chunks; verifying finds every kind of damage and names it.
#include <gtest/gtest.h>
#include <hdf5.h>

#include <fstream>

#include "core/error.h"
#include "core/file.h"
#include "datasets/store/merge.h"
#include "datasets/store/set_reader.h"
#include "datasets/store/verify.h"
#include "tests/support/program.h"
#include "tests/support/synthetic_set.h"

namespace pluvia {
namespace {

using test::synthetic_info;
namespace fs = std::filesystem;

std::string first_problem(const fs::path& path) {
  const VerifyResult result = verify_set(path, 2);
  return result.ok() ? "" : result.problems[0].item + ": " + result.problems[0].problem;
}

// Opens for change, hands the file's id to `change`.
template <typename Change>
void change_file(const fs::path& path, Change&& change) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  change(file);
  H5Fclose(file);
}

void overwrite(hid_t file, const char* dataset, hsize_t frame, unsigned char value) {
  const hid_t data = H5Dopen2(file, dataset, H5P_DEFAULT);
  const hid_t space = H5Dget_space(data);
  hsize_t start[4] = {frame, 0, 0, 0};
  hsize_t count[4] = {1, 1, 1, 1};
  H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, count, nullptr);
  const hsize_t one = 1;
  const hid_t memory = H5Screate_simple(1, &one, nullptr);
  EXPECT_GE(H5Dwrite(data, H5T_NATIVE_UCHAR, memory, space, H5P_DEFAULT, &value), 0);
  H5Sclose(memory);
  H5Sclose(space);
  H5Dclose(data);
}

TEST(Merge, EqualsTheSetWrittenAtOnce) {
  const test::TempDir dir;
  const ClipInfo a = synthetic_info("a", 3, 130, 140);
  const ClipInfo b = synthetic_info("b", 2, 50, 60);
  test::write_set(dir / "all.h5", {a, b});
  test::write_set(dir / "s0.h5", {a});
  test::write_set(dir / "s1.h5", {b});
  EXPECT_EQ(merge_sets({dir / "s1.h5", dir / "s0.h5"}, dir / "merged.h5", {}), 2U);
  const auto merged = SetReader::open(dir / "merged.h5");
  const auto all = SetReader::open(dir / "all.h5");
  for (const IndexRow& row : all->info().rows) {
    EXPECT_EQ(merged->row(row.clip.id).content_sha256, row.content_sha256);
  }
  EXPECT_EQ(merged->info().splits, all->info().splits);
  EXPECT_EQ(merged->info().recipe, all->info().recipe);
  EXPECT_EQ(first_problem(dir / "merged.h5"), "");
}

TEST(Merge, LinksAreFollowedToSiblingsOnly) {
  const test::TempDir dir;
  test::write_set(dir / "s0.h5", {synthetic_info("a", 2, 30, 40)});
  test::write_set(dir / "s1.h5", {synthetic_info("b", 2, 30, 40)});
  MergeOptions link;
  link.link = true;
  EXPECT_EQ(merge_sets({dir / "s0.h5", dir / "s1.h5"}, dir / "index.h5", link), 2U);
  EXPECT_LT(fs::file_size(dir / "index.h5"), 20000U);
  EXPECT_EQ(first_problem(dir / "index.h5"), "");
  fs::rename(dir / "s1.h5", dir / "away.h5");
  EXPECT_NE(first_problem(dir / "index.h5").find("s1.h5"), std::string::npos);
  fs::create_symlink(dir / "away.h5", dir / "s1.h5");
  EXPECT_NE(first_problem(dir / "index.h5").find("symbolic link"), std::string::npos);
  fs::remove(dir / "s1.h5");
  fs::copy_file(dir / "index.h5", dir / "s1.h5");  // a link that leads to a link
  EXPECT_NE(first_problem(dir / "index.h5").find("followed once"), std::string::npos);
}

TEST(Merge, SetsOfLinksStandForWhatTheyLeadTo) {
  const test::TempDir dir;
  test::write_set(dir / "s0.h5", {synthetic_info("a", 2, 130, 40)});
  test::write_set(dir / "s1.h5", {synthetic_info("b", 2, 30, 40)});
  test::write_set(dir / "s2.h5", {synthetic_info("c", 2, 30, 40)});
  MergeOptions link;
  link.link = true;
  merge_sets({dir / "s0.h5", dir / "s1.h5"}, dir / "index.h5", link);
  fs::create_symlink("s2.h5", dir / "name.h5");
  EXPECT_EQ(merge_sets({dir / "index.h5", dir / "name.h5"}, dir / "all.h5", link), 3U);
  EXPECT_EQ(first_problem(dir / "all.h5"), "");
  EXPECT_EQ(merge_sets({dir / "all.h5"}, dir / "whole.h5", {}), 3U);
  for (const char* name : {"s0.h5", "s1.h5", "s2.h5", "index.h5", "all.h5"}) fs::remove(dir / name);
  EXPECT_EQ(first_problem(dir / "whole.h5"), "");
}

TEST(Merge, LinkedFilesThatChangedAreNotRead) {
  const test::TempDir dir;
  const ClipInfo clip = synthetic_info("a", 2, 30, 40);
  test::write_set(dir / "shard.h5", {clip});
  MergeOptions link;
  link.link = true;
  merge_sets({dir / "shard.h5"}, dir / "index.h5", link);
  EXPECT_NO_THROW(SetReader::open(dir / "index.h5")->clip("a"));
  ClipInfo other = clip;  // the same size, other pixels
  other.seed += 1;
  fs::remove(dir / "shard.h5");
  test::write_set(dir / "shard.h5", {other});
  try {
    SetReader::open(dir / "index.h5")->clip("a");
    FAIL() << "other pixels were taken for those that were linked";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("merge --link again"), std::string::npos);
  }
  EXPECT_NE(first_problem(dir / "index.h5").find("merge --link again"), std::string::npos);
}

TEST(Merge, KeepsWhatCameMeanwhile) {
  const test::TempDir dir;
  std::ofstream(dir / "new") << "new";
  std::ofstream(dir / "set.h5") << "precious";
  EXPECT_THROW(publish_new(dir / "new", dir / "set.h5"), Error);
  EXPECT_EQ(test::read_all(dir / "set.h5"), "precious");
  publish_new(dir / "new", dir / "other.h5");
  EXPECT_EQ(test::read_all(dir / "other.h5"), "new");
  EXPECT_FALSE(fs::exists(dir / "new"));
}

TEST(Merge, RefusesWhatDoesNotFit) {
  const test::TempDir dir;
  test::write_set(dir / "s0.h5", {synthetic_info("a", 2, 30, 40)});
  test::write_set(dir / "s1.h5", {synthetic_info("a", 2, 30, 40)});
  SetOptions other = test::synthetic_options();
  other.formation = "physical";
  test::write_set(dir / "s2.h5", {synthetic_info("c", 2, 30, 40)}, other);
  const auto message = [&](const std::vector<fs::path>& shards) {
    try {
      merge_sets(shards, dir / "out.h5", {});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_NE(message({dir / "s0.h5", dir / "s1.h5"}).find("s0.h5"), std::string::npos);
  EXPECT_NE(message({dir / "s0.h5", dir / "s2.h5"}).find("formation"), std::string::npos);
  EXPECT_NE(message({dir / "s0.h5", dir / "none.h5"}).find("none.h5"), std::string::npos);
  EXPECT_NE(message({dir / "s0.h5", dir / "out.h5"}), "accepted");
  EXPECT_FALSE(fs::exists(dir / "out.h5"));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()),
            3);  // nothing left behind
}

class Verify : public testing::Test {
 protected:
  void SetUp() override {
    ClipInfo held_out = synthetic_info("b", 2, 30, 40);
    held_out.split = "test";
    test::write_set(path_, {synthetic_info("a", 3, 130, 150), held_out});
    ASSERT_EQ(first_problem(path_), "");
  }
  test::TempDir dir_;
  fs::path path_ = dir_ / "set.h5";
};

TEST_F(Verify, CountsWhatItChecked) {
  const VerifyResult result = verify_set(path_, 1);
  EXPECT_EQ(result.clips, 2U);
  EXPECT_EQ(result.frames, 5U);
  EXPECT_EQ(result.formation_frames, 5U);
  EXPECT_EQ(result.bytes, (3U * 130 * 150 + 2 * 30 * 40) * 11U);
}

TEST_F(Verify, ChangedPixelBreaksHashAndFormation) {
  change_file(path_, [](hid_t file) { overwrite(file, "/clips/a/lq", 1, 255); });
  const VerifyResult result = verify_set(path_, 2);
  ASSERT_EQ(result.problems.size(), 2U);
  EXPECT_EQ(result.problems[0].item, "clips/a/lq");
  EXPECT_NE(result.problems[0].problem.find("index/clips and its attribute sha256 say"),
            std::string::npos);
  EXPECT_EQ(result.problems[1].item, "clips/a frame 1");
  EXPECT_NE(result.problems[1].problem.find("lq = min(255, drop + streak)"), std::string::npos);
}

TEST_F(Verify, DamagedChunkIsNamed) {
  haddr_t offset = 0;
  change_file(path_, [&](hid_t file) {
    const hid_t data = H5Dopen2(file, "/clips/a/gt", H5P_DEFAULT);
    const hsize_t at[4] = {2, 0, 0, 0};
    unsigned mask = 0;
    hsize_t bytes = 0;
    EXPECT_GE(H5Dget_chunk_info_by_coord(data, at, &mask, &offset, &bytes), 0);
    H5Dclose(data);
  });
  std::string bytes = test::read_all(path_);
  bytes[static_cast<std::size_t>(offset) + 100] =
      static_cast<char>(bytes[static_cast<std::size_t>(offset) + 100] ^ 1);
  std::ofstream(path_, std::ios::binary) << bytes;
  EXPECT_NE(first_problem(path_).find("clips/a/gt frame 2 tile (0,0)"), std::string::npos);
}

TEST_F(Verify, MissingLayerAndUnlistedThings) {
  change_file(path_, [](hid_t file) {
    EXPECT_GE(H5Ldelete(file, "/clips/a/mask", H5P_DEFAULT), 0);
    H5Gclose(H5Gcreate2(file, "/clips/extra", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  });
  std::string all;
  for (const VerifyProblem& problem : verify_set(path_, 2).problems)
    all += problem.item + ": " + problem.problem + "\n";
  EXPECT_NE(all.find("'mask' is missing"), std::string::npos) << all;
  EXPECT_NE(all.find("clips/extra: is not in index/clips"), std::string::npos) << all;
}

TEST_F(Verify, SplitsMustExistAndBeDisjoint) {
  ClipInfo train = synthetic_info("a", 1, 9, 9);
  ClipInfo held_out = synthetic_info("b", 1, 9, 9);
  held_out.split = "test";
  held_out.source = train.source;
  test::write_set(dir_ / "shared.h5", {train, held_out});
  EXPECT_NE(first_problem(dir_ / "shared.h5").find("source"), std::string::npos);
  change_file(path_, [](hid_t file) {
    EXPECT_GE(H5Lmove(file, "/splits/test", file, "/splits/other", H5P_DEFAULT, H5P_DEFAULT), 0);
  });
  EXPECT_NE(first_problem(path_).find("split"), std::string::npos);
}

TEST_F(Verify, WrongIndexIsFound) {
  change_file(path_, [](hid_t file) {
    const hid_t clip = H5Gopen2(file, "/clips/a", H5P_DEFAULT);
    const hid_t attribute = H5Aopen(clip, "seed", H5P_DEFAULT);
    const std::uint64_t other = 1;
    EXPECT_GE(H5Awrite(attribute, H5T_NATIVE_UINT64, &other), 0);
    H5Aclose(attribute);
    H5Gclose(clip);
  });
  EXPECT_NE(first_problem(path_).find("seed"), std::string::npos);
}

}  // namespace
}  // namespace pluvia
