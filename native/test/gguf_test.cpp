// GGUF files and blocks against what the `gguf` package writes (test/oracles/gguf_blocks.py), and the rules of the format. The fixtures
// lie in $RANKWISE_FIXTURES, by default test/fixtures under the working directory.
#include "io/gguf.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "io/files.h"
#include "io/safetensors.h"
#include "test/check.h"
#include "test/temporary_folder.h"

using namespace rankwise;
using namespace rankwise::test;

namespace {

std::string fixture(const std::string& name) {
  const char* given = std::getenv("RANKWISE_FIXTURES");
  return std::string(given ? given : "test/fixtures") + "/gguf/" + name;
}

template <class T>
std::vector<T> read(const SafetensorsFile& file, const std::string& name) {
  const TensorInfo* info = file.find(name);
  if (!info) fail("E_TENSOR", "The fixture has no tensor " + name + ".", "Run test/oracles/gguf_blocks.py again.");
  std::vector<T> values(info->elements());
  std::memcpy(values.data(), file.data(*info), values.size() * sizeof(T));
  return values;
}

void test_blocks(const std::string& of, const std::vector<GgmlType>& types) {
  const SafetensorsFile file(fixture(of));
  const auto values = read<float>(file, "values");
  for (const GgmlType type : types) {
    const std::string name = name_of(type);
    const auto expected = read<uint8_t>(file, name + ".bytes");
    std::vector<uint8_t> bytes(expected.size());
    quantize_blocks(type, values.data(), values.size(), bytes.data());
    check(bytes == expected, name + ": the reference's bytes");
    std::vector<float> back(values.size());
    dequantize_blocks(type, expected.data(), values.size(), back.data());
    check(back == read<float>(file, name + ".back"), name + ": the reference's values");
    const uint64_t block = block_of(type).elements;
    bool within = true, tight = false;
    for (uint64_t i = 0; i < values.size(); i += block) {
      const float bound = block_bound(type, values.data() + i);
      for (uint64_t j = i; j < i + block; ++j) {
        within &= std::fabs(values[j] - back[j]) <= bound;
        tight |= std::fabs(values[j] - back[j]) > 0.9f * bound;
      }
    }
    check(within, name + ": every value within its bound");
    check(tight, name + ": a bound that is reached");
  }
}

void test_unbounded() {
  const float large[32] = {65520.0f};
  check(std::isinf(block_bound(GgmlType::f16, large)), "what a half cannot hold has no bound");
  const std::vector<float> beyond(256, -1e38f);
  check(std::isinf(block_bound(GgmlType::q4_k, beyond.data())), "nor has what no scale of a K-quant can hold");
}

void test_golden() {
  const std::string path = fixture("golden.gguf");
  const GgufFile file(path);
  check(file.metadata().size() == 6 && file.tensors().size() == 2, "the reference's file is read");
  check(file.metadata()[0] == std::pair<std::string, GgufValue>("general.architecture", std::string("llama")), "its first key");
  const TemporaryFolder folder;
  GgufWriter writer(folder / "again.gguf", file.metadata(), file.tensors());
  for (const GgufTensor& tensor : file.tensors()) writer.write(file.data(tensor), tensor.bytes);
  writer.finish();
  const std::string written = read_file(folder / "again.gguf", 1 << 20);
  check(written == read_file(path, 1 << 20), "written again, it is the same to the byte");
  check(gguf_bytes(file.metadata(), file.tensors()) == written.size(), "the size is known before");
}

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}
std::string text(const std::string& value) { return raw(static_cast<uint64_t>(value.size())) + value; }
std::string head(uint64_t tensors, uint64_t keys) { return "GGUF" + raw(uint32_t{3}) + raw(tensors) + raw(keys); }
std::string tensor(const std::string& name, std::vector<uint64_t> dims, uint32_t type, uint64_t offset) {
  std::string bytes = text(name) + raw(static_cast<uint32_t>(dims.size()));
  for (const uint64_t size : dims) bytes += raw(size);
  return bytes + raw(type) + raw(offset);
}
std::string aligned(std::string bytes, const std::string& data) {
  bytes.resize((bytes.size() + 31) / 32 * 32, '\0');
  return bytes + data;
}

