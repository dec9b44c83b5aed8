#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/context.h"
#include "events/report.h"
#include "linear/linear.h"
#include "model/model.h"

namespace rankwise {

enum class StatePolicy : uint8_t { keep, reset_first, reset_all, rotate };

struct LoqtSettings {
  int64_t rank = 128;
  float scale = 0.5f;
  bool projector_nf4 = false;
  bool double_quantize = false;
  int compensation = 5;
  StatePolicy state = StatePolicy::keep;
  bool park = false;        // dense probe gradients wait on the host's disk between micro-batches
  std::string park_folder;  // where
  uint64_t seed = 0;
};

// A dense matrix that waits outside the arena, in an unlinked file.
class Parked {
 public:
  explicit Parked(const std::string& folder);
  ~Parked();
  Parked(const Parked&) = delete;
  Parked& operator=(const Parked&) = delete;
  void store(const Context& context, const View& view) const;
  void load(const Context& context, const View& view) const;

 private:
  int file_ = -1;
};

// The event of LoQT (Loeschcke et al. 2024) for one layer, as a transaction: fold the trained factor into the weight, probe the
// gradient at the folded, re-quantized weight, take its leading subspace as the new fixed factor, and start the trained factor from
// the least-squares compensation of the quantization error.
//
// The full-precision fold W_fp is never kept for all layers: the old 4-bit weight and the old factors stay until the layer is
// rebuilt, and W_fp = deq(Q) + s·B·A is made again for one layer at a time. While the gradient is probed the layer computes with a
// stand-in, NF4(W_fp), which is made again whenever the block is gone through: there is one block of them at a time.
class LoqtSlot {
 public:
  LoqtSlot(const Context& context, const LoqtSettings& settings, Linear& linear, DType trained_dtype);

  Linear& linear() { return *linear_; }
  const std::string& name() const { return linear_->name; }
  Factor& trained() { return input_side_ ? linear_->delta->b : linear_->delta->a; }

  // Starts the probe; folds the trained factor into a dense weight.
  void begin(const Context& context, bool first);
  // What the layer computes with while it is probed, and its end. Nothing at the first event and where weights are dense.
  void stand_in(const Context& context);
  void drop_stand_in() { linear_->stand_in = Weight(); }
  // Between the micro-batches of a probe window: parks the gradient, or brings it back.
  void park(const Context& context);
  void unpark(const Context& context);
  // The matrix whose subspace is wanted, and where it goes (f32).
  const View& probe_gradient() const { return linear_->probe_gradient.view(); }
  // `source`: where the first event takes W_fp from, so that the compensation sees the original weight.
  // Ends the probe: the new fixed factor (basis, f32 [r × p]), compensation, state policy.
  LayerReport rebuild(const Context& context, const WeightSource& source, bool first, const View& basis);

  // What changes at events: the weight in its storage and the fixed factor.
  void visit(const StateVisitor& visitor) const;

  int64_t small_side() const { return std::min(linear_->out, linear_->in); }
  int64_t rank() const { return linear_->delta->rank; }

 private:
  void folded(const Context& context, const WeightSource& source, bool first, const View& to) const;
  void compensate(const Context& context, const View& full, LayerReport& report);
  void apply_state_policy(const Context& context, const View& old_basis, const View& new_basis, bool first);
  Factor& fixed() const { return input_side_ ? linear_->delta->a : linear_->delta->b; }

  LoqtSettings settings_;
  Linear* linear_;
  bool input_side_;
  bool first_ = false;
  std::unique_ptr<Parked> parked_;
};

}  // namespace rankwise
