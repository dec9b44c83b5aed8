#include "train/inspection.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <functional>

#include "core/error.h"
#include "core/text.h"
#include "cpu/backend.h"
#include "model/decoder.h"
#include "model/likelihood.h"
#include "model/attach.h"
#include "ops/host_access.h"
#include "train/inference.h"
#include "train/layered_model.h"
#include "train/progress.h"
#include "train/run_config.h"
#include "train/token_data.h"

namespace rankwise {

using nlohmann::json;

namespace {

constexpr uint64_t kMostLogitBytes = uint64_t{4} << 30;

// “layers.2” before “layers.10”: digits compare by their value.
bool in_layer_order(const std::string& a, const std::string& b) {
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const size_t from_i = i, from_j = j;
      while (i < a.size() && is_digit(a[i])) ++i;
      while (j < b.size() && is_digit(b[j])) ++j;
      const std::string x = a.substr(from_i, i - from_i), y = b.substr(from_j, j - from_j);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else if (a[i] != b[j]) {
      return a[i] < b[j];
    } else {
      ++i;
      ++j;
    }
  }
  return a.size() - i < b.size() - j;
}

// Sequences to compare on, of a tokens file or of the job's own lists.
class Sequences {
 public:
  struct One {
    const int32_t *ids, *labels, *documents;
    int64_t length;
    // The token that position t predicts; −100 = none that counts.
    int32_t target(int64_t t) const { return t + 1 == length ? -100 : labels ? labels[t + 1] : ids[t + 1]; }
  };

  Sequences(const json& job, int64_t vocab_size) {
    if (job.contains("tokens")) {
      file_ = std::make_unique<TokenFile>(job["tokens"].get<std::string>(), vocab_size);
      for (int64_t i = 0; i < file_->sequences(); ++i) all_.push_back({file_->ids(i), file_->labels(i), file_->document_start(i), file_->length()});
    } else {
      lists_ = job.at("ids").get<std::vector<std::vector<int32_t>>>();
      for (const auto& ids : lists_) add(ids, vocab_size);
    }
    for (const One& one : all_) {
      positions_ += one.length;
      longest_ = std::max(longest_, one.length);
      for (int64_t t = 0; t < one.length; ++t) predictions_ += one.target(t) >= 0;
    }
    if (predictions_ == 0) fail("E_JOB", "There is no prediction to compare on.", "Give sequences of two tokens or more.");
  }
  const std::vector<One>& all() const { return all_; }
  int64_t positions() const { return positions_; }
  int64_t predictions() const { return predictions_; }
  int64_t longest() const { return longest_; }

 private:
  void add(const std::vector<int32_t>& ids, int64_t vocab_size) {
    for (const int32_t id : ids) {
      if (id < 0 || id >= vocab_size) fail("E_PROMPT", "A sequence has a token outside the vocabulary.", "Use this model's tokenizer.");
    }
    if (!ids.empty()) all_.push_back({ids.data(), nullptr, nullptr, static_cast<int64_t>(ids.size())});
  }
  std::unique_ptr<TokenFile> file_;
  std::vector<std::vector<int32_t>> lists_;
  std::vector<One> all_;
  int64_t positions_ = 0, predictions_ = 0, longest_ = 0;
};

// What one model says of the sequences.
struct Hearing {
  double loss = 0;
  uint64_t peak_bytes = 0;
};

// Calls `row` with every position's logits [V], sequence after sequence. `progress` counts positions.
Hearing hear(const InferenceSettings& settings, const Sequences& sequences, const JobControl& control, const std::function<void(const float*)>& row,
             const std::function<void(int64_t)>& progress) {
  control.require_not_cancelled();
  Arena arena(Arena::Kind::real, settings.budget);
  CpuBackend ops(arena, settings.device.threads);
  const Context context = inference_context(settings, ops, arena);
  LayeredModel model(context, settings);
  std::vector<std::unique_ptr<BatchBuffer>> buffers;
  std::vector<Batch> batches;
  for (const Sequences::One& one : sequences.all()) {
    buffers.push_back(std::make_unique<BatchBuffer>(context, 1, one.length));
    buffers.back()->set(0, one.ids, one.labels, one.documents);
    buffers.back()->finish();
    batches.push_back(buffers.back()->batch());
  }
  const std::vector<Tensor> states =
      model.hidden_states(batches, [&](int64_t done, int64_t layers) { progress(sequences.positions() * done / (layers + 1)); });
  const int64_t vocab_size = model.frame().config.vocab_size;
  Hearing hearing;
  for (size_t i = 0; i < states.size(); ++i) {
    const Sequences::One& one = sequences.all()[i];
    const Tensor logits = context.passing(DType::f32, one.length, vocab_size, Category::activations);
    head_logits(context, model.frame(), states[i], logits);
    const HostRead values(context, logits);
    for (int64_t t = 0; t < one.length; ++t) {
      const float* at = values.as<float>() + t * vocab_size;
      const double all = log_sum_exp(at, vocab_size);
      if (!std::isfinite(all)) fail("E_NONFINITE", "What the model " + settings.model + " computes is no longer numbers.", "Its weights are damaged, or the run that made them diverged.");
      if (one.target(t) >= 0) hearing.loss += all - at[one.target(t)];
      row(at);
    }
  }
  progress(sequences.positions());
  hearing.loss /= static_cast<double>(sequences.predictions());
  hearing.peak_bytes = arena.usage().peak_bytes;
  return hearing;
}

// Room for the logits of every position, taken from the budget of the models.
std::vector<float> take_room(int64_t positions, int64_t vocab_size, InferenceSettings& settings, InferenceSettings& other) {
  const uint64_t count = static_cast<uint64_t>(positions) * static_cast<uint64_t>(vocab_size), bytes = count * sizeof(float);
  if (bytes > kMostLogitBytes || (settings.budget && bytes >= settings.budget)) {
    fail("E_JOB", "The logits of these " + std::to_string(positions) + " tokens take " + human_bytes(bytes) + ", which is too much to keep.", "Compare on fewer tokens.");
  }
  if (settings.budget) settings.budget -= bytes;
  other.budget = settings.budget;
  return std::vector<float>(count);
}

}  // namespace

