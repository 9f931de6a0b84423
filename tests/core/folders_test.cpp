// SPDX-License-Identifier: Apache-2.0
// Folders that take one another's place, and files that are none.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/file.h"

namespace pluvia {
namespace {

TEST(Folders, ExchangePlaces) {
  const WorkFolder work;
  const fs::path made = work.path() / "made";
  const fs::path place = work.path() / "place";
  for (const fs::path& folder : {made, place}) fs::create_directories(folder);
  write_text(made / "a", "new");
  write_text(place / "a", "old");
  write_text(place / "b", "old");
  exchange_folders(made, place);
  EXPECT_EQ(read_text(place / "a"), "new");
  EXPECT_FALSE(fs::exists(place / "b"));
  EXPECT_EQ(read_text(made / "a"), "old");
}

TEST(Folders, NothingChangesWhereTheyCannot) {
  const WorkFolder work;
  const fs::path made = work.path() / "made";
  fs::create_directories(made / "inner");
  write_text(made / "a", "kept");
  EXPECT_ANY_THROW(exchange_folders(made, made / "inner"));
  EXPECT_ANY_THROW(exchange_folders(work.path() / "absent", made));
  EXPECT_EQ(read_text(made / "a"), "kept");
  EXPECT_TRUE(fs::is_directory(made / "inner"));
}

TEST(Files, APipeIsNotWaitedFor) {
  const WorkFolder work;
  const fs::path pipe = work.path() / "picture.png";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  try {
    read_bytes(pipe, 1000);
    ADD_FAILURE() << "read a pipe";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("it is a pipe"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace pluvia
