#ifndef RANKWISE_CUDA_BOUNDARY_H
#define RANKWISE_CUDA_BOUNDARY_H
/* The plain C boundary between the engine and its CUDA library, so that each can be built by its own compiler and the engine runs
   without the library. The library exports one function, rankwise_cuda_boundary; everything else is in the table that it returns.

   Addresses in views are device memory unless a name says host. Shapes are checked by the caller (ops/shape_checks.h). Operations are
   queued on the card's one stream and return at once, but for those that give the host something. Every function that returns int32_t
   returns a rw_status; `error_text` then says what happened, in words. One thread at a time may use a card. */
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RANKWISE_CUDA_BOUNDARY_VERSION 3u

enum rw_status {
  RW_OK = 0,
  RW_CUDA = 1,      /* the driver or the card refused */
  RW_MEMORY = 2,    /* not enough free memory on the card */
  RW_INDEX = 3,     /* a token, target or position out of range, found since the last wait */
  RW_EIGEN = 4,     /* an eigenproblem that is not finite, found since the last wait */
  RW_SHAPE = 5,     /* a size that the kernels do not take */
  RW_CLOSED = 6     /* no card can be used: the text says why */
};

/* Element types: the numbers of core/dtype.h. */
enum rw_dtype { RW_F32 = 0, RW_BF16 = 1, RW_I32 = 3, RW_U8 = 5 };

typedef struct rw_view {
  void* data;
  int64_t rows, cols, ld;
  int32_t dtype;
} rw_view;

typedef struct rw_nf4 {
  uint8_t* codes;
  float* absmax;
  uint8_t* absmax_codes;
  float* absmax_scale;
  float* absmax_offset;
  int64_t rows, cols;
  int32_t double_quantized;
} rw_nf4;

typedef struct rw_operand {
  rw_view dense;
  rw_nf4 nf4;
  int32_t is_nf4, transposed;
} rw_operand;

typedef struct rw_product {
  const rw_operand* a; /* [terms], each M x K */
  const rw_operand* b; /* [terms], each K x N */
  int32_t terms;
  int32_t bf16; /* operands rounded to bf16; else f32 throughout */
  rw_view out;
  float alpha;
  const rw_view* bias; /* null = none */
  const rw_view* add;  /* null = none */
} rw_product;

typedef struct rw_attention {
  int64_t batch, query_length, key_length, heads, kv_heads, head_dim;
  float scale;
  int64_t window; /* keys that a query sees at most; 0 = no limit */
  float softcap;  /* scores become softcap tanh(score / softcap); 0 = they stay */
} rw_attention;

typedef struct rw_stream {
  uint64_t key, step; /* philox(key, block, step): core/rng.h's stream_key and step */
} rw_stream;

typedef struct rw_adam {
  float gradient_scale, beta1, rest1, beta2, rest2, m_scale, v_scale, epsilon, decay, rate;
  int32_t stochastic;
  rw_stream rounding;
} rw_adam;

typedef struct rw_adam8 {
  uint8_t *m_codes, *v_codes;
  float *m_absmax, *v_absmax;
} rw_adam8;

/* The workspace that the caller takes from the arena for the card's lifetime; sizes in bytes. */
typedef struct rw_workspace {
  void* products;     /* cuBLASLt's */
  uint64_t products_bytes;
  void* tiles[3];     /* converted tiles of the two operands, and of a result */
  uint64_t tile_bytes;
  void* small;        /* partial sums, fault word, maps */
  uint64_t small_bytes;
} rw_workspace;

/* Code books of quant/maps.h, in host memory. */
typedef struct rw_maps {
  const float* nf4_levels;          /* [16] */
  const float* nf4_midpoints;       /* [15] */
  const float* signed_values;       /* [256] */
  const float* signed_midpoints;    /* [255] */
  const float* unsigned_values;     /* [256] */
  const float* unsigned_midpoints;  /* [255] */
} rw_maps;

typedef struct rw_card_info {
  char name[256];
  int32_t major, minor;             /* compute capability */
  int32_t driver, runtime;          /* 13000 = CUDA 13.0 */
  uint64_t cublaslt_version;
  uint64_t memory_bytes, free_bytes;
} rw_card_info;

typedef struct rw_card rw_card;

