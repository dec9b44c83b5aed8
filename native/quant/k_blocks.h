#pragma once

namespace rankwise {

// The K-quants of GGUF: 256 values that share one or two scales in half precision; within them eight groups of 32 with 6-bit scales and
// minima (Q4_K, Q5_K: value = d·scale·code − dmin·minimum) or sixteen of 16 with 8-bit scales (Q6_K: value = d·scale·(code − 32)).
// The quantizers search each group's scale by weighted least squares over rounded codes, in the order of operations of the reference
// quantizer, so that the bytes are the same. Values must be finite.
constexpr int kSuperBlock = 256;
constexpr int kBytesQ4K = 2 + 2 + 12 + kSuperBlock / 2;
constexpr int kBytesQ5K = kBytesQ4K + kSuperBlock / 8;
constexpr int kBytesQ6K = kSuperBlock / 2 + kSuperBlock / 4 + kSuperBlock / 16 + 2;

void quantize_q4_k(const float* from, unsigned char* to);
void quantize_q5_k(const float* from, unsigned char* to);
void quantize_q6_k(const float* from, unsigned char* to);
void dequantize_q4_k(const unsigned char* from, float* to);
void dequantize_q5_k(const unsigned char* from, float* to);
void dequantize_q6_k(const unsigned char* from, float* to);

}  // namespace rankwise
