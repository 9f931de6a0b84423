// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include <ATen/autocast_mode.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "models/blocks/layer.h"
#include "models/nets/net.h"
#include "models/nets/net_tensors.h"
#include "models/torch_errors.h"
#include "models/training/losses.h"
#include "models/training/optimizer.h"
#include "models/training/torch_training.h"

namespace pluvia {
namespace {

/// Convolutions and matrix products in half precision; gradients and weights stay single.
class Autocast {
 public:
  Autocast(at::DeviceType device, bool on) : device_(device), on_(on) {
    if (!on_) return;
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::set_autocast_enabled(device_, true);
  }
  ~Autocast() {
    if (!on_) return;
    at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, false);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  at::DeviceType device_;
  bool on_;
};

/// One term of the schedule, with the planes of the network's output that it is put on.
struct Term {
  const LossTerm* wanted;
  std::unique_ptr<Loss> loss;
  std::int64_t first = 0;
  std::int64_t channels = 3;
  std::string label;  ///< in logs
};

class TorchTraining final : public Training, private Method {
 public:
  TorchTraining(const NetworkRequest& request, const Schedule& schedule)
      : schedule_(schedule), device_(torch::kCPU) {
    Json options = parse_json(request.options, "options of " + request.name);
    net_ = make_named_net(request.name, options);
    device_ = device_for(*net_, request.device);
    const auto seed = static_cast<std::uint64_t>(schedule_.run.integer("seed"));
    initialise_all(*net_, seed);
    net_->initialise_own(seed);
    net_->to(device_);
    for (const auto& item : net_->named_parameters()) {
      item.value().set_requires_grad(true);
      parameters_.emplace_back(item.key(), item.value());
    }
    optimizer_ = std::make_unique<Optimizer>(parameters_, schedule_.optimizer);
    for (const auto& [name, parameter] : parameters_) groups_.push_back(group_of(name));
    for (const LossTerm& term : schedule_.losses) {
      terms_.push_back(make_term(term));
      const std::string label = terms_.back().label;
      const auto same = std::count_if(terms_.begin(), terms_.end(),
                                      [&](const Term& other) { return other.label == label; });
      if (same > 1) terms_.back().label += cat("_", terms_.size());
    }
    make_architecture_optimizer();
    if (schedule_.run.number("ema_decay") > 0) {
      averaged_ = make_named_net(request.name, options);
      averaged_->to(device_);
      copy_tensors(*net_, *averaged_);
    }
  }

  TrainingStep step(const TrainingBatch& batch) override {
    return with_torch_errors(cat("training ", net_->info().name), [&] { return step_of(batch); });
  }

  Method& method() override { return *this; }
  NetworkDescription describe() const override {
    NetworkDescription out;
    out.options = net_->options().dump();
    out.state = state_of(*net_);
    for (const auto& [name, parameter] : parameters_) out.parameters += parameter.numel();
    return out;
  }
  NamedTensors weights() const override { return save_tensors(used()); }

  NamedTensors state() const override {
    NamedTensors out;
    const auto add = [&](const std::string& head, const NamedTensors& tensors) {
      for (const auto& [name, tensor] : tensors) out.emplace_back(head + name, tensor);
    };
    add("net.", save_tensors(*net_));
    if (averaged_) add("average.", save_tensors(*averaged_));
    for (const auto& [name, tensor] : optimizer_states()) {
      out.emplace_back(name, to_tensor(tensor));
    }
    return out;
  }

  void restore(const NamedTensors& state, const std::string& place) override {
    std::map<std::string, NamedTensors> parts;
    std::map<std::string, const pluvia::Tensor*> saved;
    for (const auto& [name, tensor] : state) {
      const std::size_t dot = name.find('.');
      parts[name.substr(0, dot)].emplace_back(name.substr(dot + 1), tensor);
      saved[name] = &tensor;
    }
    load_tensors(parts["net"], *net_, {net_->info().name, place});
    if (averaged_) {
      load_tensors(parts["average"], *averaged_, {net_->info().name, place});
    }
    const torch::NoGradGuard no_grad;
    for (auto& [name, tensor] : optimizer_states()) {
      if (saved.count(name) == 0) fail(place, ": the checkpoint lacks ", name);
      torch::Tensor target = tensor;
      target.copy_(to_torch(*saved.at(name)));
    }
  }

  std::vector<std::pair<std::string, torch::Tensor>> optimizer_states() const {
    std::vector<std::pair<std::string, torch::Tensor>> out;
    for (const auto& [name, tensor] : optimizer_->state()) {
      out.emplace_back("optimizer." + name, tensor);
    }
    if (!architecture_) return out;
    for (const auto& [name, tensor] : architecture_->state()) {
      out.emplace_back("architecture." + name, tensor);
    }
    return out;
  }

