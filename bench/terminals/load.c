// Viewers of one terminal, on connections that were opened before and are given as descriptors.
//
//   load flood  PROTOCOL TERMINAL START SECONDS FD...   sends START on the first, reads until MARKER is seen on each
//   load echo   PROTOCOL TERMINAL KEY   COUNT   FD      sends KEY COUNT times, 10 ms apart, and times the answer
//   load drain  PROTOCOL TERMINAL START 0       FD      sends START and reads until it is killed
//
// PROTOCOL is `coterie` (acknowledges output as a page does) or `plain` (every frame is output). START and KEY are payloads in
// hexadecimal. Prints one JSON object.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "frames.h"

#define MARKER "<END>"
enum { ACKNOWLEDGE_EVERY = 512 << 10, READ = 1 << 20, MOST_KEYS = 100000 };

struct viewer {
    int fd, done;
    struct frames in;
    uint64_t bytes, sequence, acknowledged, skipped;
    uint64_t answered;
};

static int coterie, terminal;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void say(int fd, const uint8_t *payload, size_t size) {
    uint8_t header[16];
    size_t length = frame_header(header, size, 1);
    if (send(fd, header, length, MSG_NOSIGNAL | MSG_MORE) != (ssize_t)length) fail("send");
    if (send(fd, payload, size, MSG_NOSIGNAL) != (ssize_t)size) fail("send");
}

static size_t hexadecimal(const char *text, uint8_t *out) {
    size_t size = 0;
    for (; text[0] && text[1]; text += 2) {
        unsigned byte;
        sscanf(text, "%2x", &byte);
        out[size++] = (uint8_t)byte;
    }
    return size;
}

// MessagePack: reads an unsigned integer, a binary's or a string's length; advances.
static uint64_t number(const uint8_t **at) {
    uint8_t kind = *(*at)++;
    int size = kind < 0x80 ? 0 : kind == 0xcc || kind == 0xc4 ? 1 : kind == 0xcd || kind == 0xc5 ? 2 : kind == 0xcf ? 8 : 4;
    if (!size) return kind;
    uint64_t value = 0;
    while (size--) value = value << 8 | *(*at)++;
    return value;
}

static void acknowledge(struct viewer *viewer) {
    static const char name[] = "TerminalAck";
    uint8_t out[64];
    size_t at = 0;
    out[at++] = 0x93;
    out[at++] = 0xa0 | (sizeof name - 1);
    memcpy(out + at, name, sizeof name - 1);
    at += sizeof name - 1;
    out[at++] = (uint8_t)terminal;
    out[at++] = 0xcf;
    for (int shift = 56; shift >= 0; shift -= 8) out[at++] = (uint8_t)(viewer->sequence >> shift);
    say(viewer->fd, out, at);
    viewer->acknowledged = viewer->sequence;
}

static void shown(struct viewer *viewer, const uint8_t *payload, size_t size) {
    const uint8_t *data = payload;
    size_t length = size;
    if (coterie) {
        static const char name[] = "TerminalOutput";
        if (size < 20 || payload[1] != (0xa0 | (sizeof name - 1)) || memcmp(payload + 2, name, sizeof name - 1)) return;
        const uint8_t *at = payload + 2 + sizeof name - 1;
        if ((int)number(&at) != terminal) return;
        uint64_t sequence = number(&at);
        length = number(&at);
        data = at;
        at += length;
        viewer->skipped += number(&at);
        viewer->sequence = sequence + length;
        if (!viewer->acknowledged) viewer->acknowledged = sequence;
    }
    viewer->bytes += length;
    viewer->answered = now();
    size_t look = length < 256 ? length : 256;
    if (memmem(data + length - look, look, MARKER, sizeof MARKER - 1)) viewer->done = 1;
    if (coterie && viewer->sequence - viewer->acknowledged >= ACKNOWLEDGE_EVERY) acknowledge(viewer);
}

static int take(struct viewer *viewer) {
    struct frames *in = &viewer->in;
    if (in->room - in->have < READ) {
        in->room = in->have + 2 * READ;
        in->bytes = realloc(in->bytes, in->room);
    }
    ssize_t got = recv(viewer->fd, in->bytes + in->have, READ, MSG_DONTWAIT);
    if (got == 0) return 0;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    in->have += (size_t)got;
    size_t at = 0, payload, size, whole;
    int opcode;
    while ((whole = frame_whole(in->bytes + at, in->have - at, &payload, &size, &opcode))) {
        if (opcode <= 2) shown(viewer, in->bytes + at + payload, size);
        at += whole;
    }
    memmove(in->bytes, in->bytes + at, in->have - at);
    in->have -= at;
    return 1;
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int main(int count, char **words) {
    if (count < 7) return 2;
    const char *mode = words[1];
    coterie = !strcmp(words[2], "coterie");
    terminal = atoi(words[3]);
    static uint8_t message[4096];
    size_t size = hexadecimal(words[4], message);
    double limit = atof(words[5]);
    int viewers = count - 6;
    struct viewer *all = calloc((size_t)viewers, sizeof *all);
    int watch = epoll_create1(0);
    for (int i = 0; i < viewers; i++) {
        all[i].fd = atoi(words[6 + i]);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &all[i]};
        if (epoll_ctl(watch, EPOLL_CTL_ADD, all[i].fd, &event)) fail("epoll_ctl");
    }
    struct epoll_event events[64];
    if (!strcmp(mode, "echo")) {
        static uint64_t took[MOST_KEYS];
        int keys = (int)limit, lost = 0;
        for (int key = 0; key < keys; key++) {
            uint64_t began = now(), before = all[0].bytes;
            say(all[0].fd, message, size);
            while (all[0].bytes == before && now() - began < 1000000000ull)
                if (epoll_wait(watch, events, 64, 1) > 0 && !take(&all[0])) fail("closed");
            if (all[0].bytes == before) lost++;
            took[key] = (all[0].bytes == before ? now() : all[0].answered) - began;
            while (now() - began < 10000000ull)
                if (epoll_wait(watch, events, 64, 1) > 0 && !take(&all[0])) fail("closed");
        }
        qsort(took, (size_t)keys, sizeof *took, compare);
        printf("{\"lost\": %d, \"p50\": %.4f, \"p99\": %.4f}\n", lost, (double)took[keys / 2] / 1e6,
               (double)took[(size_t)(keys * 0.99)] / 1e6);
        return 0;
    }
    uint64_t began = now(), last = began;
    say(all[0].fd, message, size);
    int left = viewers;
    while (left && (!limit || (double)(now() - began) < limit * 1e9)) {
        int ready = epoll_wait(watch, events, 64, 100);
        for (int i = 0; i < ready; i++) {
            struct viewer *viewer = events[i].data.ptr;
            int before = viewer->done;
            if (!take(viewer)) {
                epoll_ctl(watch, EPOLL_CTL_DEL, viewer->fd, 0);
                viewer->done = 1;
            }
            if (viewer->answered > last) last = viewer->answered;
            if (!before && viewer->done) left--;
        }
    }
    uint64_t least = ~0ull, skipped = 0;
    for (int i = 0; i < viewers; i++) {
        if (all[i].bytes < least) least = all[i].bytes;
        skipped += all[i].skipped;
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double busy = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                  (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"seconds\": %.4f, \"busy\": %.4f, \"least\": %llu, \"skipped\": %llu, \"whole\": %s}\n",
           (double)(last - began) / 1e9, busy, (unsigned long long)least, (unsigned long long)skipped,
           left ? "false" : "true");
    return 0;
}
