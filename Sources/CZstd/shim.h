// libzstd for files packed by zstd and for the pages of Parquet files.
#ifndef FAIRLEAD_CZSTD_SHIM_H
#define FAIRLEAD_CZSTD_SHIM_H

#include <zstd.h>

#endif
