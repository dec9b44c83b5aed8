#include "train/trainer.h"

#include <chrono>
#include <cmath>
#include <filesystem>
#include <optional>

#include "core/error.h"
#include "core/process_memory.h"
#include "io/files.h"
#include "train/checkpoint.h"
#include "train/device.h"
#include "train/plan.h"
#include "train/session.h"

namespace rankwise {

using nlohmann::json;

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) fail("E_WRITE", "The folder " + path + " cannot be made: " + error.message() + ".", "Choose another output folder.");
}

// What must be the same for a checkpoint to belong to a run: everything that decides its numbers.
std::string record_of(const RunConfig& config) {
  json record = config.run;
  for (const char* key : {"name", "output", "device"}) record.erase(key);
  Sha256 hash;
  const std::string text = record.dump();
  hash.update(text.data(), text.size());
  return hash.hex();
}

class Run {
 public:
  Run(const RunConfig& config, const MemoryPlan& plan, const EventSink& emit)
      : config_(config),
        plan_(plan),
        emit_(emit),
        device_(config.device, plan.plan_bytes, config.budget),
        train_file_(config.train_tokens, config.model.vocab_size),
        order_(train_file_.sequences(), config.eval_fraction, config.shuffle, config.seed),
        session_(device_.ops(), device_.arena(), config, plan.recompute),
        record_(record_of(config)) {
    check_length(train_file_);
    if (!config.eval_tokens.empty()) {
      eval_file_.emplace(config.eval_tokens, config.model.vocab_size);
      check_length(*eval_file_);
    }
  }

  int64_t resume() {
    const Resumed resumed = load_newest_checkpoint(session_, config_.output, record_, config_.parent_record);
    for (const std::string& reason : resumed.rejected) {
      emit_({{"type", "warning"}, {"code", "W_CHECKPOINT"}, {"message", reason}, {"hint", "The checkpoint before it is used."}});
    }
    loss_ = resumed.progress.at("loss");
    if (const json& eval = resumed.progress.at("evalLoss"); !eval.is_null()) eval_loss_ = eval.get<double>();
    if (resumed.of_parent) {
      // The peak and the best evaluation are the parent's own: this run has another plan, perhaps other data.
      require_steps_left(resumed.step);
      return resumed.step;
    }
    earlier_peak_ = resumed.progress.at("peakBytes");
    best_eval_ = resumed.progress.at("bestEval").is_null() ? INFINITY : resumed.progress.at("bestEval").get<double>();
    evals_since_best_ = resumed.progress.at("evalsSinceBest");
    return resumed.step;
  }

  json go(int64_t first, JobControl& control) {
    const double started = now();
    int64_t done = first;
    bool stopped = false;
    bool evaluated = first == config_.steps;
    for (; done < config_.steps && !enough() && !control.stop_asked();) {
      one_step(done);
      ++done;
      evaluated = false;
      if (config_.has_eval && config_.eval_every && done % config_.eval_every == 0) {
        evaluate(done);
        evaluated = true;
      }
      if (control.cancelled()) {
        stopped = done < config_.steps;
        if (stopped) break;
      }
      const bool due = config_.checkpoint_every && done % config_.checkpoint_every == 0 && done < config_.steps;
      if (control.take_checkpoint() || due) checkpoint(done);
    }
    if (stopped) {
      checkpoint(done);
    } else {
      if (config_.has_eval && !evaluated) evaluate(done);
      session_.save(config_.output);
    }
    report_memory(done);
    json result = {{"type", "done"},
                   {"steps", done},
                   {"finalLoss", loss_},
                   {"peakBytes", peak()},
                   {"planBytes", plan_.plan_bytes},
                   {"outsideBytes", device_.outside_bytes()},
                   {"parameterHash", session_.parameter_hash()},
                   {"seconds", now() - started},
                   {"output", config_.output}};
    if (HostCopies* copies = device_.ops().host_copies(); copies && copies->peak_bytes()) result["hostBytes"] = copies->peak_bytes();
    if (eval_loss_) result["evalLoss"] = *eval_loss_;
    if (stopped) result["stopped"] = true;
    if (!stopped && control.stop_asked() && done < config_.steps) result["stoppedEarly"] = true;
    emit_(result);
    return result;
  }

 private:
  void check_length(const TokenFile& file) const {
    if (file.length() != config_.sequence_length) {
      fail("E_DATA", "The tokens file has sequences of " + std::to_string(file.length()) + " tokens but the run says " + std::to_string(config_.sequence_length) + ".",
           "Set data.sequenceLength to " + std::to_string(file.length()) + ".");
    }
  }

  void require_steps_left(int64_t step) const {
    if (step < config_.steps) return;
    fail("E_CHECKPOINT", "The checkpoint is of step " + std::to_string(step) + " but this run has only " + std::to_string(config_.steps) + " steps.",
         "Set training.steps above " + std::to_string(step) + ": steps are counted from the beginning of the run that the checkpoint is of.");
  }

