// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/datasets/media/media_test_util.h"

namespace pluvia {
namespace {

using namespace testing;

TEST(NoVideo, IsSaidClearly) {
  const TempFolder folder;
  write_file(folder / "a.mp4", Bytes(100));
  const std::string text = error_of([&] { open_frames(folder / "a.mp4", ColorWanted::kRgb); });
  EXPECT_NE(text.find("this build has no video support"), std::string::npos) << text;
}

}  // namespace
}  // namespace pluvia
