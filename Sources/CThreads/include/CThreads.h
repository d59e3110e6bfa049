// What Swift lacks for threads: thread-local state, a spin hint, and futexes (sleep until a word changes). And random
// bytes in bulk.
#ifndef FAIRLEAD_CTHREADS_H
#define FAIRLEAD_CTHREADS_H

#include <stdint.h>

/// One thread's own state, all zero at first.
typedef struct {
  /// Above zero: tensor operations leave no trace for the backward pass.
  int32_t recording_off;
  /// Above zero: parallel loops run inline (inside a block, or asked for by the caller).
  int32_t serial;
  /// Above zero: what runs changes what stays and comes to its end, whoever asks it to stop.
  int32_t finishing;
  /// The work that may be left undone here, an `AbandonableWork`; null where all is to be done.
  void *_Nullable abandonable;
} fl_thread_state;

extern _Thread_local fl_thread_state fl_thread_local_state;

/// The calling thread's state; valid on this thread only.
static inline fl_thread_state *_Nonnull fl_thread(void) { return &fl_thread_local_state; }

/// Tells the core that this is a spin loop.
static inline void fl_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

/// Sleeps while `*word` equals `value` (may also return early).
void fl_futex_wait(const void *_Nonnull word, uint32_t value);
/// Wakes at most `count` sleepers on `word`.
void fl_futex_wake(const void *_Nonnull word, int32_t count);

/// Cores that this process may use: its affinity mask, cut to the container's CPU quota; at least 1.
int32_t fl_core_count(void);

/// Fills memory with random bytes of the operating system, many in one call; false where it gives none.
_Bool fl_random_bytes(void *_Nonnull bytes, int64_t count);

#endif
