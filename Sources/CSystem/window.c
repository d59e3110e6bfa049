#define _GNU_SOURCE
#include "CSystem.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

static volatile sig_atomic_t window_changed = 0;

static void note_window_change(int signal) {
  (void)signal;
  window_changed = 1;
}

void fairlead_watch_window(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note_window_change;
  sigaction(SIGWINCH, &action, NULL);
}

void fairlead_forget_window_change(void) { window_changed = 0; }

int fairlead_wait_for_key(void) {
  // Blocked while the note is looked at, so that no change falls between.
  sigset_t blocked, usual, waiting;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGWINCH);
  pthread_sigmask(SIG_BLOCK, &blocked, &usual);
  // A parent may have started us with the signal blocked.
  waiting = usual;
  sigdelset(&waiting, SIGWINCH);
  int result = -1;
  if (!window_changed) {
    struct pollfd request = {.fd = STDIN_FILENO, .events = POLLIN};
    result = ppoll(&request, 1, NULL, &waiting) > 0 ? 1 : -1;
  }
  if (window_changed) {
    window_changed = 0;
    result = 0;
  }
  pthread_sigmask(SIG_SETMASK, &usual, NULL);
  return result;
}

size_t fairlead_text_width(const char *text, size_t count, size_t column) {
  mbstate_t state;
  memset(&state, 0, sizeof state);
  int hidden = 0;
  while (count > 0) {
    wchar_t character = 0;
    size_t length = mbrtowc(&character, text, count, &state);
    if (length == 0 || length > count) {
      memset(&state, 0, sizeof state);
      character = L'?';
      length = 1;
    }
    if (character == 1 || character == 2) {
      hidden = character == 1;
    } else if (!hidden) {
      int width = wcwidth(character);
      // Readline shows a tab as spaces, and other control characters as ^X.
      column += character == '\t' ? 8 - column % 8 : width >= 0 ? (size_t)width : 2;
    }
    text += length;
    count -= length;
  }
  return column;
}
