// What the host needs of the operating system and Swift cannot say well: signal handlers and the identity of the
// binary.
#pragma once
#include <stdint.h>
#include <stddef.h>

/// Makes Ctrl-C (SIGINT), SIGTERM and SIGHUP call `notify`, from then on in every thread, inside the signal handler. It
/// gives 0 where what was asked before has been answered. A Ctrl-C that comes before an earlier one was answered, and
/// `patience` milliseconds after it, ends the process with status 130: something does not listen. For the other signals
/// these are 300 milliseconds. A null `notify` gives the signals back their default effect. The calling thread, and
/// those that it starts, no longer block these signals.
void fairlead_watch_interrupts(int (*notify)(void), int patience);

/// Forgets earlier Ctrl-C presses: what was interrupted has answered.
void fairlead_clear_interrupt(void);

/// Whether Ctrl-C was pressed since `fairlead_clear_interrupt`.
int fairlead_was_interrupted(void);

/// Whether SIGTERM or SIGHUP asked the process to end.
int fairlead_was_terminated(void);

/// Writes to a closed pipe, and past a limit on the size of files, fail with an error instead of ending the process.
void fairlead_ignore_write_signals(void);

/// From now on the process ends with status 1 and a message where the system gives it no more memory, instead of by a
/// signal. `save` is called before, once, on the thread that asked for memory, and must not need any.
void fairlead_exit_without_memory(void (*save)(void));

/// Gives memory that the allocator keeps for later back to the system.
void fairlead_trim_memory(void);

/// Copies the build id that the linker gave the running binary into `bytes`; returns its length, 0 where there is none.
size_t fairlead_build_id(uint8_t *bytes, size_t capacity);

/// The widest vector instructions of this machine that the kernels use: "AVX-512", "AVX2", "NEON", or "".
const char *fairlead_vector_name(void);

/// The columns of the terminal behind a file descriptor, 0 where it is none.
int fairlead_terminal_columns(int descriptor);

/// Notes from now on when the terminal's window changes its size.
void fairlead_watch_window(void);

/// Forgets a change of the window.
void fairlead_forget_window_change(void);

/// Waits for a key on standard input. Gives 1 where there is one, 0 where the window has changed its size, -1 after
/// another signal.
int fairlead_wait_for_key(void);

/// The columns at which a text ends that begins at `column`; what stands between \001 and \002 takes none, and control
/// characters what readline shows for them.
size_t fairlead_text_width(const char *text, size_t count, size_t column);
