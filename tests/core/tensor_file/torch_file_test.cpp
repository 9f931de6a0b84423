// SPDX-License-Identifier: Apache-2.0
// PyTorch's files built by hand in both forms: values through every kind of view and dtype, what is
// entered and what is left, hostile pickles (nothing runs), sizes that lie, cuts at every length.
// Agreement with torch.save itself is tested by torch_oracle.py.
#include "core/tensor_file/torch_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>

#include "core/error.h"
#include "tests/core/tensor_file/torch_bytes.h"
#include "tests/support/temp_dir.h"

namespace pluvia::test {
namespace {

using namespace std::string_literals;

const std::vector<float> kSix = {1, 2, 3, 4, 5, 6};

std::string six(const View& view) { return op_tensor(op_storage("Float", "0", 6), view); }

// Both forms of the same object on one storage "0" of the six numbers.
std::vector<std::vector<std::byte>> both_forms(const std::string& body) {
  std::vector<LegacyStorage> legacy;
  if (body.find("storage") != std::string::npos) legacy.push_back({"0", raw_all(kSix)});
  return {zip_file(body, {{"0", raw_all(kSix)}}), legacy_file(body, legacy)};
}

std::string error_of(const std::vector<std::byte>& file) {
  try {
    parse_torch_file(file, "w.pth");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    const std::string text = error.what();
    EXPECT_EQ(text.rfind("w.pth: ", 0), 0U) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    return text;
  }
  return "no error";
}

void expect_error(const std::vector<std::byte>& file, const std::string& part) {
  const std::string text = error_of(file);
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

void expect_both(const std::string& body, const std::string& part) {
  for (const auto& file : both_forms(body)) expect_error(file, part);
}

TEST(TorchFile, ViewsOfASharedStorage) {
  const std::string body = op_ordered({{"whole", six({0, {2, 3}, {3, 1}})},
                                       {"transposed", six({0, {3, 2}, {1, 3}})},
                                       {"tail", six({4, {2}, {1}})},
                                       {"every_other", six({1, {3}, {2}})},
                                       {"expanded", six({5, {2, 2}, {0, 0}})},
                                       {"scalar", six({2, {}, {}})},
                                       {"empty", six({0, {0, 3}, {3, 1}})}});
  for (const auto& file : both_forms(body)) {
    const NamedTensors tensors = parse_torch_file(file, "w.pth");
    ASSERT_EQ(tensors.size(), 7U);
    const std::vector<std::pair<std::string, std::vector<float>>> expected = {
        {"whole", kSix},
        {"transposed", {1, 4, 2, 5, 3, 6}},
        {"tail", {5, 6}},
        {"every_other", {2, 4, 6}},
        {"expanded", {6, 6, 6, 6}},
        {"scalar", {3}},
        {"empty", {}}};
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ(tensors[i].first, expected[i].first);
      EXPECT_EQ(to_floats(tensors[i].second), expected[i].second) << expected[i].first;
    }
    EXPECT_EQ(tensors[1].second.shape, (std::vector<std::int64_t>{3, 2}));
    EXPECT_EQ(tensors[6].second.shape, (std::vector<std::int64_t>{0, 3}));
  }
}

TEST(TorchFile, EveryDtypeInBothForms) {
  struct Case {
    std::string type, dtype, data;
    std::size_t item;
    std::vector<float> values;
  };
  const std::vector<Case> cases = {
      {"Double", "f8", raw_all<double>({0.5, -2}), 8, {0.5F, -2}},
      {"Float", "f4", raw_all<float>({0.5F, -2}), 4, {0.5F, -2}},
      {"Half", "f2", raw_all<std::uint16_t>({0x3800, 0xC000}), 2, {0.5F, -2}},
      {"BFloat16", "bf2", raw_all<std::uint16_t>({0x3F00, 0xC000}), 2, {0.5F, -2}},
      {"Long", "i8", raw_all<std::int64_t>({1 << 20, -2}), 8, {1 << 20, -2}},
      {"Int", "i4", raw_all<std::int32_t>({1 << 20, -2}), 4, {1 << 20, -2}},
      {"Short", "i2", raw_all<std::int16_t>({300, -2}), 2, {300, -2}},
      {"Char", "i1", raw_all<std::int8_t>({100, -2}), 1, {100, -2}},
      {"Byte", "u1", raw_all<std::uint8_t>({200, 2}), 1, {200, 2}},
      {"Bool", "b1", raw_all<std::uint8_t>({1, 0}), 1, {1, 0}}};
  Entries entries;
  Storages zipped;
  std::vector<LegacyStorage> legacy;
  for (const Case& c : cases) {
    entries.push_back({c.type, op_tensor(op_storage(c.type, c.type, 2), {0, {2}, {1}})});
    zipped.push_back({c.type, c.data});
    legacy.push_back({c.type, c.data, c.item});
  }
  for (const auto& file :
       {zip_file(op_dict(entries), zipped), legacy_file(op_dict(entries), legacy)}) {
    const NamedTensors tensors = parse_torch_file(file, "w.pth");
    ASSERT_EQ(tensors.size(), cases.size());
    for (std::size_t i = 0; i < cases.size(); ++i) {
      EXPECT_EQ(tensors[i].second.dtype, cases[i].dtype);
      EXPECT_EQ(tensors[i].second.data, bytes_of(cases[i].data));
      EXPECT_EQ(to_floats(tensors[i].second), cases[i].values) << cases[i].type;
    }
  }
}

// A checkpoint of mmcv: settings, numpy scalars, an optimizer with whole numbers as keys; all but
// state_dict is left, whatever it is made of.
TEST(TorchFile, StateDictIsEnteredAndTheRestIsLeft) {
  const std::string numpy_scalar =
      op_call(op_global("numpy.core.multiarray", "scalar"),
              {op_call(op_global("numpy", "dtype"), {op_text("f8"), "\x89", "\x88"}),
               "U\x01"
               "a"});
  const std::string adam =
      op_dict({{"state", "}(" + op_int(0) + op_dict({{"exp_avg", six({0, {6}, {1}})}}) + "u"},
               {"param_groups", "](" + op_dict({{"params", "](" + op_int(0) + "e"}}) + "e"}});
  const std::string settings = op_global("addict.addict", "Dict") + ")\x81" + op_dict({}) + "b";
  const std::string parameter =
      op_call(op_global("torch._utils", "_rebuild_parameter"), {six({0, {6}, {1}}), "\x88", "}"});
  const std::string body = op_dict(
      {{"meta", op_dict({{"config", op_text("model = 1\n")}, {"lr", numpy_scalar}})},
       {"optimizer", op_dict({{"generator", adam}})},
       {"settings", settings},
       {"state_dict",
        op_ordered({{"generator.head.weight", parameter}, {"step_counter", six({3, {1}, {1}})}})}});
  for (const auto& file : both_forms(body)) {
    const NamedTensors tensors = parse_torch_file(file, "w.pth");
    ASSERT_EQ(tensors.size(), 2U);
    EXPECT_EQ(tensors[0].first, "generator.head.weight");
    EXPECT_EQ(to_floats(tensors[0].second), kSix);
    EXPECT_EQ(to_floats(tensors[1].second), std::vector<float>{4});
  }
}

// Numbers of numpy and settings beside tensors hinder nobody but who wants one of them.
TEST(TorchFile, ObjectsBesideTensorsAreKeptAsUnreadable) {
  const std::string score = op_call(op_global("numpy._core.multiarray", "scalar"), {op_text("f8")});
  const std::string settings = op_global("argparse", "Namespace") + ")\x81" + op_dict({}) + "b";
  const std::string body = op_dict({{"w", six({0, {6}, {1}})}, {"psnr", score}, {"s", settings}}) +
                           "(" + op_tuple({op_int(1)}) + settings + "u";
  for (const auto& file : both_forms(body)) {
    const NamedTensors tensors = parse_torch_file(file, "w.pth");
    ASSERT_EQ(tensors.size(), 3U);
    EXPECT_EQ(to_floats(tensors[0].second), kSix);
    EXPECT_TRUE(tensors[0].second.unreadable.empty());
    EXPECT_EQ(tensors[1].first, "psnr");
    EXPECT_NE(tensors[1].second.unreadable.find("numpy._core.multiarray.scalar (nothing"),
              std::string::npos);
    EXPECT_NE(tensors[2].second.unreadable.find("argparse.Namespace"), std::string::npos);
  }
}

TEST(TorchFile, DictionariesAreFlattenedWithDots) {
  const std::string leaf = six({0, {1}, {1}});
  const std::string body = op_dict(
      {{"epoch", op_int(3)},
       {"net_a", op_dict({{"conv", op_ordered({{"weight", leaf}})}, {"name", op_text("a")}})},
       {"ema", "}(" + op_int(7) + leaf + "u"},
       {"pair", op_tuple({leaf, "N", leaf})}});
  const NamedTensors tensors = parse_torch_file(both_forms(body)[0], "w.pth");
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"net_a.conv.weight", "ema.7", "pair.0", "pair.2"}));
  const std::string twice = op_dict({{"a.b", leaf}, {"a", op_dict({{"b", leaf}})}});
  expect_both(twice, "'a.b' is there twice");
}

