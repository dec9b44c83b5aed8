#include "train/token_data.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace rankwise {

TokenFile::TokenFile(const std::string& path, int64_t vocab_size) : path_(path), file_(path) {
  ids_ = matrix("input_ids", true);
  labels_ = matrix("labels", false);
  starts_ = matrix("document_start", false);
  check(vocab_size);
}

const int32_t* TokenFile::matrix(const char* name, bool required) {
  const TensorInfo* info = file_.find(name);
  if (!info) {
    if (required) fail("E_DATA", path_ + " has no tensor input_ids.", "A tokens file holds input_ids as int32 [sequences × length].");
    return nullptr;
  }
  if (info->dtype != DType::i32 || info->shape.size() != 2) {
    fail("E_DATA", std::string(name) + " in " + path_ + " is not an int32 matrix.", "Write it as int32 [sequences × length].");
  }
  if (required) {
    sequences_ = info->shape[0];
    length_ = info->shape[1];
    if (sequences_ < 1 || length_ < 2) fail("E_DATA", path_ + " holds no sequence of two tokens or more.", "Give longer data.");
  } else if (info->shape[0] != sequences_ || info->shape[1] != length_) {
    fail("E_DATA", std::string(name) + " in " + path_ + " does not have the shape of input_ids.", "Write both with the same shape.");
  }
  const void* data = file_.data(*info);
  if (reinterpret_cast<uintptr_t>(data) % alignof(int32_t) != 0) {
    fail("E_DATA", path_ + " is not aligned to whole integers.", "Write it again with a header padded to 8 bytes.");
  }
  return static_cast<const int32_t*>(data);
}

void TokenFile::check(int64_t vocab_size) const {
  auto where = [&](int64_t i) { return " at sequence " + std::to_string(i / length_) + ", position " + std::to_string(i % length_) + " of " + path_; };
  for (int64_t i = 0; i < sequences_ * length_; ++i) {
    if (ids_[i] < 0 || ids_[i] >= vocab_size) {
      fail("E_DATA", "The token " + std::to_string(ids_[i]) + where(i) + " is outside the model's vocabulary of " + std::to_string(vocab_size) + ".",
           "Tokenize the data with this model's tokenizer.");
    }
    if (labels_ && labels_[i] != -100 && (labels_[i] < 0 || labels_[i] >= vocab_size)) {
      fail("E_DATA", "The label " + std::to_string(labels_[i]) + where(i) + " is outside the model's vocabulary.", "Use −100 for positions that are not trained on.");
    }
    if (starts_ && (starts_[i] < 0 || starts_[i] > i % length_)) {
      fail("E_DATA", "The document start " + std::to_string(starts_[i]) + where(i) + " lies behind its own position.", "It is the index at which the current document begins.");
    }
  }
}

int64_t TokenFile::targets(int64_t sequence) const {
  const int32_t* from = labels(sequence);
  if (!from) return length_ - 1;
  return std::count_if(from + 1, from + length_, [](int32_t label) { return label != -100; });
}

SequenceOrder::SequenceOrder(int64_t sequences, double eval_fraction, bool shuffle, uint64_t seed)
    : sequences_(sequences), shuffle_(shuffle), splits_(eval_fraction > 0), seed_(seed) {
  int64_t aside = splits_ ? static_cast<int64_t>(std::floor(static_cast<double>(sequences) * eval_fraction)) : 0;
  if (splits_) aside = std::max<int64_t>(1, aside);
  training_ = sequences - aside;
  if (training_ < 1) fail("E_DATA", "After setting the evaluation part aside no sequence is left to train on.", "Give more data or a shorter data.sequenceLength.");
}

int64_t SequenceOrder::split(int64_t place) const {
  if (!splits_) return place;
  return static_cast<int64_t>(shuffled({seed_, hash_name("data.split"), 0}, static_cast<uint64_t>(sequences_), static_cast<uint64_t>(place)));
}

int64_t SequenceOrder::training_at(int64_t place) const {
  const int64_t epoch = place / training_, within = place % training_;
  if (!shuffle_) return split(within);
  const RandomStream stream{seed_, hash_name("data.epoch"), static_cast<uint64_t>(epoch)};
  return split(static_cast<int64_t>(shuffled(stream, static_cast<uint64_t>(training_), static_cast<uint64_t>(within))));
}

int64_t SequenceOrder::evaluation_at(int64_t place) const { return split(training_ + place); }

BatchBuffer::BatchBuffer(const Context& context, int64_t batch, int64_t length) : ops_(context.ops) {
  if (!ops_.host_memory()) copy_.resize(static_cast<size_t>(4 * batch * length));
  auto take = [&] { return context.lasting(DType::i32, 1, batch * length, Category::workspace); };
  ids_ = take();
  targets_ = take();
  positions_ = take();
  starts_ = take();
  batch_ = {batch, length, ids_.view(), targets_.view(), positions_.view(), starts_.view()};
}

int32_t* BatchBuffer::host(int list) {
  const Tensor* const lists[] = {&ids_, &targets_, &positions_, &starts_};
  return copy_.empty() ? lists[list]->as<int32_t>() : copy_.data() + list * batch_.tokens();
}

void BatchBuffer::finish() {
  if (copy_.empty()) return;
  const Tensor* const lists[] = {&ids_, &targets_, &positions_, &starts_};
  for (int list = 0; list < 4; ++list) ops_.upload(host(list), lists[list]->view());
}

void BatchBuffer::set(int64_t row, const TokenFile& file, int64_t sequence) {
  if (sequence < 0) return set(row, nullptr, nullptr, nullptr);
  set(row, file.ids(sequence), file.labels(sequence), file.document_start(sequence));
}

void BatchBuffer::set(int64_t row, const int32_t* from, const int32_t* labels, const int32_t* documents) {
  const int64_t length = batch_.length, at = row * length;
  int32_t *ids = host(0) + at, *targets = host(1) + at, *positions = host(2) + at, *starts = host(3) + at;
  for (int64_t t = 0; t < length; ++t) {
    ids[t] = from ? from[t] : 0;
    targets[t] = !from || t + 1 == length ? -100 : labels ? labels[t + 1] : from[t + 1];
    starts[t] = documents ? documents[t] : 0;
    positions[t] = static_cast<int32_t>(t) - starts[t];
  }
}

}  // namespace rankwise
