// oneDNN's matrix product, loaded when the first product is asked for: linking libdnnl would bring libgomp and
// libOpenCL into every start of the program, products or none.
#ifndef FAIRLEAD_CONEDNN_H
#define FAIRLEAD_CONEDNN_H

#include <stdbool.h>
#include <stdint.h>

/// True where libdnnl is installed and usable. The first call loads it (some milliseconds); thread-safe.
bool fl_onednn_available(void);

/// Row-major C[m, n] = alpha · op(A) · op(B) + beta · C on the calling thread alone, where `op` is the transpose for a
/// true flag. Leading dimensions are in elements. Returns false when oneDNN refuses; C is then unchanged.
bool fl_onednn_sgemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha,
                     const float *_Nonnull a, int64_t lda, const float *_Nonnull b, int64_t ldb,
                     float beta, float *_Nonnull c, int64_t ldc);

/// oneDNN's version as major · 10000 + minor · 100 + patch; 0 where it is missing.
int32_t fl_onednn_version(void);

/// The instructions that oneDNN uses here, as it numbers them; 0 where that is not known.
int32_t fl_onednn_instruction_set(void);

#endif
