// Mutated files: every reader must accept or throw rankwise::Error, and never crash, hang or touch memory that is not its own.
// RANKWISE_FUZZ_RUNS sets the number of mutations for each reader (2000); built with RANKWISE_SANITIZE it says the most.
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <cmath>
#include <random>

#include "io/files.h"
#include "io/gguf.h"
#include "io/peft.h"
#include "io/safetensors.h"
#include "model/config.h"
#include "model/gguf_source.h"
#include "model/rope_scaling.h"
#include "test/check.h"
#include "test/temporary_folder.h"

using namespace rankwise;
using namespace rankwise::test;

namespace {

// Pieces that have broken readers before: edges of number ranges, bad text, paths, deep nesting.
const std::string kPieces[] = {
    "18446744073709551615", "18446744073709551616", "9223372036854775807", "9223372036854775808", "-1", "-0", "1e999",
    "0", "1.5", "1e3", "null", "true", "{}", "[]", "\"\"", "\"../x\"", "\"/dev/zero\"", "\"model.safetensors\"",
    "\"\\u0000\"", "\"\\ud800\"", "\xff", "\xc0\x80", "\xef\xbb\xbf", "\"__metadata__\"", "\"__metadata__\":{}",
    "\"F64\"", "\"BF16\"", "\"F4\"", "\"shape\":[]", ",", ":", "{", "}", "[", "]", "\"", "\\", " ",
    std::string(1, '\0'), std::string(100, '['), std::string(70, '{'), std::string(300, '9'),
    "\"rope_type\":\"llama3\"", "\"head_dim\":2", "\"version\":1", "NaN", "Infinity",
};

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  // One to four changes to `text`; `other` lends pieces.
  std::string mutate(std::string text, const std::string& other) {
    for (uint64_t changes = below(2) ? 1 : 2 + below(3); changes > 0; --changes) change(text, other);
    return text;
  }

  // Changes the header of a safetensors file and claims its new length, so that the change reaches what lies behind that check.
  std::string mutate_header(const std::string& bytes, const std::string& other) {
    const size_t length = static_cast<unsigned char>(bytes[0]) + 256 * static_cast<unsigned char>(bytes[1]);
    return safetensors_bytes(mutate(bytes.substr(8, length), other), bytes.substr(8 + length));
  }
  uint64_t below(uint64_t bound) { return bound == 0 ? 0 : random_() % bound; }

 private:
  void change(std::string& text, const std::string& other) {
    const size_t at = below(text.size() + 1);
    const size_t length = below(std::min<size_t>(text.size() - at, 24) + 1);
    switch (below(11)) {
      case 0: if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8))); break;
      case 1: text.resize(at); break;
      case 2: text.erase(at, length); break;
      case 3: text.insert(at, kPieces[below(std::size(kPieces))]); break;
      case 4: text.replace(at, length, kPieces[below(std::size(kPieces))]); break;
      case 5: text.insert(at, text.substr(at, length)); break;
      case 6: text.replace(at, length, other.substr(below(other.size() + 1), below(40))); break;
      case 7: lie_about_length(text); break;
      default: replace_number(text, at); break;
    }
  }

  void replace_number(std::string& text, size_t at) {
    const size_t begin = text.find_first_of("0123456789", at);
    if (begin == std::string::npos) return;
    size_t end = text.find_first_not_of("0123456789", begin);
    if (end == std::string::npos) end = text.size();
    text.replace(begin, end - begin, below(2) ? std::to_string(below(20)) : kPieces[below(10)]);
  }

  // The first eight bytes of a safetensors file; a few near misses, a few monsters.
  void lie_about_length(std::string& text) {
    if (text.size() < 8) return;
    uint64_t claim = below(4) == 0 ? random_() : text.size() - 8 + below(17) - 8;
    if (below(4) == 0) claim = 100'000'000 + below(3) - 1;
    for (int i = 0; i < 8; ++i) text[i] = static_cast<char>(claim >> (8 * i) & 255);
  }

  std::mt19937_64 random_;
};

// Seed files and what it means to read one.
struct Reader {
  const char* name;
  bool safetensors;
  std::vector<std::string> seeds;
  std::function<void(const std::string& bytes)> read;
};

