// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include <torch/script.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "core/params.h"
#include "core/text.h"
#include "models/torch_script.h"

namespace pluvia {
namespace {

using Kind = ParamKind;

constexpr Param kOptions[] = {
    {"window", Kind::kInteger, "frames", "at a time; 0: any number", "0", 0, 1000},
    {"multiple", Kind::kInteger, "px", "that heights and widths are padded to", "1", 1, 1024},
    {"output", Kind::kInteger, "", "which of a tuple; -1: the last of the input's shape", "-1", -1,
     64},
};

/// LibTorch's own errors, and those that a program raises, which come as another kind.
std::string last_line(const std::exception& error) {
  const auto* const own = dynamic_cast<const c10::Error*>(&error);
  std::string text = own != nullptr ? own->what_without_backtrace() : error.what();
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return own != nullptr ? text.substr(0, text.find('\n')) : text.substr(text.rfind('\n') + 1);
}

std::string shape_of(const torch::Tensor& tensor) {
  std::vector<std::string> sizes;
  for (const std::int64_t size : tensor.sizes()) sizes.push_back(std::to_string(size));
  return cat("(", join(sizes, ","), ")");
}

class ScriptMethod final : public Method {
 public:
  explicit ScriptMethod(const ScriptRequest& request)
      : place_("torchscript:" + request.file), options_(kOptions), device_(request.device) {
    options_.set_all(parse_json(request.options, "options of " + place_), place_);
    info_.name = std::filesystem::path(request.file).stem().string();
    info_.help = "a TorchScript program";
    info_.window_frames = static_cast<int>(options_.integer("window"));
    info_.size_multiple = static_cast<int>(options_.integer("multiple"));
    std::error_code code;
    if (!std::filesystem::is_regular_file(request.file, code)) {
      fail("loading ", place_, ": there is no such file");
    }
    try {
      program_ = torch::jit::load(request.file, device_);
      program_.eval();
    } catch (const c10::Error& error) {
      fail("loading ", place_, ": ", last_line(error));
    }
  }

  const MethodInfo& info() const override { return info_; }

  void derain(const FramesView<const float>& rainy, const FramesView<float>& clean) override {
    const torch::InferenceMode inference;
    auto* const data = const_cast<float*>(rainy.data);
    const torch::Tensor in =
        torch::from_blob(data, {1, rainy.frames, 3, rainy.height, rainy.width}).to(device_);
    torch::Tensor out = run(in).to(torch::kCPU, torch::kFloat32);
    if (out.dim() == 4) out = out.unsqueeze(0);
    if (out.sizes() != in.sizes()) {
      fail("running ", place_, ": it gave ", shape_of(out), " for ", shape_of(in),
           ", expected as much as it was given");
    }
    out = out.contiguous();
    std::copy_n(out.const_data_ptr<float>(), clean.count(), clean.data);
  }

 private:
  /// Clips first; a program of single pictures says no, once.
  torch::Tensor run(const torch::Tensor& in) {
    if (!pictures_) {
      try {
        return chosen(program_.forward({in}), in);
      } catch (const Error&) {
        throw;
      } catch (const std::exception& error) {
        clips_refused_ = last_line(error);
        pictures_ = true;
      }
    }
    c10::IValue value;
    try {
      value = program_.forward({in[0]});
    } catch (const std::exception& error) {
      fail("running ", place_, ": it takes neither ", shape_of(in), " (", clips_refused_, ") nor ",
           shape_of(in[0]), " (", last_line(error), ")");
    }
    return chosen(value, in[0]);
  }

  torch::Tensor chosen(const c10::IValue& value, const torch::Tensor& in) const {
    if (value.isTensor()) return value.toTensor();
    std::vector<c10::IValue> items;
    if (value.isTuple()) items = value.toTuple()->elements().vec();
    if (value.isTensorList()) {
      for (const torch::Tensor& tensor : value.toTensorVector()) items.emplace_back(tensor);
    }
    const std::int64_t wanted = options_.integer("output");
    for (std::size_t i = items.size(); i-- > 0;) {
      if (!items[i].isTensor()) continue;
      const torch::Tensor tensor = items[i].toTensor();
      const bool fits =
          wanted < 0 ? tensor.sizes() == in.sizes() : static_cast<std::int64_t>(i) == wanted;
      if (fits) return tensor;
    }
    fail("running ", place_, ": it gave ", value.tagKind(),
         wanted < 0 ? std::string(" without a picture of the input's shape")
                    : cat(" without a tensor at ", wanted),
         "; set output=N");
  }

  std::string place_;
  Params options_;
  torch::Device device_;
  MethodInfo info_;
  torch::jit::Module program_;
  bool pictures_ = false;
  std::string clips_refused_;
};

}  // namespace

std::unique_ptr<Method> make_script_method(const ScriptRequest& request) {
  return std::make_unique<ScriptMethod>(request);
}

}  // namespace pluvia