  void init(const NamedTensors& weights, const std::string& place) override {
    load_tensors(weights, *net_, {net_->info().name, place});
    if (averaged_) copy_tensors(*net_, *averaged_);
  }

  void init_part(const std::string& part, const NamedTensors& weights,
                 const std::string& place) override {
    load_tensors(weights, *net_, {net_->info().name, place, false, part});
    if (averaged_) copy_tensors(*net_, *averaged_);
  }

  std::vector<std::string> notes() const override {
    std::vector<std::string> out;
    for (const ParameterGroup& group : schedule_.groups) {
      if (std::find(groups_.begin(), groups_.end(), &group) != groups_.end()) continue;
      out.push_back(
          cat("groups: no parameter of ", net_->info().name, " is in '", group.contains, "'"));
    }
    for (const Term& term : terms_) {
      if (!term.loss->note().empty()) out.push_back(term.loss->note());
    }
    return out;
  }

 private:
  TrainingStep step_of(const TrainingBatch& batch) {
    net_->train();
    freeze(batch.iteration);
    optimizer_->zero_grad();
    TrainingStep out;
    for (const Term& term : terms_) out.losses.emplace_back(term.label, 0.0);
    const int used_for_weights = architecture_ ? std::max(1, batch.count / 2) : batch.count;
    if (architecture_) search(batch, used_for_weights);
    const auto parts =
        std::min(static_cast<int>(schedule_.run.integer("accumulate")), used_for_weights);
    for (int part = 0; part < parts; ++part) {
      const int first = part * used_for_weights / parts;
      const int end = (part + 1) * used_for_weights / parts;
      backward(batch, {first, end - first, part}, used_for_weights, out);
    }
    for (const auto& [name, value] : out.losses) out.total += value;
    out.gradient_norm = gradient_norm();
    out.finite = std::isfinite(out.total) && std::isfinite(out.gradient_norm);
    if (!out.finite) return out;
    clip(out.gradient_norm);
    optimizer_->step([&](std::size_t i) {
      const ParameterGroup* const group = groups_[i];
      return schedule_.rate_at(batch.iteration, group == nullptr ? 1 : group->rate_factor);
    });
    average();
    return out;
  }

  const MethodInfo& info() const override { return net_->info(); }
  void derain(const FramesView<const float>& rainy, const FramesView<float>& clean) override {
    used().eval();
    run_net(used(), {torch::kFloat32, device_}, rainy, clean);
  }

  /// Of a network that is searched: first-order DARTS (Liu et al., ICLR 2019) with the settings of
  /// RDMC's released code. The second half of every batch moves the alphas, the first the weights.
  void make_architecture_optimizer() {
    std::vector<std::pair<std::string, torch::Tensor>> alphas;
    for (const torch::Tensor& alpha : net_->architecture()) {
      alphas.emplace_back(cat("alpha", alphas.size()), alpha);
    }
    if (alphas.empty()) return;
    if (schedule_.run.integer("batch") < 2) {
      fail_usage("searching ", net_->info().name,
                 " with batch=1: half of every batch moves the alphas, so it must be 2 or more");
    }
    Params settings(optimizer_param_table());
    settings.set_pair("beta1=0.5");
    settings.set_pair("weight_decay=0.001");
    architecture_ = std::make_unique<Optimizer>(std::move(alphas), settings);
  }

  /// The weights' half of the step leaves no gradient on the alphas: theirs is of their own half.
  void search(const TrainingBatch& batch, int first) {
    constexpr double kRate = 3e-4;
    learn_alphas(true);
    TrainingStep unused;
    for (const Term& term : terms_) unused.losses.emplace_back(term.label, 0.0);
    const int count = batch.count - first;
    // Of the step before.
    architecture_->zero_grad();
    backward(batch, {first, count, 0}, count, unused);
    bool finite = true;
    for (const torch::Tensor& alpha : net_->architecture()) {
      finite = finite && alpha.grad().defined() && torch::isfinite(alpha.grad()).all().item<bool>();
    }
    // What breaks here breaks the weights' half of the step too, which says so.
    if (finite) architecture_->step([](std::size_t) { return kRate; });
    optimizer_->zero_grad();
    learn_alphas(false);
  }

  void learn_alphas(bool on) const {
    for (torch::Tensor alpha : net_->architecture()) alpha.set_requires_grad(on);
  }

  Net& used() const { return averaged_ ? *averaged_ : *net_; }

  const ParameterGroup* group_of(const std::string& name) const {
    for (const ParameterGroup& group : schedule_.groups) {
      if (name.find(group.contains) != std::string::npos) return &group;
    }
    return nullptr;
  }

