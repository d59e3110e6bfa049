// The kernels that use random numbers, for AVX-512 with VAES: AES runs in the same loop as what its
// numbers are for, which keeps both of the processor's vector units busy.
#include "internal.h"

#if defined(__x86_64__)

#include <immintrin.h>

#pragma STDC FP_CONTRACT OFF
// As in the other levels.
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi," \
                                                   "bmi2,lzcnt,popcnt,aes,vaes"),                   \
                                            min_vector_width(512))),                                \
                             apply_to = function)

#define FL_LEVEL 2
#define FL_SUFFIX avx512_vaes
#define FL_HAS_FMA 1
#define FL_HAS_VAES 1
#include "impl/vector.inc"

#include "impl/math.inc"

#include "impl/random.inc"

#include "impl/optimizer.inc"

void fl_table_use_vaes(fl_table *table) {
  table->random_u32 = K(random_u32);
  table->random_uniform_f32 = K(random_uniform_f32);
  table->random_normal_f32 = K(random_normal_f32);
  table->add_normal_f32 = K(add_normal_f32);
  table->random_bernoulli_u8 = K(random_bernoulli_u8);
  table->dropout_f32 = K(dropout_f32);
  table->gradient_f32 = K(gradient_f32);
  table->sgd_f32 = K(sgd_f32);
  table->adam_f32 = K(adam_f32);
  table->rmsprop_f32 = K(rmsprop_f32);
  table->adagrad_f32 = K(adagrad_f32);
}

#pragma clang attribute pop

#endif