void campaign(const Reader& reader, uint64_t runs) {
  for (const std::string& seed : reader.seeds) {
    try {
      reader.read(seed);
      check(true, reader.name);
    } catch (const Error& e) {
      check(false, std::string(reader.name) + ": a seed was refused: " + e.what());
    }
  }
  Mutator mutator(0x5eed ^ reader.seeds[0].size());
  uint64_t refused = 0;
  for (uint64_t run = 0; run < runs; ++run) {
    const auto& seed = reader.seeds[mutator.below(reader.seeds.size())];
    const std::string& other = reader.seeds[mutator.below(reader.seeds.size())];
    const bool header = reader.safetensors && mutator.below(4) > 0;
    const std::string bytes = header ? mutator.mutate_header(seed, other) : mutator.mutate(seed, other);
    try {
      reader.read(bytes);
    } catch (const Error& e) {
      ++refused;
      const bool said = e.code().starts_with("E_") && !std::string(e.what()).empty();
      if (!said) check(false, std::string(reader.name) + ": an error without code or sentence");
    } catch (const std::exception& e) {
      check(false, std::string(reader.name) + ", run " + std::to_string(run) + ": " + e.what());
    }
  }
  std::printf("%s: %s of %s mutations refused\n", reader.name, std::to_string(refused).c_str(), std::to_string(runs).c_str());
  check(refused > runs / 4, std::string(reader.name) + ": mutations do reach the checks");
}

uint64_t touch(const SafetensorsFile& file) {
  uint64_t sum = 0;
  for (const TensorInfo& info : file.tensors()) {
    const auto* bytes = static_cast<const unsigned char*>(file.data(info));
    for (uint64_t i = 0; i < info.end - info.begin; ++i) sum += bytes[i];
    sum += file.find(info.name)->elements();
  }
  return sum;
}

void read_all(const ModelTensors& model) {
  for (const std::string& name : model.names()) {
    try {
      const TensorInfo& info = model.info(name);
      if (info.elements() > 4096) check(false, "a tensor larger than its file");
      std::vector<float> values(info.elements() + 1);
      model.read(name, info.shape, DType::f32, values.data());
      model.read(name, info.shape, DType::bf16, values.data());
    } catch (const Error& e) {
      if (e.code() != "E_TENSOR") throw;
    }
  }
}

uint64_t touch(const GgufFile& file) {
  uint64_t sum = 0;
  for (const auto& [key, value] : file.metadata()) sum += key.size() + gguf_encoding(value).size();
  for (const GgufTensor& tensor : file.tensors()) {
    const auto* bytes = static_cast<const unsigned char*>(file.data(tensor));
    for (uint64_t i = 0; i < tensor.bytes; ++i) sum += bytes[i];
    if (tensor.elements() > 65536) check(false, "a tensor larger than its file");
    std::vector<float> values(tensor.elements());
    dequantize_blocks(tensor.type, bytes, tensor.elements(), values.data());
  }
  return sum;
}

std::vector<std::string> gguf_seeds(const std::string& path) {
  const auto written = [&](const GgufMetadata& metadata, const std::vector<GgufTensor>& tensors) {
    GgufWriter writer(path, metadata, tensors);
    for (const GgufTensor& tensor : tensors) {
      const GgmlBlock block = block_of(tensor.type);
      const std::string data(tensor.elements() / block.elements * block.bytes, '\x41');
      writer.write(data.data(), data.size());
    }
    writer.finish();
    return read_file(path, 1 << 20);
  };
  return {written({{"general.architecture", std::string("llama")},
                   {"general.alignment", uint32_t{32}},
                   {"tokenizer.ggml.tokens", std::vector<std::string>{"a", "b", "\xc3\xa9"}},
                   {"tokenizer.ggml.token_type", std::vector<int32_t>{1, 3, 6}},
                   {"llama.rope.freq_base", 1e4f},
                   {"flag", true}},
                  {{"a.weight", GgmlType::q8_0, {32, 2}}, {"b.weight", GgmlType::f32, {3}}}),
          written({{"u8", uint8_t{1}}, {"i64", int64_t{-1}}, {"f64", std::vector<double>{1.5}}, {"flags", std::vector<bool>{true, false}}},
                  {{"q", GgmlType::q4_0, {64}}, {"h", GgmlType::f16, {2, 2}}, {"e", GgmlType::bf16, {0, 3}}}),
          written({}, {})};
}

