#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/context.h"
#include "storage/weight.h"
#include "update/parameter.h"

namespace rankwise {

// One factor of a low-rank term, in any storage, trained or fixed. Stored [rows × cols] as it stands or transposed.
struct Factor {
  Weight storage;
  bool transposed = false;
  Parameter* parameter = nullptr;  // null: fixed

  Operand operand(bool transpose) const { return storage.operand(transpose != transposed); }
};

// ΔW = s·B·A with A [r × n] and B [m × r]. LoRA trains both; LoQT trains one and takes the other from the gradient.
class LowRankDelta {
 public:
  int64_t rank = 0;
  float scale = 1.0f;
  Factor a, b;

  // The term that the layer adds to its product: u = s·x·Aᵀ, to be multiplied by Bᵀ. x [N × n] → u [N × r].
  void project(const Context& context, const View& x, const View& u) const;
  Term forward_term(const View& u) const { return {Operand(u), b.operand(true)}; }
  // v = s·dy·B, to be multiplied by A. dy [N × m] → v [N × r].
  void project_back(const Context& context, const View& dy, const View& v) const;
  Term backward_term(const View& v) const { return {Operand(v), a.operand(false)}; }
  // dB += dyᵀu, dA += vᵀx, for the factors that are trained. x may be empty unless A is.
  void parameter_gradients(const Context& context, const View& dy, const View& x, const View& u, const View& v) const;
  bool needs_input() const { return a.parameter != nullptr; }
  // W ← W + s·B·A in float32.
  void add_to(const Context& context, const View& dense) const;
  // ‖s·B·A‖ (Frobenius) from the Grams of the factors: tr(BᵀB·AAᵀ). On the host.
  double norm(const Context& context) const;
};

// gradient (+)= aᵀ·b for a parameter's gradient: overwritten on first use in a step, added to afterwards.
void accumulate_product(const Context& context, Parameter& parameter, const View& a, const View& b);

}  // namespace rankwise
