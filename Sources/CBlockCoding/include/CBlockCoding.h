// What is done to the bytes of blocks at the speed of the machine: CRC-32C, the scan for zeros, zstd.
// Knows no file and no format; every function may be called from any thread, a coder from one at a time.

#ifndef APUS_CBLOCKCODING_H
#define APUS_CBLOCKCODING_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, reflected) of `count` bytes, going on from `seed`: 0, or the result for what came before.
uint32_t apus_crc32c(uint32_t seed, const void *bytes, size_t count);

/// Whether all of `count` bytes are 0; looks no further than the first that is not.
int apus_is_zero(const void *bytes, size_t count);

/// The memory that compressing and expanding need, kept from block to block.
typedef struct apus_zstd apus_zstd;

/// Null where there is no memory.
apus_zstd *apus_zstd_make(void);
void apus_zstd_free(apus_zstd *coder);

/// Compresses at level 1 into at most `capacity` bytes. Answers how many they are; 0 where they would be more,
/// also when a sample of the input says so.
size_t apus_zstd_compress(apus_zstd *coder, void *target, size_t capacity, const void *source, size_t count);

/// Expands one frame; answers how many bytes came out, 0 where the input is no such frame or `capacity` is too small.
size_t apus_zstd_expand(apus_zstd *coder, void *target, size_t capacity, const void *source, size_t count);

#endif
