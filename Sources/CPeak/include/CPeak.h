// The machine's peak of fused multiply-adds, for the benchmark that compares matrix products with it.
#ifndef FAIRLEAD_CPEAK_H
#define FAIRLEAD_CPEAK_H

#include <stdint.h>

/// Does `rounds` rounds of independent f32 fused multiply-adds in registers, in the widest vectors of this processor,
/// on the calling thread. The result depends on all of them, so that none can be left out.
float fl_peak_run(int64_t rounds);

/// Floating-point operations of one round: two for each multiply-add.
int64_t fl_peak_operations(void);

#endif
