// SHA-256 (FIPS 180-4), which names runs, trials and data by their content.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct fairlead_sha256 {
  uint32_t state[8];
  uint64_t length;
  uint8_t block[64];
};

void fairlead_sha256_start(struct fairlead_sha256 *hash);
void fairlead_sha256_add(struct fairlead_sha256 *hash, const void *bytes, size_t count);
/// Writes the 32 bytes of the digest; the hash must be started again before it is used again.
void fairlead_sha256_finish(struct fairlead_sha256 *hash, uint8_t *digest);
