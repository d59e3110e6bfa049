// The standard library: the files below Stdlib, embedded so that an installed binary needs nothing beside it.
#pragma once
#include <stddef.h>

/// One file: its path below Stdlib and its text (UTF-8, not terminated).
struct fairlead_stdlib_file {
  const char *path;
  const unsigned char *text;
  size_t length;
};

/// How many files there are.
size_t fairlead_stdlib_count(void);

/// One of them; `index` is below the count.
struct fairlead_stdlib_file fairlead_stdlib_at(size_t index);