typedef struct rw_cuda_table {
  uint32_t version;
  /* Whether card `index` can be used. RW_CLOSED: `why` (of `why_bytes`) gets one sentence. `cublaslt`: a library's path, or null. */
  int32_t (*probe)(int32_t index, const char* cublaslt, rw_card_info* info, char* why, uint64_t why_bytes);
  int32_t (*open)(int32_t index, const char* cublaslt, rw_card** card, char* why, uint64_t why_bytes);
  void (*close)(rw_card* card);
  const char* (*error_text)(rw_card* card);
  int32_t (*memory)(rw_card* card, uint64_t* total, uint64_t* available);
  /* The arena's one reservation. */
  int32_t (*reserve)(rw_card* card, uint64_t bytes, void** address);
  void (*release)(rw_card* card, void* address);
  /* A block of the reservation begins or ends its life: for the emulator, which watches accesses. */
  void (*begin_block)(rw_card* card, void* address, uint64_t bytes);
  void (*end_block)(rw_card* card, void* address, uint64_t bytes);
  int32_t (*set_workspace)(rw_card* card, const rw_workspace* workspace, const rw_maps* maps);
  int32_t (*upload)(rw_card* card, const void* host, void* to, uint64_t bytes);
  int32_t (*download)(rw_card* card, const void* from, void* host, uint64_t bytes); /* waits */
  int32_t (*wait)(rw_card* card);
  /* Page-locked memory of the host. */
  int32_t (*reserve_host)(rw_card* card, uint64_t bytes, void** host);
  void (*release_host)(rw_card* card, void* host);
  /* A copy between the card and page-locked memory on a stream of its own, behind everything queued so far; finish_copy lets what is
     queued from then on come after it. `copy` is good for one finish_copy. */
  int32_t (*begin_copy)(rw_card* card, void* device, void* host, uint64_t bytes, int32_t to_host, void** copy);
  int32_t (*finish_copy)(rw_card* card, void* copy);

  int32_t (*matmul)(rw_card* card, const rw_product* product);
  int32_t (*rmsnorm)(rw_card* card, const rw_view* x, const rw_view* gamma, float epsilon, const rw_view* y, float* rstd);
  /* add, dgamma: null = none. scratch: strips x d f32. */
  int32_t (*rmsnorm_backward)(rw_card* card, const rw_view* dy, const rw_view* x, const rw_view* gamma, const float* rstd, const rw_view* add,
                              const rw_view* dx, float* dgamma, float* scratch, int32_t strips);
  int32_t (*rope)(rw_card* card, const rw_view* x, int64_t head_dim, const int32_t* positions, const rw_view* cosines, const rw_view* sines,
                  int32_t inverse);
  int32_t (*swiglu)(rw_card* card, const rw_view* gate, const rw_view* up, const rw_view* out);
  int32_t (*swiglu_backward)(rw_card* card, const rw_view* dout, const rw_view* gate, const rw_view* up, const rw_view* dgate, const rw_view* dup,
                             const rw_view* act);
  int32_t (*geglu)(rw_card* card, const rw_view* gate, const rw_view* up, const rw_view* out);
  int32_t (*geglu_backward)(rw_card* card, const rw_view* dout, const rw_view* gate, const rw_view* up, const rw_view* dgate, const rw_view* dup,
                            const rw_view* act);
  int32_t (*attention)(rw_card* card, const rw_attention* shape, const rw_view* q, const rw_view* k, const rw_view* v,
                       const int32_t* segment_start, const rw_view* out, float* lse);
  int32_t (*attention_backward)(rw_card* card, const rw_attention* shape, const rw_view* dout, const rw_view* q, const rw_view* k,
                                const rw_view* v, const rw_view* out, const int32_t* segment_start, const float* lse, const rw_view* dq,
                                const rw_view* dk, const rw_view* dv, void* scratch);
  int32_t (*embedding)(rw_card* card, const int32_t* ids, const rw_view* table, const rw_view* out);
  int32_t (*embedding_backward)(rw_card* card, const int32_t* ids, const rw_view* dout, const rw_view* dtable);
  int32_t (*softcap)(rw_card* card, const rw_view* x, float cap);
  int32_t (*softcap_backward)(rw_card* card, const rw_view* y, float cap, const rw_view* dy);
  int32_t (*cross_entropy)(rw_card* card, const rw_view* logits, const int32_t* targets, float* losses, int32_t gradient, float scale);

  int32_t (*zero)(rw_card* card, const rw_view* x);
  int32_t (*copy)(rw_card* card, const rw_view* from, const rw_view* to);
  int32_t (*axpby)(rw_card* card, float alpha, const rw_view* x, float beta, const rw_view* y);
  int32_t (*multiply)(rw_card* card, const float* a, const float* b, float* out, int64_t n);
  int32_t (*column_sum)(rw_card* card, const rw_view* x, float* out, float* scratch, int32_t strips);
  int32_t (*fill_normal)(rw_card* card, const rw_view* x, float deviation, const rw_stream* stream);
  int32_t (*fill_uniform)(rw_card* card, const rw_view* x, float low, float high, const rw_stream* stream);
  /* Sums over several views, in their order; these wait. */
  int32_t (*sum)(rw_card* card, const rw_view* views, int32_t count, int32_t squares, double* result);
  int32_t (*squared_distance)(rw_card* card, const rw_view* a, const rw_view* b, double* result);

  int32_t (*adamw)(rw_card* card, const rw_view* parameter, const rw_view* gradient, const rw_view* m, const rw_view* v, const rw_adam* step);
  int32_t (*adamw8)(rw_card* card, const rw_view* parameter, const rw_view* gradient, const rw_adam8* state, const rw_adam* step);
  int32_t (*adam_direction)(rw_card* card, const rw_view* gradient, const rw_view* m, const rw_view* v, float* update, const rw_adam* step);
  int32_t (*adam_direction8)(rw_card* card, const rw_view* gradient, const rw_adam8* state, float* update, const rw_adam* step);

  int32_t (*quantize_nf4)(rw_card* card, const rw_view* from, const rw_nf4* to, float* scratch);
  int32_t (*dequantize_nf4)(rw_card* card, const rw_nf4* from, const rw_view* to);

  int32_t (*eigh_top)(rw_card* card, const rw_view* gram, const rw_view* out, float* eigenvalues, void* scratch);
  int32_t (*orthonormalize_rows)(rw_card* card, const rw_view* a, float* scratch);
  int32_t (*fix_row_signs)(rw_card* card, const rw_view* a);
  int32_t (*pseudo_inverse_symmetric)(rw_card* card, const rw_view* a, const rw_view* out, void* scratch);
} rw_cuda_table;

/* Null where the library speaks another version. */
const rw_cuda_table* rankwise_cuda_boundary(uint32_t version);

#ifdef __cplusplus
}
#endif
#endif
