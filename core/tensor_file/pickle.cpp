// SPDX-License-Identifier: Apache-2.0
#include "core/tensor_file/pickle.h"

#include "core/error.h"
#include "core/tensor_file/pickle_machine.h"
#include "core/text.h"

namespace pluvia {
namespace {

// Each function knows some opcodes, by their characters in pickletools.py, and says whether it knew
// this one.

bool constant(PickleMachine& machine, char opcode) {
  switch (opcode) {
    case 'N':
      machine.push(PickleKind::kNone);
      return true;
    case '\x88':
      machine.push(PickleKind::kBool).integer = 1;
      return true;
    case '\x89':
      machine.push(PickleKind::kBool);
      return true;
    case 'F':
      machine.take_line();
      machine.push(PickleKind::kFloat);
      return true;
    case 'G':
      machine.take(8);
      machine.push(PickleKind::kFloat);
      return true;
    default:
      return false;
  }
}

bool whole_number(PickleMachine& machine, char opcode) {
  switch (opcode) {
    case 'I':
    case 'L':
      machine.push_decimal(machine.take_line());
      return true;
    case 'J':
      machine.push_integer(static_cast<std::int32_t>(machine.take_number(4)));
      return true;
    case 'K':
      machine.push_integer(static_cast<std::int64_t>(machine.take_number(1)));
      return true;
    case 'M':
      machine.push_integer(static_cast<std::int64_t>(machine.take_number(2)));
      return true;
    case '\x8A':
      machine.push_long(machine.take(machine.take_number(1)));
      return true;
    case '\x8B':
      machine.push_long(machine.take(machine.take_number(4)));
      return true;
    default:
      return false;
  }
}

bool text(PickleMachine& machine, char opcode) {
  constexpr PickleKind kText = PickleKind::kText;
  constexpr PickleKind kBytes = PickleKind::kBytes;
  switch (opcode) {
    case 'V':
      machine.push_text(kText, machine.take_line());
      return true;
    case 'X':
      machine.push_text(kText, machine.take(machine.take_number(4)));
      return true;
    case '\x8C':
      machine.push_text(kText, machine.take(machine.take_number(1)));
      return true;
    case '\x8D':
      machine.push_text(kText, machine.take(machine.take_number(8)));
      return true;
    // Python 2's text; torch's own keys and places are such in old files.
    case 'T':
      machine.push_text(kText, machine.take(machine.take_number(4)));
      return true;
    case 'U':
      machine.push_text(kText, machine.take(machine.take_number(1)));
      return true;
    case 'S': {
      const std::string_view line = machine.take_line();
      if (line.size() < 2 || line.front() != line.back()) machine.refuse("a text without quotes");
      machine.push_text(kText, line.substr(1, line.size() - 2));
      return true;
    }
    case 'B':
      machine.push_text(kBytes, machine.take(machine.take_number(4)));
      return true;
    case 'C':
      machine.push_text(kBytes, machine.take(machine.take_number(1)));
      return true;
    case '\x8E':
    case '\x96':
      machine.push_text(kBytes, machine.take(machine.take_number(8)));
      return true;
    default:
      return false;
  }
}

bool container(PickleMachine& machine, char opcode) {
  switch (opcode) {
    case ')':
      machine.push(PickleKind::kTuple);
      return true;
    case ']':
      machine.push(PickleKind::kList);
      return true;
    case '}':
      machine.push(PickleKind::kDict);
      return true;
    case '\x8F':
      machine.push(PickleKind::kSet);
      return true;
    case '\x85':
      machine.push_container(PickleKind::kTuple, machine.pop_some(1));
      return true;
    case '\x86':
      machine.push_container(PickleKind::kTuple, machine.pop_some(2));
      return true;
    case '\x87':
      machine.push_container(PickleKind::kTuple, machine.pop_some(3));
      return true;
    case 't':
      machine.push_container(PickleKind::kTuple, machine.pop_to_mark());
      return true;
    case 'l':
      machine.push_container(PickleKind::kList, machine.pop_to_mark());
      return true;
    case '\x91':
      machine.push_container(PickleKind::kSet, machine.pop_to_mark());
      return true;
    case 'd': {
      const std::vector<PickleRef> items = machine.pop_to_mark();
      machine.push(PickleKind::kDict);
      machine.add_to_top(PickleKind::kDict, items);
      return true;
    }
    default:
      return false;
  }
}

bool fill(PickleMachine& machine, char opcode) {
  const bool many = opcode == 'e' || opcode == 'u' || opcode == '\x90';
  switch (opcode) {
    case 'a':
    case 'e':
    case 's':
    case 'u':
    case '\x90': {
      const std::size_t count = opcode == 's' ? 2 : 1;
      const std::vector<PickleRef> values = many ? machine.pop_to_mark() : machine.pop_some(count);
      const bool list = opcode == 'a' || opcode == 'e';
      const PickleKind other = opcode == '\x90' ? PickleKind::kSet : PickleKind::kDict;
      machine.add_to_top(list ? PickleKind::kList : other, values);
      return true;
    }
    default:
      return false;
  }
}

bool arrange(PickleMachine& machine, char opcode) {
  switch (opcode) {
    case '\x80':
      if (machine.take_number(1) > 5) machine.refuse("a protocol newer than 5");
      return true;
    case '\x95':
      machine.take_number(8);
      return true;  // FRAME: a hint for readers of streams
    case '(':
      machine.mark();
      return true;
    case '0':
      machine.pop();
      return true;
    case '1':
      machine.pop_to_mark();
      return true;
    case '2':
      machine.push_ref(machine.top());
      return true;
    default:
      return false;
  }
}

std::uint64_t decimal_key(PickleMachine& machine) {
  const auto key = parse_int(machine.take_line());
  if (!key || *key < 0) machine.refuse("a memo key that is no number");
  return static_cast<std::uint64_t>(*key);
}

bool memo(PickleMachine& machine, char opcode) {
  switch (opcode) {
    case 'p':
      machine.remember(decimal_key(machine));
      return true;
    case 'q':
      machine.remember(machine.take_number(1));
      return true;
    case 'r':
      machine.remember(machine.take_number(4));
      return true;
    case '\x94':
      machine.remember_next();
      return true;
    case 'g':
      machine.recall(decimal_key(machine));
      return true;
    case 'h':
      machine.recall(machine.take_number(1));
      return true;
    case 'j':
      machine.recall(machine.take_number(4));
      return true;
    default:
      return false;
  }
}

bool call(PickleMachine& machine, char opcode) {
  switch (opcode) {
    case 'c': {
      const std::string_view module = machine.take_line();
      machine.push_global(module, machine.take_line());
      return true;
    }
    case '\x93': {
      const std::vector<PickleRef> names = machine.pop_some(2);
      machine.push_global(machine.text_at(names[0]), machine.text_at(names[1]));
      return true;
    }
    case 'R':
    case '\x81': {
      const std::vector<PickleRef> items = machine.pop_some(2);
      machine.push_call(items[0], items[1]);
      return true;
    }
    case '\x92':
      machine.push_container(PickleKind::kCall, machine.pop_some(3));
      return true;
    case 'o': {
      std::vector<PickleRef> items = machine.pop_to_mark();
      if (items.empty()) machine.refuse("an object of no class");
      machine.push_container(PickleKind::kCall, std::move(items));
      return true;
    }
    case 'i': {
      const std::string_view module = machine.take_line();
      const std::string_view name = machine.take_line();
      machine.push_container(PickleKind::kTuple, machine.pop_to_mark());
      const PickleRef arguments = machine.pop();
      machine.push_global(module, name);
      machine.push_call(machine.pop(), arguments);
      return true;
    }
    // State of an object, like an OrderedDict's _metadata: Python's business.
    case 'b':
      machine.pop();
      machine.top();
      return true;
    case 'P': {
      machine.push_text(PickleKind::kText, machine.take_line());
      machine.push_container(PickleKind::kPersistent, machine.pop_some(1));
      return true;
    }
    case 'Q':
      machine.push_container(PickleKind::kPersistent, machine.pop_some(1));
      return true;
    default:
      return false;
  }
}

}  // namespace

Pickle parse_pickle(std::span<const std::byte> bytes, const std::string& place) {
  PickleMachine machine(bytes, place);
  while (true) {
    const char opcode = machine.next_opcode();
    if (opcode == '.') return machine.finish();
    bool known = false;
    for (const auto knows : {constant, whole_number, text, container, fill, arrange, memo, call}) {
      known = known || knows(machine, opcode);
    }
    if (!known) {
      machine.refuse(cat("opcode ", static_cast<int>(static_cast<unsigned char>(opcode)),
                         ", which is not among those that weights need"));
    }
  }
}

std::string describe(const Pickle& pickle, PickleRef ref) {
  const PickleNode& node = pickle.at(ref);
  switch (node.kind) {
    case PickleKind::kNone:
      return "None";
    case PickleKind::kBool:
    case PickleKind::kInteger:
    case PickleKind::kBigInteger:
    case PickleKind::kFloat:
      return "a number";
    case PickleKind::kText:
      return "a text";
    case PickleKind::kBytes:
      return "bytes";
    case PickleKind::kList:
      return "a list";
    case PickleKind::kTuple:
      return "a tuple";
    case PickleKind::kSet:
      return "a set";
    case PickleKind::kDict:
      return "a dictionary";
    case PickleKind::kGlobal:
      return one_line(cat(node.text, ".", node.name));
    case PickleKind::kCall: {
      const PickleKind callable = pickle.at(node.items[0]).kind;
      const bool named = callable == PickleKind::kGlobal || callable == PickleKind::kPersistent;
      return named ? describe(pickle, node.items[0]) + "(...)" : "an object of no known class";
    }
    case PickleKind::kPersistent:
      // Old files name a module's class and its source code in such an id.
      for (const PickleRef item : pickle.at(node.items[0]).items) {
        if (pickle.at(item).kind == PickleKind::kGlobal) return describe(pickle, item);
      }
      return "an object outside of the pickle";
  }
  return "nothing known";
}

}  // namespace pluvia
