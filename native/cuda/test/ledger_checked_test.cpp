// The ledger's costs are what the CUDA library does: launches as counted by the emulator, bytes as its access checker sees them, for
// every operation of the table and for steps of whole runs.
#include <dlfcn.h>

#include <cmath>
#include <functional>
#include <map>

#include "cuda/test/emulated_card.h"
#include "ledger/recording_backend.h"
#include "ops/selftest.h"
#include "test/check.h"
#include "test/tiny_run.h"
#include "train/session.h"

using namespace rankwise;
using ledger::Entry;
using ledger::Traffic;
using test::check;

namespace {

struct Totals {
  uint64_t launches = 0, read = 0, written = 0;
};

Totals emulator_totals() {
  static const auto function = [] {
    void* library = dlopen(RANKWISE_EMULATED_FOLDER "/librankwise_emulator.so", RTLD_NOW);
    return reinterpret_cast<void (*)(uint64_t*, uint64_t*, uint64_t*)>(dlsym(library, "rankwise_emulator_totals"));
  }();
  Totals totals;
  function(&totals.launches, &totals.read, &totals.written);
  return totals;
}

// The ledger knows no values: equal tokens, ignored targets, signs that stay and vectors that end early are touched less than it says.
double slack(const std::string& operation) {
  for (const char* name : {"embedding", "embedding_backward", "cross_entropy", "fix_row_signs", "orthonormalize_rows"}) {
    if (operation == name) return 0.2;
  }
  return 0.02;
}

// Code books are not in it at all.
double code_book_bytes(const std::string& operation) {
  if (operation == "adamw8" || operation == "adam_direction8") return 4096;
  if (operation == "quantize_nf4" || operation == "dequantize_nf4" || operation.starts_with("matmul")) return 1088;
  return 0;
}

// Sweeps of Jacobi rotations are as many as the numbers need.
bool depends_on_numbers(const std::string& operation) { return operation == "eigh_top" || operation == "pseudo_inverse_symmetric"; }

// Compares every call with what the emulator saw, and sums up by operation.
class Comparison {
 public:
  void take(const Entry& entry) {
    const Totals now = emulator_totals();
    Sum& sum = sums_[entry.operation];
    sum.expected += entry.traffic;
    sum.launches += static_cast<double>(now.launches - before_.launches);
    sum.bytes += static_cast<double>(now.read - before_.read + now.written - before_.written);
    before_ = emulator_totals();
  }
  void start() {
    sums_.clear();
    before_ = emulator_totals();
  }
  void judge(const std::string& where) const {
    for (const auto& [operation, sum] : sums_) {
      if (depends_on_numbers(operation)) continue;
      const double bytes = sum.expected.bytes() + sum.expected.cached;
      check(sum.launches == sum.expected.launches, where + ", " + operation + ": " + std::to_string(sum.launches) + " launches, in the ledger " +
                                                       std::to_string(sum.expected.launches));
      check(std::fabs(sum.bytes - bytes) <= slack(operation) * bytes + code_book_bytes(operation) * sum.launches, where + ", " + operation + ": " + std::to_string(sum.bytes) + " bytes, in the ledger " +
                                                                std::to_string(bytes));
    }
  }

 private:
  struct Sum {
    Traffic expected;
    double launches = 0, bytes = 0;
  };
  std::map<std::string, Sum> sums_;
  Totals before_;
};

void op_table() {
  test::EmulatedCard device;
  Comparison comparison;
  ledger::RecordingBackend ops(device.ops, CudaWorkspace::kTileBytes, [&](const Entry& entry) { comparison.take(entry); });
  comparison.start();
  const SelftestReport report = run_op_table(ops, device.arena, SelftestSize::quick);
  check(report.failed == 0 && report.passed > 1000, "the table passes while it is recorded");
  comparison.judge("op table");
}

// A few steps of a tiny model, with the method's events; products in tiles that hold a part of a layer.
void steps(const std::string& name, const std::function<void(nlohmann::json&)>& change) {
  constexpr uint64_t kTile = 1024;
  test::TemporaryFolder folder;
  test::write_tiny_model(folder / "model");
  test::write_tiny_tokens(folder / "tokens.safetensors", 40, 12);
  nlohmann::json job = test::tiny_job(folder, "out");
  change(job["run"]);
  const RunConfig config = parse_run(job);
  CudaCard card(0);
  Arena arena(card, uint64_t{256} << 20);
  CudaBackend cuda(card, arena, kTile);
  Comparison comparison;
  ledger::RecordingBackend ops(cuda, kTile, [&](const Entry& entry) { comparison.take(entry); });
  Session session(ops, arena, config, config.recompute == "blocks");
  const TokenFile file(folder / "tokens.safetensors", test::kTinyVocab);
  const SequenceOrder order(file.sequences(), 0, true, 1);
  for (int64_t step = 0; step < 3; ++step) {
    comparison.start();
    const StepResult result = session.step(step, &file, &order);
    check(result.finite, name + " goes on");
    comparison.judge(name + ", step " + std::to_string(step));
  }
}

}  // namespace

int main() {
  setenv("RANKWISE_CUDA_LIBRARY", RANKWISE_EMULATED_FOLDER "/librankwise_cuda_checked.so", 1);
  test::use_emulated_card();
  op_table();
  steps("full", [](nlohmann::json&) {});
  steps("full in bf16 with 8-bit states", [](nlohmann::json& run) {
    run["training"]["precision"] = "bf16";
    run["training"]["masterWeights"] = false;
    run["optimizer"]["stateBits"] = 8;
  });
  steps("LoQT with merges", [](nlohmann::json& run) {
    run["storage"] = {{"weights", "nf4"}, {"doubleQuantize", true}};
    run["method"] = {{"name", "loqt"}, {"rank", 6}, {"scale", 0.5}, {"interval", 2}, {"schedule", "static"}, {"compensationIterations", 3}};
    run["training"]["precision"] = "bf16";
    run["training"]["recompute"] = "blocks";
  });
  return test::finish();
}
