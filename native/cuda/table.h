#pragma once
#include "cuda/boundary.h"

// The functions behind the table, one per entry: boundary.h says what they do.
namespace rankwise::cuda {

int32_t probe(int32_t index, const char* cublaslt, rw_card_info* info, char* why, uint64_t why_bytes);
int32_t open_card(int32_t index, const char* cublaslt, rw_card** card, char* why, uint64_t why_bytes);
void close_card(rw_card* card);
const char* error_text(rw_card* card);
int32_t memory(rw_card* card, uint64_t* total, uint64_t* available);
int32_t reserve(rw_card* card, uint64_t bytes, void** address);
void release(rw_card* card, void* address);
void begin_block(rw_card* card, void* address, uint64_t bytes);
void end_block(rw_card* card, void* address, uint64_t bytes);
int32_t set_workspace(rw_card* card, const rw_workspace* workspace, const rw_maps* maps);
int32_t upload(rw_card* card, const void* host, void* to, uint64_t bytes);
int32_t download(rw_card* card, const void* from, void* host, uint64_t bytes);
int32_t wait(rw_card* card);
int32_t reserve_host(rw_card* card, uint64_t bytes, void** host);
void release_host(rw_card* card, void* host);
int32_t begin_copy(rw_card* card, void* device, void* host, uint64_t bytes, int32_t to_host, void** copy);
int32_t finish_copy(rw_card* card, void* copy);
int32_t matmul(rw_card* card, const rw_product* product);
int32_t rmsnorm(rw_card* card, const rw_view* x, const rw_view* gamma, float epsilon, const rw_view* y, float* rstd);
int32_t rmsnorm_backward(rw_card* card, const rw_view* dy, const rw_view* x, const rw_view* gamma, const float* rstd, const rw_view* add, const rw_view* dx, float* dgamma, float* scratch, int32_t strips);
int32_t rope(rw_card* card, const rw_view* x, int64_t head_dim, const int32_t* positions, const rw_view* cosines, const rw_view* sines, int32_t inverse);
int32_t swiglu(rw_card* card, const rw_view* gate, const rw_view* up, const rw_view* out);
int32_t swiglu_backward(rw_card* card, const rw_view* dout, const rw_view* gate, const rw_view* up, const rw_view* dgate, const rw_view* dup, const rw_view* act);
int32_t geglu(rw_card* card, const rw_view* gate, const rw_view* up, const rw_view* out);
int32_t geglu_backward(rw_card* card, const rw_view* dout, const rw_view* gate, const rw_view* up, const rw_view* dgate, const rw_view* dup, const rw_view* act);
int32_t attention(rw_card* card, const rw_attention* shape, const rw_view* q, const rw_view* k, const rw_view* v, const int32_t* segment_start, const rw_view* out, float* lse);
int32_t attention_backward(rw_card* card, const rw_attention* shape, const rw_view* dout, const rw_view* q, const rw_view* k, const rw_view* v, const rw_view* out, const int32_t* segment_start, const float* lse, const rw_view* dq, const rw_view* dk, const rw_view* dv, void* scratch);
int32_t embedding(rw_card* card, const int32_t* ids, const rw_view* table, const rw_view* out);
int32_t embedding_backward(rw_card* card, const int32_t* ids, const rw_view* dout, const rw_view* dtable);
int32_t softcap(rw_card* card, const rw_view* x, float cap);
int32_t softcap_backward(rw_card* card, const rw_view* y, float cap, const rw_view* dy);
int32_t cross_entropy(rw_card* card, const rw_view* logits, const int32_t* targets, float* losses, int32_t gradient, float scale);
int32_t zero(rw_card* card, const rw_view* x);
int32_t copy(rw_card* card, const rw_view* from, const rw_view* to);
int32_t axpby(rw_card* card, float alpha, const rw_view* x, float beta, const rw_view* y);
int32_t multiply(rw_card* card, const float* a, const float* b, float* out, int64_t n);
int32_t column_sum(rw_card* card, const rw_view* x, float* out, float* scratch, int32_t strips);
int32_t fill_normal(rw_card* card, const rw_view* x, float deviation, const rw_stream* stream);
int32_t fill_uniform(rw_card* card, const rw_view* x, float low, float high, const rw_stream* stream);
int32_t sum(rw_card* card, const rw_view* views, int32_t count, int32_t squares, double* result);
int32_t squared_distance(rw_card* card, const rw_view* a, const rw_view* b, double* result);
int32_t adamw(rw_card* card, const rw_view* parameter, const rw_view* gradient, const rw_view* m, const rw_view* v, const rw_adam* step);
int32_t adamw8(rw_card* card, const rw_view* parameter, const rw_view* gradient, const rw_adam8* state, const rw_adam* step);
int32_t adam_direction(rw_card* card, const rw_view* gradient, const rw_view* m, const rw_view* v, float* update, const rw_adam* step);
int32_t adam_direction8(rw_card* card, const rw_view* gradient, const rw_adam8* state, float* update, const rw_adam* step);
int32_t quantize_nf4(rw_card* card, const rw_view* from, const rw_nf4* to, float* scratch);
int32_t dequantize_nf4(rw_card* card, const rw_nf4* from, const rw_view* to);
int32_t eigh_top(rw_card* card, const rw_view* gram, const rw_view* out, float* eigenvalues, void* scratch);
int32_t orthonormalize_rows(rw_card* card, const rw_view* a, float* scratch);
int32_t fix_row_signs(rw_card* card, const rw_view* a);
int32_t pseudo_inverse_symmetric(rw_card* card, const rw_view* a, const rw_view* out, void* scratch);

}  // namespace rankwise::cuda
