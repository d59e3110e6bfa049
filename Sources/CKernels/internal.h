// What the levels share: the table of kernels that each level fills, and AES.
#ifndef FAIRLEAD_CKERNELS_INTERNAL_H
#define FAIRLEAD_CKERNELS_INTERNAL_H

#include "CKernels.h"
#include "kernel_list.h"

/// The kernels of one level.
typedef struct {
#define FL_FIELD(result, name, parameters, arguments) result(*name) parameters;
  FL_KERNELS(FL_FIELD)
#undef FL_FIELD
} fl_table;

extern const fl_table fl_table_plain;
#if defined(__x86_64__)
extern const fl_table fl_table_avx2;
extern const fl_table fl_table_avx512;
/// Replaces the kernels that use random numbers by those for processors that also have VAES.
void fl_table_use_vaes(fl_table *table);
#endif

/// Room for operands of a product that are packed, aligned to 64 bytes, one for each thread and kept until the thread
/// ends; null where there is no memory for it.
#define FL_PACKING_BYTES (512 << 10)
float *fl_packing_space(void);

/// The eleven round keys of AES-128.
typedef struct {
  _Alignas(16) uint8_t keys[11][16];
} aes_schedule;

void fl_aes_expand(uint64_t key, uint64_t key_high, aes_schedule *schedule);

/// Encrypts the counters (block, stream), (block + 1, stream), … of `count` blocks.
typedef void (*fl_aes_function)(const aes_schedule *schedule, uint64_t stream, uint64_t block,
                                size_t count, uint32_t *out);
void fl_aes_words_plain(const aes_schedule *schedule, uint64_t stream, uint64_t block, size_t count,
                        uint32_t *out);
#if defined(__x86_64__)
void fl_aes_words_aesni(const aes_schedule *schedule, uint64_t stream, uint64_t block, size_t count,
                        uint32_t *out);
#endif
/// The one in use.
extern fl_aes_function fl_aes_words;

#endif
