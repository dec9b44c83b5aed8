#pragma once
#include <memory>
#include <string>
#include <vector>

#include "delta/low_rank.h"
#include "storage/weight.h"

namespace rankwise {

// y = storage·x ⊕ delta(x) + bias: the heart of every model. Which of its parts are trained is said by the parameters that the
// method has attached; backward emits what these ask for and nothing else.
class Linear {
 public:
  std::string name;  // module path, e.g. "model.layers.0.self_attn.q_proj"
  int unit = 0;
  int64_t out = 0, in = 0;
  Weight weight;                       // [out × in]
  Tensor bias;                         // [1 × out] or empty
  Parameter* weight_parameter = nullptr;
  Parameter* bias_parameter = nullptr;
  std::unique_ptr<LowRankDelta> delta;

  // A gradient probe (events): the layer computes with `stand_in` (or, if it is empty, with its own weight), without its delta, and
  // collects the dense gradient.
  bool probing = false;
  Weight stand_in;
  Tensor probe_gradient;
  bool probe_written = false;

  bool delta_active() const { return delta && !probing; }
  // Whether backward will want the layer's input for the gradients of its parameters.
  bool needs_input() const { return weight_parameter || probing || (delta_active() && delta->needs_input()); }

  // The activations that forward leaves for backward: u [N × r] where a delta is active.
  Tensor make_u(const Context& context, int64_t tokens) const;
  // y [N × out] = W·x (+ delta) (+ bias) (+ add). u is filled where it exists.
  void forward(const Context& context, const View& x, const View& y, const View& u, const View* add = nullptr) const;
  // Adds this layer's terms of ∂L/∂x = dy·W (+ v·A) to `terms`; the returned v must live until the product has been taken.
  Tensor input_gradient_terms(const Context& context, const View& dy, std::vector<Term>& terms) const;
  // Gradients of what is trained. x may be an empty view unless needs_input().
  void parameter_gradients(const Context& context, const View& dy, const View& x, const View& u, const View& v);

  // W (+ s·B·A) as one dense f32 matrix.
  void read_effective(const Context& context, const View& to) const;

 private:
  const Weight& current() const { return probing && stand_in ? stand_in : weight; }
};

// dx = Σ over the layers that read the same input (+ add).
void take_input_gradient(const Context& context, std::span<const Term> terms, const View& dx, const View* add = nullptr);

}  // namespace rankwise
