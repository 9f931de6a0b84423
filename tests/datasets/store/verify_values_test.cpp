// SPDX-License-Identifier: Apache-2.0
// What `verify` holds a set to beyond pixels that decode: clip hashes of the index, attributes,
// values that mean something, each rule of a formation by itself, and a chunk index that HDF5 finds
// its way in.
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "core/half.h"
#include "datasets/store/formation.h"
#include "datasets/store/value_ranges.h"
#include "datasets/store/verify.h"
#include "tests/support/program.h"
#include "tests/support/synthetic_set.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

std::string problems_of(const fs::path& path) {
  std::string all;
  for (const VerifyProblem& problem : verify_set(path, 1).problems)
    all += problem.item + ": " + problem.problem + "\n";
  return all;
}

class VerifyValues : public testing::Test {
 protected:
  void SetUp() override {
    test::write_set(path_, {test::synthetic_info("a", 2, 6, 7)});
    ASSERT_EQ(problems_of(path_), "");
  }
  template <typename Change>
  void change_file(Change&& change) const {
    const hid_t file = H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    ASSERT_GE(file, 0);
    change(file);
    H5Fclose(file);
  }
  test::TempDir dir_;
  fs::path path_ = dir_ / "set.h5";
};

TEST_F(VerifyValues, AClipsHashInTheIndexIsThatOfItsLayers) {
  change_file([](hid_t file) {
    const hid_t text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, 64);
    H5Tset_cset(text, H5T_CSET_UTF8);
    H5Tset_strpad(text, H5T_STR_NULLPAD);
    const hid_t row = H5Tcreate(H5T_COMPOUND, 64);
    H5Tinsert(row, "content_sha256", 0, text);
    const hid_t table = H5Dopen2(file, "/index/clips", H5P_DEFAULT);
    const std::string other(64, '0');
    EXPECT_GE(H5Dwrite(table, row, H5S_ALL, H5S_ALL, H5P_DEFAULT, other.data()), 0);
    H5Dclose(table);
    H5Tclose(row);
    H5Tclose(text);
  });
  EXPECT_NE(problems_of(path_).find("index/clips: says the content hash of clip 'a' is 0000"),
            std::string::npos);
}

TEST_F(VerifyValues, AttributesAreThere) {
  change_file([](hid_t file) {
    EXPECT_GE(H5Adelete(file, "title"), 0);
    for (const char* name : {"fps", "source", "seed", "rain", "camera"}) {
      EXPECT_GE(H5Adelete_by_name(file, "/clips/a", name, H5P_DEFAULT), 0);
    }
    EXPECT_GE(H5Ldelete(file, "/clips/a/frames", H5P_DEFAULT), 0);
  });
  const std::string all = problems_of(path_);
  EXPECT_NE(all.find("attribute title: is missing"), std::string::npos) << all;
  EXPECT_NE(all.find("clips/a/frames: has 0 rows, expected 2"), std::string::npos) << all;
  for (const char* name : {"fps", "source", "seed", "rain", "camera"}) {
    EXPECT_NE(all.find(std::string("clips/a: attribute ") + name + " is missing"),
              std::string::npos)
        << all;
  }
}

/// What HDF5 itself reads of a layer of (2,6,7,3); empty when it cannot.
std::string library_reads(const fs::path& path) {
  std::string pixels(std::size_t{2} * 6 * 7 * 3, '\1');
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  const hid_t layer = H5Dopen2(file, "/clips/a/gt", H5P_DEFAULT);
  const bool read =
      H5Dread(layer, H5T_NATIVE_UCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, pixels.data()) >= 0;
  H5Dclose(layer);
  H5Fclose(file);
  return read ? pixels : "";
}

TEST_F(VerifyValues, ADamagedChunkIndexIsFound) {
  const std::string whole = test::read_all(path_);
  const std::string pixels = library_reads(path_);
  int wrong = 0;
  // Every key of every chunk index: a tree of type 1, its head 24 bytes, two chunks and three keys.
  for (std::size_t at = whole.find("TREE"); at != std::string::npos;
       at = whole.find("TREE", at + 1)) {
    if (whole[at + 4] != 1) continue;
    for (std::size_t byte = at + 24; byte < at + 24 + 3 * 48 + 2 * 8; byte += 3) {
      std::string damaged = whole;
      damaged[byte] = static_cast<char>(damaged[byte] ^ 16);
      std::ofstream(path_, std::ios::binary) << damaged;
      H5E_BEGIN_TRY {
        if (library_reads(path_) == pixels) continue;
      }
      H5E_END_TRY
      ++wrong;
      EXPECT_NE(problems_of(path_), "") << "byte " << byte - at << " of the tree at " << at;
    }
  }
  EXPECT_GT(wrong, 20);
}

std::vector<std::byte> halves(std::initializer_list<float> values) {
  std::vector<std::byte> out;
  for (const float value : values) {
    const std::uint16_t half = float_to_half(value);
    const auto* const bytes = reinterpret_cast<const std::byte*>(&half);
    out.insert(out.end(), bytes, bytes + sizeof half);
  }
  return out;
}