std::string gguf_model_seed(const std::string& path) {
  const GgufMetadata metadata = {{"general.architecture", std::string("llama")}, {"llama.context_length", uint32_t{16}}, {"llama.embedding_length", uint32_t{8}},
                                 {"llama.block_count", uint32_t{1}}, {"llama.feed_forward_length", uint32_t{8}}, {"llama.attention.head_count", uint32_t{2}},
                                 {"llama.attention.key_length", uint32_t{4}}, {"llama.attention.layer_norm_rms_epsilon", 1e-5f}, {"llama.rope.freq_base", 1e4f},
                                 {"llama.rope.scaling.type", std::string("linear")}, {"llama.rope.scaling.factor", 2.0f}, {"tokenizer.ggml.eos_token_id", uint32_t{1}}};
  std::vector<GgufTensor> tensors;
  for (const char* name : {"token_embd.weight", "blk.0.attn_q.bias", "rope_freqs.weight"}) {
    tensors.emplace_back();
    tensors.back().name = name;
    tensors.back().dims = {2};
  }
  tensors[0].dims = {8, 3};
  GgufWriter writer(path, metadata, tensors);
  const std::vector<float> ones(24, 1.0f);
  for (const uint64_t count : {24, 2, 2}) writer.write(ones.data(), count * sizeof(float));
  writer.finish();
  return read_file(path, 1 << 20);
}

std::vector<std::string> safetensors_seeds() {
  return {
      safetensors_bytes(
          R"({"__metadata__":{"format":"pt","k":"é"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
          R"("b":{"dtype":"BF16","shape":[3],"data_offsets":[24,30]},"c":{"dtype":"F16","shape":[],"data_offsets":[30,32]}} )",
          std::string(32, '\x41')),
      safetensors_bytes(
          R"({"e":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]},"u":{"dtype":"U8","shape":[5],"data_offsets":[0,5]},)"
          R"("d":{"dtype":"F64","shape":[1],"data_offsets":[5,13]},"q":{"dtype":"F4","shape":[2,1],"data_offsets":[13,14]}})",
          std::string(14, '\x7f')),
      safetensors_bytes("{}", ""),
  };
}

const std::string kIndex =
    R"({"metadata":{"total_size":16},"weight_map":{"a":"model-00001-of-00002.safetensors",)"
    R"("b":"model-00002-of-00002.safetensors","c":"model-00002-of-00002.safetensors"}})";

std::vector<std::string> config_seeds() {
  ModelConfig llama = preset_config("llama-9m"), qwen = llama;
  llama.rope_scaling = "llama3";
  llama.rope_factor = 8;
  qwen.model_type = "qwen3";
  qwen.qk_norm = true;
  return {model_config_json(llama, "bfloat16"), model_config_json(qwen, "float32"),
          R"({"model_type":"mistral","vocab_size":9,"hidden_size":16,"intermediate_size":9,"num_hidden_layers":2,"num_attention_heads":8,)"
          R"("sliding_window":null,"rope_scaling":{"type":"linear","factor":2.0},"rope_theta":1e6,"eos_token_id":[1,2]})"};
}

void read_config(const std::string& text) {
  const ModelConfig config = parse_model_config(text);
  for (const float frequency : rotary_inverse_frequencies(config)) {
    if (!(frequency >= 0 && frequency <= 1)) check(false, "a rotary frequency out of range");
  }
  const std::string written = model_config_json(config, "float32");
  if (model_config_json(parse_model_config(written), "float32") != written) check(false, "an accepted config does not come back");
}

}  // namespace

