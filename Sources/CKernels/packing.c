// Where products pack their operands. Not a thread-local array: the system clears those of every thread at its start.
#include "internal.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int has_key;
static _Thread_local float *space;

static void make_key(void) { has_key = pthread_key_create(&key, free) == 0; }

float *fl_packing_space(void) {
  if (space) return space;
  pthread_once(&once, make_key);
  void *memory = has_key ? aligned_alloc(64, FL_PACKING_BYTES) : 0;
  if (!memory) return 0;
  if (pthread_setspecific(key, memory)) {
    free(memory);
    return 0;
  }
  space = memory;
  return space;
}