  /// Where the output's planes of a term lie.
  Term make_term(const LossTerm& wanted) const {
    Term term{&wanted, make_loss(wanted), 0, 3, wanted.kind};
    if (wanted.output != "clean") {
      std::int64_t first = 3;
      std::vector<std::string> names = {"clean"};
      bool found = false;
      for (const auto& [name, channels] : net_->info().layers) {
        names.push_back(name);
        if (name == wanted.output) {
          term.first = first;
          term.channels = channels;
          found = true;
        }
        first += channels;
      }
      if (!found) {
        fail_usage("loss ", wanted.kind, " is put on '", wanted.output, "', which ",
                   net_->info().name, " does not predict; it gives ", join(names, ", "));
      }
      term.label += "_" + wanted.output;
    }
    if (term.channels != spec(wanted.target).channels) {
      fail_usage("loss ", wanted.kind, ": '", wanted.output, "' has ", term.channels,
                 " channels, its target '", spec(wanted.target).name, "' ",
                 spec(wanted.target).channels);
    }
    return term;
  }

  void freeze(std::int64_t iteration) {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const bool frozen = groups_[i] != nullptr && iteration < groups_[i]->frozen_iterations;
      parameters_[i].second.set_requires_grad(!frozen);
    }
  }

  /// Crops [first, first + count) of a batch; `number` tells parts of one step apart.
  struct Part {
    int first = 0;
    int count = 0;
    int number = 0;
  };

  LossContext context_of(const TrainingBatch& batch, const Part& part) const {
    LossContext context;
    context.iteration = batch.iteration;
    context.iterations = schedule_.run.integer("iterations");
    context.seed = static_cast<std::uint64_t>(schedule_.run.integer("seed") + part.number);
    for (const auto& [layer, values] : batch.layers) {
      auto* const data = const_cast<float*>(values.data());
      const torch::Tensor all = torch::from_blob(
          data, {batch.count, batch.frames, spec(layer).channels, batch.height, batch.width});
      // A copy even on the CPU: LibTorch's own memory is aligned alike in every run.
      context.layers[layer] =
          all.slice(0, part.first, part.first + part.count)
              .to(device_, torch::kFloat32, /*non_blocking=*/false, /*copy=*/true);
    }
    return context;
  }

  /// Adds the part's share of the gradients and of the losses of `whole` crops.
  void backward(const TrainingBatch& batch, const Part& part, int whole, TrainingStep& out) {
    const LossContext context = context_of(batch, part);
    const bool half = schedule_.run.text("precision") == "bfloat16";
    torch::Tensor output;
    {
      const Autocast autocast(device_.type(), half);
      output = net_->forward(context.layers.at(Layer::kLq));
    }
    output = output.to(torch::kFloat32);
    const double share = static_cast<double>(part.count) / whole;
    torch::Tensor total;
    for (std::size_t i = 0; i < terms_.size(); ++i) {
      const Term& term = terms_[i];
      const torch::Tensor seen = output.slice(2, term.first, term.first + term.channels);
      const torch::Tensor value =
          (term.wanted->weight * share) *
          (*term.loss)(seen, context.layers.at(term.wanted->target), context);
      out.losses[i].second += value.item<double>();
      total = total.defined() ? total + value : value;
    }
    if (std::isfinite(total.item<double>())) total.backward();
  }

  double gradient_norm() const {
    double sum = 0;
    for (const auto& [name, parameter] : parameters_) {
      if (!parameter.grad().defined()) continue;
      sum += parameter.grad().to(torch::kFloat64).square().sum().item<double>();
    }
    return std::sqrt(sum);
  }

  void clip(double norm) {
    const double most = schedule_.run.number("clip_norm");
    if (most <= 0 || norm <= most) return;
    for (const auto& [name, parameter] : parameters_) {
      if (parameter.grad().defined()) parameter.grad().mul_(most / (norm + 1e-6));
    }
  }

  void average() {
    if (!averaged_) return;
    const torch::NoGradGuard no_grad;
    const double decay = schedule_.run.number("ema_decay");
    const std::vector<torch::Tensor> now = tensors_of(*net_);
    const std::vector<torch::Tensor> mean = tensors_of(*averaged_);
    for (std::size_t i = 0; i < now.size(); ++i) {
      torch::Tensor target = mean[i];
      if (target.is_floating_point()) {
        target.lerp_(now[i], 1 - decay);
      } else {
        target.copy_(now[i]);
      }
    }
  }

  Schedule schedule_;
  torch::Device device_;
  std::shared_ptr<Net> net_;
  std::shared_ptr<Net> averaged_;
  std::vector<std::pair<std::string, torch::Tensor>> parameters_;
  std::vector<const ParameterGroup*> groups_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Optimizer> architecture_;  ///< of what is searched; null: nothing
  std::vector<Term> terms_;
};

}  // namespace

std::unique_ptr<Training> make_torch_training(const NetworkRequest& request,
                                              const Schedule& schedule) {
  return std::make_unique<TorchTraining>(request, schedule);
}

}  // namespace pluvia
