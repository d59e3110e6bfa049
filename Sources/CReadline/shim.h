// GNU readline's interface. Its state is a set of global variables, which Swift will not touch: these functions do.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <readline/history.h>
#include <readline/readline.h>

static volatile sig_atomic_t fairlead_window_changes = 0;
static inline void fairlead_note_window_change(int signal) {
  (void)signal;
  fairlead_window_changes = 1;
}

/// Sets readline up: our own signal handling, candidates from `complete`, shown by `display`. Words end at everything
/// that cannot stand in a name.
static inline void fairlead_readline_configure(rl_completion_func_t *complete,
                                               rl_compdisp_func_t *display) {
  rl_readline_name = "fairlead";
  rl_catch_signals = 0;
  // Readline would draw inside its handler, knowing nothing of how the terminal has moved the text.
  rl_catch_sigwinch = 0;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = fairlead_note_window_change;
  sigaction(SIGWINCH, &action, NULL);
  rl_attempted_completion_function = complete;
  rl_completion_display_matches_hook = display;
  rl_completer_word_break_characters = (char *)" \t\n\"\\'`@$><=;|&{}()[],:+-*/%^!?~#.";
  rl_sort_completion_matches = 0;
  // Entries of several lines stay whole in the file: each begins with a line of this character and a time.
  history_write_timestamps = 1;
  history_comment_char = '\001';
  using_history();
  stifle_history(10000);
}

/// Candidates are whole as they stand, and readline must not look for file names itself.
static inline void fairlead_readline_candidates_are_final(void) {
  rl_attempted_completion_over = 1;
  rl_completion_suppress_append = 1;
  rl_filename_completion_desired = 0;
}

/// Writes text below the line that is being edited; the line is drawn again after it.
static inline void fairlead_readline_show(const char *text) {
  FILE *out = rl_outstream ? rl_outstream : stdout;
  fputs("\n", out);
  fputs(text, out);
  fflush(out);
  rl_on_new_line();
}

static inline void fairlead_readline_redraw(void) { rl_forced_update_display(); }

/// Gives up the line that is being edited.
static inline void fairlead_readline_abandon(void) {
  rl_free_line_state();
  rl_callback_sigcleanup();
  rl_cleanup_after_signal();
  rl_callback_handler_remove();
}

static inline const char *fairlead_readline_buffer(void) { return rl_line_buffer ? rl_line_buffer : ""; }
static inline int fairlead_readline_point(void) { return rl_point; }

/// The columns that a text takes behind `column` columns; what stands between \001 and \002 takes none.
static inline size_t fairlead_readline_width(const char *text, size_t count, size_t column) {
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

/// The window has changed its size: the line is drawn anew from its first row. Terminals have broken it into other rows by now.
static inline void fairlead_readline_resize(void) {
  FILE *out = rl_outstream ? rl_outstream : stdout;
  int rows = 0, columns = 0;
  rl_reset_screen_size();
  rl_get_screen_size(&rows, &columns);
  if (columns < 1) return;
  const char *prompt = rl_display_prompt ? rl_display_prompt : "";
  size_t before = fairlead_readline_width(prompt, strlen(prompt), 0);
  before = fairlead_readline_width(fairlead_readline_buffer(), (size_t)fairlead_readline_point(), before);
  size_t above = before / (size_t)columns;
  if (above >= (size_t)rows) above = (size_t)rows - 1;
  fputs("\r", out);
  if (above > 0) fprintf(out, "\033[%zuA", above);
  fputs("\033[J", out);
  fflush(out);
  rl_forced_update_display();
}

/// Forgets what was before the line that is to be read: other sizes of the window, and a Ctrl-D in a block, after which readline
/// would end every line with an empty one.
static inline void fairlead_readline_begin(void) {
  fairlead_window_changes = 0;
  // Before its first line readline has no terminal yet.
  if (rl_instream) rl_reset_screen_size();
#if RL_READLINE_VERSION >= 0x0802
  rl_eof_found = 0;
#endif
}

/// Waits for a key. Gives 1 where there is one, 0 where the window has changed its size, -1 after another signal.
static inline int fairlead_readline_wait(void) {
  // Blocked while the note is looked at, so that no change falls between.
  sigset_t blocked, usual;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGWINCH);
  pthread_sigmask(SIG_BLOCK, &blocked, &usual);
  // A parent may have started us with the signal blocked.
  sigdelset(&usual, SIGWINCH);
  int result = -1;
  if (!fairlead_window_changes) {
    struct pollfd request = {.fd = STDIN_FILENO, .events = POLLIN};
    result = ppoll(&request, 1, NULL, &usual) > 0 ? 1 : -1;
  }
  if (fairlead_window_changes) {
    fairlead_window_changes = 0;
    result = 0;
  }
  pthread_sigmask(SIG_SETMASK, &usual, NULL);
  return result;
}

static inline int fairlead_history_length(void) { return history_length; }

/// The text of an entry, from the oldest (0) on; null past the end.
static inline const char *fairlead_history_text(int index) {
  HIST_ENTRY *entry = history_get(history_base + index);
  return entry ? entry->line : NULL;
}