TEST(ValueRanges, DepthsAndFlow) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(check_values(Layer::kDepth, halves({0.5F, 80, 60000, kInf}), 2), "");
  for (const float wrong : {NAN, 0.0F, -2.0F, -kInf}) {
    const std::string said = check_values(Layer::kDepth, halves({1, 1, wrong, wrong}), 2);
    EXPECT_NE(said.find("at 2 values, first at x=0 y=1"), std::string::npos) << said;
  }
  EXPECT_EQ(check_values(Layer::kFlow, halves({0, -3, 40, -0.0F}), 2), "");
  for (const float wrong : {NAN, kInf, -kInf}) {
    const std::string said = check_values(Layer::kFlow, halves({0, 0, 0, wrong}), 2);
    EXPECT_NE(said.find("first at x=1 y=0"), std::string::npos) << said;
  }
}

TEST(ValueRanges, RowsOfFrames) {
  FrameRow good;
  good.exposure_s = 0.01F;
  good.focal_px = 500;
  const auto said = [&](const auto& change) {
    std::vector<FrameRow> rows(2, good);
    rows[1].time_s = 0.04;
    change(rows[1]);
    return check_rows(rows, {true, true, true}, false);
  };
  EXPECT_EQ(said([](FrameRow&) {}), "");
  EXPECT_NE(said([](FrameRow& row) { row.time_s = NAN; }), "");
  EXPECT_NE(said([](FrameRow& row) { row.time_s = -1; }).find("row 1"), std::string::npos);
  EXPECT_NE(said([](FrameRow& row) { row.exposure_s = 0; }), "");
  EXPECT_NE(said([](FrameRow& row) { row.position_m[1] = NAN; }), "");
  EXPECT_NE(said([](FrameRow& row) { row.orientation = {0, 0, 0, 0}; }), "");
  EXPECT_NE(said([](FrameRow& row) { row.focal_px = INFINITY; }), "");
  EXPECT_NE(said([](FrameRow& row) { row.speed_m_s = -1; }), "");
  EXPECT_NE(said([](FrameRow& row) { row.rain_mm_h = NAN; }), "");
  EXPECT_NE(said([](FrameRow& row) { row.wind_m_s[2] = INFINITY; }), "");
  EXPECT_NE(said([](FrameRow& row) { row.drops_on_glass = -1; }), "");
}

/// One pixel of every layer.
FrameLayers pixel(int lq, int gt, int drop, int streak, int mask) {
  FrameLayers frame;
  frame.of(Layer::kLq).assign(3, std::byte(lq));
  frame.of(Layer::kGt).assign(3, std::byte(gt));
  frame.of(Layer::kDrop).assign(3, std::byte(drop));
  frame.of(Layer::kStreak).assign(1, std::byte(streak));
  frame.of(Layer::kMask).assign(1, std::byte(mask));
  return frame;
}

TEST(Formation, EveryRuleOfVrds) {
  const auto said = [](const FrameLayers& frame) { return check_formation("vrds", frame, 1, 1); };
  EXPECT_EQ(said(pixel(60, 50, 50, 10, 0)), "");
  EXPECT_EQ(said(pixel(255, 50, 250, 10, 7)), "");
  EXPECT_EQ(said(pixel(90, 50, 90, 0, 255)), "");
  EXPECT_EQ(said(pixel(62, 50, 52, 10, 0)).rfind("drop = gt where mask = 0", 0), 0U);
  EXPECT_EQ(said(pixel(61, 50, 50, 10, 0)).rfind("lq = min(255, drop + streak)", 0), 0U);
  EXPECT_EQ(said(pixel(100, 50, 90, 10, 255)).rfind("streak = 0 where mask = 255", 0), 0U);
}

TEST(Formation, RulesAreCheckedByTheLayersThatAreThere) {
  const LayerSet usual{Layer::kLq, Layer::kGt, Layer::kStreak, Layer::kMask, Layer::kDrop};
  EXPECT_EQ(formation_layers("vrds", {Layer::kLq, Layer::kGt}).list().size(), 0U);
  EXPECT_EQ(formation_layers("vrds", {Layer::kLq, Layer::kStreak, Layer::kDrop}).list().size(), 3U);
  EXPECT_EQ(formation_layers("physical", usual).list().size(), 3U);
  FrameLayers frame = pixel(60, 50, 50, 10, 0);
  frame.of(Layer::kMask).clear();
  EXPECT_EQ(check_formation("vrds", frame, 1, 1), "");
  frame.of(Layer::kLq)[1] = std::byte{61};
  EXPECT_NE(check_formation("vrds", frame, 1, 1), "");
  // Without streak_rgb the difference of both frames stands for it.
  EXPECT_EQ(check_formation("physical", pixel(60, 9, 50, 10, 0), 1, 1), "");
  EXPECT_NE(check_formation("physical", pixel(60, 9, 50, 11, 0), 1, 1), "");
  EXPECT_EQ(check_formation("physical", pixel(40, 9, 50, 0, 0), 1, 1), "");
}

}  // namespace
}  // namespace pluvia