TEST(TorchFile, TheNamedEntryIsEntered) {
  const std::string leaf = six({0, {1}, {1}});
  const auto first_name = [&](const Entries& entries) {
    return parse_torch_file(both_forms(op_dict(entries))[0], "w.pth").at(0).first;
  };
  for (const char* name :
       {"state_dict", "model_state_dict", "params_ema", "params", "model", "net", "generator"}) {
    EXPECT_EQ(first_name({{"optimizer", op_dict({{"o", leaf}})}, {name, op_dict({{"w", leaf}})}}),
              "w");
  }
  const std::string average = op_dict({{"e", leaf}});
  EXPECT_EQ(first_name({{"params", op_dict({{"p", leaf}})}, {"params_ema", average}}), "e");
  EXPECT_EQ(first_name({{"model", op_dict({{"state_dict", op_dict({{"w", leaf}})}})}}), "w");
  // A network that calls a part of itself "model" is not entered: it has tensors of its own.
  EXPECT_EQ(first_name({{"model", op_dict({{"w", leaf}})}, {"bias", leaf}}), "model.w");
}

TEST(TorchFile, TensorsOfTheThirdKindAndWithAttributes) {
  const std::string untyped =
      op_tuple({op_text("storage"), op_global("torch.storage", "UntypedStorage"), op_text("0"),
                op_text("cpu"), op_int(24)}) +
      "Q";
  const std::string third = op_call(op_global("torch._utils", "_rebuild_tensor_v3"),
                                    {untyped, op_int(1), op_ints({2}), op_ints({1}), "\x89", "}",
                                     op_global("torch", "uint32"), "}"});
  const std::string attributes = op_call(
      op_global("torch._tensor", "_rebuild_from_type_v2"),
      {op_global("torch._utils", "_rebuild_tensor_v2"), op_global("torch", "Tensor"),
       op_tuple({op_storage("Float", "0", 6), op_int(0),
                 op_call(op_global("torch", "Size"), {op_ints({2})}), op_ints({1}), "\x89", "}"}),
       op_dict({{"tag", op_text("x")}})});
  const NamedTensors tensors = parse_torch_file(
      zip_file(op_dict({{"u", third}, {"a", attributes}}), {{"0", raw_all(kSix)}}), "w.pth");
  ASSERT_EQ(tensors.size(), 2U);
  EXPECT_EQ(tensors[0].second.dtype, "u4");
  EXPECT_EQ(tensors[0].second.data, bytes_of(raw_all<float>({2, 3})));
  EXPECT_EQ(to_floats(tensors[1].second), (std::vector<float>{1, 2}));
}