json adapter_norms_job(const json& job) {
  const PeftAdapter adapter(job.at("adapter").get<std::string>());
  Arena arena(Arena::Kind::real, 0);
  CpuBackend ops(arena, 0);
  const Context context{ops, arena, Product::f32, DType::f32};
  std::vector<std::string> names;
  for (const auto& [name, layer] : adapter.layers()) names.push_back(name);
  std::sort(names.begin(), names.end(), in_layer_order);
  json layers = json::array();
  for (const std::string& name : names) layers.push_back({{"name", name}, {"norm", read_delta(context, adapter, name, 1.0f)->norm(context)}});
  return {{"layers", std::move(layers)}};
}

json compare_logits_job(const json& job, const JobControl& control, const EventSink& emit) {
  InferenceSettings settings = parse_inference(job), other = settings;
  other.model = job.at("other").get<std::string>();
  other.adapter.clear();
  const int64_t vocab_size = read_model_config(settings.model).vocab_size;
  if (read_model_config(other.model).vocab_size != vocab_size) {
    fail("E_JOB", "The two models have vocabularies of different sizes.", "Compare a model with one that was made from it.");
  }
  const Sequences sequences(job, vocab_size);
  settings.positions = other.positions = sequences.longest();
  std::vector<float> kept = take_room(sequences.positions(), vocab_size, settings, other);
  const Progress told = progress_events(control, emit);
  const int64_t total = 2 * sequences.positions();

  float* next = kept.data();
  const Hearing first = hear(settings, sequences, control, [&](const float* logits) { next = std::copy(logits, logits + vocab_size, next); },
                             [&](int64_t done) { told(done, total); });
  double largest = 0, sum = 0;
  int64_t agreeing = 0;
  const float* before = kept.data();
  const auto compare = [&](const float* logits) {
    for (int64_t i = 0; i < vocab_size; ++i) {
      const double difference = std::abs(static_cast<double>(logits[i]) - before[i]);
      largest = std::max(largest, difference);
      sum += difference;
    }
    agreeing += likeliest_token(logits, vocab_size) == likeliest_token(before, vocab_size);
    before += vocab_size;
  };
  const Hearing second = hear(other, sequences, control, compare, [&](int64_t done) { told(sequences.positions() + done, total); });
  const auto positions = static_cast<double>(sequences.positions());
  return {{"maxDifference", largest},
          {"meanDifference", sum / (positions * static_cast<double>(vocab_size))},
          {"agreement", static_cast<double>(agreeing) / positions},
          {"positions", sequences.positions()},
          {"tokens", sequences.predictions()},
          {"loss", first.loss},
          {"perplexity", std::exp(first.loss)},
          {"otherLoss", second.loss},
          {"otherPerplexity", std::exp(second.loss)},
          {"peakBytes", std::max(first.peak_bytes, second.peak_bytes) + kept.size() * sizeof(float)}};
}

}  // namespace rankwise
