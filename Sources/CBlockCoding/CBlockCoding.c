// See the header. The table of CRC-32C is used where the processor has no instruction for it.

#include "CBlockCoding.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

static uint32_t table[8][256];

__attribute__((constructor)) static void make_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
        table[0][byte] = crc;
    }
    for (int level = 1; level < 8; level++)
        for (int byte = 0; byte < 256; byte++)
            table[level][byte] = table[level - 1][byte] >> 8 ^ table[0][table[level - 1][byte] & 255];
}

static uint32_t crc_by_table(uint32_t crc, const unsigned char *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        word ^= crc;
        crc = 0;
        for (int byte = 0; byte < 8; byte++) crc ^= table[7 - byte][word >> 8 * byte & 255];
    }
    for (; count > 0; bytes++, count--) crc = crc >> 8 ^ table[0][(crc ^ *bytes) & 255];
    return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t crc_by_machine(
    uint32_t crc, const unsigned char *bytes, size_t count) {
    uint64_t state = crc;
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        state = _mm_crc32_u64(state, word);
    }
    for (; count > 0; bytes++, count--) state = _mm_crc32_u8((uint32_t)state, *bytes);
    return (uint32_t)state;
}

static int has_machine_crc(void) { return __builtin_cpu_supports("sse4.2"); }
#else
static uint32_t crc_by_machine(uint32_t crc, const unsigned char *bytes, size_t count) {
    return crc_by_table(crc, bytes, count);
}

static int has_machine_crc(void) { return 0; }
#endif

uint32_t apus_crc32c(uint32_t seed, const void *bytes, size_t count) {
    return ~(has_machine_crc() ? crc_by_machine(~seed, bytes, count) : crc_by_table(~seed, bytes, count));
}

int apus_is_zero(const void *bytes, size_t count) {
    const unsigned char *start = bytes;
    static const unsigned char zeros[64];
    if (count <= sizeof zeros) return memcmp(start, zeros, count) == 0;
    // The first bytes are zeros, and each byte equals the one 64 places before it.
    return memcmp(start, zeros, sizeof zeros) == 0 && memcmp(start, start + sizeof zeros, count - sizeof zeros) == 0;
}

struct apus_zstd {
    ZSTD_CCtx *compressing;
    ZSTD_DCtx *expanding;
    unsigned char sample[12 << 10];
};

apus_zstd *apus_zstd_make(void) {
    apus_zstd *coder = calloc(1, sizeof *coder);
    if (coder == NULL) return NULL;
    coder->compressing = ZSTD_createCCtx();
    coder->expanding = ZSTD_createDCtx();
    if (coder->compressing == NULL || coder->expanding == NULL) {
        apus_zstd_free(coder);
        return NULL;
    }
    return coder;
}

void apus_zstd_free(apus_zstd *coder) {
    if (coder == NULL) return;
    ZSTD_freeCCtx(coder->compressing);
    ZSTD_freeDCtx(coder->expanding);
    free(coder);
}

enum { sample_bytes = 8 << 10, samples = 4 };

// Whether at least one of a few places in the input becomes smaller. Encrypted, compressed and random data do not.
static int is_promising(apus_zstd *coder, const unsigned char *source, size_t count) {
    if (count < 8 * sample_bytes) return 1;
    for (int sample = 0; sample < samples; sample++) {
        const unsigned char *place = source + (count - sample_bytes) / (samples - 1) * sample;
        size_t result = ZSTD_compressCCtx(coder->compressing, coder->sample, sizeof coder->sample, place, sample_bytes, 1);
        if (ZSTD_isError(result) || result < sample_bytes - sample_bytes / 32) return 1;
    }
    return 0;
}

size_t apus_zstd_compress(apus_zstd *coder, void *target, size_t capacity, const void *source, size_t count) {
    if (!is_promising(coder, source, count)) return 0;
    size_t result = ZSTD_compressCCtx(coder->compressing, target, capacity, source, count, 1);
    return ZSTD_isError(result) ? 0 : result;
}

size_t apus_zstd_expand(apus_zstd *coder, void *target, size_t capacity, const void *source, size_t count) {
    size_t result = ZSTD_decompressDCtx(coder->expanding, target, capacity, source, count);
    return ZSTD_isError(result) ? 0 : result;
}