void test_refused() {
  const TemporaryFolder folder;
  const auto data = std::string(64, 'x');
  const uint64_t huge = UINT64_MAX;
  const std::pair<const char*, std::string> cases[] = {
      {"an empty file", ""},
      {"another magic", "GGML" + head(0, 0).substr(4)},
      {"version 1", "GGUF" + raw(uint32_t{1}) + raw(uint64_t{0}) + raw(uint64_t{0})},
      {"big endian", "GGUF" + raw(uint32_t{0x03000000}) + raw(uint64_t{0}) + raw(uint64_t{0})},
      {"more keys than bytes", head(0, huge)},
      {"more tensors than bytes", head(huge, 0)},
      {"a key beyond the end", head(0, 1) + raw(huge) + std::string(20, 'k')},
      {"an empty key", head(0, 1) + text("") + raw(uint32_t{4}) + raw(uint32_t{1}) + "   "},
      {"the same key twice", head(0, 2) + text("k") + raw(uint32_t{4}) + raw(uint32_t{1}) + text("k") + raw(uint32_t{4}) + raw(uint32_t{1})},
      {"an unknown type", head(0, 1) + text("k") + raw(uint32_t{13}) + raw(uint64_t{1})},
      {"a list of lists", head(0, 1) + text("k") + raw(uint32_t{9}) + raw(uint32_t{9}) + raw(uint64_t{0})},
      {"a list longer than the file", head(0, 1) + text("k") + raw(uint32_t{9}) + raw(uint32_t{8}) + raw(huge / 8)},
      {"a truth value of 2", head(0, 1) + text("kkkk") + raw(uint32_t{7}) + "\x02"},
      {"an alignment of 24", head(0, 1) + text("general.alignment") + raw(uint32_t{4}) + raw(uint32_t{24})},
      {"a hole before the first tensor", aligned(head(1, 0) + tensor("t", {8}, 0, 32), data)},
      {"a hole between two", aligned(head(2, 0) + tensor("t", {8}, 0, 0) + tensor("u", {1}, 0, 64), data + data)},
      {"an overlap", aligned(head(2, 0) + tensor("t", {16}, 0, 0) + tensor("u", {1}, 0, 32), data + data)},
      {"data cut short", aligned(head(1, 0) + tensor("t", {17}, 0, 0), data)},
      {"a name of 64 bytes", aligned(head(1, 0) + tensor(std::string(64, 'n'), {8}, 0, 0), data)},
      {"the same tensor twice", aligned(head(2, 0) + tensor("t", {8}, 0, 0) + tensor("t", {8}, 0, 32), data)},
      {"five dimensions", aligned(head(1, 0) + tensor("t", {1, 1, 1, 1, 1}, 0, 0), data)},
      {"a shape that overflows", aligned(head(1, 0) + tensor("t", {uint64_t{1} << 40, uint64_t{1} << 40}, 0, 0), data)},
      {"half a block", aligned(head(1, 0) + tensor("t", {16}, 8, 0), data)},
  };
  for (const auto& [name, bytes] : cases) {
    put_file(folder / "t.gguf", bytes);
    check_refused("E_GGUF", name, [&] { GgufFile file(folder / "t.gguf"); });
  }
  put_file(folder / "t.gguf", aligned(head(1, 0) + tensor("t", {256}, 10, 0), std::string(96, 'x')));
  check_refused("E_UNSUPPORTED", "a type that is not read here", [&] { GgufFile file(folder / "t.gguf"); });
  put_file(folder / "t.gguf", aligned(head(1, 0) + tensor(std::string(63, 'n'), {8}, 0, 0), data));
  check(GgufFile(folder / "t.gguf").tensors().size() == 1, "a name of 63 bytes is read");
}

void test_writer() {
  const TemporaryFolder folder;
  const std::string path = folder / "w.gguf";
  const std::vector<float> values(32, 1.0f);
  {
    GgufWriter writer(path, {}, {{"a", GgmlType::f32, {32}}, {"b", GgmlType::f32, {32}}});
    writer.write(values.data(), 128);
    check_refused("E_WRITE", "data of another size", [&] { writer.write(values.data(), 64); });
    check_refused("E_WRITE", "a tensor missing", [&] { writer.finish(); });
  }
  check(std::filesystem::is_empty(folder.path()), "not finished, it leaves nothing");
  check_refused("E_WRITE", "half a block is not written", [&] { GgufWriter writer(path, {}, {{"a", GgmlType::q8_0, {16}}}); });
  check_refused("E_WRITE", "a name twice", [&] { GgufWriter writer(path, {}, {{"a", GgmlType::f32, {1}}, {"a", GgmlType::f32, {1}}}); });
  check_refused("E_WRITE", "a key twice", [&] { GgufWriter writer(path, {{"k", true}, {"k", 1.0}}, {}); });
}

}  // namespace

int main() {
  test_blocks("blocks.safetensors", {GgmlType::f16, GgmlType::bf16, GgmlType::q8_0, GgmlType::q4_0});
  test_blocks("k_blocks.safetensors", {GgmlType::q4_k, GgmlType::q5_k, GgmlType::q6_k});
  test_unbounded();
  test_golden();
  test_refused();
  test_writer();
  return finish();
}
