// SPDX-License-Identifier: Apache-2.0
// What the opcodes of a pickle work on (pickle.cpp): the bytes, the nodes made so far, the stack
// with its marks, the memo. All bounds are kept here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/tensor_file/pickle.h"

namespace pluvia {

class PickleMachine {
 public:
  PickleMachine(std::span<const std::byte> bytes, const std::string& place)
      : bytes_(reinterpret_cast<const char*>(bytes.data()), bytes.size()), place_(place) {}

  /// An Error that says at which opcode.
  [[noreturn]] void refuse(const std::string& found) const;

  char next_opcode();
  std::string_view take(std::uint64_t size);
  std::string_view take_line();
  /// Little-endian.
  std::uint64_t take_number(std::size_t size);

  PickleNode& push(PickleKind kind);
  void push_ref(PickleRef ref);
  void push_text(PickleKind kind, std::string_view text) { push(kind).text = text; }
  void push_integer(std::int64_t value) { push(PickleKind::kInteger).integer = value; }
  void push_long(std::string_view little_endian);
  void push_decimal(std::string_view line);
  void push_container(PickleKind kind, std::vector<PickleRef> items);
  void push_global(std::string_view module, std::string_view name);
  /// A dictionary where Python would make an OrderedDict or a defaultdict, else a kCall.
  void push_call(PickleRef callable, PickleRef arguments);

  void mark();
  PickleRef top() const;
  PickleRef pop();
  std::vector<PickleRef> pop_some(std::size_t count);
  std::vector<PickleRef> pop_to_mark();
  /// What is put into an object that only Python could make is forgotten.
  void add_to_top(PickleKind kind, const std::vector<PickleRef>& values);
  std::string_view text_at(PickleRef ref) const;

  void remember(std::uint64_t key);
  void remember_next() { remember(memo_.size()); }
  void recall(std::uint64_t key);

  Pickle finish();

 private:
  void fill_dictionary(PickleNode& dictionary, PickleRef arguments);

  std::string_view bytes_;
  const std::string& place_;
  std::size_t at_ = 0;
  std::size_t opcode_at_ = 0;
  Pickle out_;
  std::vector<PickleRef> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, PickleRef> memo_;
  std::size_t copied_ = 0;  ///< items that opcodes copied from one container into another
};

}  // namespace pluvia
