// Kernels that gain nothing from wide vectors, and those made of other kernels.
#include <math.h>
#include <string.h>

#include "internal.h"

#pragma STDC FP_CONTRACT OFF

void fl_fill_i64(size_t n, int64_t value, int64_t *y) {
  for (size_t i = 0; i < n; i++) y[i] = value;
}

int fl_any_u8(size_t n, const uint8_t *a) {
  for (size_t i = 0; i < n; i++) {
    if (a[i]) return 1;
  }
  return 0;
}

int fl_all_u8(size_t n, const uint8_t *a) { return n == 0 || !memchr(a, 0, n); }

size_t fl_count_u8(size_t n, const uint8_t *a) {
  size_t count = 0;
  for (size_t i = 0; i < n; i++) count += a[i] != 0;
  return count;
}

#define COPY_STRIDED(name, type)                                                                 \
  void fl_copy_strided_##name(size_t rows, size_t columns, const void *x, ptrdiff_t x_row_stride, \
                              ptrdiff_t x_column_stride, void *y, ptrdiff_t y_row_stride,        \
                              ptrdiff_t y_column_stride) {                                       \
    for (ptrdiff_t r = 0; r < (ptrdiff_t)rows; r++) {                                            \
      const type *from = (const type *)x + r * x_row_stride;                                     \
      type *to = (type *)y + r * y_row_stride;                                                   \
      if (x_column_stride == 1 && y_column_stride == 1) {                                        \
        if (columns) memcpy(to, from, columns * sizeof(type));                                   \
      } else {                                                                                   \
        for (ptrdiff_t c = 0; c < (ptrdiff_t)columns; c++)                                       \
          to[c * y_column_stride] = from[c * x_column_stride];                                   \
      }                                                                                          \
    }                                                                                            \
  }

COPY_STRIDED(b1, uint8_t)
COPY_STRIDED(b4, uint32_t)
COPY_STRIDED(b8, uint64_t)

#define GROUP_INDICES(suffix, index_type)                                                         \
  size_t fl_group_indices_##suffix(size_t count, size_t length, const index_type *indices,        \
                                   const int32_t *lengths, size_t table_rows, int32_t *scratch,   \
                                   int32_t *groups, int32_t *offsets, int32_t *positions) {       \
    /* Counts first: offsets[g + 1] holds the size of group g. */                                 \
    size_t group_count = 0;                                                                       \
    offsets[0] = 0;                                                                               \
    for (size_t i = 0; i < count; i++) {                                                          \
      if (lengths && (int64_t)(i % length) >= lengths[i / length]) continue;                      \
      if ((uint64_t)(int64_t)indices[i] >= table_rows) continue;                                  \
      int32_t *group = scratch + indices[i];                                                      \
      if (*group < 0) {                                                                           \
        *group = (int32_t)group_count;                                                            \
        groups[group_count++] = (int32_t)indices[i];                                              \
        offsets[group_count] = 0;                                                                 \
      }                                                                                           \
      offsets[*group + 1]++;                                                                      \
    }                                                                                             \
    for (size_t g = 0; g < group_count; g++) offsets[g + 1] += offsets[g];                        \
    /* Filling moves each start to its end, which is the next start; then all move back. */       \
    for (size_t i = 0; i < count; i++) {                                                          \
      if (lengths && (int64_t)(i % length) >= lengths[i / length]) continue;                      \
      if ((uint64_t)(int64_t)indices[i] >= table_rows) continue;                                  \
      positions[offsets[scratch[indices[i]]]++] = (int32_t)i;                                     \
    }                                                                                             \
    for (size_t g = group_count; g > 0; g--) offsets[g] = offsets[g - 1];                         \
    offsets[0] = 0;                                                                               \
    return group_count;                                                                           \
  }

GROUP_INDICES(i64, int64_t)
GROUP_INDICES(i32, int32_t)

void fl_group_reset(size_t group_count, const int32_t *groups, int32_t *scratch) {
  for (size_t g = 0; g < group_count; g++) scratch[groups[g]] = -1;
}

void fl_philox_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1;
    c3 = (uint32_t)p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

void fl_gemm_batch_f32(size_t batch, int transpose_a, int transpose_b, size_t m, size_t n,
                       size_t k, float alpha, const float *a, size_t lda, size_t a_step,
                       const float *b, size_t ldb, size_t b_step, float beta, float *c, size_t ldc,
                       size_t c_step) {
  for (size_t i = 0; i < batch; i++) {
    fl_gemm_f32(transpose_a, transpose_b, m, n, k, alpha, a + i * a_step, lda, b + i * b_step, ldb,
                beta, c + i * c_step, ldc);
  }
}
