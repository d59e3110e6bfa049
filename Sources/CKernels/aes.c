// AES-128 (FIPS 197) in counter mode: with the processor's instructions where there are some,
// otherwise byte by byte.
#include <string.h>

#include "internal.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const uint8_t sbox[256] = {
    0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5, 0x30, 0x01, 0x67, 0x2b, 0xfe, 0xd7, 0xab, 0x76,
    0xca, 0x82, 0xc9, 0x7d, 0xfa, 0x59, 0x47, 0xf0, 0xad, 0xd4, 0xa2, 0xaf, 0x9c, 0xa4, 0x72, 0xc0,
    0xb7, 0xfd, 0x93, 0x26, 0x36, 0x3f, 0xf7, 0xcc, 0x34, 0xa5, 0xe5, 0xf1, 0x71, 0xd8, 0x31, 0x15,
    0x04, 0xc7, 0x23, 0xc3, 0x18, 0x96, 0x05, 0x9a, 0x07, 0x12, 0x80, 0xe2, 0xeb, 0x27, 0xb2, 0x75,
    0x09, 0x83, 0x2c, 0x1a, 0x1b, 0x6e, 0x5a, 0xa0, 0x52, 0x3b, 0xd6, 0xb3, 0x29, 0xe3, 0x2f, 0x84,
    0x53, 0xd1, 0x00, 0xed, 0x20, 0xfc, 0xb1, 0x5b, 0x6a, 0xcb, 0xbe, 0x39, 0x4a, 0x4c, 0x58, 0xcf,
    0xd0, 0xef, 0xaa, 0xfb, 0x43, 0x4d, 0x33, 0x85, 0x45, 0xf9, 0x02, 0x7f, 0x50, 0x3c, 0x9f, 0xa8,
    0x51, 0xa3, 0x40, 0x8f, 0x92, 0x9d, 0x38, 0xf5, 0xbc, 0xb6, 0xda, 0x21, 0x10, 0xff, 0xf3, 0xd2,
    0xcd, 0x0c, 0x13, 0xec, 0x5f, 0x97, 0x44, 0x17, 0xc4, 0xa7, 0x7e, 0x3d, 0x64, 0x5d, 0x19, 0x73,
    0x60, 0x81, 0x4f, 0xdc, 0x22, 0x2a, 0x90, 0x88, 0x46, 0xee, 0xb8, 0x14, 0xde, 0x5e, 0x0b, 0xdb,
    0xe0, 0x32, 0x3a, 0x0a, 0x49, 0x06, 0x24, 0x5c, 0xc2, 0xd3, 0xac, 0x62, 0x91, 0x95, 0xe4, 0x79,
    0xe7, 0xc8, 0x37, 0x6d, 0x8d, 0xd5, 0x4e, 0xa9, 0x6c, 0x56, 0xf4, 0xea, 0x65, 0x7a, 0xae, 0x08,
    0xba, 0x78, 0x25, 0x2e, 0x1c, 0xa6, 0xb4, 0xc6, 0xe8, 0xdd, 0x74, 0x1f, 0x4b, 0xbd, 0x8b, 0x8a,
    0x70, 0x3e, 0xb5, 0x66, 0x48, 0x03, 0xf6, 0x0e, 0x61, 0x35, 0x57, 0xb9, 0x86, 0xc1, 0x1d, 0x9e,
    0xe1, 0xf8, 0x98, 0x11, 0x69, 0xd9, 0x8e, 0x94, 0x9b, 0x1e, 0x87, 0xe9, 0xce, 0x55, 0x28, 0xdf,
    0x8c, 0xa1, 0x89, 0x0d, 0xbf, 0xe6, 0x42, 0x68, 0x41, 0x99, 0x2d, 0x0f, 0xb0, 0x54, 0xbb, 0x16};

/// Multiplication by x in GF(2^8).
static uint8_t twice(uint8_t b) { return (uint8_t)((b << 1) ^ ((b >> 7) * 0x1b)); }

static void expand(const uint8_t key[16], aes_schedule *schedule) {
  memcpy(schedule->keys[0], key, 16);
  uint8_t constant = 1;
  for (int round = 1; round <= 10; round++) {
    const uint8_t *old = schedule->keys[round - 1];
    uint8_t *new = schedule->keys[round];
    for (int i = 0; i < 4; i++) new[i] = old[i] ^ sbox[old[12 + (i + 1) % 4]];
    new[0] ^= constant;
    constant = twice(constant);
    for (int i = 4; i < 16; i++) new[i] = old[i] ^ new[i - 4];
  }
}

