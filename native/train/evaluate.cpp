#include "train/evaluate.h"

#include <algorithm>

namespace rankwise {

Tensor hidden_states(const Context& context, const Model& model, const Batch& batch) {
  auto residual = [&] { return context.passing(context.activation, batch.tokens(), model.config.hidden_size, Category::activations); };
  Tensor x = residual(), y = residual();
  embed(context, model, batch.ids, x);
  for (const Block& block : model.blocks) {
    block_forward(context, model, block, batch, x, y, nullptr);
    std::swap(x, y);
  }
  return x;
}

EvalResult evaluate(const Context& context, Model& model, BatchBuffer& buffer, const View& losses, const TokenFile* file,
                    const SequenceOrder* order, int64_t batches, const Progress& progress) {
  EvalResult result;
  const int64_t rows = buffer.batch().batch;
  int64_t sequences = !file ? 1 : order ? order->evaluation_sequences() : file->sequences();
  if (batches > 0) sequences = std::min(sequences, batches * rows);
  const auto sequence_at = [&](int64_t place) { return order ? order->evaluation_at(place) : place; };
  int64_t total = 0;
  for (int64_t place = 0; progress && place < sequences; ++place) total += file->targets(sequence_at(place));
  double sum = 0;
  for (int64_t first = 0; first < sequences; first += rows) {
    for (int64_t row = 0; file && row < rows; ++row) {
      const int64_t place = first + row;
      const int64_t sequence = place >= sequences ? -1 : sequence_at(place);
      buffer.set(row, *file, sequence);
      if (sequence >= 0) result.tokens += file->targets(sequence);
    }
    buffer.finish();
    Tensor x = hidden_states(context, model, buffer.batch());
    head_loss(context, model, x, buffer.batch().targets, losses, 1.0f, nullptr);
    sum += context.ops.sum(losses);
    if (progress) progress(result.tokens, total);
  }
  result.loss = result.tokens ? sum / static_cast<double>(result.tokens) : 0;
  return result;
}

}  // namespace rankwise
