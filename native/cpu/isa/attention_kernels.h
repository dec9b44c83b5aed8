#pragma once
#include <cstdint>

// The parts of attention that are not products, for one instruction set. Read by the files of this folder and by the plain ones: data
// only. Scores stand transposed, [key][query], in strips of `width` queries: a query is a lane, so its maximum and its sum need no
// step across lanes, and the probabilities already lie as the panel that the next product reads.
namespace rankwise {

// Where the largest of a lane's scores begins: below all of them and yet finite, also times a scale, so that a lane that sees no key gets
// zeros instead of NaN.
constexpr float kNoAttentionScore = -1.0e30f;

// Lane i sees key j where first[i] <= j < limit[i]; every lane sees the keys in [all_from, all_to), where nothing needs comparing.
struct AttentionMask {
  const int32_t* first;  // [width]
  const int32_t* limit;  // [width]
  int64_t all_from, all_to;
};

struct AttentionKernels {
  int width;  // queries of a strip: the columns of the product's largest tile
  // n scores become cap tanh(factor score): factor is scale / cap.
  void (*cap_scores)(float* scores, int64_t n, float factor, float cap);
  // Rows [key, key + keys) of a strip: scores that a lane must not see become -inf; largest[lane] grows to the largest of the others.
  // `lanes` is a multiple of width / 2.
  void (*mask_scores)(float* scores, int64_t key, int64_t keys, int64_t lanes, const AttentionMask& mask, float* largest);
  // sums[lane] += sum of exp(scale (score - largest)) over `keys` rows, which become the product's units of k in place. [product]
  void (*exponentials[2])(float* scores, int64_t keys, int64_t lanes, float scale, const float* largest, float* sums);
  // P = exp(scale score - lse) replaces the scores and dS = P (dP - delta) scale replaces dP; what a lane must not see becomes 0. `units`
  // receives dS as the product's units, except where those are plain f32: then it is not touched. With a cap > 0 the scores are capped ones:
  // P = exp(score - lse), and dS has the slope 1 - (score / cap)^2 besides. [product]
  void (*gradients[2])(float* scores, float* dp, float* units, int64_t key, int64_t keys, int64_t lanes, const AttentionMask& mask,
                       const float* lse, const float* delta, float scale, float cap);
  // dots[i] = a[i] . b[i] over `cols` elements of each row. [f32, bf16 rows]
  void (*row_dots[2])(const void* a, int64_t lda, const void* b, int64_t ldb, int64_t rows, int64_t cols, float* dots);
  // to[i] = from[i] times factors[i] (1 where null). [f32, bf16 destination]
  void (*store_rows[2])(const float* from, int64_t ld_from, const float* factors, void* to, int64_t ld_to, int64_t rows, int64_t cols);
  // n elements as f32. [f32, bf16 source]
  void (*widen[2])(const void* from, int64_t n, float* to);
  // One row of scores along the keys: scores become exp(scale * score - *largest), rounded where the product works in bfloat16; returns
  // their sum before rounding. [product]
  float (*softmax_row[2])(float* scores, int64_t n, float scale, float* largest);
};

}  // namespace rankwise
