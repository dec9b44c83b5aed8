// SHA-256, small files, and checkpoints that exist whole or not at all.
#include "io/files.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/output_file.h"
#include "test/check.h"
#include "test/temporary_folder.h"

using namespace rankwise;
using namespace rankwise::test;

namespace {

namespace fs = std::filesystem;

std::string sha256(const std::string& text, Sha256Path path, size_t piece) {
  Sha256 hash(path);
  for (size_t at = 0; at < text.size(); at += piece) hash.update(text.data() + at, std::min(piece, text.size() - at));
  return hash.hex();
}

// FIPS 180-4's examples, NIST's long message, and the longest text whose padding fits into its block.
void test_sha256() {
  struct Case {
    std::string text;
    const char* hash;
  };
  const Case cases[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
      {std::string(55, 'x'), "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072"},
  };
  for (const Case& c : cases) {
    const std::string portable = sha256(c.text, Sha256Path::portable, 1 << 20);
    check(portable == c.hash, "known answer, portable");
    for (const size_t piece : {1, 63, 64, 65, 4096}) {
      if (c.text.size() / piece > 100'000) continue;
      check(sha256(c.text, Sha256Path::best, piece) == portable, "in pieces of " + std::to_string(piece));
    }
  }
  bool same = true;
  for (size_t size = 0; size < 300; ++size) {
    std::string text;
    for (size_t i = 0; i < size; ++i) text += static_cast<char>(i * 37 + size);
    same &= sha256(text, Sha256Path::best, 1000) == sha256(text, Sha256Path::portable, 7);
  }
  check(same, "both ways agree on every length below 300");
}

void test_small_files() {
  const TemporaryFolder folder;
  const std::string path = folder / "a.json";
  write_file_atomic(path, "one");
  put_file(path + ".part", "left behind by a kill");
  write_file_atomic(path, "two");
  check(read_file(path, 3) == "two" && !fs::exists(path + ".part"), "replaced");
  check_refused("E_READ", "larger than allowed", [&] { read_file(path, 2); });
  check_refused("E_READ", "not there", [&] { read_file(folder / "none", 10); });
  check_refused("E_READ", "a folder", [&] { read_file(folder.path(), 10); });
  check_refused("E_WRITE", "no such folder", [&] { write_file_atomic(folder / "none/a", ""); });
  mkfifo((folder / "pipe").c_str(), 0600);
  check_refused("E_READ", "a pipe is not waited for", [&] { read_file(folder / "pipe", 10); });
  put_file(folder / "empty", "");
  check(read_file(folder / "empty", 0).empty(), "empty file");
  check(sha256_of_file(path) == sha256("two", Sha256Path::portable, 3), "hash of a file");
}

std::string manifest(const std::string& step, const std::string& files) {
  return R"({"version":1,"step":)" + step + R"(,"files":{)" + files + R"(},"state":{"seed":1}})";
}

// A checkpoint of two files whose contents say `mark`.
void save_checkpoint(const std::string& folder, const std::string& mark) {
  FolderTransaction transaction(folder);
  std::string files;
  for (const char* name : {"model.safetensors", "optimizer.safetensors"}) {
    write_file_atomic(transaction.path() + "/" + name, name + mark);
    files += (files.empty() ? "\"" : ",\"") + std::string(name) + "\":\"" + sha256(name + mark, Sha256Path::best, 64) + "\"";
  }
  transaction.commit(manifest("7", files));
}

bool holds(const std::string& folder, const std::string& mark) {
  return verify_checkpoint(folder).find("\"step\":7") != std::string::npos &&
         read_file(folder + "/model.safetensors", 1000) == "model.safetensors" + mark;
}

void test_transaction() {
  const TemporaryFolder run;
  const std::string checkpoints = run / "checkpoints";
  const std::string path = checkpoints + "/step-00000007";
  check(checkpoint_folders(run.path()).empty(), "no checkpoints yet");
  save_checkpoint(path, "one");
  check(holds(path, "one"), "written");
  save_checkpoint(path + "/", "two");
  check(holds(path, "two") && !fs::exists(path + ".part") && !fs::exists(path + ".old"), "replaced");
  {
    FolderTransaction abandoned(path);
    put_file(abandoned.path() + "/x", "y");
    check(fs::exists(path + ".part"), "written beside");
  }
  check(holds(path, "two") && !fs::exists(path + ".part"), "abandoned without a trace");

  fs::create_directories(checkpoints + "/step-00000003.part/deep");
  fs::create_directories(checkpoints + "/other.part");
  put_file(path + ".part", "a file in the way");
  save_checkpoint(checkpoints + "/step-00000012", "three");
  check(!fs::exists(checkpoints + "/step-00000003.part") && !fs::exists(path + ".part"), "stale parts of other steps go");
  check(fs::exists(checkpoints + "/other.part"), "and nothing else does");

  fs::create_directories(checkpoints + "/step-1");
  fs::create_directories(checkpoints + "/step-0000000x");
  put_file(checkpoints + "/step-00000099", "a file");
  const auto folders = checkpoint_folders(run.path());
  check(folders == std::vector<std::string>{checkpoints + "/step-00000012", path}, "newest first, only checkpoints");

  fs::rename(path, path + ".old");
  check(checkpoint_folders(run.path()).size() == 2 && holds(path, "two"), "a half exchange is undone");
  fs::create_directories(path + ".old");
  recover_folder(path);
  check(holds(path, "two") && !fs::exists(path + ".old"), "a finished exchange is cleaned up");

  fs::create_directories(path + ".part");
  remove_folder(path);
  check(!fs::exists(path) && !fs::exists(path + ".part"), "removed");
  remove_folder(path);
  fs::create_directory_symlink(checkpoints, run / "link");
  remove_folder(run / "link");
  check(!fs::exists(run / "link") && fs::exists(checkpoints + "/step-00000012"), "a link is removed, not followed");
}

void test_verification() {
  const TemporaryFolder folder;
  const std::string path = folder / "step-00000007";
  save_checkpoint(path, "x");
  put_file(path + "/notes.txt", "extra");
  check(holds(path, "x"), "extra files are ignored");
  const std::string good = read_file(path + "/manifest.json", 10000);
  const std::string hash = sha256("", Sha256Path::best, 1);
  const auto file = [&](const std::string& name) { return "\"" + name + "\":\"" + hash + "\""; };
  put_file(folder / "outside", "");
  struct Case {
    const char* name;
    std::string text;
  };
  const Case cases[] = {
      {"version 2", R"({"version":2,"step":1,"files":{},"state":{}})"},
      {"version that is text", R"({"version":"1","step":1,"files":{},"state":{}})"},
      {"no version", R"({"step":1,"files":{},"state":{}})"},
      {"no step", R"({"version":1,"files":{},"state":{}})"},
      {"negative step", manifest("-1", "")},
      {"fractional step", manifest("1.5", "")},
      {"no files", R"({"version":1,"step":1,"state":{}})"},
      {"files in a list", R"({"version":1,"step":1,"files":[],"state":{}})"},
      {"no state", R"({"version":1,"step":1,"files":{}})"},
      {"a path upwards", manifest("1", file("../outside"))},
      {"an absolute path", manifest("1", file("/dev/null"))},
      {"the folder itself", manifest("1", file("."))},
      {"the manifest itself", manifest("1", file("manifest.json"))},
      {"a short hash", manifest("1", R"("model.safetensors":"00")")},
      {"an upper-case hash", manifest("1", "\"model.safetensors\":\"" + std::string(64, 'A') + "\"")},
      {"a hash that is null", manifest("1", R"("model.safetensors":null)")},
      {"a file that is not there", manifest("1", file("none"))},
      {"another file's hash", manifest("1", file("model.safetensors"))},
      {"a file twice", manifest("1", file("notes.txt") + "," + file("notes.txt"))},
      {"a list", "[]"},
      {"nothing", ""},
      {"cut in the middle", good.substr(0, good.size() / 2)},
  };
  for (const Case& c : cases) {
    put_file(path + "/manifest.json", c.text);
    check_refused("E_CHECKPOINT", c.name, [&] { verify_checkpoint(path); });
  }
  put_file(path + "/manifest.json", good);
  check(holds(path, "x"), "whole again");
  put_file(path + "/model.safetensors", "model.safetensorsy");
  check_refused("E_CHECKPOINT", "a changed file", [&] { verify_checkpoint(path); });
  fs::remove(path + "/model.safetensors");
  check_refused("E_CHECKPOINT", "a missing file", [&] { verify_checkpoint(path); });
  fs::remove(path + "/manifest.json");
  check_refused("E_CHECKPOINT", "no manifest", [&] { verify_checkpoint(path); });
  check_refused("E_CHECKPOINT", "no folder", [&] { verify_checkpoint(folder / "none"); });
}

// A process that replaces one checkpoint over and over is killed at moments spread over its work.
void test_kill() {
  const TemporaryFolder run;
  const std::string path = run / "checkpoints/step-00000007";
  save_checkpoint(path, "0");
  bool whole = true;
  for (int round = 0; round < 24; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      for (int i = 0;; ++i) save_checkpoint(path, std::to_string(i));
    }
    usleep(static_cast<useconds_t>(2000 + round * 977));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    try {
      const auto folders = checkpoint_folders(run.path());
      whole &= folders.size() == 1;
      verify_checkpoint(path);
    } catch (const Error& e) {
      std::printf("%s\n", e.what());
      whole = false;
    }
  }
  check(whole, "killed at 24 moments, the checkpoint always verifies");
  save_checkpoint(path, "end");
  check(holds(path, "end") && fs::directory_iterator(run / "checkpoints") != fs::directory_iterator() && !fs::exists(path + ".part"),
        "and the next one finds its way");
}

}  // namespace

int main() {
  test_sha256();
  test_small_files();
  test_transaction();
  test_verification();
  test_kill();
  return finish();
}
