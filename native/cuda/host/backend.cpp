#include "cuda/host/backend.h"

#include <vector>

#include "cuda/host/boundary_types.h"
#include "ops/shape_checks.h"
#include "quant/maps.h"

namespace rankwise {

CudaBackend::CudaBackend(CudaCard& card, Arena& arena, uint64_t tile_bytes) : card_(card), table_(card.table()), workspace_(arena), copies_(card) {
  const rw_workspace space = {workspace_.products(),      CudaWorkspace::kProductBytes,
                              {workspace_.tile(0), workspace_.tile(1), workspace_.tile(2)},
                              tile_bytes,                 workspace_.small(),
                              CudaWorkspace::kSmallBytes};
  const rw_maps maps = {nf4_levels(),         nf4_midpoints(),           signed_dynamic_map(), signed_dynamic_midpoints(),
                        unsigned_dynamic_map(), unsigned_dynamic_midpoints()};
  card_.must(table_.set_workspace(card_.handle(), &space, &maps));
}

void CudaBackend::upload(const void* from, const View& to) {
  shape_checks::contiguous_bytes("upload", to);
  card_.must(table_.upload(card_.handle(), from, to.data, static_cast<uint64_t>(to.size()) * bytes_of(to.dtype)));
}

void CudaBackend::download(const View& from, void* to) {
  shape_checks::contiguous_bytes("download", from);
  card_.must(table_.download(card_.handle(), from.data, to, static_cast<uint64_t>(from.size()) * bytes_of(from.dtype)));
}

void CudaBackend::matmul(std::span<const Term> terms, const View& out, Product product, const Epilogue& epilogue) {
  shape_checks::matmul(terms, out, epilogue);
  std::vector<rw_operand> a, b;
  for (const Term& term : terms) {
    a.push_back(across(term.a));
    b.push_back(across(term.b));
  }
  const Optional bias(epilogue.bias), add(epilogue.add);
  const rw_product p = {a.data(), b.data(), static_cast<int32_t>(terms.size()), product == Product::bf16, across(out), epilogue.alpha, bias.get(), add.get()};
  card_.must(table_.matmul(card_.handle(), &p));
}

void CudaBackend::rmsnorm(const View& x, const View& gamma, float epsilon, const View& y, const View& rstd) {
  shape_checks::rmsnorm(x, gamma, y, rstd);
  const rw_view vx = across(x), vg = across(gamma), vy = across(y);
  card_.must(table_.rmsnorm(card_.handle(), &vx, &vg, epsilon, &vy, rstd.as<float>()));
}

void CudaBackend::rmsnorm_backward(const View& dy, const View& x, const View& gamma, const View& rstd, const View* add, const View& dx,
                                   const View* dgamma, const View& scratch) {
  shape_checks::rmsnorm_backward(dy, x, gamma, rstd, add, dx, dgamma, scratch, threads());
  const rw_view vdy = across(dy), vx = across(x), vg = across(gamma), vdx = across(dx);
  const Optional vadd(add);
  card_.must(table_.rmsnorm_backward(card_.handle(), &vdy, &vx, &vg, rstd.as<float>(), vadd.get(), &vdx,
                                     dgamma ? dgamma->as<float>() : nullptr, scratch.as<float>(), kCudaStrips));
}

void CudaBackend::rope(const View& x, int64_t head_dim, const View& positions, const View& cos, const View& sin, bool inverse) {
  shape_checks::rope(x, head_dim, positions, cos, sin);
  const rw_view vx = across(x), vc = across(cos), vs = across(sin);
  card_.must(table_.rope(card_.handle(), &vx, head_dim, positions.as<int32_t>(), &vc, &vs, inverse));
}

void CudaBackend::swiglu(const View& gate, const View& up, const View& out) {
  shape_checks::gate("swiglu", gate, up, out);
  const rw_view vg = across(gate), vu = across(up), vo = across(out);
  card_.must(table_.swiglu(card_.handle(), &vg, &vu, &vo));
}

void CudaBackend::swiglu_backward(const View& dout, const View& gate, const View& up, const View& dgate, const View& dup, const View* act) {
  shape_checks::gate_backward("swiglu_backward", dout, gate, up, dgate, dup, act);
  const rw_view vd = across(dout), vg = across(gate), vu = across(up), vdg = across(dgate), vdu = across(dup);
  const Optional va(act);
  card_.must(table_.swiglu_backward(card_.handle(), &vd, &vg, &vu, &vdg, &vdu, va.get()));
}

void CudaBackend::geglu(const View& gate, const View& up, const View& out) {
  shape_checks::gate("geglu", gate, up, out);
  const rw_view vg = across(gate), vu = across(up), vo = across(out);
  card_.must(table_.geglu(card_.handle(), &vg, &vu, &vo));
}

void CudaBackend::geglu_backward(const View& dout, const View& gate, const View& up, const View& dgate, const View& dup, const View* act) {
  shape_checks::gate_backward("geglu_backward", dout, gate, up, dgate, dup, act);
  const rw_view vd = across(dout), vg = across(gate), vu = across(up), vdg = across(dgate), vdu = across(dup);
  const Optional va(act);
  card_.must(table_.geglu_backward(card_.handle(), &vd, &vg, &vu, &vdg, &vdu, va.get()));
}

void CudaBackend::attention(const AttentionShape& shape, const View& q, const View& k, const View& v, const View& segment_start,
                            const View& out, const View* lse, const View& scratch) {
  shape_checks::attention(shape, q, k, v, segment_start, out, lse, scratch, attention_scratch_bytes(shape));
  const rw_attention s = across(shape);
  const rw_view vq = across(q), vk = across(k), vv = across(v), vo = across(out);
  card_.must(table_.attention(card_.handle(), &s, &vq, &vk, &vv, segment_start.as<int32_t>(), &vo, lse ? lse->as<float>() : nullptr));
}

void CudaBackend::attention_backward(const AttentionShape& shape, const View& dout, const View& q, const View& k, const View& v,
                                     const View& out, const View& segment_start, const View& lse, const View& dq, const View& dk,
                                     const View& dv, const View& scratch) {
  shape_checks::attention_backward(shape, dout, q, k, v, out, segment_start, lse, dq, dk, dv, scratch, attention_scratch_bytes(shape));
  const rw_attention s = across(shape);
  const rw_view vdo = across(dout), vq = across(q), vk = across(k), vv = across(v), vo = across(out), vdq = across(dq), vdk = across(dk),
                vdv = across(dv);
  card_.must(table_.attention_backward(card_.handle(), &s, &vdo, &vq, &vk, &vv, &vo, segment_start.as<int32_t>(), lse.as<float>(), &vdq, &vdk,
                                       &vdv, scratch.data));
}

void CudaBackend::embedding(const View& ids, const View& table, const View& out) {
  shape_checks::embedding(ids, table, out);
  const rw_view vt = across(table), vo = across(out);
  card_.must(table_.embedding(card_.handle(), ids.as<int32_t>(), &vt, &vo));
}

void CudaBackend::embedding_backward(const View& ids, const View& dout, const View& dtable) {
  shape_checks::embedding_backward(ids, dout, dtable);
  const rw_view vd = across(dout), vt = across(dtable);
  card_.must(table_.embedding_backward(card_.handle(), ids.as<int32_t>(), &vd, &vt));
}

void CudaBackend::softcap(const View& x, float cap) {
  shape_checks::softcap(x, cap);
  const rw_view vx = across(x);
  card_.must(table_.softcap(card_.handle(), &vx, cap));
}

void CudaBackend::softcap_backward(const View& y, float cap, const View& dy) {
  shape_checks::softcap_backward(y, cap, dy);
  const rw_view vy = across(y), vd = across(dy);
  card_.must(table_.softcap_backward(card_.handle(), &vy, cap, &vd));
}

void CudaBackend::cross_entropy(const View& logits, const View& targets, const View& losses, bool gradient, float scale) {
  shape_checks::cross_entropy(logits, targets, losses);
  const rw_view vl = across(logits);
  card_.must(table_.cross_entropy(card_.handle(), &vl, targets.as<int32_t>(), losses.as<float>(), gradient, scale));
}

}  // namespace rankwise
