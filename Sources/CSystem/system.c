#define _GNU_SOURCE
#include "CSystem.h"

#include <elf.h>
#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static _Atomic(void (*)(void)) notification;
static atomic_int pressed;
static atomic_int terminated;
static _Atomic int64_t first_press_ms;

static int64_t now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

// Only async-signal-safe calls here: atomics, clock_gettime, write, _exit.
static void on_interrupt(int number) {
  void (*notify)(void) = atomic_load(&notification);
  if (atomic_exchange(&pressed, 1)) {
    int64_t waited = now_ms() - atomic_load(&first_press_ms);
    if (waited >= 300) {
      static const char message[] = "\ninterrupted\n";
      if (write(STDERR_FILENO, message, sizeof message - 1) < 0) { /* nothing to be done about it */
      }
      _exit(130);
    }
  } else {
    atomic_store(&first_press_ms, now_ms());
  }
  if (number != SIGINT) atomic_store(&terminated, 1);
  if (notify) notify();
}

void fairlead_watch_interrupts(void (*notify)(void)) {
  atomic_store(&notification, notify);
  atomic_store(&pressed, 0);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_handler = notify ? on_interrupt : SIG_DFL;
  // No SA_RESTART: a read that waits for input returns, so that the flag is seen.
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGHUP, &action, NULL);
  // Whoever started this process may have done so from a thread that blocks signals, and the child inherits that.
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, SIGINT);
  sigaddset(&ours, SIGTERM);
  sigaddset(&ours, SIGHUP);
  pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
}

void fairlead_clear_interrupt(void) { atomic_store(&pressed, 0); }

int fairlead_was_interrupted(void) { return atomic_load(&pressed); }

int fairlead_was_terminated(void) { return atomic_load(&terminated); }

void fairlead_ignore_write_signals(void) {
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

struct build_id {
  uint8_t *bytes;
  size_t capacity;
  size_t length;
};

// The first object that dl_iterate_phdr visits is the program itself.
static int find_build_id(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  struct build_id *found = context;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    if (header->p_type != PT_NOTE) continue;
    const uint8_t *place = (const uint8_t *)(info->dlpi_addr + header->p_vaddr);
    const uint8_t *end = place + header->p_memsz;
    while (place + sizeof(ElfW(Nhdr)) <= end) {
      const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)place;
      const uint8_t *name = place + sizeof *note;
      const uint8_t *content = name + ((note->n_namesz + 3) & ~3u);
      const uint8_t *next = content + ((note->n_descsz + 3) & ~3u);
      if (next > end) break;
      if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0) {
        found->length = note->n_descsz < found->capacity ? note->n_descsz : found->capacity;
        memcpy(found->bytes, content, found->length);
        return 1;
      }
      place = next;
    }
  }
  return 1;
}

size_t fairlead_build_id(uint8_t *bytes, size_t capacity) {
  struct build_id found = {bytes, capacity, 0};
  dl_iterate_phdr(find_build_id, &found);
  return found.length;
}

int fairlead_terminal_columns(int descriptor) {
  struct winsize size;
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

const char *fairlead_vector_name(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return "AVX-512";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "AVX2";
  return "";
#elif defined(__aarch64__)
  return "NEON";
#else
  return "";
#endif
}
