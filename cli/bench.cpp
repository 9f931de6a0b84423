// SPDX-License-Identifier: Apache-2.0
// `pluvia bench`: the benchmark programs that lie beside the program, one after the other, and what
// they found in one table. Each compares with something outside this project in the same run; the
// ratios are what docs/performance.md states, a time alone says little of another machine.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/command.h"
#include "core/cpu.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/shell.h"
#include "core/text.h"

namespace pluvia::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "bench_";

struct Request {
  std::vector<std::string> names;
  std::string filter;
  bool list = false;
};

fs::path own_folder() {
  std::error_code code;
  return fs::read_symlink("/proc/self/exe", code).parent_path();
}

/// Without the prefix, in alphabetical order.
std::vector<std::string> programs_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, code)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind(kPrefix, 0) != 0 || ::access(entry.path().c_str(), X_OK) != 0) continue;
    names.push_back(name.substr(std::string(kPrefix).size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> chosen(const Request& request, const std::vector<std::string>& there) {
  for (const std::string& name : request.names) {
    if (std::find(there.begin(), there.end(), name) != there.end()) continue;
    fail_usage("unknown benchmark '", name, "'", did_you_mean(name, there), "; there are ",
               join(there, ", "));
  }
  return request.names.empty() ? there : request.names;
}

/// The rows that a program wrote, each with its name.
void add_rows(const std::string& program, const fs::path& file, Json& out) {
  std::istringstream lines(read_text(file));
  for (std::string line; std::getline(lines, line);) {
    Json row = parse_json(line, file.string());
    row["program"] = program;
    out[row.contains("ratio") ? "ratios" : "benchmarks"].push_back(std::move(row));
  }
}

void run_one(const std::string& name, const Request& request, bool quiet, Json& out) {
  const fs::path rows = fs::temp_directory_path() / cat("pluvia-bench-", ::getpid(), ".rows");
  std::error_code ignored;
  fs::remove(rows, ignored);
  std::string line = cat("PLUVIA_BENCH_ROWS=", shell_quoted(rows.string()), " ",
                         shell_quoted((own_folder() / (kPrefix + name)).string()));
  if (!request.filter.empty()) line += " " + shell_quoted("--benchmark_filter=" + request.filter);
  if (quiet) line += " >/dev/null 2>&1";
  note(cat("bench_", name));
  const int status = run_by_shell(line);
  if (fs::exists(rows, ignored)) add_rows(name, rows, out);
  fs::remove(rows, ignored);
  if (status != 0) fail("running ", kPrefix, name, ": it ended with ", status);
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(text.size() < width ? width - text.size() : 1, ' ');
}

std::string table_of(const Json& found) {
  std::string out = cat(padded("program", 10), padded("case", 44), "ms\n");
  char text[64];
  for (const Json& row : found.at("benchmarks")) {
    std::snprintf(text, sizeof text, "%.4g", row.at("milliseconds").get<double>());
    out += cat(padded(row.at("program").get<std::string>(), 10),
               padded(row.at("name").get<std::string>(), 44), text, "\n");
  }
  if (found.at("ratios").empty()) return out;
  out += cat("\n", padded("program", 10), padded("ratio of rates", 64), "times\n");
  for (const Json& row : found.at("ratios")) {
    const std::string name =
        row.at("ours").get<std::string>() + " / " + row.at("theirs").get<std::string>();
    std::snprintf(text, sizeof text, "%.2f", row.at("ratio").get<double>());
    out += cat(padded(row.at("program").get<std::string>(), 10), padded(name, 64), text);
    if (const double promised = row.at("promised").get<double>(); promised > 0) {
      std::snprintf(text, sizeof text, "  (promised %g: %s)", promised,
                    row.at("held").get<bool>() ? "held" : "MISSED");
      out += text;
    }
    out += "\n";
  }
  return out;
}

int run(const Request& request, const Globals& globals) {
  const std::vector<std::string> there = programs_in(own_folder());
  if (there.empty()) {
    fail("looking for benchmarks: none in ", own_folder().string(),
         "; ./scripts/build makes the program alone, `cmake --build build/release` all of it");
  }
  const std::vector<std::string> names = chosen(request, there);
  Json found{{"cpu", cpu_model()},
             {"cpu_level", cpu_level_name()},
             {"benchmarks", Json::array()},
             {"ratios", Json::array()}};
  if (request.list) {
    found = there;
    print_line(globals.json ? found.dump() : join(there, "\n"));
    return 0;
  }
  for (const std::string& name : names) run_one(name, request, globals.quiet, found);
  std::string table = table_of(found);
  table.pop_back();
  print_line(globals.json ? found.dump() : table);
  return 0;
}

}  // namespace

Run setup_bench(CLI::App& app, const Globals& globals) {
  auto request = std::make_shared<Request>();
  app.add_option("NAME", request->names, "which (default: all)");
  app.add_option("--filter", request->filter, "only cases whose name matches this expression");
  app.add_flag("--list", request->list, "say which there are");
  app.footer(
      "Takes minutes; nothing else should run meanwhile. Each program also runs alone\n"
      "(build/release/bench_metrics --help). docs/performance.md says what they measure and "
      "against\n"
      "what; ratios compare two cases of one run.");
  return [request, &globals] { return run(*request, globals); };
}

}  // namespace pluvia::cli
