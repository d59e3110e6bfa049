// The kernels for what every processor of the architecture has: SSE2 on x86-64, NEON on arm64.
#include "internal.h"

// Sums of products must round alike on all levels: only explicit fused multiply-adds.
#pragma STDC FP_CONTRACT OFF
// Vectors are passed between functions that are always inlined, so their calling convention, which
// depends on the target, never matters.
#pragma clang diagnostic ignored "-Wpsabi"

#define FL_LEVEL 0
#define FL_SUFFIX plain
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define FL_HAS_FMA 1
#else
#define FL_HAS_FMA 0
#endif
#define FL_HAS_VAES 0
#include "impl/level.inc"
