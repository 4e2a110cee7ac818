// WebSocket frames as the load generator and the floor need them: whole frames out, frames of any size in.
#pragma once
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FRAME = 8 << 20 };

struct frames {
    uint8_t *bytes;
    size_t have, room;
};

// Writes the header of an unmasked (mask 0) or masked (mask 1, with a mask of zeros) binary frame; returns its length.
static inline size_t frame_header(uint8_t *out, size_t size, int mask) {
    size_t at = 0;
    out[at++] = 0x82;
    if (size < 126) {
        out[at++] = (uint8_t)(size | (mask ? 0x80 : 0));
    } else if (size < 65536) {
        out[at++] = 126 | (mask ? 0x80 : 0);
        out[at++] = (uint8_t)(size >> 8);
        out[at++] = (uint8_t)size;
    } else {
        out[at++] = 127 | (mask ? 0x80 : 0);
        for (int shift = 56; shift >= 0; shift -= 8) out[at++] = (uint8_t)((uint64_t)size >> shift);
    }
    if (mask) {
        memset(out + at, 0, 4);
        at += 4;
    }
    return at;
}

// Looks for a whole frame at the start of `bytes`. Returns its full length, 0 when more is needed; masks must be removed by
// the caller, who finds the mask in the four bytes before the payload.
static inline size_t frame_whole(const uint8_t *bytes, size_t have, size_t *payload, size_t *size, int *opcode) {
    if (have < 2) return 0;
    size_t header = 2, length = bytes[1] & 127;
    if (length == 126) {
        if (have < 4) return 0;
        length = (size_t)bytes[2] << 8 | bytes[3];
        header = 4;
    } else if (length == 127) {
        if (have < 10) return 0;
        length = 0;
        for (int i = 2; i < 10; i++) length = length << 8 | bytes[i];
        header = 10;
    }
    if (bytes[1] & 0x80) header += 4;
    if (have < header + length) return 0;
    *payload = header;
    *size = length;
    *opcode = bytes[0] & 15;
    return header + length;
}
