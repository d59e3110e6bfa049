// GNU readline's interface. Its state is a set of global variables, which Swift will not touch: these functions do.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <readline/history.h>
#include <readline/readline.h>

/// Sets readline up: our own signal handling, candidates from `complete`, shown by `display`. Words end at everything
/// that cannot stand in a name.
static inline void fairlead_readline_configure(rl_completion_func_t *complete,
                                               rl_compdisp_func_t *display) {
  rl_readline_name = "fairlead";
  rl_catch_signals = 0;
  // Readline would draw inside its handler, knowing nothing of how the terminal has moved the text.
  rl_catch_sigwinch = 0;
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

/// Of CSystem: this header must not ask for more of the system's headers than others do, or their modules differ.
extern size_t fairlead_text_width(const char *text, size_t count, size_t column);

/// The window has changed its size: the line is drawn anew from its first row. Terminals have broken it into other rows
/// by now.
static inline void fairlead_readline_resize(void) {
  FILE *out = rl_outstream ? rl_outstream : stdout;
  int rows = 0, columns = 0;
  rl_reset_screen_size();
  rl_get_screen_size(&rows, &columns);
  if (columns < 1) return;
  const char *prompt = rl_display_prompt ? rl_display_prompt : "";
  size_t before = fairlead_text_width(prompt, strlen(prompt), 0);
  before = fairlead_text_width(fairlead_readline_buffer(), (size_t)fairlead_readline_point(), before);
  size_t above = before / (size_t)columns;
  if (above >= (size_t)rows) above = (size_t)rows - 1;
  fputs("\r", out);
  if (above > 0) fprintf(out, "\033[%zuA", above);
  fputs("\033[J", out);
  fflush(out);
  rl_forced_update_display();
}

/// Forgets what was before the line that is to be read: other sizes of the window, and a Ctrl-D in a block, after which
/// readline would end every line with an empty one.
static inline void fairlead_readline_begin(void) {
  // Before its first line readline has no terminal yet.
  if (rl_instream) rl_reset_screen_size();
#if RL_READLINE_VERSION >= 0x0802
  rl_eof_found = 0;
#endif
}

static inline int fairlead_history_length(void) { return history_length; }

/// The text of an entry, from the oldest (0) on; null past the end.
static inline const char *fairlead_history_text(int index) {
  HIST_ENTRY *entry = history_get(history_base + index);
  return entry ? entry->line : NULL;
}