TEST(TorchFile, LegacyViewsOfStorages) {
  const std::string view = op_tuple({op_text("v"), op_int(2), op_int(3)});
  const std::string body =
      op_dict({{"w", op_tensor(op_storage("Float", "0", 6, view), {1, {2}, {1}})}});
  const NamedTensors tensors = parse_torch_file(legacy_file(body, {{"0", raw_all(kSix)}}), "w");
  EXPECT_EQ(to_floats(tensors.at(0).second), (std::vector<float>{4, 5}));
  const std::string beyond =
      op_dict({{"w", op_tensor(op_storage("Float", "0", 6, view), {1, {3}, {1}})}});
  expect_error(legacy_file(beyond, {{"0", raw_all(kSix)}}), "beyond its storage of 3");
}

TEST(TorchFile, NotANumberPassesThrough) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  const std::string body = op_dict({{"w", op_tensor(op_storage("Float", "0", 2), {0, {2}, {1}})}});
  const auto values = to_floats(
      parse_torch_file(zip_file(body, {{"0", raw_all<float>({nan, -inf})}}), "w").at(0).second);
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_EQ(values[1], -inf);
}

// What would run a command in Python, in every place of a file. The folder stays empty.
TEST(TorchFile, NothingIsEverRun) {
  const TempDir folder;
  const std::string command = op_text("touch " + (folder / "ran").string());
  for (const char* module : {"posix", "os", "nt", "builtins", "__builtin__", "subprocess"}) {
    const std::string name =
        std::string(module) == "posix" || std::string(module) == "os" || std::string(module) == "nt"
            ? "system"
            : "eval";
    const std::string evil = op_call(op_global(module, name), {command});
    const std::string named = cat(module, ".", name);
    const std::string leaf = six({0, {1}, {1}});
    expect_both(evil, named);
    expect_both(op_dict({{"state_dict", evil}}), named);
    expect_both(op_dict({{"w", leaf}, {"x", evil}}), named);
    expect_both(op_dict({{"w", op_tensor(evil, {0, {1}, {1}})}}), named);
    expect_both(op_dict({{"w", op_call(op_global("torch._utils", "_rebuild_parameter"), {evil})}}),
                named);
    // Instances of old and new protocols, and as state of an object.
    expect_both("(" + op_global(module, name) + command + "o", named);
    expect_both("(" + command + "i" + module + "\n" + name + "\n", named);
    expect_both(op_global(module, name) + op_tuple({command}) + "\x81", named);
    expect_both(op_text(module) + op_text(name) + "\x93" + op_tuple({command}) + "R", named);
    const std::string state = op_ordered({{"w", leaf}}) + evil + "b";
    for (const auto& file : both_forms(op_dict({{"settings", evil}, {"state_dict", state}}))) {
      EXPECT_EQ(parse_torch_file(file, "w.pth").size(), 1U);
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(TorchFile, SizesThatLieAreRefused) {
  const auto one = [](const View& view) { return op_dict({{"w", six(view)}}); };
  const std::int64_t huge = std::int64_t{1} << 62;
  expect_both(one({0, {7}, {1}}), "beyond its storage");
  expect_both(one({6, {1}, {1}}), "beyond its storage");
  expect_both(one({huge, {1}, {1}}), "beyond its storage");
  expect_both(one({0, {2, 3}, {4, 1}}), "beyond its storage");
  expect_both(one({0, {3, 3}, {huge, huge}}), "beyond its storage");
  expect_both(one({-1, {1}, {1}}), "no whole number");
  expect_both(one({0, {-1}, {1}}), "no whole number");
  expect_both(one({0, {2}, {-1}}), "no whole number");
  expect_both(one({0, {2, 3}, {1}}), "do not agree");
  expect_both(one({0, {huge, huge}, {0, 0}}), "more elements");
  expect_both(one({0, {1 << 30, 1 << 10}, {0, 0}}), "more than a file of this size");
  expect_both(one({0, std::vector<std::int64_t>(65, 1), std::vector<std::int64_t>(65, 0)}),
              "65 dimensions");
  const std::string body = op_dict({{"w", op_tensor(op_storage("Float", "0", 7), {0, {1}, {1}})}});
  expect_error(zip_file(body, {{"0", raw_all(kSix)}}), "holds 6 elements, expected 7");
  expect_error(legacy_file(body, {{"0", raw_all(kSix)}}), "holds 6 elements, expected 7");
  expect_error(zip_file(body, {{"1", raw_all(kSix)}}), "has no member 'archive/data/0'");
  expect_error(legacy_file(body, {}), "storage '0' is not in the file");
  expect_error(legacy_file(body, {{"0", "abcd"}, {"1", "abcd"}}), "'1' is not named");
}

// Ten tensors of a storage of 60 MB would be 600 MB out of a file of 60 KB, were it packed.
TEST(TorchFile, BombsAreRefused) {
  const std::string zeros(60'000'000, '\0');
  const std::string body =
      op_dict({{"w", op_tensor(op_storage("Byte", "0", 60'000'000), {0, {60'000'000}, {1}})}});
  expect_error(zip_file(body, {{"0", zeros}}, ZipPacking::kDeflated), "unpacks to more than");
  Entries entries;
  const std::string storage = op_storage("Byte", "0", 1 << 20);
  for (int i = 0; i < 100; ++i) {
    entries.push_back({std::to_string(i), op_tensor(storage, {0, {1 << 20}, {1}})});
  }
  expect_error(zip_file(op_dict(entries), {{"0", zeros.substr(0, 1 << 20)}}),
               "more than a file of this size");
  // d0 = {a: d1, b: d1}, d1 = {a: d2, b: d2}, ...: 2^40 ways down to one tensor.
  std::string fan = six({0, {1}, {1}}) + "q\x00"s;
  for (int i = 0; i < 30; ++i) fan = "}(" + op_text("a") + fan + op_text("b") + "h\x00uq\x00"s;
  expect_both(fan, "entries than any network has");
  std::string deep = six({0, {1}, {1}});
  for (int i = 0; i < 40; ++i) deep = op_dict({{"d", deep}});
  expect_both(deep, "nested deeper");
  // A dictionary that holds itself.
  expect_both("}q\x00"s + op_text("self") + "h\x00s"s, "nested deeper");
}

TEST(TorchFile, EveryTruncationIsRefused) {
  const std::string body = op_dict({{"state_dict", op_ordered({{"w", six({0, {2, 3}, {3, 1}})}})}});
  for (const std::vector<std::byte>& whole : both_forms(body)) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::vector<std::byte> cut(whole.begin(),
                                       whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_NE(error_of(cut), "no error") << size;
    }
  }
}

TEST(TorchFile, DamagedBytesNeverCrash) {
  const std::string body = op_dict({{"state_dict", op_ordered({{"w", six({0, {2, 3}, {3, 1}})}})}});
  int refused = 0;
  for (const std::vector<std::byte>& whole : both_forms(body)) {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::vector<std::byte> bad = whole;
        bad[at] ^= std::byte{1} << bit;
        refused += error_of(bad) != "no error" ? 1 : 0;
      }
    }
  }
  EXPECT_GT(refused, 3000);
}

