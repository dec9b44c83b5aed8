#pragma once
#include <string>

#include "model/config.h"

namespace rankwise {

// What a model_type says beyond its config.json.
struct Family {
  const char* model_type;
  const char* architecture;  // its class in transformers

  // What transformers takes for a key that config.json leaves out.
  int64_t kv_heads = 0;  // 0 = as many as heads
  int64_t head_dim = 0;  // 0 = hidden_size / heads
  int64_t max_positions = 2048;
  int64_t bos_id = -1, eos_id = -1;  // −1 = none
  double rms_epsilon = 1e-6;
  double rope_theta = 10000;
  bool tied_head = false;

  // Whether config.json may have a sliding_window.
  bool sliding_window = false;

  // Biases that config.json may switch on: attention_bias (of q, k, v and o together) and mlp_bias.
  bool attention_bias = false, mlp_bias = false;

  // What every model of the family has; see ModelConfig.
  bool qkv_bias = false;
  bool qk_norm = false, qk_norm_whole = false;
  bool norm_before = true, norm_after = false;
  bool gains_around_zero = false, scaled_embedding = false;
  const char* activation = "silu";

  // Gemma 2 and 3: every how manyth layer is without a window where layer_types does not say (0 = another rule), and the defaults of
  // what only they have (0 = none).
  int64_t full_layer_every = 0;
  double query_scalar = 0, attention_softcap = 0, final_softcap = 0, local_rope_theta = 0;
};

// Null where the type is not supported.
const Family* family_of(const std::string& model_type);
// Sets what every model of the family has.
void set_family_features(const Family& family, ModelConfig& config);

}  // namespace rankwise
