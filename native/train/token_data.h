#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "core/rng.h"
#include "io/safetensors.h"
#include "model/decoder.h"

namespace rankwise {

// A `tokens` file: input_ids [S × T] i32, optional labels (−100 = ignored) and document_start, checked against the vocabulary.
class TokenFile {
 public:
  // Throws E_DATA with what is wrong and where.
  TokenFile(const std::string& path, int64_t vocab_size);
  int64_t sequences() const { return sequences_; }
  int64_t length() const { return length_; }
  const int32_t* ids(int64_t sequence) const { return ids_ + sequence * length_; }
  // Null where the file has none: labels are then the ids, and every sequence is one document.
  const int32_t* labels(int64_t sequence) const { return labels_ ? labels_ + sequence * length_ : nullptr; }
  const int32_t* document_start(int64_t sequence) const { return starts_ ? starts_ + sequence * length_ : nullptr; }
  // Predictions that count in a sequence.
  int64_t targets(int64_t sequence) const;

 private:
  const int32_t* matrix(const char* name, bool required);
  void check(int64_t vocab_size) const;
  std::string path_;
  SafetensorsFile file_;
  int64_t sequences_ = 0, length_ = 0;
  const int32_t* ids_ = nullptr;
  const int32_t* labels_ = nullptr;
  const int32_t* starts_ = nullptr;
};

// Which sequence comes at which place: epoch after epoch, each in an order of its own (or in file order), never stored. With an
// evaluation fraction the sequences are first shuffled once and the last of them set aside.
class SequenceOrder {
 public:
  SequenceOrder(int64_t sequences, double eval_fraction, bool shuffle, uint64_t seed);
  int64_t training_sequences() const { return training_; }
  int64_t evaluation_sequences() const { return sequences_ - training_; }
  int64_t training_at(int64_t place) const;
  int64_t evaluation_at(int64_t place) const;

 private:
  int64_t split(int64_t place) const;
  int64_t sequences_, training_;
  bool shuffle_, splits_;
  uint64_t seed_;
};

// The memory of one micro-batch on the device.
class BatchBuffer {
 public:
  BatchBuffer(const Context& context, int64_t batch, int64_t length);
  const Batch& batch() const { return batch_; }
  // Row `row` ← sequence of the file; −1 = a row of padding that counts nothing.
  void set(int64_t row, const TokenFile& file, int64_t sequence);
  // Row `row` ← the arrays of a sequence as in TokenFile; null ids = padding.
  void set(int64_t row, const int32_t* from, const int32_t* labels, const int32_t* documents);
  // After the last row: brings the batch to the device.
  void finish();

 private:
  // Where the host writes a list: the tensor itself, or a copy that finish() brings to a card.
  int32_t* host(int list);
  Backend& ops_;
  std::vector<int32_t> copy_;
  Tensor ids_, targets_, positions_, starts_;
  Batch batch_;
};

}  // namespace rankwise
