// Tables of Unicode as the `tokenizers` package knows it; Scripts/unicode_tables.py writes tables.c and says how.
#pragma once
#include <stdint.h>

struct fl_numbers {
  const uint32_t *_Nonnull start;
  long count;
};

// First code point << 11 | flags of each run of code points with equal flags. From bit 0: \p{L}; \p{N}; white space;
// part of a word; numeric; punctuation; removed by BERT's cleaning; non-spacing mark; any mark; decomposes canonically
// or has a combining class; changes in lower case.
struct fl_numbers fl_unicode_flags(void);
// First code point << 8 | canonical combining class of each run.
struct fl_numbers fl_unicode_classes(void);
// Code point, place << 5 | length in fl_unicode_text: full canonical decompositions, without Hangul.
struct fl_numbers fl_unicode_decompositions(void);
// The same of full compatibility decompositions that differ from the canonical ones.
struct fl_numbers fl_unicode_compatible(void);
// The same of lower-case forms.
struct fl_numbers fl_unicode_lower(void);
// Code points that the tables above point into.
struct fl_numbers fl_unicode_text(void);
// First, second and the one code point that they compose to.
struct fl_numbers fl_unicode_compositions(void);

// Written by Scripts/unicode_categories.py into categories.c. First code point << 11 | script << 5 | general category
// of each run, as the engines of `tokenizers` and of `tiktoken` (rust) know them; and what `\w` matches, as first code
// points and ends of ranges.
struct fl_numbers fl_unicode_categories(void);
struct fl_numbers fl_unicode_rust_categories(void);
struct fl_numbers fl_unicode_word_ranges(void);
struct fl_numbers fl_unicode_rust_word_ranges(void);