void fl_aes_expand(uint64_t key, uint64_t key_high, aes_schedule *schedule) {
  // A step asks for the same key in each of its blocks.
  static _Thread_local aes_schedule last;
  static _Thread_local uint64_t last_key, last_high;
  static _Thread_local int known;
  if (known && last_key == key && last_high == key_high) {
    *schedule = last;
    return;
  }
  uint8_t bytes[16];
  for (int i = 0; i < 8; i++) {
    bytes[i] = (uint8_t)(key >> (8 * i));
    bytes[8 + i] = (uint8_t)(key_high >> (8 * i));
  }
  expand(bytes, schedule);
  last = *schedule;
  last_key = key, last_high = key_high, known = 1;
}

static void encrypt(const aes_schedule *schedule, uint8_t s[16]) {
  for (int i = 0; i < 16; i++) s[i] ^= schedule->keys[0][i];
  for (int round = 1; round <= 10; round++) {
    uint8_t t[16];
    for (int c = 0; c < 4; c++) {
      for (int r = 0; r < 4; r++) t[4 * c + r] = sbox[s[4 * ((c + r) % 4) + r]];
    }
    for (int c = 0; c < 4; c++) {
      uint8_t *column = t + 4 * c;
      if (round == 10) continue;
      uint8_t all = column[0] ^ column[1] ^ column[2] ^ column[3], first = column[0];
      for (int r = 0; r < 4; r++) {
        uint8_t next = r == 3 ? first : column[r + 1];
        column[r] ^= all ^ twice(column[r] ^ next);
      }
    }
    for (int i = 0; i < 16; i++) s[i] = t[i] ^ schedule->keys[round][i];
  }
}

void fl_aes128_block(const uint8_t key[16], const uint8_t in[16], uint8_t out[16]) {
  aes_schedule schedule;
  expand(key, &schedule);
  uint8_t state[16];
  memcpy(state, in, 16);
  encrypt(&schedule, state);
  memcpy(out, state, 16);
}

void fl_aes_words_plain(const aes_schedule *schedule, uint64_t stream, uint64_t block, size_t count,
                        uint32_t *out) {
  for (size_t b = 0; b < count; b++) {
    uint8_t s[16];
    for (int i = 0; i < 8; i++) {
      s[i] = (uint8_t)((block + b) >> (8 * i));
      s[8 + i] = (uint8_t)(stream >> (8 * i));
    }
    encrypt(schedule, s);
    for (size_t w = 0; w < 4; w++) {
      out[4 * b + w] = (uint32_t)s[4 * w] | (uint32_t)s[4 * w + 1] << 8
                       | (uint32_t)s[4 * w + 2] << 16 | (uint32_t)s[4 * w + 3] << 24;
    }
  }
}

#if defined(__x86_64__)

__attribute__((target("aes,sse4.1"))) void fl_aes_words_aesni(const aes_schedule *schedule,
                                                              uint64_t stream, uint64_t block,
                                                              size_t count, uint32_t *out) {
  // Eight blocks at a time hide the latency of the rounds; the callers ask for multiples of eight.
  const __m128i *keys = (const __m128i *)schedule->keys;
  for (size_t b = 0; b < count; b += 8) {
    __m128i s[8];
    for (int i = 0; i < 8; i++) {
      s[i] = _mm_set_epi64x((long long)stream, (long long)(block + b + (size_t)i));
      s[i] = _mm_xor_si128(s[i], _mm_load_si128(keys));
    }
    for (int round = 1; round < 10; round++) {
      __m128i k = _mm_load_si128(keys + round);
      for (int i = 0; i < 8; i++) s[i] = _mm_aesenc_si128(s[i], k);
    }
    __m128i last = _mm_load_si128(keys + 10);
    for (int i = 0; i < 8 && b + (size_t)i < count; i++)
      _mm_storeu_si128((__m128i *)(out + 4 * (b + (size_t)i)), _mm_aesenclast_si128(s[i], last));
  }
}

#endif
