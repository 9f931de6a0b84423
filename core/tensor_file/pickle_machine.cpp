// SPDX-License-Identifier: Apache-2.0
#include "core/tensor_file/pickle_machine.h"

#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace pluvia {
namespace {

// A checkpoint of 600 tensors has about 20,000 nodes with its optimizer's.
constexpr std::size_t kMostNodes = 2U << 20;
constexpr std::size_t kMostMemo = 2U << 20;
constexpr std::size_t kMostStack = 2U << 20;
constexpr std::size_t kMostMarks = 4096;

}  // namespace

void PickleMachine::refuse(const std::string& found) const {
  fail(place_, ": damaged, or no pickle that holds weights: at byte ", opcode_at_, " ", found);
}

char PickleMachine::next_opcode() {
  opcode_at_ = at_;
  return take(1)[0];
}

std::string_view PickleMachine::take(std::uint64_t size) {
  if (size > bytes_.size() - at_) {
    refuse(cat("it needs ", size, " more bytes and the file has ", bytes_.size() - at_));
  }
  const std::string_view data = bytes_.substr(at_, size);
  at_ += size;
  return data;
}

std::string_view PickleMachine::take_line() {
  const std::size_t end = bytes_.find('\n', at_);
  if (end == std::string_view::npos) refuse("a line does not end");
  const std::string_view line = take(end - at_);
  take(1);
  return line;
}

std::uint64_t PickleMachine::take_number(std::size_t size) {
  std::uint64_t value = 0;
  const std::string_view data = take(size);
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(data[i]);
  return value;
}

PickleNode& PickleMachine::push(PickleKind kind) {
  if (out_.nodes.size() >= kMostNodes) refuse("more objects than weights need");
  push_ref(static_cast<PickleRef>(out_.nodes.size()));
  PickleNode& node = out_.nodes.emplace_back();
  node.kind = kind;
  return node;
}

void PickleMachine::push_ref(PickleRef ref) {
  if (stack_.size() >= kMostStack) refuse("more values in waiting than weights need");
  stack_.push_back(ref);
}

void PickleMachine::push_long(std::string_view little_endian) {
  if (little_endian.size() > sizeof(std::int64_t)) {
    return push_text(PickleKind::kBigInteger, little_endian);
  }
  const bool negative =
      !little_endian.empty() && (static_cast<unsigned char>(little_endian.back()) & 0x80U) != 0;
  std::uint64_t value = negative ? ~0ULL : 0;
  for (std::size_t i = little_endian.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(little_endian[i]);
  }
  push_integer(static_cast<std::int64_t>(value));
}

void PickleMachine::push_decimal(std::string_view line) {
  // Protocol 1 writes booleans so.
  if (line == "00" || line == "01") {
    push(PickleKind::kBool).integer = line[1] - '0';
    return;
  }
  if (line.ends_with('L')) line.remove_suffix(1);
  const auto value = parse_int(line);
  if (value) {
    push_integer(*value);
  } else {
    push_text(PickleKind::kBigInteger, line);
  }
}

void PickleMachine::push_container(PickleKind kind, std::vector<PickleRef> items) {
  push(kind).items = std::move(items);
}

void PickleMachine::push_global(std::string_view module, std::string_view name) {
  PickleNode& node = push(PickleKind::kGlobal);
  node.text = module;
  node.name = name;
}

// OrderedDict([[key, value], ...]), as Python 2 wrote it.
void PickleMachine::fill_dictionary(PickleNode& dictionary, PickleRef arguments) {
  for (const PickleRef argument : out_.at(arguments).items) {
    if (out_.at(argument).kind != PickleKind::kList) continue;
    for (const PickleRef pair : out_.at(argument).items) {
      const PickleNode& entry = out_.at(pair);
      if (entry.items.size() != 2) refuse("a dictionary made of something else than pairs");
      if (++copied_ > kMostNodes) refuse("more entries of dictionaries than weights need");
      dictionary.items.insert(dictionary.items.end(), entry.items.begin(), entry.items.end());
    }
  }
}

void PickleMachine::push_call(PickleRef callable, PickleRef arguments) {
  const PickleNode& node = out_.at(callable);
  if (!node.is_global("collections", "OrderedDict") &&
      !node.is_global("collections", "defaultdict")) {
    return push_container(PickleKind::kCall, {callable, arguments});
  }
  PickleNode dictionary;
  dictionary.kind = PickleKind::kDict;
  fill_dictionary(dictionary, arguments);
  push(PickleKind::kDict) = std::move(dictionary);
}

void PickleMachine::mark() {
  if (marks_.size() >= kMostMarks) refuse("containers nested deeper than weights need");
  marks_.push_back(stack_.size());
}

// Values below the innermost mark belong to a container that is still open.
PickleRef PickleMachine::top() const {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) refuse("a value is missing");
  return stack_.back();
}

PickleRef PickleMachine::pop() {
  const PickleRef ref = top();
  stack_.pop_back();
  return ref;
}

std::vector<PickleRef> PickleMachine::pop_some(std::size_t count) {
  std::vector<PickleRef> items(count);
  for (std::size_t i = count; i-- > 0;) items[i] = pop();
  return items;
}

std::vector<PickleRef> PickleMachine::pop_to_mark() {
  if (marks_.empty()) refuse("a container ends that did not begin");
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<PickleRef> items(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  marks_.pop_back();
  return items;
}

void PickleMachine::add_to_top(PickleKind kind, const std::vector<PickleRef>& values) {
  PickleNode& node = out_.nodes[top()];
  if (kind == PickleKind::kDict && values.size() % 2 != 0) refuse("a key has no value");
  if (node.kind == PickleKind::kCall) return;
  if (node.kind != kind) refuse("something is put into what is no container for it");
  node.items.insert(node.items.end(), values.begin(), values.end());
}

std::string_view PickleMachine::text_at(PickleRef ref) const {
  if (out_.at(ref).kind != PickleKind::kText) refuse("a global's name is no text");
  return out_.at(ref).text;
}

void PickleMachine::remember(std::uint64_t key) {
  if (memo_.size() >= kMostMemo) refuse("more memo entries than weights need");
  memo_[key] = top();
}

void PickleMachine::recall(std::uint64_t key) {
  const auto found = memo_.find(key);
  if (found == memo_.end()) refuse(cat("memo entry ", key, " does not exist"));
  push_ref(found->second);
}

Pickle PickleMachine::finish() {
  if (!marks_.empty()) refuse("it ends inside a container");
  out_.root = pop();
  out_.bytes = at_;
  return std::move(out_);
}

}  // namespace pluvia
