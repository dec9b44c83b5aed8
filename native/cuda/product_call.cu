#include "cuda/product_call.h"

#include "cuda/plugin.h"

namespace rankwise::cuda {

namespace {

cudaDataType type_of(const rw_view& v) { return v.dtype == RW_BF16 ? CUDA_R_16BF : CUDA_R_32F; }

uint32_t alignment(const void* address) {
  uint32_t bytes = 256;
  while (reinterpret_cast<uintptr_t>(address) % bytes != 0) bytes /= 2;
  return bytes;
}

// The descriptions of one product, destroyed with it.
struct Call {
  const CublasLt& lt;
  cublasLtMatmulDesc_t product = nullptr;
  cublasLtMatrixLayout_t left = nullptr, right = nullptr, source = nullptr, result = nullptr;
  cublasLtMatmulPreference_t preference = nullptr;
  cublasStatus_t status = CUBLAS_STATUS_SUCCESS;

  explicit Call(const CublasLt& library) : lt(library) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    if (preference) lt.preference_destroy(preference);
    for (cublasLtMatrixLayout_t layout : {left, right, source, result}) {
      if (layout) lt.layout_destroy(layout);
    }
    if (product) lt.desc_destroy(product);
  }
  void step(cublasStatus_t next) {
    if (status == CUBLAS_STATUS_SUCCESS) status = next;
  }
  // cuBLASLt counts columns first: a row-major matrix is its transpose there.
  void lay(cublasLtMatrixLayout_t& layout, const rw_view& v) {
    step(lt.layout_create(&layout, type_of(v), static_cast<uint64_t>(v.cols), static_cast<uint64_t>(v.rows), v.rows > 1 ? v.ld : v.cols));
  }
  void prefer(cublasLtMatmulPreferenceAttributes_t attribute, const void* value, size_t bytes) {
    step(lt.preference_set(preference, attribute, value, bytes));
  }
};

}  // namespace

int32_t ProductPlans::multiply(rw_card* card, const Factor& a, const Factor& b, float alpha, const rw_view* c, const rw_view& out) {
  const float beta = c ? 1.0f : 0.0f;
  const rw_view& source = c ? *c : out;
  Call call(card->lt);
  call.step(call.lt.desc_create(&call.product, CUBLAS_COMPUTE_32F, CUDA_R_32F));
  // outᵀ = bᵀ·aᵀ
  const cublasOperation_t left_op = b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N, right_op = a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
  call.step(call.lt.desc_set(call.product, CUBLASLT_MATMUL_DESC_TRANSA, &left_op, sizeof left_op));
  call.step(call.lt.desc_set(call.product, CUBLASLT_MATMUL_DESC_TRANSB, &right_op, sizeof right_op));
  call.lay(call.left, b.view);
  call.lay(call.right, a.view);
  call.lay(call.source, source);
  call.lay(call.result, out);

  const uint32_t alignments[] = {alignment(b.view.data), alignment(a.view.data), alignment(source.data), alignment(out.data)};
  const Key key = {out.rows,      out.cols,      a.transposed ? a.view.rows : a.view.cols, a.view.ld,     b.view.ld,     source.ld,
                   out.ld,        a.transposed,  b.transposed, a.view.dtype * 16 + out.dtype, alignments[0], alignments[1],
                   alignments[2], alignments[3]};
  auto known = algorithms_.find(key);
  if (known == algorithms_.end() && call.status == CUBLAS_STATUS_SUCCESS) {
    call.step(call.lt.preference_create(&call.preference));
    const uint64_t workspace = card->space.products_bytes;
    // Every order of addition is fixed: sums in place by whoever comes first are not asked for.
    const uint32_t reductions = CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
    call.prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace, sizeof workspace);
    call.prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &reductions, sizeof reductions);
    call.prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &alignments[0], sizeof(uint32_t));
    call.prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, &alignments[1], sizeof(uint32_t));
    call.prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, &alignments[2], sizeof(uint32_t));
    call.prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, &alignments[3], sizeof(uint32_t));
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    if (call.status == CUBLAS_STATUS_SUCCESS) {
      call.step(call.lt.heuristic(card->lt.handle, call.product, call.left, call.right, call.source, call.result, call.preference, 1, &found, &count));
    }
    if (call.status == CUBLAS_STATUS_SUCCESS && count == 0) call.status = CUBLAS_STATUS_NOT_SUPPORTED;
    if (call.status == CUBLAS_STATUS_SUCCESS) known = algorithms_.emplace(key, found.algo).first;
  }
  if (call.status == CUBLAS_STATUS_SUCCESS) {
    call.step(call.lt.matmul(card->lt.handle, call.product, &alpha, b.view.data, call.left, a.view.data, call.right, &beta, source.data, call.source,
                             out.data, call.result, &known->second, card->space.products, card->space.products_bytes, card->stream));
  }
  if (call.status == CUBLAS_STATUS_SUCCESS) return RW_OK;
  return refuse(card, RW_CUDA, "cuBLASLt refuses a product of " + std::to_string(out.rows) + " x " + std::to_string(out.cols) + " with status " +
                                   std::to_string(static_cast<int>(call.status)) + ".");
}

}  // namespace rankwise::cuda
