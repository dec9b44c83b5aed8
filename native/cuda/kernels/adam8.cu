// AdamW with moments in 8 bits (Dettmers et al., 2022): per block of 256 elements one code each and one largest magnitude. One block of
// the card per block of elements; a moment's code is the number of midpoints below its quotient.
#include "cuda/kernels/adam.cuh"
#include "cuda/kernels/codes.cuh"
#include "cuda/plugin.h"
#include "cuda/table.h"

namespace rankwise::cuda {

namespace {

constexpr int kBlock = 256;
constexpr int kThreads = 128;
constexpr int kEach = kBlock / kThreads;
constexpr int kSignedZero = 127;

// Two of a block's elements: moments after the step, and where they lie.
struct Advanced {
  float m[kEach], v[kEach], u[kEach], gradient[kEach];
};

template <class G>
__device__ Advanced advance(int64_t base, int64_t n, const rw_adam& c, const rw_adam8& state, const CodeBooks* books, const G* gradient) {
  Advanced a;
  const float m_scale = state.m_absmax[blockIdx.x], v_scale = state.v_absmax[blockIdx.x];
  for (int k = 0; k < kEach; ++k) {
    const int64_t i = base + k * kThreads + threadIdx.x;
    a.m[k] = a.v[k] = a.u[k] = a.gradient[k] = 0.0f;
    if (i >= n) continue;
    a.m[k] = books->signed_values[state.m_codes[i]] * m_scale;
    a.v[k] = books->unsigned_values[state.v_codes[i]] * v_scale;
    a.gradient[k] = c.gradient_scale * read(gradient + i);
    a.u[k] = adam_advance(c, a.gradient[k], a.m[k], a.v[k]);
    if (!isfinite(a.gradient[k])) a.m[k] = a.v[k] = 0.0f;
  }
  return a;
}

__device__ void store_codes(int64_t base, int64_t n, const Advanced& a, const rw_adam8& state, const CodeBooks* books, float* room) {
  float m_most = 0, v_most = 0;
  for (int k = 0; k < kEach; ++k) {
    m_most = fmaxf(m_most, fabsf(a.m[k]));
    v_most = fmaxf(v_most, fabsf(a.v[k]));
  }
  m_most = block_largest(m_most, room);
  v_most = block_largest(v_most, room);
  const float m_scale = m_most > 0.0f ? m_most : 1.0f, v_scale = v_most > 0.0f ? v_most : 1.0f;
  for (int k = 0; k < kEach; ++k) {
    const int64_t i = base + k * kThreads + threadIdx.x;
    if (i >= n) continue;
    const int code = nearest_code(books->signed_midpoints, a.m[k] / m_scale);
    // bitsandbytes' rule: what is stored never has another sign than the moment. Only small negative moments come out as 0.
    state.m_codes[i] = static_cast<uint8_t>(code == kSignedZero && a.m[k] < 0.0f ? code - 1 : code);
    state.v_codes[i] = static_cast<uint8_t>(nearest_code(books->unsigned_midpoints, a.v[k] / v_scale));
  }
  if (threadIdx.x == 0) {
    state.m_absmax[blockIdx.x] = m_most;
    state.v_absmax[blockIdx.x] = v_most;
  }
}

// Where the gradient is not finite the moments become 0 and the parameter stays.
template <class P, class G>
__global__ void adamw8_blocks(int64_t n, rw_adam c, rw_adam8 state, const CodeBooks* books, P* parameter, const G* gradient) {
  RANKWISE_SHARED(float, room, 32);
  const int64_t base = static_cast<int64_t>(blockIdx.x) * kBlock;
  const Advanced a = advance(base, n, c, state, books, gradient);
  for (int k = 0; k < kEach; ++k) {
    const int64_t i = base + k * kThreads + threadIdx.x;
    if (i >= n || !isfinite(a.gradient[k])) continue;
    const uint32_t word = c.stochastic ? philox(c.rounding.key, static_cast<uint64_t>(i / 4), c.rounding.step).word[i % 4] : 0u;
    store_parameter(parameter + i, moved(c, read(parameter + i), a.u[k]), c, word);
  }
  __syncthreads();  // every thread has read the old scales
  store_codes(base, n, a, state, books, room);
}

template <class G>
__global__ void direction8_blocks(int64_t n, rw_adam c, rw_adam8 state, const CodeBooks* books, const G* gradient, float* update) {
  RANKWISE_SHARED(float, room, 32);
  const int64_t base = static_cast<int64_t>(blockIdx.x) * kBlock;
  const Advanced a = advance(base, n, c, state, books, gradient);
  for (int k = 0; k < kEach; ++k) {
    const int64_t i = base + k * kThreads + threadIdx.x;
    if (i < n) update[i] = isfinite(a.gradient[k]) ? a.u[k] : 0.0f;
  }
  __syncthreads();  // every thread has read the old scales
  store_codes(base, n, a, state, books, room);
}

dim3 blocks_of(int64_t n) { return dim3(static_cast<unsigned>(divided_up(n, kBlock))); }

}  // namespace

int32_t adamw8(rw_card* card, const rw_view* parameter, const rw_view* gradient, const rw_adam8* state, const rw_adam* step) {
  const int64_t n = size_of(*parameter);
  if (n == 0) return RW_OK;
  RANKWISE_WITH_TYPE(parameter->dtype, P, RANKWISE_WITH_TYPE(gradient->dtype, G, RANKWISE_LAUNCH((adamw8_blocks<P, G>), blocks_of(n), dim3(kThreads), 0,
                     card->stream, n, *step, *state, &card->small->books, static_cast<P*>(parameter->data), static_cast<const G*>(gradient->data))));
  return launched(card, "adamw8");
}

int32_t adam_direction8(rw_card* card, const rw_view* gradient, const rw_adam8* state, float* update, const rw_adam* step) {
  const int64_t n = size_of(*gradient);
  if (n == 0) return RW_OK;
  RANKWISE_WITH_TYPE(gradient->dtype, G, RANKWISE_LAUNCH(direction8_blocks<G>, blocks_of(n), dim3(kThreads), 0, card->stream, n, *step, *state,
                     &card->small->books, static_cast<const G*>(gradient->data), update));
  return launched(card, "adam_direction8");
}

}  // namespace rankwise::cuda
