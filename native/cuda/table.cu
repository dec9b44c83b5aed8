#include "cuda/table.h"

namespace {

constexpr rw_cuda_table kTable = {
    RANKWISE_CUDA_BOUNDARY_VERSION,
    rankwise::cuda::probe, rankwise::cuda::open_card, rankwise::cuda::close_card, rankwise::cuda::error_text, rankwise::cuda::memory,
    rankwise::cuda::reserve, rankwise::cuda::release, rankwise::cuda::begin_block, rankwise::cuda::end_block,
    rankwise::cuda::set_workspace, rankwise::cuda::upload, rankwise::cuda::download, rankwise::cuda::wait, rankwise::cuda::reserve_host, rankwise::cuda::release_host,
    rankwise::cuda::begin_copy, rankwise::cuda::finish_copy, rankwise::cuda::matmul,
    rankwise::cuda::rmsnorm, rankwise::cuda::rmsnorm_backward, rankwise::cuda::rope, rankwise::cuda::swiglu,
    rankwise::cuda::swiglu_backward, rankwise::cuda::geglu, rankwise::cuda::geglu_backward, rankwise::cuda::attention, rankwise::cuda::attention_backward, rankwise::cuda::embedding,
    rankwise::cuda::embedding_backward, rankwise::cuda::softcap, rankwise::cuda::softcap_backward, rankwise::cuda::cross_entropy, rankwise::cuda::zero, rankwise::cuda::copy,
    rankwise::cuda::axpby, rankwise::cuda::multiply, rankwise::cuda::column_sum, rankwise::cuda::fill_normal,
    rankwise::cuda::fill_uniform, rankwise::cuda::sum, rankwise::cuda::squared_distance, rankwise::cuda::adamw, rankwise::cuda::adamw8,
    rankwise::cuda::adam_direction, rankwise::cuda::adam_direction8, rankwise::cuda::quantize_nf4, rankwise::cuda::dequantize_nf4,
    rankwise::cuda::eigh_top, rankwise::cuda::orthonormalize_rows, rankwise::cuda::fix_row_signs,
    rankwise::cuda::pseudo_inverse_symmetric,
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const rw_cuda_table* rankwise_cuda_boundary(uint32_t version) {
  return version == RANKWISE_CUDA_BOUNDARY_VERSION ? &kTable : nullptr;
}
