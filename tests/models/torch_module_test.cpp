// SPDX-License-Identifier: Apache-2.0
// The LibTorch module opens from a program that is not linked to it, with or without a GPU.
#include "models/torch_module.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <string>

#include "core/parallel.h"

namespace pluvia {
namespace {

TEST(TorchModule, IsNotLoadedBeforeItIsAskedFor) {
  EXPECT_EQ(dlopen("libtorch_cpu.so", RTLD_NOW | RTLD_NOLOAD), nullptr);
}

TEST(TorchModule, OpensAndCalculates) {
  ASSERT_TRUE(torch_built());
  set_thread_count(1);
  const TorchInfo info = torch_module().info();
  EXPECT_EQ(info.version.rfind("2.", 0), 0U) << info.version;
  EXPECT_TRUE(info.self_check);
  EXPECT_EQ(info.threads, 1);
  EXPECT_EQ(info.cuda_devices.empty(), !info.cuda_note.empty()) << info.cuda_note;
  EXPECT_TRUE(info.cuda_built || info.cuda_devices.empty());
  EXPECT_EQ(&torch_module(), &torch_module());
}

}  // namespace
}  // namespace pluvia