TEST(TorchFile, WhatIsNotReadIsRefusedByName) {
  const std::string leaf = six({0, {1}, {1}});
  expect_both(leaf, "one tensor without a name");
  expect_both("](" + leaf + "e", "holds a list");
  expect_both(op_dict({{"epoch", op_int(1)}}), "without tensors");
  expect_both(op_global("my.net", "Net") + ")\x81" + op_dict({}) + "b", "my.net.Net(...)");
  const std::string sparse = op_call(op_global("torch._utils", "_rebuild_sparse_tensor"), {leaf});
  expect_both(op_dict({{"w", sparse}}), "_rebuild_sparse_tensor");
  expect_error(
      zip_file(op_dict({{"w", op_tensor(op_storage("ComplexFloat", "0", 3), {0, {1}, {1}})}}),
               {{"0", raw_all(kSix)}}),
      "complex");
  expect_error(legacy_file(op_dict({{"w", leaf}}), {{"0", raw_all(kSix)}}, false), "big-endian");
  ZipWriter script;
  for (const char* name : {"m/data.pkl", "m/constants.pkl", "m/code/__torch__.py"}) {
    script.add(name, bytes_of(pickle_of("}")), ZipPacking::kStored);
  }
  expect_error(script.finish(), "TorchScript");
  ZipWriter big;
  big.add("m/data.pkl", bytes_of(pickle_of("}")), ZipPacking::kStored);
  big.add("m/byteorder", bytes_of("big"), ZipPacking::kStored);
  expect_error(big.finish(), "big-endian");
  std::string tar(512, '\0');
  tar.replace(0, 8, "sys_info").replace(257, 5, "ustar");
  expect_error(bytes_of(tar), "tar form");
  expect_error(bytes_of(pickle_of(op_dict({{"w", op_int(1)}}))), "a plain Python pickle");
}

}  // namespace
}  // namespace pluvia::test
