// SPDX-License-Identifier: Apache-2.0
// The pickle machine by itself: values of every opcode it knows, those it refuses, bombs.
#include "core/tensor_file/pickle.h"

#include <gtest/gtest.h>

#include <tuple>

#include "core/error.h"
#include "tests/core/tensor_file/torch_bytes.h"

namespace pluvia::test {
namespace {

using namespace std::string_literals;

/// A pickle with the bytes that it views.
struct Parsed {
  explicit Parsed(const std::string& body) : bytes(bytes_of(body + ".")) {
    pickle = parse_pickle(bytes, "p");
  }
  const PickleNode& root() const { return pickle.at(pickle.root); }

  std::vector<std::byte> bytes;
  Pickle pickle;
};

std::string error_of(const std::string& body) {
  try {
    parse_pickle(bytes_of(body), "p");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Pickle, WholeNumbersOfEveryProtocol) {
  const std::vector<std::pair<std::string, std::int64_t>> cases = {
      {"I-12\n", -12},
      {"L34L\n", 34},
      {"J\xFE\xFF\xFF\xFF", -2},
      {"K\xFF", 255},
      {"M\xFF\xFF", 65535},
      {"\x8A\x00"s, 0},
      {"\x8A\x01\xFF", -1},
      {"\x8A\x02\xFF\x00"s, 255},
      {"\x8B\x02\x00\x00\x00\x00\x80"s, -32768},
      {"\x8A\x08" + raw(std::int64_t{-7}), -7}};
  for (const auto& [body, value] : cases) {
    const Parsed parsed(body);
    EXPECT_EQ(parsed.root().kind, PickleKind::kInteger);
    EXPECT_EQ(parsed.root().integer, value);
  }
  EXPECT_EQ(Parsed("\x8A\x09" + std::string(9, 'x')).root().kind, PickleKind::kBigInteger);
  EXPECT_EQ(Parsed("L123456789012345678901L\n").root().kind, PickleKind::kBigInteger);
  EXPECT_EQ(Parsed("I01\n").root().kind, PickleKind::kBool);
  EXPECT_EQ(Parsed("\x88").root().integer, 1);
  EXPECT_EQ(Parsed("F1.5\n").root().kind, PickleKind::kFloat);
  EXPECT_EQ(Parsed("G" + raw(1.5)).root().kind, PickleKind::kFloat);
}

TEST(Pickle, TextsOfEveryProtocol) {
  for (const std::string& body : {"Vabc\n"s, "S'abc'\n"s, "S\"abc\"\n"s,
                                  "X\x03\x00\x00\x00"
                                  "abc"s,
                                  "\x8C\x03"
                                  "abc"s,
                                  "\x8D\x03\x00\x00\x00\x00\x00\x00\x00"
                                  "abc"s,
                                  "T\x03\x00\x00\x00"
                                  "abc"s,
                                  "U\x03"
                                  "abc"s}) {
    const Parsed parsed(body);
    EXPECT_EQ(parsed.root().kind, PickleKind::kText);
    EXPECT_EQ(parsed.root().text, "abc");
  }
  for (const std::string& body : {"B\x03\x00\x00\x00"
                                  "abc"s,
                                  "C\x03"
                                  "abc"s,
                                  "\x8E\x03\x00\x00\x00\x00\x00\x00\x00"
                                  "abc"s,
                                  "\x96\x03\x00\x00\x00\x00\x00\x00\x00"
                                  "abc"s}) {
    EXPECT_EQ(Parsed(body).root().kind, PickleKind::kBytes);
    EXPECT_EQ(Parsed(body).root().text.size(), 3U);
  }
}

TEST(Pickle, Containers) {
  const std::vector<std::tuple<std::string, PickleKind, std::size_t>> cases = {
      {")", PickleKind::kTuple, 0},
      {"(NNNt", PickleKind::kTuple, 3},
      {"N\x85", PickleKind::kTuple, 1},
      {"NN\x86", PickleKind::kTuple, 2},
      {"NNN\x87", PickleKind::kTuple, 3},
      {"]Na", PickleKind::kList, 1},
      {"](NNe", PickleKind::kList, 2},
      {"(NNl", PickleKind::kList, 2},
      {"}NNs", PickleKind::kDict, 2},
      {"}(NNNNu", PickleKind::kDict, 4},
      {"(NNd", PickleKind::kDict, 2},
      {"\x8F(NN\x90", PickleKind::kSet, 2},
      {"(NN\x91", PickleKind::kSet, 2},
      {"N2\x86", PickleKind::kTuple, 2},
      {"N0)", PickleKind::kTuple, 0},
      {"(NN1)", PickleKind::kTuple, 0},
      {"NP5\n\x86", PickleKind::kTuple, 2},
      {"]q\x05"
       "h\x05"
       "a",
       PickleKind::kList, 1},
      {"Np7\ng7\n\x86", PickleKind::kTuple, 2},
      {"N\x94h\x00\x86"s, PickleKind::kTuple, 2},
      {"\x80\x04\x95" + std::string(8, '\0') + ")", PickleKind::kTuple, 0}};
  for (const auto& [body, kind, items] : cases) {
    const Parsed parsed(body);
    EXPECT_EQ(parsed.root().kind, kind) << body;
    EXPECT_EQ(parsed.root().items.size(), items) << body;
  }
}

TEST(Pickle, DictionariesOfPythonsLibrary) {
  EXPECT_EQ(Parsed(op_ordered({{"k", "N"}})).root().kind, PickleKind::kDict);
  EXPECT_EQ(Parsed(op_ordered({{"k", "N"}})).root().items.size(), 2U);
  const std::string pairs = "](](" + op_text("k") + "Nee";
  const Parsed made(op_call(op_global("collections", "OrderedDict"), {pairs}));
  EXPECT_EQ(made.root().kind, PickleKind::kDict);
  EXPECT_EQ(made.root().items.size(), 2U);
  const Parsed defaults(
      op_call(op_global("collections", "defaultdict"), {op_global("builtins", "list")}) +
      op_entries({{"k", "N"}}));
  EXPECT_EQ(defaults.root().items.size(), 2U);
}

TEST(Pickle, ObjectsStayInert) {
  const Parsed object(op_global("a.b", "C") + ")\x81" + op_dict({}) + "b");
  EXPECT_EQ(object.root().kind, PickleKind::kCall);
  EXPECT_EQ(describe(object.pickle, object.pickle.root), "a.b.C(...)");
  // What Python would put into them is forgotten.
  EXPECT_EQ(Parsed(op_call(op_global("a", "B"), {}) + "(NNu").root().items.size(), 2U);
  EXPECT_EQ(Parsed(op_call(op_global("a", "B"), {}) + "(NNNe").root().items.size(), 2U);
  EXPECT_EQ(Parsed(op_global("a", "B") + ")}\x92").root().items.size(), 3U);
  const Parsed hostile(op_global("a\x1B[2J\x07", "b") + ")R");
  EXPECT_EQ(describe(hostile.pickle, hostile.pickle.root), "a?[2J?.b(...)");
}

TEST(Pickle, RefusedOpcodes) {
  // Registered extensions (\x82 to \x84), out-of-band buffers, and what no pickle has.
  for (const char opcode : {'\x82', '\x83', '\x84', '\x97', '\x98', 'x', '\xFF', '\0'}) {
    const std::string text = error_of("N" + std::string(1, opcode) + "\x01\x00\x00\x00."s);
    EXPECT_NE(text.find("which is not among those"), std::string::npos) << text;
    EXPECT_NE(text.find("at byte 1"), std::string::npos) << text;
  }
  EXPECT_NE(error_of("\x80\x06N.").find("protocol"), std::string::npos);
}

TEST(Pickle, Nonsense) {
  for (const std::string& body : {""s,
                                  "."s,
                                  "N"s,
                                  "(N."s,
                                  "t."s,
                                  "(."s,
                                  "a."s,
                                  "Na."s,
                                  "]NNs."s,
                                  "](u."s,
                                  "}(Nu."s,
                                  "h\x00."s,
                                  "gx\n."s,
                                  "g-1\n."s,
                                  "p0\n."s,
                                  "K"s,
                                  "J\x00\x00."s,
                                  "X\xFF\xFF\xFF\xFF"
                                  "abc."s,
                                  "Vabc"s,
                                  "\x8D\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF."s,
                                  "S'abc\n."s,
                                  "NN\x93."s,
                                  "R."s,
                                  "N(R."s,
                                  "(o."s,
                                  "Q."s,
                                  "0."s,
                                  "1."s,
                                  "2."s,
                                  "b."s,
                                  "Nb."s,
                                  "(N\x85."s,
                                  "]b."s}) {
    EXPECT_NE(error_of(body), "no error") << body;
  }
}

TEST(Pickle, BombsAreRefusedOrCheap) {
  EXPECT_NE(error_of(std::string(3 << 20, 'N')).find("more objects"), std::string::npos);
  EXPECT_NE(error_of("N" + std::string(3 << 20, '2')).find("in waiting"), std::string::npos);
  EXPECT_NE(error_of(std::string(5000, '(')).find("nested deeper"), std::string::npos);
  std::string memo = "N";
  for (std::uint32_t i = 0; i < (3U << 20); ++i) memo += "r" + raw(i);
  EXPECT_NE(error_of(memo).find("memo entries"), std::string::npos);
  // Tuples in tuples to any depth cost one node each and no recursion.
  const Parsed deep("N" + std::string(1 << 20, '\x85'));
  EXPECT_EQ(deep.pickle.nodes.size(), (1U << 20) + 1);
  // A list of 10,000 pairs made a dictionary of 10,000 times.
  std::string list = "](";
  for (int i = 0; i < 10000; ++i) list += "(NNt";
  std::string many = "(" + list + "e\x85q\x01" + op_global("collections", "OrderedDict") + "q\x00"s;
  for (int i = 0; i < 10000; ++i) many += "h\x00h\x01R"s;
  EXPECT_NE(error_of(many).find("more entries of dictionaries"), std::string::npos);
}

TEST(Pickle, ReadsOneOfAStream) {
  const std::vector<std::byte> two = bytes_of("K\x05.N.");
  const Pickle first = parse_pickle(two, "p");
  EXPECT_EQ(first.bytes, 3U);
  EXPECT_EQ(parse_pickle(std::span(two).subspan(first.bytes), "p").at(0).kind, PickleKind::kNone);
}

}  // namespace
}  // namespace pluvia::test
