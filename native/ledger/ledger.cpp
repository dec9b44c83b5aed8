#include "ledger/ledger.h"

#include <map>

#include "cuda/host/workspace.h"
#include "ledger/cards.h"
#include "meta/backend.h"
#include "train/session.h"

namespace rankwise::ledger {

using nlohmann::json;

namespace {

struct Line {
  Kind kind = Kind::moves;
  int64_t calls = 0;
  Traffic traffic;
  double seconds[std::size(kCards)] = {};

  void add(const Entry& entry) {
    kind = entry.kind;
    ++calls;
    traffic += entry.traffic;
    for (size_t c = 0; c < std::size(kCards); ++c) seconds[c] += kCards[c].seconds(entry);
  }
  void add(const Line& other) {
    calls += other.calls;
    traffic += other.traffic;
    for (size_t c = 0; c < std::size(kCards); ++c) seconds[c] += other.seconds[c];
  }
  json to_json() const {
    json times = json::object();
    for (size_t c = 0; c < std::size(kCards); ++c) times[kCards[c].name] = seconds[c];
    return {{"calls", calls},
            {"launches", traffic.launches},
            {"read", traffic.read},
            {"written", traffic.written},
            {"cached", traffic.cached},
            {"operations", traffic.operations},
            {"floorBytes", traffic.floor},
            {"seconds", times}};
  }
};

using Lines = std::map<std::string, Line>;

json to_json(const Lines& lines) {
  Line total;
  std::map<Kind, Line> kinds;
  json operations = json::array(), classes = json::array();
  for (const auto& [name, line] : lines) {
    total.add(line);
    kinds[line.kind].add(line);
    json entry = line.to_json();
    entry["operation"] = name;
    entry["class"] = name_of(line.kind);
    operations.push_back(entry);
  }
  for (const auto& [kind, line] : kinds) {
    json entry = line.to_json();
    entry["class"] = name_of(kind);
    classes.push_back(entry);
  }
  return {{"operations", operations}, {"classes", classes}, {"total", total.to_json()}};
}

}  // namespace

json make_ledger(const json& job) {
  const RunConfig config = parse_run(job);
  Arena arena(Arena::Kind::sizes_only, 0);
  MetaBackend meta(arena, 0, DeviceKind::cuda);
  Lines lines;
  RecordingBackend ops(meta, CudaWorkspace::kTileBytes, [&](const Entry& entry) { lines[entry.operation].add(entry); });
  Session session(ops, arena, config, config.recompute == "blocks");

  int64_t plain = 0;
  while (session.method().event_due(plain)) ++plain;
  const int64_t event = session.method().next_event(0);
  json ledger = {{"tokens", config.micro_batch * config.accumulation * config.sequence_length}};
  // The method's own state begins with its first event.
  if (event >= 0 && event < plain) session.step(event, nullptr, nullptr);
  lines.clear();
  session.step(plain, nullptr, nullptr);
  ledger["step"] = to_json(lines);
  if (event >= 0) {
    lines.clear();
    session.step(session.method().next_event(plain + 1) >= 0 ? session.method().next_event(plain + 1) : event, nullptr, nullptr);
    ledger["event"] = to_json(lines);
  }
  ledger["planBytes"] = arena.usage().peak_bytes;
  return ledger;
}

}  // namespace rankwise::ledger