  void one_step(int64_t index) {
    const double started = now();
    const StepResult step = session_.step(index, &train_file_, &order_);
    if (!step.finite) {
      fail("E_NONFINITE", "Loss or gradient of step " + std::to_string(index) + " are no longer numbers; nothing of this step was kept.",
           "Lower optimizer.learningRate or lengthen schedule.warmupSteps. What was written before this step, a checkpoint among it, is still good.");
    }
    const double seconds = now() - started;
    loss_ = step.loss;
    emit_({{"type", "step"},
           {"step", index},
           {"loss", step.loss},
           {"learningRate", step.learning_rate},
           {"gradientNorm", step.gradient_norm},
           {"tokens", step.tokens},
           {"tokensPerSecond", static_cast<double>(step.tokens) / seconds},
           {"seconds", seconds}});
    if (!step.event.kind.empty()) report_event(index, step.event);
    if (peak() != reported_peak_) report_memory(index + 1);
  }

  void report_event(int64_t index, const EventReport& report) {
    json layers = json::array();
    for (const LayerReport& layer : report.layers) {
      json one = {{"name", layer.layer}};
      for (const auto& [name, value] : layer.figures) one[name] = value;
      layers.push_back(std::move(one));
    }
    emit_({{"type", "event"}, {"step", index}, {"kind", report.kind}, {"layers", std::move(layers)}});
  }

  void report_memory(int64_t done) {
    reported_peak_ = peak();
    emit_({{"type", "memory"}, {"step", done}, {"peakBytes", peak()}, {"byCategory", category_bytes(device_.arena().usage())}, {"planBytes", plan_.plan_bytes}});
  }

  void evaluate(int64_t done) {
    const EvalResult eval = eval_file_ ? session_.evaluate(&*eval_file_, nullptr) : session_.evaluate(&train_file_, &order_);
    eval_loss_ = eval.loss;
    emit_({{"type", "eval"}, {"step", done}, {"loss", eval.loss}, {"perplexity", std::exp(eval.loss)}, {"tokens", eval.tokens}});
    if (eval.loss < best_eval_) {
      best_eval_ = eval.loss;
      evals_since_best_ = 0;
    } else {
      ++evals_since_best_;
    }
    for (const SamplePrompt& sample : config_.samples) {
      emit_({{"type", "sample"}, {"step", done}, {"prompt", sample.prompt}, {"ids", session_.sample(sample.ids, config_.sample_tokens)}});
    }
  }

  bool enough() const { return config_.patience > 0 && evals_since_best_ >= config_.patience; }

  void checkpoint(int64_t done) {
    const json progress = {{"peakBytes", peak()},
                           {"bestEval", std::isfinite(best_eval_) ? json(best_eval_) : json(nullptr)},
                           {"evalsSinceBest", evals_since_best_},
                           {"loss", loss_},
                           {"evalLoss", eval_loss_ ? json(*eval_loss_) : json(nullptr)}};
    const SavedCheckpoint saved = write_checkpoint(session_, config_.output, done, record_, progress, config_.keep_checkpoints);
    emit_({{"type", "checkpoint"}, {"step", done}, {"path", saved.path}, {"hash", saved.hash}});
  }

  // The peak of the whole run, what was reached before a resume included.
  uint64_t peak() const { return std::max(earlier_peak_, device_.arena().usage().peak_bytes); }

  const RunConfig& config_;
  const MemoryPlan& plan_;
  const EventSink& emit_;
  Device device_;
  TokenFile train_file_;
  std::optional<TokenFile> eval_file_;
  SequenceOrder order_;
  Session session_;
  std::string record_;
  uint64_t earlier_peak_ = 0, reported_peak_ = 0;
  double best_eval_ = INFINITY, loss_ = 0;
  std::optional<double> eval_loss_;  // of the last evaluation; none before the first
  int64_t evals_since_best_ = 0;
};

}  // namespace

json train(const RunConfig& config, bool resume, JobControl& control, const EventSink& emit) {
  const MemoryPlan plan = make_plan(config);
  require_fit(plan);
  make_folder(config.output);
  reset_peak_resident_bytes();
  Run run(config, plan, emit);
  int64_t first = 0;
  if (resume && config.parent_record.empty() && checkpoint_folders(config.output).empty()) {
    emit({{"type", "warning"}, {"code", "W_NO_CHECKPOINT"}, {"message", "The run ended before its first checkpoint and starts over."}, {"hint", "A smaller training.checkpointEvery loses less."}});
  } else if (resume) {
    first = run.resume();
  }
  emit({{"type", "start"}, {"run", config.run.value("name", "")}, {"config", config.run}, {"plan", plan.to_json()}, {"step", first}});
  return run.go(first, control);
}

}  // namespace rankwise
