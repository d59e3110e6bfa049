// Which level runs, and the public functions: each is a jump through the table of that level.
#include "internal.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static const fl_table *current = &fl_table_plain;
static int active_level = FL_LEVEL_PLAIN;
static int best_level = FL_LEVEL_PLAIN;
static int has_aes = 0;
#if defined(__x86_64__)
/// The kernels of AVX-512, with VAES where the processor has it.
static fl_table best_avx512;
#endif
fl_aes_function fl_aes_words = fl_aes_words_plain;

static void find_best_level(void) {
#if defined(__x86_64__)
  // __builtin_cpu_supports also asks whether the system saves the wide registers.
  __builtin_cpu_init();
  int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
             && __builtin_cpu_supports("bmi2");
  int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
               && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  best_level = avx512 ? FL_LEVEL_AVX512 : avx2 ? FL_LEVEL_AVX2 : FL_LEVEL_PLAIN;
  unsigned a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d)) has_aes = (c >> 25) & 1;
  best_avx512 = fl_table_avx512;
  if (avx512 && has_aes && __get_cpuid_count(7, 0, &a, &b, &c, &d) && ((c >> 9) & 1))
    fl_table_use_vaes(&best_avx512);
#endif
}

int fl_best_cpu_level(void) { return best_level; }
int fl_cpu_level(void) { return active_level; }

int fl_set_cpu_level(int level) {
  active_level = level < FL_LEVEL_PLAIN ? FL_LEVEL_PLAIN : level > best_level ? best_level : level;
  current = &fl_table_plain;
  fl_aes_words = fl_aes_words_plain;
#if defined(__x86_64__)
  if (active_level > FL_LEVEL_PLAIN) {
    current = active_level == FL_LEVEL_AVX512 ? &best_avx512 : &fl_table_avx2;
    if (has_aes) fl_aes_words = fl_aes_words_aesni;
  }
#endif
  return active_level;
}

/// Runs before any kernel can be called, so that calls need no check.
__attribute__((constructor)) static void choose_level(void) {
  find_best_level();
  fl_set_cpu_level(best_level);
}

#define FL_PUBLIC(result, name, parameters, arguments) \
  result fl_##name parameters { return current->name arguments; }
FL_KERNELS(FL_PUBLIC)
