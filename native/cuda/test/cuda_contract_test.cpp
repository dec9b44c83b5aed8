// What ops.h promises beside the numbers, on the emulated card: the same bits on every call and for every size of tile, results that may
// replace inputs, refusals in words, and reasons why a card cannot be used.
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <functional>

#include "cuda/test/emulated_card.h"
#include "ops/host_access.h"
#include "storage/weight.h"
#include "test/check.h"

using namespace rankwise;
using test::check;
using test::check_refused;

namespace {

// The reason that a fresh process is given in this environment.
std::string reason_with(const char* variable, const char* value) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    setenv(variable, value, 1);
    const CudaStatus status = CudaLibrary::instance().probe(0);
    const std::string text = status.available ? "available" : status.reason;
    _exit(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string text(512, ' ');
  const ssize_t count = read(ends[0], text.data(), text.size());
  close(ends[0]);
  waitpid(child, nullptr, 0);
  text.resize(count > 0 ? static_cast<size_t>(count) : 0);
  return text;
}

void reasons() {
  const struct {
    const char *variable, *value, *words;
  } cases[] = {
      {"RANKWISE_EMULATED_SEED", "1", "available"},
      {"RANKWISE_EMULATED_DRIVER", "0", "No NVIDIA driver"},
      {"RANKWISE_EMULATED_DRIVER", "12040", "knows CUDA 12.4, and this build needs"},
      {"RANKWISE_EMULATED_DEVICES", "0", "finds no card"},
      {"RANKWISE_CUDA_LIBRARY", "/nowhere/librankwise_cuda.so", "There is no CUDA library at /nowhere"},
      {"RANKWISE_CUDA_LIBRARY", "/dev/null", "cannot be opened"},
      {"RANKWISE_CUBLASLT_LIBRARY", "/nowhere/libcublasLt.so", "cuBLASLt cannot be opened at /nowhere"},
  };
  for (const auto& c : cases) {
    const std::string reason = reason_with(c.variable, c.value);
    check(reason.find(c.words) != std::string::npos, std::string(c.variable) + "=" + c.value + ": the reason is \"" + reason + "\"");
  }
}

struct Bench {
  test::EmulatedCard device;
  Context context{device.ops, device.arena, Product::f32, DType::f32};
  uint64_t drawn = 0;

