#include "methods/table.h"

namespace rankwise {

using nlohmann::json;

namespace {

json integer(const char* name, int64_t value, int64_t low, int64_t high, const char* help) {
  return {{"name", name}, {"type", "integer"}, {"default", value}, {"minimum", low}, {"maximum", high}, {"help", help}};
}
json number(const char* name, double value, double low, double high, const char* help) {
  return {{"name", name}, {"type", "number"}, {"default", value}, {"minimum", low}, {"maximum", high}, {"help", help}};
}
json boolean(const char* name, bool value, const char* help) {
  return {{"name", name}, {"type", "boolean"}, {"default", value}, {"help", help}};
}
json choice(const char* name, const char* value, std::vector<const char*> choices, const char* help) {
  return {{"name", name}, {"type", "choice"}, {"default", value}, {"choices", choices}, {"help", help}};
}

json parts(const char* storage, const char* delta, const char* update, const char* events, const char* initializer) {
  return {{"storage", storage}, {"delta", delta}, {"update", update}, {"optimizer", "adamw (32, 16 or 8 bit)"}, {"events", events}, {"initializer", initializer}};
}

json full_row() {
  return {{"name", "full"},
          {"title", "Full training"},
          {"summary", "Every weight is trained by AdamW. The most memory, and the yardstick of the others."},
          {"citation", "Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019 (arXiv:1711.05101)"},
          {"parts", parts("dense", "none", "direct", "none", "none")},
          {"storages", {"dense"}},
          {"defaultStorage", "dense"},
          {"parameters", json::array()}};
}

json lora_row() {
  return {
      {"name", "lora"},
      {"title", "LoRA"},
      {"summary", "The base stays frozen; a low-rank term beside each weight is trained and kept as a small adapter. On 4-bit storage this is QLoRA."},
      {"citation", "Hu et al., LoRA, ICLR 2022 (arXiv:2106.09685); Dettmers et al., QLoRA, NeurIPS 2023 (arXiv:2305.14314); Kalajdzievski, rsLoRA, 2023 (arXiv:2312.03732)"},
      {"parts", parts("dense or nf4", "low-rank, both factors trained", "direct", "none", "A uniform ±1/√n, B zero, or a given adapter")},
      {"storages", {"dense", "nf4"}},
      {"defaultStorage", "dense"},
      {"parameters",
       {integer("rank", 16, 1, 16384, "Width of the low-rank term. Higher learns more and costs bytes in proportion."),
        number("alpha", 32, 1e-6, 1e6, "Scale of the term: it is multiplied by alpha / rank. Twice the rank is a usual choice."),
        boolean("rankStabilized", false, "Divide alpha by √rank instead of rank (rsLoRA), so that higher ranks do not learn more slowly."),
        boolean("trainRest", false,
                "Also train embeddings, norms, biases and head at full rank, as when a model is pretrained from nothing. The result is then a whole model."),
        {{"name", "initializeFrom"}, {"type", "string"}, {"default", nullptr}, {"help", "A PEFT adapter folder whose tensors the adapter starts from."}}}}};
}

json galore_row() {
  return {{"name", "galore"},
          {"title", "GaLore"},
          {"summary", "All weights are trained, but Adam's states live in a low-rank subspace of the gradient that is renewed now and then."},
          {"citation", "Zhao et al., GaLore, ICML 2024 (arXiv:2403.03507)"},
          {"parts", parts("dense", "none", "projected to the gradient's leading subspace", "refresh every interval", "none")},
          {"storages", {"dense"}},
          {"defaultStorage", "dense"},
          {"parameters",
           {integer("rank", 128, 1, 16384, "Width of the subspace. Optimizer states shrink in proportion."),
            integer("interval", 200, 1, 1000000000, "Steps between two subspaces. Shorter follows the gradient more closely and costs a decomposition each time."),
            number("scale", 0.25, 1e-6, 1e3, "Multiplies the learning rate of the projected weights.")}}};
}

json loqt_row() {
  return {
      {"name", "loqt"},
      {"title", "LoQT"},
      {"summary",
       "Weights stay 4-bit. A low-rank factor taken from the gradient is fixed, its partner is trained, and the product is folded into the 4-bit "
       "weights on a growing schedule: whole-model training in little memory."},
      {"citation", "Loeschcke et al., LoQT, NeurIPS 2024 (arXiv:2405.16528)"},
      {"parts", parts("nf4 or dense", "low-rank, one factor trained", "direct", "merge, gaps τ then τ + ⌊ψᵏ⌋", "gradient subspace, least-squares compensation")},
      {"storages", {"nf4", "dense"}},
      {"defaultStorage", "nf4"},
      {"parameters",
       {integer("rank", 128, 1, 16384, "Width of the trained term; a quarter of the model's width is a usual choice."),
        number("scale", 0.5, 1e-6, 1e3, "Multiplies the low-rank term (directly, not divided by the rank)."),
        integer("interval", 100, 1, 1000000000, "Steps between the first merges (τ)."),
        choice("schedule", "exponential", {"exponential", "static", "linear"}, "How the gap between merges grows."),
        number("growth", 1.2, 1.0, 10.0, "ψ of the exponential schedule: gap k is τ + ⌊ψᵏ⌋."),
        integer("increment", 0, 0, 1000000000, "Steps that each gap of the linear schedule is longer than the one before."),
        integer("largestGap", 0, 0, 1000000000, "No gap is longer than this; 0 = no limit."),
        choice("quantizeProjector", "nf4", {"nf4", "none"}, "Whether the fixed factor is kept in 4 bits too."),
        integer("compensationIterations", 5, 0, 100, "Rounds of least squares by which the new factor takes up the quantization error of a merge. 0 = none."),
        choice("eventPolicy", "step-dense-only", {"step-dense-only", "skip-step", "reference-hook"},
               "What the step of a merge updates: embeddings, norms and head only; nothing; or all, with a zero gradient for the factors as the authors' code does."),
        choice("statePolicy", "keep", {"keep", "reset-first", "reset-all", "rotate"}, "What becomes of Adam's moments of the trained factor at a merge."),
        boolean("parkOnHost", false,
                "With gradient accumulation, let the dense gradients of a merge wait outside the budget between micro-batches. Slower, and saves their bytes.")}}};
}

}  // namespace

json method_rows() { return json::array({loqt_row(), lora_row(), galore_row(), full_row()}); }

}  // namespace rankwise
