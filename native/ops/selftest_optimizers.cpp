#include <cmath>

#include "ops/selftest_table.h"
#include "quant/maps.h"

namespace rankwise::selftest {
namespace {

using Values = std::vector<double>;

struct Reference {
  AdamStep step;
  // The direction u; m and v advance.
  double operator()(double gradient, double& m, double& v) const {
    const double b1 = static_cast<double>(step.beta1), b2 = static_cast<double>(step.beta2), t = static_cast<double>(step.t);
    const double c1 = 1 - std::pow(b1, t), c2 = 1 - std::pow(b2, t), g = gradient * static_cast<double>(step.gradient_scale);
    m = b1 * m + (1 - b1) * g;
    v = b2 * v + (1 - b2) * g * g;
    const double epsilon = static_cast<double>(step.epsilon);
    return step.epsilon_inside ? std::sqrt(c2) / c1 * m / (std::sqrt(v) + epsilon) : (m / c1) / (std::sqrt(v / c2) + epsilon);
  }
  double moved(double parameter, double u) const {
    const double rate = static_cast<double>(step.learning_rate);
    return parameter * (1 - rate * static_cast<double>(step.weight_decay)) - rate * u;
  }
};

AdamStep step_of(int64_t t, bool inside) {
  AdamStep step;
  step.learning_rate = 0.05f;
  step.beta2 = 0.95f;
  step.epsilon = 1e-6f;
  step.weight_decay = 0.1f;
  step.t = t;
  step.gradient_scale = 0.5f;
  step.epsilon_inside = inside;
  return step;
}

void adamw(Table& t, int64_t n, DType parameter_type, DType gradient_type, DType moment_type, bool inside) {
  const Shape s{1, n};
  const Sample p = t.random(parameter_type, s, 2.0), g = t.random(gradient_type, s), m = t.random(moment_type, s, 0.2),
               v = t.filled(moment_type, s, 0.01), update = t.filled(DType::f32, s, 0);
  const Reference reference{step_of(3, inside)};
  const Values ps = t.values(p), gs = t.values(g), m0 = t.values(m), v0 = t.values(v);
  Values ms = m0, vs = v0, us, moved;
  for (size_t i = 0; i < ps.size(); ++i) {
    us.push_back(reference(gs[i], ms[i], vs[i]));
    moved.push_back(reference.moved(ps[i], us[i]));
  }
  t.ops.adamw(p, g, m, v, reference.step);
  const std::string suffix = inside ? " inside" : "";
  t.compare(label("adamw parameter", s, {parameter_type, gradient_type, moment_type}) + suffix, p, moved, 0.1);
  t.compare(label("adamw m", s, {parameter_type, gradient_type, moment_type}) + suffix, m, ms, 0.1);
  t.compare(label("adamw v", s, {parameter_type, gradient_type, moment_type}) + suffix, v, vs, 1e-3);

  Values m1 = t.values(m), v1 = t.values(v), directions;
  for (size_t i = 0; i < gs.size(); ++i) directions.push_back(reference(gs[i], m1[i], v1[i]));
  t.ops.adam_direction(g, m, v, update, reference.step);
  t.compare(label("adam_direction", s, {gradient_type, moment_type}) + suffix, update, directions, 0.1);
}

// Codes and scales of one kind of moment, beside the plain-float imitation of what they must hold after a step.
Values decoded(const Values& codes, const Values& absmax, const float* map) {
  Values out;
  for (size_t i = 0; i < codes.size(); ++i) out.push_back(static_cast<double>(map[static_cast<size_t>(codes[i])]) * absmax[i / 256]);
  return out;
}

void adamw8(Table& t, int64_t n, DType parameter_type, DType gradient_type) {
  const Shape s{1, n};
  const int64_t blocks = (n + 255) / 256;
  const Sample p = t.random(parameter_type, s, 2.0), m_codes = t.bytes(static_cast<uint64_t>(n)),
               v_codes = t.bytes(static_cast<uint64_t>(n)), m_absmax = t.filled(DType::f32, {1, blocks}, 0),
               v_absmax = t.filled(DType::f32, {1, blocks}, 0), update = t.filled(DType::f32, s, 0);
  const Adam8State state{m_codes.view.as<uint8_t>(), v_codes.view.as<uint8_t>(), m_absmax.view.as<float>(), v_absmax.view.as<float>()};
  const auto ms_of = [&] { return decoded(t.values(m_codes), t.values(m_absmax), signed_dynamic_map()); };
  const auto vs_of = [&] { return decoded(t.values(v_codes), t.values(v_absmax), unsigned_dynamic_map()); };
  for (int64_t k = 1; k <= 3; ++k) {
    const Sample g = t.random(gradient_type, s);
    const Reference reference{step_of(k, false)};
    const Values ps = t.values(p), gs = t.values(g);
    Values ms = ms_of(), vs = vs_of(), moved, us;
    for (size_t i = 0; i < ps.size(); ++i) {
      us.push_back(reference(gs[i], ms[i], vs[i]));
      moved.push_back(reference.moved(ps[i], us[i]));
    }
    const std::string what = label("adamw8", s, {parameter_type, gradient_type}) + " step " + std::to_string(k);
    if (k < 3) {
      t.ops.adamw8(p, g, state, reference.step);
      t.compare(what + " parameter", p, moved, 0.1);
    } else {
      t.ops.adam_direction8(g, state, update, reference.step);
      t.compare(what + " direction", update, us, 0.1);
    }
    // The widest cells of the maps, beside the block's largest magnitude: 0.9/64/2 signed, 0.9/128/2 unsigned, or one nudge more.
    const Values m_now = ms_of(), v_now = vs_of(), m_largest = t.values(m_absmax), v_largest = t.values(v_absmax);
    bool near = true, signs = true;
    for (size_t i = 0; i < ms.size(); ++i) {
      near = near && std::fabs(m_now[i] - ms[i]) <= 0.00704 * m_largest[i / 256] &&
             std::fabs(v_now[i] - vs[i]) <= 0.00353 * v_largest[i / 256];
      signs = signs && (ms[i] < 0) == (m_now[i] < 0);
    }
    t.expect(near, what + ": stored moments are not the nearest codes");
    t.expect(signs, what + ": a stored moment changed its sign");
  }
}

}  // namespace

void check_optimizers(Table& t) {
  std::vector<int64_t> sizes = {1, 17, 64, 513};
  if (t.thorough) sizes.insert(sizes.end(), {3, 33, 65, 100, 30001});
  for (const int64_t n : sizes) {
    for (const DType parameter : kFloatTypes) {
      for (const DType gradient : kFloatTypes) {
        adamw(t, n, parameter, gradient, DType::f32, n % 2 == 0);
        adamw(t, n, parameter, gradient, DType::bf16, false);
        adamw8(t, n, parameter, gradient);
      }
    }
  }
}

}  // namespace rankwise::selftest