  Tensor normal(DType dtype, int64_t rows, int64_t cols) {
    Tensor t = context.passing(dtype, rows, cols, Category::workspace);
    device.ops.fill_normal(t, 1.0f, {11, ++drawn, 0});
    return t;
  }
  Tensor numbers(const std::vector<int32_t>& values) {
    Tensor t = context.passing(DType::i32, 1, static_cast<int64_t>(values.size()), Category::workspace);
    device.ops.upload(values.data(), t);
    return t;
  }
  std::string bytes(const View& view) {
    const HostRead values(context, view);
    return std::string(values.as<char>(), values.bytes());
  }
};

// Products whose operands are converted: whole, and cut into small tiles.
std::string products(Bench& b, Backend& ops) {
  b.drawn = 100;
  std::string all;
  for (const DType out_type : {DType::f32, DType::bf16}) {
    for (const Product product : {Product::f32, Product::bf16}) {
      for (const bool transposed : {false, true}) {
        Weight weight(b.context, {StorageKind::nf4, DType::f32, true}, transposed ? 200 : 72, transposed ? 72 : 200, Category::workspace, Lifetime::passing);
        weight.assign(b.context, b.normal(DType::f32, weight.rows(), weight.cols()));
        const Tensor x = b.normal(DType::f32, 150, 72), u = b.normal(DType::bf16, 150, 5), v = b.normal(DType::f32, 5, 200),
                     bias = b.normal(DType::bf16, 1, 200), add = b.normal(DType::f32, 150, 200);
        const Tensor out = b.normal(out_type, 150, 200);
        const Term terms[] = {{Operand(x), weight.operand(transposed)}, {Operand(u), Operand(v)}};
        Epilogue epilogue;
        epilogue.alpha = 0.5f;
        epilogue.bias = &bias.view();
        epilogue.add = &add.view();
        ops.matmul(terms, out, product, epilogue);
        all += b.bytes(out);
        epilogue.bias = nullptr;
        epilogue.add = &out.view();
        ops.matmul(std::span(terms, 1), out, product, epilogue);
        all += b.bytes(out);
        // A left operand that is converted, transposed.
        const Tensor gradient = b.normal(out_type, 72, 200);
        ops.matmul(Operand(x, true), Operand(add), gradient, product);
        all += b.bytes(gradient);
      }
    }
  }
  return all;
}

void tiles() {
  Bench b;
  const std::string whole = products(b, b.device.ops);
  check(products(b, b.device.ops) == whole, "products: a repetition gives other bits");
  for (const uint64_t bytes : {uint64_t{72} * 4 * 70, uint64_t{72} * 4 * 130, uint64_t{200} * 4}) {
    CudaBackend cut(b.device.card, b.device.arena, bytes);
    check(products(b, cut) == whole, "products: tiles of " + std::to_string(bytes) + " bytes give other bits");
  }
}

void empty_terms() {
  Bench b;
  const Tensor left = b.context.passing(DType::f32, 3, 0, Category::workspace), right = b.context.passing(DType::f32, 0, 4, Category::workspace);
  const Tensor out = b.normal(DType::f32, 3, 4), add = b.normal(DType::f32, 3, 4);
  Epilogue epilogue;
  epilogue.add = &add.view();
  b.device.ops.matmul(Operand(left), Operand(right), out, Product::f32, epilogue);
  check(b.bytes(out) == b.bytes(add), "a product of nothing is what is added");
}

// Kernels that may write over their inputs give what they give elsewhere.
void aliases() {
  Bench b;
  Backend& ops = b.device.ops;
  const int64_t rows = 37, cols = 130;
  const auto three = [&](const std::function<void(const Tensor&, const Tensor&, const Tensor&, bool)>& body) {
    std::string results[2];
    for (const bool over : {false, true}) {
      b.drawn = 7;
      const Tensor x = b.normal(DType::f32, rows, cols), y = b.normal(DType::f32, rows, cols), z = b.normal(DType::f32, rows, cols);
      body(x, y, z, over);
      results[over] = b.bytes(z);
    }
    check(results[0] == results[1], "a result in the place of an input");
  };
  const Tensor gamma = b.normal(DType::f32, 1, cols), rstd = b.normal(DType::f32, 1, rows),
               scratch = b.normal(DType::f32, ops.threads(), cols), spare = b.normal(DType::f32, rows, cols);
  three([&](const Tensor& x, const Tensor& y, const Tensor& z, bool over) {
    const View dx = over ? y.view() : spare.view();
    ops.rmsnorm_backward(y, x, gamma, rstd, nullptr, dx, nullptr, scratch);
    ops.copy(dx, z);
  });
  three([&](const Tensor& x, const Tensor& y, const Tensor& z, bool over) {
    const View dgate = over ? x.view() : spare.view();
    ops.swiglu_backward(z, x, y, dgate, y, nullptr);
    ops.axpby(1.0f, dgate, 2.0f, y);
    ops.copy(y, z);
  });
}

std::string attention_gradients(Bench& b, bool over) {
  b.drawn = 40;
  AttentionShape s{2, 45, 45, 4, 2, 34, 0.2f};
  const Tensor q = b.normal(DType::bf16, 90, 136), k = b.normal(DType::bf16, 90, 68), v = b.normal(DType::bf16, 90, 68),
               out = b.normal(DType::bf16, 90, 136), dout = b.normal(DType::bf16, 90, 136), lse = b.normal(DType::f32, 1, 360);
  std::vector<int32_t> starts;
  for (int32_t i = 0; i < 90; ++i) starts.push_back(i % 45 >= 20 ? 20 : 0);
  const Tensor segment = b.numbers(starts);
  const Tensor scratch = b.context.passing(DType::u8, 1, static_cast<int64_t>(b.device.ops.attention_scratch_bytes(s)), Category::workspace);
  b.device.ops.attention(s, q, k, v, segment, out, &lse.view(), scratch);
  const Tensor dq = b.normal(DType::bf16, 90, 136), dk = b.normal(DType::bf16, 90, 68), dv = b.normal(DType::bf16, 90, 68);
  const View gq = over ? q.view() : dq.view(), gk = over ? k.view() : dk.view(), gv = over ? v.view() : dv.view();
  b.device.ops.attention_backward(s, dout, q, k, v, out, segment, lse, gq, gk, gv, scratch);
  return b.bytes(gq) + b.bytes(gk) + b.bytes(gv);
}

void refusals() {
  Bench b;
  Backend& ops = b.device.ops;
  const Tensor table = b.normal(DType::f32, 5, 8), out = b.normal(DType::f32, 2, 8), losses = b.normal(DType::f32, 1, 2);
  const Tensor beyond = b.numbers({1, 5}), negative = b.numbers({-3, 1}), fine = b.numbers({4, 0});
  ops.embedding(beyond, table, out);
  check_refused("E_INDEX", "a token beyond the table", [&] { b.bytes(out); });
  check(b.bytes(out).size() == 64, "and the card goes on");
  ops.cross_entropy(out, negative, losses, false, 1.0f);
  check_refused("E_INDEX", "a negative target", [&] { ops.sum(losses); });
  ops.embedding_backward(negative, out, table);
  check_refused("E_INDEX", "a negative token", [&] { ops.sum(table); });
  const Tensor turns = b.normal(DType::f32, 3, 4);
  ops.rope(out, 8, beyond, turns, turns, false);
  check_refused("E_INDEX", "a position beyond the tables", [&] { b.bytes(out); });
  ops.embedding(fine, table, out);
  ops.sum(out);

  const std::vector<float> bad(9, NAN);
  const Tensor gram = b.normal(DType::f32, 3, 3), vectors = b.normal(DType::f32, 3, 3), values = b.normal(DType::f32, 1, 3),
               scratch = b.context.passing(DType::u8, 1, static_cast<int64_t>(ops.eigh_scratch_bytes(3)), Category::workspace);
  ops.upload(bad.data(), gram);
  const Backend::EighTask task{gram, vectors, values, scratch};
  check_refused("E_EIGEN", "a Gram matrix that is not finite", [&] { ops.eigh_top(std::span(&task, 1)); });
  check_refused("E_SHAPE", "a copy to another shape", [&] { ops.copy(table, out); });
  AttentionShape wide{1, 1, 1, 1, 1, 300, 1.0f};
  const Tensor row = b.normal(DType::f32, 1, 300), start = b.numbers({0});
  const Tensor room = b.context.passing(DType::u8, 1, static_cast<int64_t>(ops.attention_scratch_bytes(wide)), Category::workspace);
  check_refused("E_SHAPE", "a head wider than the kernels", [&] { ops.attention(wide, row, row, row, start, row, nullptr, room); });
  check_refused("E_BUDGET", "more than the arena", [&] { b.normal(DType::f32, 1 << 14, 1 << 14); });
  check_refused("E_MEMORY", "more than the card", [&] { Arena more(b.device.card, uint64_t{1} << 40); });
}

// Half of the values between two neighbours of bf16 go up as often as their distance says.
void stochastic_rounding() {
  Bench b;
  constexpr int64_t kCount = 20003;
  const Tensor p = b.normal(DType::bf16, 1, kCount), g = b.normal(DType::f32, 1, kCount), m = b.normal(DType::f32, 1, kCount), v = b.normal(DType::f32, 1, kCount);
  const RandomStream stream{3, 4, 5};
  AdamStep step;
  step.learning_rate = 0x1p-9f;  // a quarter of the step between 1 and its neighbour above
  step.rounding = &stream;
  b.device.ops.fill_uniform(p, 1.0f, 1.0f, stream);
  b.device.ops.fill_uniform(g, -1.0f, -1.0f, stream);
  b.device.ops.zero(m);
  b.device.ops.zero(v);
  b.device.ops.adamw(p, g, m, v, step);
  const HostRead values(b.context, p);
  bool as_drawn = true;
  for (int64_t i = 0; i < kCount; ++i) {
    const double u = static_cast<double>(uniform(stream, static_cast<uint64_t>(i)));
    if (std::abs(u - 0.75) > 1e-3) as_drawn = as_drawn && values.as<uint16_t>()[i] == (u > 0.75 ? 0x3f81 : 0x3f80);
  }
  check(as_drawn, "element i is rounded by element i of the stream");
}

}  // namespace

int main() {
  test::use_emulated_card();
  reasons();
  tiles();
  empty_terms();
  aliases();
  {
    Bench b;
    const std::string apart = attention_gradients(b, false);
    check(attention_gradients(b, true) == apart, "attention_backward: gradients in the place of q, k and v");
  }
  refusals();
  stochastic_rounding();
  return test::finish();
}