int main() {
  const char* wanted = std::getenv("RANKWISE_FUZZ_RUNS");
  const uint64_t runs = wanted ? std::strtoull(wanted, nullptr, 10) : 2000;
  alarm(static_cast<unsigned>(60 + runs / 100));  // a hang ends the process
  const TemporaryFolder folder;

  const std::string single = folder / "t.safetensors";
  campaign({"safetensors", true, safetensors_seeds(),
            [&](const std::string& bytes) {
              put_file(single, bytes);
              touch(SafetensorsFile(single));
            }},
           runs);

  campaign({"GGUF", false, gguf_seeds(folder / "seed.gguf"),
            [&](const std::string& bytes) {
              put_file(folder / "t.gguf", bytes);
              touch(GgufFile(folder / "t.gguf"));
            }},
           runs);

  campaign({"GGUF model", false, {gguf_model_seed(folder / "seed.gguf")},
            [&](const std::string& bytes) {
              put_file(folder / "t.gguf", bytes);
              const GgufFile file(folder / "t.gguf");
              const ModelConfig config = gguf_model_config(file);
              for (const float each : rotary_inverse_frequencies(config)) check(std::isfinite(each), "a GGUF model's rotary frequency that is no number");
              for (const GgufTensor& tensor : file.tensors()) {
                if (!tensor.name.starts_with("blk.")) continue;
                for (const GgufOrigin& origin : gguf_origins(tensor.name, config)) origin.file_row(0, config.q_width());
              }
            }},
           runs);

  const std::string model = folder / "model";
  std::filesystem::create_directory(model);
  campaign({"model folder", true, {safetensors_seeds()[0], safetensors_seeds()[1]},
            [&](const std::string& bytes) {
              put_file(model + "/model.safetensors", bytes);
              read_all(ModelTensors(model));
            }},
           runs);

  const std::string shards = folder / "shards";
  std::filesystem::create_directory(shards);
  put_file(shards + "/model-00001-of-00002.safetensors",
           safetensors_bytes(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", std::string(8, 'x')));
  put_file(shards + "/model-00002-of-00002.safetensors",
           safetensors_bytes(R"({"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                             R"("c":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}})", std::string(8, 'y')));
  campaign({"shard index", false, {kIndex},
            [&](const std::string& bytes) {
              put_file(shards + "/model.safetensors.index.json", bytes);
              read_all(ModelTensors(shards));
            }},
           runs);

  campaign({"config", false, config_seeds(), read_config}, runs);

  const std::string adapter = folder / "adapter";
  std::filesystem::create_directory(adapter);
  const std::string factors = safetensors_bytes(R"({"base_model.model.m.q_proj.lora_A.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                                                R"("base_model.model.m.q_proj.lora_B.weight":{"dtype":"BF16","shape":[4,2],"data_offsets":[24,40]}})",
                                                std::string(40, 'x'));
  const std::string settings = R"({"peft_type":"LORA","r":4,"lora_alpha":8,"use_rslora":true,"rank_pattern":{"q_proj":2},"alpha_pattern":{"m.q_proj":3},)"
                               R"("bias":"none","modules_to_save":null,"target_modules":["q_proj"]})";
  const auto read_adapter = [&] {
    const PeftAdapter read(adapter);
    for (const auto& [name, layer] : read.layers()) {
      std::vector<float> values(static_cast<size_t>(layer.rank * std::max(layer.in, layer.out)));
      read.read_a(name, values.data());
      read.read_b(name, values.data());
    }
  };
  put_file(adapter + "/adapter_model.safetensors", factors);
  campaign({"adapter settings", false, {settings},
            [&](const std::string& bytes) {
              put_file(adapter + "/adapter_config.json", bytes);
              read_adapter();
            }},
           runs);
  put_file(adapter + "/adapter_config.json", settings);
  campaign({"adapter factors", true, {factors},
            [&](const std::string& bytes) {
              put_file(adapter + "/adapter_model.safetensors", bytes);
              read_adapter();
            }},
           runs);

  const std::string checkpoint = folder / "step-00000001";
  std::filesystem::create_directory(checkpoint);
  put_file(checkpoint + "/a.safetensors", "a");
  put_file(checkpoint + "/b.safetensors", "b");
  campaign({"manifest", false,
            {R"({"version":1,"step":12,"files":{"a.safetensors":")" + sha256_of_file(checkpoint + "/a.safetensors") +
             R"(","b.safetensors":")" + sha256_of_file(checkpoint + "/b.safetensors") + R"("},"state":{"seed":42,"order":[1,2,3]}})"},
            [&](const std::string& bytes) {
              put_file(checkpoint + "/manifest.json", bytes);
              verify_checkpoint(checkpoint);
            }},
           runs);
  return finish();
}
