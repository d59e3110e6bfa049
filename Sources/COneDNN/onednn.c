#include "COneDNN.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

typedef int (*sgemm_function)(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *,
                              int64_t, float, float *, int64_t);
typedef struct {
  int major, minor, patch;
  const char *hash;
} version_record;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sgemm_function sgemm;
static void (*set_threads)(int);
static int32_t version;
static int (*get_instruction_set)(void);
static _Thread_local bool single_threaded;

static void load(void) {
  if (getenv("FAIRLEAD_NO_ONEDNN")) return;
  static const char *const names[] = {"libdnnl.so.3", "libdnnl.so.2", "libdnnl.so"};
  void *library = 0;
  for (unsigned i = 0; i < sizeof names / sizeof names[0] && !library; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  const version_record *(*get_version)(void) = (const version_record *(*)(void))dlsym(library, "dnnl_version");
  if (get_version) {
    const version_record *v = get_version();
    version = v->major * 10000 + v->minor * 100 + v->patch;
  }
  // Built on OpenMP (Debian) this symbol is reachable through the library's dependencies; where it is missing
  // oneDNN is built on another run time and `OMP_NUM_THREADS` would not matter either.
  set_threads = (void (*)(int))dlsym(library, "omp_set_num_threads");
  sgemm = (sgemm_function)dlsym(library, "dnnl_sgemm");
  get_instruction_set = (int (*)(void))dlsym(library, "dnnl_get_effective_cpu_isa");
#if defined(__GLIBC__)
  // oneDNN allocates what it packs operands into anew in every call. By default the C library gives such memory back to
  // the system at once, and each product pays for fetching it page by page (measured: 138 faults, 2% of
  // 1024×1024×1024).
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}

bool fl_onednn_available(void) {
  pthread_once(&once, load);
  return sgemm != 0;
}

int32_t fl_onednn_version(void) {
  pthread_once(&once, load);
  return version;
}

int32_t fl_onednn_instruction_set(void) {
  pthread_once(&once, load);
  return get_instruction_set ? get_instruction_set() : 0;
}

bool fl_onednn_sgemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha,
                     const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc) {
  if (!single_threaded) {
    if (!fl_onednn_available()) return false;
    // Thread-local in OpenMP: our own blocks are the only parallelism.
    if (set_threads) set_threads(1);
    single_threaded = true;
  }
  return sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) == 0;
}
