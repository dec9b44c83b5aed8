#include <cmath>

#include "io/float_formats.h"
#include "model/decoder.h"

namespace rankwise {
namespace {

// Rounded to the type of the embeddings, as transformers rounds it: 55.4256 is 55.5 in bfloat16.
float scale_of(const Model& model) {
  const auto root = static_cast<float>(std::sqrt(static_cast<double>(model.config.hidden_size)));
  if (model.embedding.dense().dtype != DType::bf16) return root;
  uint16_t rounded = 0;
  convert_floats(DType::f32, &root, DType::bf16, &rounded, 1);
  float result = 0;
  convert_floats(DType::bf16, &rounded, DType::f32, &result, 1);
  return result;
}

}  // namespace

void embed(const Context& context, const Model& model, const View& ids, const View& x) {
  context.ops.embedding(ids, model.embedding.dense(), x);
  if (model.config.scaled_embedding) context.ops.axpby(scale_of(model), x, 0.0f, x);
}

void embed_backward(const Context& context, const Model& model, const View& ids, const View& g) {
  if (!model.embedding_parameter) return;
  if (model.config.scaled_embedding) context.ops.axpby(scale_of(model), g, 0.0f, g);
  context.ops.embedding_backward(ids, g, model.embedding_parameter->gradient_to_add(context));
}

}  // namespace rankwise
