// zlib for the readers and writers of `.gz` files; the macros that open a stream are wrapped, since Swift imports none.
#ifndef FAIRLEAD_CZLIB_SHIM_H
#define FAIRLEAD_CZLIB_SHIM_H

#include <string.h>
#include <zlib.h>

static inline int czlib_open_gzip(z_stream *stream) {
  memset(stream, 0, sizeof *stream);
  return inflateInit2(stream, 16 + MAX_WBITS);
}

static inline int czlib_open_gzip_writer(z_stream *stream) {
  memset(stream, 0, sizeof *stream);
  return deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
}

#endif
