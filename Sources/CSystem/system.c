#define _GNU_SOURCE
#include "CSystem.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static _Atomic(int (*)(void)) notification;
static atomic_int patience_ms;
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
  int (*notify)(void) = atomic_load(&notification);
  if (number != SIGINT) atomic_store(&terminated, 1);
  atomic_store(&pressed, 1);
  if (!notify || !notify()) {
    atomic_store(&first_press_ms, now_ms());
    return;
  }
  // Who asks the process itself to end, twice, keeps nothing of it.
  int patience = number == SIGINT ? atomic_load(&patience_ms) : 300;
  if (now_ms() - atomic_load(&first_press_ms) < patience) return;
  static const char message[] = "\ninterrupted\n";
  if (write(STDERR_FILENO, message, sizeof message - 1) < 0) { /* nothing to be done about it */
  }
  _exit(130);
}

void fairlead_watch_interrupts(int (*notify)(void), int patience) {
  atomic_store(&patience_ms, patience);
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

static _Atomic(void (*)(void)) rescue;

void fairlead_exit_without_memory(void (*save)(void)) { atomic_store(&rescue, save); }

void fairlead_trim_memory(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

#if defined(__GLIBC__)
// Swift ends the process by a trap where it gets no memory. These stand before the C library's own functions, and
// differ from them only where those fail: then the process says so and ends as after any other error.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static void *without_memory(size_t size) {
  void (*save)(void) = atomic_exchange(&rescue, NULL);
  if (!save) return NULL;
  save();
  char message[200];
  // No printf, which may need memory itself.
  char digits[24];
  int first = sizeof digits;
  size_t megabytes = (size >> 20) + 1;
  do {
    digits[--first] = (char)('0' + megabytes % 10);
    megabytes /= 10;
  } while (megabytes);
  size_t length = 0;
  const char *reason = "error: the system gives this process no more memory (limit): ";
  while (*reason) message[length++] = *reason++;
  while (first < (int)sizeof digits) message[length++] = digits[first++];
  for (const char *text = " MiB more were needed\n"; *text; text++) message[length++] = *text;
  if (write(STDERR_FILENO, message, length) < 0) { /* nothing to be done about it */
  }
  _exit(1);
}

void *malloc(size_t size) {
  void *block = __libc_malloc(size);
  return __builtin_expect(block != NULL, 1) ? block : without_memory(size);
}

void *calloc(size_t count, size_t size) {
  void *block = __libc_calloc(count, size);
  return __builtin_expect(block != NULL, 1) ? block : without_memory(count * size);
}

// `aligned_alloc` is left to those who can do without.
int posix_memalign(void **block, size_t alignment, size_t size) {
  if (alignment < sizeof(void *) || (alignment & (alignment - 1))) return EINVAL;
  *block = alignment <= alignof(max_align_t) ? __libc_malloc(size) : __libc_memalign(alignment, size);
  if (__builtin_expect(!*block, 0)) *block = without_memory(size);
  return *block ? 0 : ENOMEM;
}

void *realloc(void *block, size_t size) {
  void *moved = __libc_realloc(block, size);
  return __builtin_expect(moved != NULL || size == 0, 1) ? moved : without_memory(size);
}
#endif
