#define _GNU_SOURCE
#include "CThreads.h"

#include <linux/futex.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

_Thread_local fl_thread_state fl_thread_local_state;

void fl_futex_wait(const void *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, 0, 0, 0);
}

void fl_futex_wake(const void *word, int32_t count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, 0, 0, 0);
}

int32_t fl_core_count(void) {
  cpu_set_t set;
  long cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
  FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
  if (file) {
    long quota, period;
    if (fscanf(file, "%ld %ld", &quota, &period) == 2 && period > 0) {
      long allowed = (quota + period - 1) / period;
      if (allowed < cores) cores = allowed;
    }
    fclose(file);
  }
  return cores < 1 ? 1 : (int32_t)cores;
}

_Bool fl_random_bytes(void *bytes, int64_t count) {
  for (int64_t done = 0; done < count;) {
    // A signal may come in between.
    ssize_t part = getrandom((char *)bytes + done, (size_t)(count - done), 0);
    if (part < 0 && errno != EINTR) return 0;
    if (part > 0) done += part;
  }
  return 1;
}
