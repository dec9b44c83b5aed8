#include <vector>

#include "cuda/host/backend.h"
#include "cuda/host/boundary_types.h"
#include "ops/shape_checks.h"

namespace rankwise {

void CudaBackend::zero(const View& x) {
  const rw_view vx = across(x);
  card_.must(table_.zero(card_.handle(), &vx));
}

void CudaBackend::copy(const View& from, const View& to) {
  shape_checks::copy(from, to);
  const rw_view vf = across(from), vt = across(to);
  card_.must(table_.copy(card_.handle(), &vf, &vt));
}

void CudaBackend::axpby(float alpha, const View& x, float beta, const View& y) {
  shape_checks::axpby(x, y);
  const rw_view vx = across(x), vy = across(y);
  card_.must(table_.axpby(card_.handle(), alpha, &vx, beta, &vy));
}

void CudaBackend::multiply(const View& a, const View& b, const View& out) {
  shape_checks::multiply(a, b, out);
  card_.must(table_.multiply(card_.handle(), a.as<float>(), b.as<float>(), out.as<float>(), a.size()));
}

void CudaBackend::column_sum(const View& x, const View& out, const View& scratch) {
  shape_checks::column_sum(x, out, scratch, threads());
  const rw_view vx = across(x);
  card_.must(table_.column_sum(card_.handle(), &vx, out.as<float>(), scratch.as<float>(), kCudaStrips));
}

void CudaBackend::fill_normal(const View& x, float deviation, const RandomStream& stream) {
  shape_checks::floats("fill_normal", x);
  const rw_view vx = across(x);
  const rw_stream vs = across(stream);
  card_.must(table_.fill_normal(card_.handle(), &vx, deviation, &vs));
}

void CudaBackend::fill_uniform(const View& x, float low, float high, const RandomStream& stream) {
  shape_checks::floats("fill_uniform", x);
  const rw_view vx = across(x);
  const rw_stream vs = across(stream);
  card_.must(table_.fill_uniform(card_.handle(), &vx, low, high, &vs));
}

double CudaBackend::sum(const View& x) {
  shape_checks::floats("sum", x);
  const rw_view vx = across(x);
  double result = 0;
  card_.must(table_.sum(card_.handle(), &vx, 1, false, &result));
  return result;
}

double CudaBackend::sum_squares(const View& x) { return sum_squares(std::span(&x, 1)); }

double CudaBackend::sum_squares(std::span<const View> tensors) {
  std::vector<rw_view> views;
  for (const View& x : tensors) {
    shape_checks::floats("sum_squares", x);
    views.push_back(across(x));
  }
  double result = 0;
  card_.must(table_.sum(card_.handle(), views.data(), static_cast<int32_t>(views.size()), true, &result));
  return result;
}

double CudaBackend::squared_distance(const View& a, const View& b) {
  shape_checks::squared_distance(a, b);
  const rw_view va = across(a), vb = across(b);
  double result = 0;
  card_.must(table_.squared_distance(card_.handle(), &va, &vb, &result));
  return result;
}

void CudaBackend::adamw(const View& parameter, const View& gradient, const View& m, const View& v, const AdamStep& step) {
  shape_checks::adam(parameter, gradient, m, v);
  const rw_view vp = across(parameter), vg = across(gradient), vm = across(m), vv = across(v);
  const rw_adam constants = across(step);
  card_.must(table_.adamw(card_.handle(), &vp, &vg, &vm, &vv, &constants));
}

void CudaBackend::adamw8(const View& parameter, const View& gradient, const Adam8State& state, const AdamStep& step) {
  shape_checks::adam8(parameter, gradient);
  const rw_view vp = across(parameter), vg = across(gradient);
  const rw_adam8 vs = across(state);
  const rw_adam constants = across(step);
  card_.must(table_.adamw8(card_.handle(), &vp, &vg, &vs, &constants));
}

void CudaBackend::adam_direction(const View& gradient, const View& m, const View& v, const View& update, const AdamStep& step) {
  shape_checks::adam(update, gradient, m, v);
  shape_checks::f32("adam_direction", update);
  const rw_view vg = across(gradient), vm = across(m), vv = across(v);
  const rw_adam constants = across(step);
  card_.must(table_.adam_direction(card_.handle(), &vg, &vm, &vv, update.as<float>(), &constants));
}

void CudaBackend::adam_direction8(const View& gradient, const Adam8State& state, const View& update, const AdamStep& step) {
  shape_checks::adam8(update, gradient);
  shape_checks::f32("adam_direction8", update);
  const rw_view vg = across(gradient);
  const rw_adam8 vs = across(state);
  const rw_adam constants = across(step);
  card_.must(table_.adam_direction8(card_.handle(), &vg, &vs, update.as<float>(), &constants));
}

void CudaBackend::quantize_nf4(const View& from, const Nf4View& to, const View& scratch) {
  shape_checks::quantize_nf4(from, to, scratch);
  const rw_view vf = across(from);
  const rw_nf4 vt = across(to);
  card_.must(table_.quantize_nf4(card_.handle(), &vf, &vt, scratch.as<float>()));
}

void CudaBackend::dequantize_nf4(const Nf4View& from, const View& to) {
  shape_checks::dequantize_nf4(from, to);
  const rw_nf4 vf = across(from);
  const rw_view vt = across(to);
  card_.must(table_.dequantize_nf4(card_.handle(), &vf, &vt));
}

void CudaBackend::eigh_top(std::span<const EighTask> tasks) {
  shape_checks::eigh_top(tasks, *this);
  for (const EighTask& task : tasks) {
    const rw_view vg = across(task.gram), vo = across(task.out);
    card_.must(table_.eigh_top(card_.handle(), &vg, &vo, task.eigenvalues.as<float>(), task.scratch.data));
  }
}

void CudaBackend::orthonormalize_rows(const View& a, const View& scratch) {
  shape_checks::orthonormalize_rows(a, scratch);
  const rw_view va = across(a);
  card_.must(table_.orthonormalize_rows(card_.handle(), &va, scratch.as<float>()));
}

void CudaBackend::fix_row_signs(const View& a) {
  shape_checks::f32("fix_row_signs", a);
  const rw_view va = across(a);
  card_.must(table_.fix_row_signs(card_.handle(), &va));
}

void CudaBackend::pseudo_inverse_symmetric(const View& a, const View& out, const View& scratch) {
  shape_checks::pseudo_inverse_symmetric(a, out, scratch, *this);
  const rw_view va = across(a), vo = across(out);
  card_.must(table_.pseudo_inverse_symmetric(card_.handle(), &va, &vo, scratch.data));
}

}  // namespace rankwise
