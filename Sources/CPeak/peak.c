#include "CPeak.h"

// Sixteen accumulators: more than latency times issue width on any processor of today, and all fit in registers.
enum { ACCUMULATORS = 16 };

#define ROUNDS(vector, lanes, fused)                                                                                  \
  vector sums[ACCUMULATORS];                                                                                          \
  vector scale = {0}, shift = {0};                                                                                    \
  for (int lane = 0; lane < (lanes); lane++) scale[lane] = 0.999f, shift[lane] = 0.001f;                              \
  for (int i = 0; i < ACCUMULATORS; i++) sums[i] = shift * (float)(i + 1);                                            \
  for (int64_t round = 0; round < rounds; round++) {                                                                  \
    _Pragma("GCC unroll 16") for (int i = 0; i < ACCUMULATORS; i++) sums[i] = fused;                                  \
  }                                                                                                                   \
  float total = 0;                                                                                                    \
  for (int i = 0; i < ACCUMULATORS; i++)                                                                              \
    for (int lane = 0; lane < (lanes); lane++) total += sums[i][lane];                                                \
  return total

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx512f"))) static float run_512(int64_t rounds) {
  ROUNDS(__m512, 16, _mm512_fmadd_ps(sums[i], scale, shift));
}

__attribute__((target("avx2,fma"))) static float run_256(int64_t rounds) {
  ROUNDS(__m256, 8, _mm256_fmadd_ps(sums[i], scale, shift));
}

static float run_128(int64_t rounds) { ROUNDS(__m128, 4, _mm_add_ps(_mm_mul_ps(sums[i], scale), shift)); }

static int lanes(void) {
  if (__builtin_cpu_supports("avx512f")) return 16;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return 8;
  return 4;
}

float fl_peak_run(int64_t rounds) {
  int width = lanes();
  return width == 16 ? run_512(rounds) : width == 8 ? run_256(rounds) : run_128(rounds);
}

#else

typedef float vector4 __attribute__((vector_size(16)));

static int lanes(void) { return 4; }

float fl_peak_run(int64_t rounds) { ROUNDS(vector4, 4, sums[i] * scale + shift); }

#endif

int64_t fl_peak_operations(void) { return (int64_t)ACCUMULATORS * lanes() * 2; }
