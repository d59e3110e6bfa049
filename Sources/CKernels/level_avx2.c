// The kernels for AVX2 and FMA.
#include "internal.h"

#if defined(__x86_64__)

#include <immintrin.h>

// Sums of products must round alike on all levels: only explicit fused multiply-adds.
#pragma STDC FP_CONTRACT OFF
// Vectors are passed between functions that are always inlined, so their calling convention, which
// depends on the target, never matters.
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2,lzcnt,popcnt"))), \
                             apply_to = function)

#define FL_LEVEL 1
#define FL_SUFFIX avx2
#define FL_HAS_FMA 1
#define FL_HAS_VAES 0
#include "impl/level.inc"

#pragma clang attribute pop

#endif
