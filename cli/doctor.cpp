// SPDX-License-Identifier: Apache-2.0
// `pluvia doctor`: what this machine has and lacks, what each missing thing would enable, how to
// get it. Exit status 0 when the program is usable; what only widens it is no fault.
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/version.h"
#include "core/counted.h"
#include "core/cpu.h"
#include "core/error.h"
#include "core/file.h"
#include "core/gpu.h"
#include "core/json.h"
#include "core/manifest.h"
#include "core/module.h"
#include "core/text.h"
#include "models/torch_module.h"

namespace pluvia::cli {
namespace {

/// One thing looked at. `advice` is empty where nothing is missing.
struct Finding {
  std::string item;
  bool present = true;
  std::string detail;
  std::string advice;
};

struct Report {
  std::vector<Finding> findings;
  Json facts = Json::object();
  bool usable = true;
};

std::string size_text(std::uint64_t bytes) { return human_bytes(static_cast<double>(bytes)); }

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// As scripts/build chooses it.
fs::path cache_folder() {
  if (const std::string own = environment("PLUVIA_CACHE"); !own.empty()) return own;
  const std::string base = environment("XDG_CACHE_HOME");
  return (base.empty() ? fs::path(environment("HOME")) / ".cache" : fs::path(base)) / "pluvia";
}

void look_at_machine(Report& report) {
  const Memory ram = memory();
  const int cores = usable_cores();
  const std::string level = cpu_level_name();
  report.facts["cpu"] = {{"model", cpu_model()}, {"level", level}, {"cores", cores}};
  report.findings.push_back({"CPU", true,
                             cat(cpu_model(), ", ", level, ", ", counted(cores, "core")),
                             level == "x86-64" ? "kernels run slowly below x86-64-v2" : ""});
  report.facts["memory"] = {{"total_bytes", ram.total_bytes},
                            {"available_bytes", ram.available_bytes}};
  const bool little = ram.total_bytes < 3500000000U;
  report.findings.push_back(
      {"memory", true, size_text(ram.total_bytes) + ", " + size_text(ram.available_bytes) + " free",
       little ? "training and building the networks want 4 GB" : ""});
  for (const auto& [key, folder] :
       {std::pair<const char*, fs::path>{"disk_here", "."}, {"disk_cache", cache_folder()}}) {
    const std::uint64_t free = free_bytes(folder);
    report.facts[key] = {{"path", fs::absolute(folder).lexically_normal().string()},
                         {"free_bytes", free}};
    report.findings.push_back(
        {std::string(key) == "disk_here" ? "disk here" : "disk of the cache", true,
         size_text(free) + " free" + (folder == "." ? "" : " at " + folder.string()),
         free < 3000000000U ? "LibTorch and the build need 3 GB, a data set 0.1 GB a clip" : ""});
  }
}

void look_at_manifests(Report& report) {
  const fs::path folder = manifests_folder();
  const bool present = !folder.empty();
  report.usable = report.usable && present;
  report.facts["manifests"] = present ? Json(folder.string()) : Json(nullptr);
  report.findings.push_back(
      {"manifests", present, present ? folder.string() : "missing",
       present ? "" : "recipes, protocols, schedules: " + manifests_missing()});
}

void look_at_libraries(Report& report) {
#ifdef PLUVIA_HAVE_HDF5
  const std::string path = environment("HDF5_PLUGIN_PATH");
  report.facts["hdf5"] = {{"version", PLUVIA_HDF5_VERSION}, {"plugin_path", path}};
  report.findings.push_back({"HDF5", true,
                             cat(PLUVIA_HDF5_VERSION, ", plug-ins ",
                                 path.empty() ? "not looked for (HDF5_PLUGIN_PATH unset)" : path),
                             ""});
#else
  report.facts["hdf5"] = nullptr;
  report.findings.push_back(
      {"HDF5", false, "not in this build",
       "data sets: apt-get install libhdf5-dev, build with PLUVIA_WITH_HDF5"});
#endif
  const bool video = module_present("pluvia_video");
  report.facts["video"] = video ? Json{{"libavformat", PLUVIA_LIBAV_VERSION}} : Json(nullptr);
  report.findings.push_back(
      {"video", video, video ? cat("libavformat ", PLUVIA_LIBAV_VERSION) : "no libpluvia_video.so",
       video ? "" : "video files: apt-get install libavformat-dev libswscale-dev, build again"});
  const std::string opencv = PLUVIA_OPENCV_VERSION;
  report.facts["opencv"] = opencv.empty() ? Json(nullptr) : Json(opencv);
  report.findings.push_back(
      {"OpenCV", !opencv.empty(), opencv.empty() ? "not in this build" : opencv,
       opencv.empty() ? "classical baselines: build with PLUVIA_WITH_OPENCV" : ""});
}

void look_at_torch(Report& report) {
  if (!torch_built()) {
    report.facts["torch"] = nullptr;
    report.findings.push_back({"LibTorch", false, "no libpluvia_torch.so",
                               "networks: run scripts/build (installs it, 1 GB)"});
    return;
  }
  try {
    const TorchInfo info = torch_module().info();
    report.facts["torch"] = {{"version", info.version},           {"cuda_built", info.cuda_built},
                             {"cuda_devices", info.cuda_devices}, {"cuda_note", info.cuda_note},
                             {"threads", info.threads},           {"self_check", info.self_check}};
    report.usable = report.usable && info.self_check;
    std::string detail = cat(info.version, info.cuda_built ? ", CUDA build" : ", CPU build", ", ",
                             counted(info.threads, "thread"));
    if (!info.cuda_devices.empty()) detail += ", " + join(info.cuda_devices, " ");
    report.findings.push_back(
        {"LibTorch", info.self_check, detail,
         info.self_check ? "" : "a 2x2 product came out wrong: reinstall it"});
  } catch (const Error& error) {
    report.usable = false;
    report.facts["torch"] = {{"error", error.what()}};
    report.findings.push_back({"LibTorch", false, error.what(), "run scripts/build again"});
  }
}

std::string find_on_path(const std::string& program) {
  for (const std::string& folder : split(environment("PATH"), ':')) {
    std::error_code ignored;
    const fs::path candidate = fs::path(folder) / program;
    if (!folder.empty() && fs::is_regular_file(candidate, ignored)) return candidate.string();
  }
  return "";
}

void look_at_gpu(Report& report) {
  const GpuSystem& system = gpu_system();
  Json gpus = Json::array();
  std::string names;
  for (const Gpu& gpu : system.gpus) {
    gpus.push_back({{"name", gpu.name},
                    {"memory_bytes", gpu.memory_bytes},
                    {"compute_capability", gpu.compute_capability}});
    names += (names.empty() ? "" : "; ") + gpu.name + ", " + size_text(gpu.memory_bytes) +
             ", compute capability " + gpu.compute_capability;
  }
  const std::string nvcc = find_on_path("nvcc");
  report.facts["gpu"] = {{"devices", gpus},
                         {"driver_cuda", system.driver_cuda},
                         {"note", system.note},
                         {"nvcc", nvcc},
                         {"kernels_built", PLUVIA_CUDA_BUILT != 0}};
  const bool present = !system.gpus.empty();
  report.findings.push_back({"GPU", present, present ? names : system.note,
                             present ? "" : "faster training: an NVIDIA GPU with its driver"});
  report.findings.push_back(
      {"CUDA toolkit", !nvcc.empty(), nvcc.empty() ? "no nvcc on PATH" : nvcc,
       nvcc.empty() ? "only needed to build our own GPU kernels (12 or newer)" : ""});
  report.findings.push_back(
      {"GPU kernels", PLUVIA_CUDA_BUILT != 0,
       PLUVIA_CUDA_BUILT != 0 ? "in this build" : "not in this build",
       PLUVIA_CUDA_BUILT != 0 || !present ? "" : "rendering on the GPU: cmake --preset cuda"});
}

void print(const Report& report) {
  for (const Finding& finding : report.findings) {
    std::string line = finding.present ? "  ok  " : "  --  ";
    line += finding.item + std::string(20 - std::min<std::size_t>(19, finding.item.size()), ' ');
    line += finding.detail;
    if (!finding.advice.empty()) line += "\n" + std::string(26, ' ') + "-> " + finding.advice;
    print_line(line);
  }
  print_line(report.usable ? "Pluvia works on this machine; '--' lines would only add to it."
                           : "Pluvia does not fully work on this machine: see above.");
}

}  // namespace

Run setup_doctor(CLI::App&, const Globals& globals) {
  return [&globals] {
    Report report;
    report.facts["version"] = kVersion;
    look_at_machine(report);
    look_at_manifests(report);
    look_at_libraries(report);
    look_at_torch(report);
    look_at_gpu(report);
    report.facts["usable"] = report.usable;
    if (globals.json) {
      print_line(report.facts.dump(2, ' ', false, Json::error_handler_t::replace));
    } else {
      print(report);
    }
    return report.usable ? 0 : static_cast<int>(ErrorKind::kInput);
  };
}

}  // namespace pluvia::cli
