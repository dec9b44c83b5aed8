// The border between Node and the engine: parse a job, run it on a thread, stream its events, settle a promise. Nothing else.
#include <napi.h>

#include <memory>
#include <string>
#include <thread>

#include "core/error.h"
#include "train/jobs.h"

namespace {

struct Outcome {
  bool ok = false;
  std::string text;  // result JSON, or the error's sentence
  std::string code, hint;
};

// One running job. The worker thread owns nothing of JavaScript; it talks through the thread-safe function, whose finalizer (on the
// JavaScript thread, after the last event was delivered) joins the thread and settles the promise.
struct Job {
  explicit Job(Napi::Env env) : deferred(Napi::Promise::Deferred::New(env)) {}
  Napi::Promise::Deferred deferred;
  rankwise::JobControl control;
  Outcome outcome;
  std::thread worker;
};

Outcome perform(const std::string& text, rankwise::JobControl& control, const rankwise::EventSink& emit) {
  Outcome outcome;
  try {
    outcome.text = rankwise::run_job(nlohmann::json::parse(text), control, emit).dump();
    outcome.ok = true;
  } catch (const rankwise::Error& e) {
    outcome.text = e.what();
    outcome.code = e.code();
    outcome.hint = e.hint();
  } catch (const std::exception& e) {
    outcome.text = std::string("The engine met a fault of its own: ") + e.what();
    outcome.code = "E_ENGINE";
    outcome.hint = "Please report this with the run file.";
  }
  return outcome;
}

Napi::Error to_js_error(Napi::Env env, const Outcome& outcome) {
  Napi::Error error = Napi::Error::New(env, outcome.text);
  error.Set("code", outcome.code);
  error.Set("hint", outcome.hint);
  return error;
}

void settle(Napi::Env env, void*, Job* job) {
  job->worker.join();
  Napi::HandleScope scope(env);
  if (job->outcome.ok) {
    job->deferred.Resolve(Napi::String::New(env, job->outcome.text));
  } else {
    job->deferred.Reject(to_js_error(env, job->outcome).Value());
  }
}

// ask("checkpoint" | "stop")
void ask(const Napi::CallbackInfo& info, rankwise::JobControl& control) {
  const std::string what = info.Length() == 1 && info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : "";
  if (what == "checkpoint") {
    control.ask_checkpoint();
  } else if (what == "stop") {
    control.ask_stop();
  } else {
    throw Napi::TypeError::New(info.Env(), "ask(what: \"checkpoint\" | \"stop\")");
  }
}

// start(jobJson, onEvent) → {promise, cancel, ask}
Napi::Value start(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (info.Length() < 2 || !info[0].IsString() || !info[1].IsFunction()) {
    throw Napi::TypeError::New(env, "start(jobJson: string, onEvent: (eventJson: string) => void)");
  }
  const std::string text = info[0].As<Napi::String>().Utf8Value();
  auto job = std::make_shared<Job>(env);
  auto* kept = new std::shared_ptr<Job>(job);
  // The queue is bounded: an engine that outruns its listener waits for it, so that no event is lost.
  constexpr size_t kQueue = 1024;
  Napi::ThreadSafeFunction events = Napi::ThreadSafeFunction::New(
      env, info[1].As<Napi::Function>(), "rankwise job", kQueue, 1,
      [](Napi::Env finalizer_env, std::shared_ptr<Job>* holder) {
        settle(finalizer_env, nullptr, holder->get());
        delete holder;
      },
      kept);
  job->worker = std::thread([job_ptr = job.get(), text, events]() mutable {
    job_ptr->outcome = perform(text, job_ptr->control, [&](const nlohmann::json& event) {
      auto line = std::make_unique<std::string>(event.dump());
      const napi_status status = events.BlockingCall(line.get(), [](Napi::Env callback_env, Napi::Function callback, std::string* data) {
        const std::unique_ptr<std::string> owned(data);
        callback.Call({Napi::String::New(callback_env, *owned)});
      });
      if (status == napi_ok) line.release();
    });
    events.Release();
  });
  Napi::Object handle = Napi::Object::New(env);
  handle.Set("promise", job->deferred.Promise());
  handle.Set("cancel", Napi::Function::New(env, [job](const Napi::CallbackInfo&) { job->control.cancel(); }, "cancel"));
  handle.Set("ask", Napi::Function::New(env, [job](const Napi::CallbackInfo& call) { ask(call, job->control); }, "ask"));
  return handle;
}

template <nlohmann::json (*Function)()>
Napi::Value as_json(const Napi::CallbackInfo& info) {
  try {
    return Napi::String::New(info.Env(), Function().dump());
  } catch (const std::exception& e) {
    throw Napi::Error::New(info.Env(), e.what());
  }
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("info", Napi::Function::New(env, as_json<rankwise::engine_info>, "info"));
  exports.Set("methods", Napi::Function::New(env, as_json<rankwise::engine_registry>, "methods"));
  exports.Set("start", Napi::Function::New(env, start, "start"));
  return exports;
}

}  // namespace

NODE_API_MODULE(rankwise_engine, initialize)
