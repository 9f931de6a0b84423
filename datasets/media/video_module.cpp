// SPDX-License-Identifier: Apache-2.0
// Finds and opens libpluvia_video.so: beside the program, in its ../lib, or beside pluvia_core, and
// nowhere else, so that a library lying in the working folder is never executed.
#include <dlfcn.h>

#include "core/error.h"
#include "core/file.h"
#include "datasets/media/video/module.h"

namespace pluvia {
namespace {

constexpr const char* kFileName = "libpluvia_video.so";

fs::path folder_of_code(const void* address) {
  Dl_info info = {};
  if (::dladdr(address, &info) == 0 || info.dli_fname == nullptr) return {};
  std::error_code ignored;
  const fs::path file = fs::canonical(info.dli_fname, ignored);
  return file.parent_path();
}

fs::path find_module() {
  std::vector<fs::path> places;
  std::error_code ignored;
  const fs::path program = fs::canonical("/proc/self/exe", ignored).parent_path();
  const fs::path core = folder_of_code(reinterpret_cast<const void*>(&system_error_text));
  const fs::path here = folder_of_code(reinterpret_cast<const void*>(&find_module));
  for (const fs::path& folder : {program, program / "../lib", here, core}) {
    if (!folder.empty()) places.push_back(folder / kFileName);
  }
  for (const fs::path& place : places) {
    if (fs::exists(place, ignored)) return place;
  }
  fail("this build has no video support: ", kFileName, " is not beside the program in ",
       program.string(), "; build with -DPLUVIA_WITH_LIBAV=ON");
}

const VideoModule& load() {
  const fs::path file = find_module();
  void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    fail("loading the video module: ", ::dlerror(), "; install the ffmpeg libraries it names");
  }
  using Entry = const VideoModule* (*)();
  const auto entry = reinterpret_cast<Entry>(::dlsym(library, "pluvia_video_module"));
  const VideoModule* const module = entry != nullptr ? entry() : nullptr;
  const int version = module != nullptr ? module->version : 0;
  if (version != kVideoModuleVersion) {
    fail("loading ", file.string(), ": it has version ", version, ", expected ",
         kVideoModuleVersion, "; it belongs to another build of Pluvia, build again");
  }
  return *module;
}

}  // namespace

const VideoModule& video_module() {
  // Never closed: libav keeps threads and tables of its own until the process ends.
  static const VideoModule& module = load();
  return module;
}

std::unique_ptr<VideoWriter> create_video(const std::filesystem::path& path,
                                          const VideoFormat& format) {
  return video_module().create(path, format);
}

}  // namespace pluvia
