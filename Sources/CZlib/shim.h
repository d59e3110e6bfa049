// zlib for the readers of `.gz` files; the macro that opens a stream is wrapped, since Swift imports no macros.
#ifndef FAIRLEAD_CZLIB_SHIM_H
#define FAIRLEAD_CZLIB_SHIM_H

#include <string.h>
#include <zlib.h>

static inline int czlib_open_gzip(z_stream *stream) {
  memset(stream, 0, sizeof *stream);
  return inflateInit2(stream, 16 + MAX_WBITS);
}

#endif
