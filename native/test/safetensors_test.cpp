// The rules of the safetensors format, the sharded folder, the conversions and the writer.
#include "io/safetensors.h"

#include <signal.h>
#include <sys/resource.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "io/files.h"
#include "io/float_formats.h"
#include "test/check.h"
#include "test/temporary_folder.h"

using namespace rankwise;
using namespace rankwise::test;

namespace {

const std::string kTwo =
    R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("no " + from);
  return text.replace(at, from.size(), to);
}

std::string zeros(size_t bytes) { return std::string(bytes, '\0'); }

std::string many_zeros(size_t count) {
  std::string list;
  for (size_t i = 0; i < count; ++i) list += "0,";
  return list;
}

// The verdicts were compared with safetensors 0.8.0; where this reader is stricter, the name says so.
void test_refused_headers() {
  struct Case {
    const char* name;
    std::string bytes;
  };
  const auto two = [](const char* from, const char* to, size_t data = 11) {
    return safetensors_bytes(replaced(kTwo, from, to), zeros(data));
  };
  const Case cases[] = {
      {"hole", two("[8,11]", "[9,12]", 12)},
      {"overlap", two("[8,11]", "[7,10]", 10)},
      {"reversed offsets", two("[8,11]", "[11,8]")},
      {"does not start at zero", safetensors_bytes(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", zeros(2))},
      {"a byte short", safetensors_bytes(kTwo, zeros(10))},
      {"a byte too long", safetensors_bytes(kTwo, zeros(12))},
      {"size does not match shape", two("[3]", "[4]")},
      {"shape overflows", two("[3]", "[9223372036854775807,4]")},
      {"shape overflows before a zero", two("[3]", "[9223372036854775807,4,0]")},
      {"element size overflows", two("\"U8\",\"shape\":[3]", "\"U64\",\"shape\":[2305843009213693952]")},
      {"dimension beyond 63 bits (stricter)",
       safetensors_bytes(R"({"a":{"dtype":"U8","shape":[0,18446744073709551615],"data_offsets":[0,0]}})", "")},
      {"header over 100 MB", safetensors_bytes(kTwo, zeros(11), 100'000'001)},
      {"length of all ones", safetensors_bytes(kTwo, zeros(11), UINT64_MAX - 1)},
      {"seven bytes", zeros(7)},
      {"empty file", ""},
      {"length beyond the file", safetensors_bytes(kTwo, zeros(11), kTwo.size() + 12)},
      {"length one short", safetensors_bytes(kTwo, zeros(11), kTwo.size() - 1)},
      {"negative dimension", two("[3]", "[-3]")},
      {"minus zero", two("[0,8]", "[-0,8]")},
      {"fractional dimension", two("[3]", "[3.0]")},
      {"offset of 65 bits", two("[8,11]", "[8,18446744073709551627]")},
      {"dimension that is text", two("[3]", "[\"3\"]")},
      {"unknown dtype", two("U8", "Q8")},
      {"lower-case dtype", two("U8", "u8")},
      {"dtype that is a number", two("\"U8\"", "8")},
      {"metadata that is a number", two("{\"a\"", "{\"__metadata__\":{\"x\":1},\"a\"")},
      {"metadata that is a list", two("{\"a\"", "{\"__metadata__\":[],\"a\"")},
      {"no dtype", two("\"dtype\":\"U8\",", "")},
      {"no shape", two("\"shape\":[3],", "")},
      {"no offsets", two(",\"data_offsets\":[8,11]", "")},
      {"three offsets", two("[8,11]", "[8,10,11]")},
      {"tensor that is a list", safetensors_bytes(R"({"a":[]})", "")},
      {"header that is a list", safetensors_bytes("[]", "")},
      {"not UTF-8", two("\"b\"", "\"\xff\"")},
      {"overlong UTF-8", two("\"b\"", "\"\xc0\x80\"")},
      {"lone surrogate", two("\"b\"", "\"\\ud800\"")},
      {"header cut", safetensors_bytes(kTwo.substr(0, kTwo.size() - 1), zeros(11))},
      {"text after the header", safetensors_bytes(kTwo + "x", zeros(11))},
      {"nul after the header", safetensors_bytes(kTwo + zeros(1), zeros(11))},
      {"half a byte", safetensors_bytes(R"({"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}})", zeros(2))},
      {"the same tensor twice (stricter)", two("\"b\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[8,11]}",
                                               "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}", 8)},
      {"the same tensor twice, escaped (stricter)", two("\"b\"", "\"\\u0061\"")},
      {"the same field twice", two("\"dtype\":\"U8\"", "\"dtype\":\"F32\",\"dtype\":\"U8\"")},
      {"leading space (stricter)", safetensors_bytes(" " + kTwo, zeros(11))},
      {"byte order mark", safetensors_bytes("\xef\xbb\xbf" + kTwo, zeros(11))},
      {"no header", safetensors_bytes("", "")},
      {"no tensors and a byte", safetensors_bytes("{}", "x")},
      {"65 levels", safetensors_bytes("{\"a\":" + std::string(64, '[') + std::string(64, ']') + "}", "")},
      {"two million values", safetensors_bytes("{\"a\":[" + many_zeros(2'000'000) + "0]}", "")},
      {"a million open brackets", safetensors_bytes("{\"a\":" + std::string(1'000'000, '['), "")},
  };
  const TemporaryFolder folder;
  const std::string path = folder / "t.safetensors";
  for (const Case& c : cases) {
    put_file(path, c.bytes);
    check_refused("E_SAFETENSORS", c.name, [&] { SafetensorsFile file(path); });
  }
  put_file(path, std::string("PK\x03\x04", 4) + zeros(200));
  check_refused("E_PICKLE", "a zip archive of PyTorch", [&] { SafetensorsFile file(path); });
  put_file(path, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.");
  check_refused("E_PICKLE", "an old pickle of PyTorch", [&] { SafetensorsFile file(path); });
  check_refused("E_READ", "no such file", [&] { SafetensorsFile file(folder / "none"); });
  check_refused("E_READ", "a folder", [&] { SafetensorsFile file(folder.path()); });
}

void test_accepted_headers() {
  const TemporaryFolder folder;
  const std::string path = folder / "t.safetensors";
  const auto names = [&](const std::string& bytes) {
    put_file(path, bytes);
    const SafetensorsFile file(path);
    std::string list;
    for (const TensorInfo& info : file.tensors()) list += info.name + " ";
    for (const auto& [name, type] : file.foreign()) list += name + ":" + type + " ";
    return list;
  };
  check(names(safetensors_bytes(kTwo, zeros(11))) == "a b ", "two tensors");
  check(names(safetensors_bytes(kTwo + "     ", zeros(11))) == "a b ", "trailing spaces");
  check(names(safetensors_bytes("{}", "")) == "", "no tensors");
  check(names(safetensors_bytes(R"({"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})", zeros(4))) == "s ", "scalar");
  const std::string empty = R"({"c":{"dtype":"F32","shape":[0,9223372036854775807,4],"data_offsets":[0,0]},)";
  check(names(safetensors_bytes(empty + kTwo.substr(1), zeros(11))) == "c a b ", "tensor of size zero");
  check(names(safetensors_bytes(replaced(kTwo, "\"shape\":[3]", "\"shape\":[3],\"x\":{}"), zeros(11))) == "a b ", "unknown field");
  check(names(safetensors_bytes(replaced(kTwo, "U8", "F8_E4M3"), zeros(11))) == "a b:F8_E4M3 ", "type that the engine lacks");
  const std::string backwards = R"({"z":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                                R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})";
  check(names(safetensors_bytes(backwards, zeros(2))) == "z a ", "file order");
  put_file(path, safetensors_bytes(replaced(kTwo, "{\"a\"", R"({"__metadata__":{"format":"pt","é":"ü"},"a")"), zeros(8) + "xyz"));
  const SafetensorsFile file(path);
  check(file.metadata().at("format") == "pt" && file.metadata().at("é") == "ü", "metadata");
  check(file.find("b") && std::memcmp(file.data(*file.find("b")), "xyz", 3) == 0, "data");
  check(file.find("c") == nullptr, "absent name");
  check(file.find("b")->elements() == 3 && file.path() == path, "elements and path");
}

// Byte for byte what safetensors 0.8.0 writes for the same tensors.
void test_writer() {
  const TemporaryFolder folder;
  const std::string path = folder / "t.safetensors";
  const auto entries = safetensors_order({{"z", DType::u8, {3}}, {"b", DType::f32, {2}}, {"a", DType::bf16, {2}}});
  const std::string data("\x00\x00\x80\x3f\x00\x00\x00\x40\x80\x3f\x00\xc0\x00\x01\x02", 15);
  SafetensorsWriter writer(path, entries, {{"format", "pt"}});
  writer.write(data.data(), 7);
  check(!std::filesystem::exists(path), "nothing under the name before finish");
  writer.write(data.data() + 7, 8);
  const std::string hash = writer.finish();
  check(hash == "f848af27a462312a626a94130cbfd7f8cf45bf719697b03e36f11fcbba32f5fc", "the reference writer's bytes");
  check(hash == sha256_of_file(path), "hash of the file");
  check(static_cast<unsigned char>(read_file(path, 1000)[0]) == 200, "header of 200 bytes");
  check(!std::filesystem::exists(path + ".part"), "no .part left");

  const std::string other = folder / "u.safetensors";
  const auto one = std::vector<SafetensorsWriter::Entry>{{"a", DType::f32, {2}}};
  check_refused("E_WRITE", "too much data", [&] { SafetensorsWriter(other, one, {}).write(data.data(), 9); });
  check_refused("E_WRITE", "too little data", [&] { SafetensorsWriter(other, one, {}).finish(); });
  check_refused("E_WRITE", "a name twice", [&] { SafetensorsWriter(other, {one[0], one[0]}, {}); });
  check_refused("E_WRITE", "the metadata's name", [&] { SafetensorsWriter(other, {{"__metadata__", DType::f32, {}}}, {}); });
  check_refused("E_WRITE", "a name that is not UTF-8", [&] { SafetensorsWriter(other, {{"\xff", DType::f32, {}}}, {}); });
  check_refused("E_WRITE", "a negative size", [&] { SafetensorsWriter(other, {{"a", DType::f32, {-1}}}, {}); });
  check_refused("E_WRITE", "a size that overflows", [&] { SafetensorsWriter(other, {{"a", DType::f32, {1ll << 40, 1ll << 40}}}, {}); });
  check_refused("E_WRITE", "no such folder", [&] { SafetensorsWriter(folder / "none/x", one, {}); });
  check(!std::filesystem::exists(other) && !std::filesystem::exists(other + ".part"), "failures leave nothing behind");
}

// A limit on the size of files stands in for a full disk: the write fails in the same place.
void test_full_disk() {
  const TemporaryFolder folder;
  const std::string path = folder / "t.safetensors";
  put_file(path, "old");
  signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 4096;
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string data = zeros(65536);
  check_refused("E_WRITE", "a disk that is full", [&] {
    SafetensorsWriter writer(path, {{"a", DType::u8, {65536}}}, {});
    writer.write(data.data(), data.size());
    writer.finish();
  });
  check_refused("E_WRITE", "a disk that is full, text", [&] { write_file_atomic(path, data); });
  setrlimit(RLIMIT_FSIZE, &before);
  check(read_file(path, 100) == "old" && !std::filesystem::exists(path + ".part"), "the old file stays");
}

void write_floats(const std::string& path, const std::vector<std::pair<std::string, std::vector<float>>>& tensors) {
  std::vector<SafetensorsWriter::Entry> entries;
  for (const auto& [name, values] : tensors) entries.push_back({name, DType::f32, {static_cast<int64_t>(values.size())}});
  SafetensorsWriter writer(path, entries, {{"format", "pt"}});
  for (const auto& [name, values] : tensors) writer.write(values.data(), values.size() * 4);
  writer.finish();
}

void test_model_folder() {
  const TemporaryFolder folder;
  const std::string index = folder / "model.safetensors.index.json";
  const std::string first = folder / "model-00001-of-00002.safetensors", second = folder / "model-00002-of-00002.safetensors";
  const auto index_text = [](const std::string& map) { return R"({"metadata":{"total_size":16},"weight_map":{)" + map + "}}"; };
  const std::string good = R"("a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors")";

  check_refused("E_READ", "an empty folder", [&] { ModelTensors model(folder.path()); });
  put_file(folder / "pytorch_model.bin", "x");
  check_refused("E_PICKLE", "a folder of pickles", [&] { ModelTensors model(folder.path()); });

  write_floats(first, {{"a", {1, 2}}});
  write_floats(second, {{"b", {3, 4}}});
  put_file(index, index_text(good));
  const ModelTensors model(folder.path());
  check(model.has("a") && !model.has("c") && model.names() == std::vector<std::string>{"a", "b"}, "names of two shards");
  float values[2] = {};
  model.read("b", {2}, DType::f32, values);
  check(values[0] == 3 && values[1] == 4, "tensor of the second shard");
  check_refused("E_TENSOR", "missing tensor", [&] { model.read("c", {2}, DType::f32, values); });
  check_refused("E_TENSOR", "wrong shape", [&] { model.read("a", {1, 2}, DType::f32, values); });
  check_refused("E_TENSOR", "unknown target type", [&] { model.read("a", {2}, DType::i32, values); });

  struct Case {
    const char* code;
    const char* name;
    std::string text;
  };
  const Case cases[] = {
      {"E_SAFETENSORS", "a path upwards", index_text(R"("a":"../model.safetensors")")},
      {"E_SAFETENSORS", "an absolute path", index_text(R"("a":"/etc/passwd")")},
      {"E_SAFETENSORS", "a path of Windows", index_text(R"("a":"..\\x.safetensors")")},
      {"E_SAFETENSORS", "a drive", index_text(R"("a":"C:x.safetensors")")},
      {"E_SAFETENSORS", "a name with a nul", index_text(R"("a":"x\u0000.safetensors")")},
      {"E_SAFETENSORS", "the folder itself", index_text(R"("a":"..")")},
      {"E_SAFETENSORS", "no name", index_text(R"("a":"")")},
      {"E_SAFETENSORS", "a name that is a number", index_text(R"("a":1)")},
      {"E_SAFETENSORS", "a tensor twice in the index", index_text(good + "," + good)},
      {"E_SAFETENSORS", "an empty map", index_text("")},
      {"E_SAFETENSORS", "no map", "{}"},
      {"E_SAFETENSORS", "no object", "[]"},
      {"E_SAFETENSORS", "no JSON", "weight_map"},
      {"E_PICKLE", "a pickle as shard", index_text(R"("a":"pytorch_model.bin")")},
      {"E_READ", "a shard that is not there", index_text(R"("a":"model-00003-of-00003.safetensors")")},
      {"E_TENSOR", "a tensor missing from its shard", index_text(good + R"(,"c":"model-00001-of-00002.safetensors")")},
      {"E_TENSOR", "a tensor in another shard",
       index_text(R"("a":"model-00002-of-00002.safetensors","b":"model-00002-of-00002.safetensors")")},
  };
  for (const Case& c : cases) {
    put_file(index, c.text);
    check_refused(c.code, c.name, [&] { ModelTensors refused(folder.path()); });
  }
  put_file(index, index_text(good));
  write_floats(second, {{"a", {5, 6}}, {"b", {3, 4}}});
  check_refused("E_SAFETENSORS", "a tensor in two shards", [&] { ModelTensors refused(folder.path()); });
  write_floats(folder / "model.safetensors", {{"whole", {1}}});
  check(ModelTensors(folder.path()).has("whole"), "one file goes before shards");
  put_file(folder / "model.safetensors", safetensors_bytes(replaced(kTwo, "\"F32\",\"shape\":[2]", "\"F64\",\"shape\":[1]"), zeros(11)));
  const ModelTensors mixed(folder.path());
  check(mixed.has("a"), "a type that the engine lacks is counted");
  check_refused("E_TENSOR", "and refused when read", [&] { mixed.read("a", {1}, DType::f32, values); });
  check_refused("E_TENSOR", "integers are no weights", [&] { mixed.read("b", {3}, DType::f32, values); });
}

uint16_t to_bf16(float value) {
  uint16_t result;
  convert_floats(DType::f32, &value, DType::bf16, &result, 1);
  return result;
}
float from_f16(uint16_t bits) {
  float result;
  convert_floats(DType::f16, &bits, DType::f32, &result, 1);
  return result;
}

void test_conversions() {
  struct Rounding {
    uint32_t f32;
    uint16_t bf16;
  };
  const Rounding roundings[] = {
      {0x3f800000, 0x3f80}, {0x3f808000, 0x3f80}, {0x3f818000, 0x3f82}, {0x3f808001, 0x3f81}, {0x3f807fff, 0x3f80}, {0x80000000, 0x8000},
      {0x00000001, 0x0000}, {0x00008001, 0x0001}, {0x7f7fffff, 0x7f80}, {0x7f800000, 0x7f80}, {0xff800000, 0xff80}, {0x7fc00000, 0x7fc0},
      {0x7f800001, 0x7fc0}, {0xffffffff, 0xffff}, {0x7f810000, 0x7fc1},
  };
  for (const auto& [f32, bf16] : roundings) check(to_bf16(std::bit_cast<float>(f32)) == bf16, "bf16 of " + std::to_string(f32));
  bool all = true;
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    const float got = from_f16(static_cast<uint16_t>(bits));
    if (exponent == 31 && mantissa != 0) {
      all &= std::isnan(got);
      continue;
    }
    double want = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
    if (exponent == 31) want = std::numeric_limits<double>::infinity();
    all &= got == (bits >> 15 ? -want : want) && std::signbit(got) == (bits >> 15 == 1);
  }
  check(all, "every float16 value");
  const uint16_t halves[3] = {0x3c00, 0xc000, 0x7e00};
  uint16_t brains[3];
  convert_floats(DType::f16, halves, DType::bf16, brains, 3);
  check(brains[0] == 0x3f80 && brains[1] == 0xc000 && brains[2] == 0x7fc0, "float16 to bfloat16");
  char unaligned[9];
  const float two = 2;
  std::memcpy(unaligned + 1, &two, 4);
  check(std::invoke([&] {
          float out;
          convert_floats(DType::f32, unaligned + 1, DType::f32, &out, 1);
          return out;
        }) == 2,
        "unaligned source");
}

// Larger than the piece after which the reader lets go of pages.
void test_large_tensor() {
  const TemporaryFolder folder;
  const int64_t rows = 2049, cols = 4099;
  std::vector<uint16_t> values(static_cast<size_t>(rows * cols));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<uint16_t>(i * 2654435761u >> 17);
  SafetensorsWriter writer(folder / "model.safetensors", {{"odd", DType::u8, {1}}, {"w", DType::bf16, {rows, cols}}}, {});
  writer.write("x", 1);
  writer.write(values.data(), values.size() * 2);
  writer.finish();
  const ModelTensors model(folder.path());
  std::vector<float> got(values.size());
  bool same = true;
  for (int round = 0; round < 2; ++round) {
    model.read("w", {rows, cols}, DType::f32, got.data());
    for (size_t i = 0; i < values.size(); ++i) same &= std::bit_cast<uint32_t>(got[i]) == static_cast<uint32_t>(values[i]) << 16;
  }
  check(same, "a tensor of 16 MiB, unaligned, read twice");
}

}  // namespace

int main() {
  test_refused_headers();
  test_accepted_headers();
  test_writer();
  test_full_disk();
  test_model_folder();
  test_conversions();
  test_large_tensor();
  return finish();
}
