/* A load generator for document servers: many WebSockets in one thread, driven by a plan that Python writes.
 *
 * The plan is binary, little-endian: u32 clients; for each client its request head, its opening messages and its
 * messages, the latter two as u32 count and items; an item is u32 length and bytes. It is told from a plan, not from
 * flags, what a server wants to hear, so that every server meets the same program.
 *
 * A delivery is recognised by what it carries: the characters, in a Yjs update, of one of the senders, whose client
 * numbers begin at BASE. Usage: rooms PORT PLAN RATE WINDOW WARM SECONDS PIDS (RATE 0: as fast as WINDOW undelivered
 * messages allow; WARM: messages before measuring; SECONDS: after which no more is sent, and after as long again no more
 * waited for; PIDS: comma-separated processes whose CPU time is measured). What did not arrive shows in the result.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BASE 0x0c000000u
#define QUIET 300000000ull       /* nothing heard for so long after opening: everybody is in the room */
#define SILENCE 3000000000ull    /* nothing heard for so long after the last message: what is missing is lost */
#define OPEN_WITHIN 20000000000ull

typedef struct { uint8_t *data; uint32_t size; } item;
typedef struct { item *items; uint32_t count; } list;
typedef struct {
    int socket, shook;
    uint8_t *in;
    size_t have, room;
    uint8_t *out;
    size_t waiting, written, space;
    item head;
    list opening, messages;
    uint64_t *sent_at;
    uint32_t next;
} client;

static client *clients;
static uint32_t count;
static uint64_t delivered, sent, last_heard, now;
static uint32_t *latencies;
static size_t latency_count, latency_room = 4000000;
static int measuring;

static void fail(const char *what) { perror(what); exit(1); }

static uint64_t clock_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static uint32_t number(FILE *file) {
    uint32_t value;
    if (fread(&value, 4, 1, file) != 1) fail("plan");
    return value;
}

static item read_item(FILE *file) {
    item one = {0, number(file)};
    one.data = malloc(one.size + 1);
    if (one.size && fread(one.data, 1, one.size, file) != one.size) fail("plan");
    return one;
}

static list read_list(FILE *file) {
    list all = {0, number(file)};
    all.items = calloc(all.count ? all.count : 1, sizeof(item));
    for (uint32_t i = 0; i < all.count; i++) all.items[i] = read_item(file);
    return all;
}

static void flush(client *c) {
    while (c->written < c->waiting) {
        ssize_t n = send(c->socket, c->out + c->written, c->waiting - c->written, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EAGAIN) return;
            fail("send");
        }
        c->written += n;
    }
    c->written = c->waiting = 0;
}

static void append(client *c, const void *data, size_t size) {
    if (c->waiting + size > c->space) {
        c->space = (c->waiting + size) * 2;
        c->out = realloc(c->out, c->space);
    }
    memcpy(c->out + c->waiting, data, size);
    c->waiting += size;
}

/* A client's frame, masked with zeros: the server unmasks all the same. */
static void put(client *c, uint8_t opcode, item message) {
    uint8_t head[14] = {0x80 | opcode};
    size_t used = 2;
    if (message.size < 126) head[1] = 0x80 | message.size;
    else if (message.size < 65536) { head[1] = 0x80 | 126; head[2] = message.size >> 8; head[3] = message.size; used = 4; }
    else { head[1] = 0x80 | 127; for (int i = 0; i < 8; i++) head[2 + i] = (uint64_t)message.size >> (56 - 8 * i); used = 10; }
    append(c, head, used + 4);
    append(c, message.data, message.size);
}

static const uint8_t *varint(const uint8_t *p, const uint8_t *end, uint64_t *value) {
    int shift = 0;
    for (*value = 0; p < end; shift += 7) {
        *value |= (uint64_t)(*p & 127) << shift;
        if (!(*p++ & 128)) return p;
    }
    return 0;
}

/* The structs of one client in an update: counts those of a sender as one delivery each; where they end, or 0. */
static const uint8_t *structs(client *to, const uint8_t *p, const uint8_t *end) {
    uint64_t length, who, clock, skipped;
    if (!(p = varint(p, end, &length)) || !(p = varint(p, end, &who)) || !(p = varint(p, end, &clock))) return 0;
    if (who < BASE || who >= BASE + count || length < 1) return 0;
    client *from = &clients[who - BASE];
    for (; length; length--, clock++) {
        if (p >= end) return 0;
        uint8_t info = *p++;
        if (info & 0x80) {
            if (!(p = varint(p, end, &skipped)) || !(p = varint(p, end, &skipped))) return 0;
        } else {
            if (!(p = varint(p, end, &skipped)) || !(p = varint(p, end, &skipped))) return 0;
            p += skipped;
        }
        if (!(p = varint(p, end, &skipped))) return 0;
        p += skipped;
        if (from == to) continue;
        delivered++;
        if (measuring && clock < from->messages.count && latency_count < latency_room)
            latencies[latency_count++] = (now - from->sent_at[clock]) / 1000;
    }
    return p;
}

/* Servers that gather updates merge them into one: every struct in it was a message of its own. */
static void deliver(client *to, const uint8_t *p, size_t size) {
    const uint8_t *end = p + size, *last = p + (size < 64 ? size : 64);
    for (; p + 6 < last; p++) {
        uint64_t senders, one, who;
        const uint8_t *q = varint(p, end, &senders), *r = q ? varint(q, end, &one) : 0;
        if (!r || senders < 1 || senders > count || one < 1 || !varint(r, end, &who) || who < BASE || who >= BASE + count) continue;
        for (; senders && q; senders--) q = structs(to, q, end);
        return;
    }
}

static void feed(client *c) {
    size_t at = 0;
    if (!c->shook) {
        uint8_t *end = memmem(c->in, c->have, "\r\n\r\n", 4);
        if (!end) return;
        if (memcmp(c->in, "HTTP/1.1 101", 12)) { fprintf(stderr, "%.*s\n", (int)c->have, c->in); exit(1); }
        c->shook = 1;
        at = end + 4 - c->in;
    }
    while (c->have - at >= 2) {
        const uint8_t *p = c->in + at;
        uint64_t size = p[1] & 127;
        size_t head = 2;
        if (size == 126) { if (c->have - at < 4) break; size = p[2] << 8 | p[3]; head = 4; }
        else if (size == 127) { if (c->have - at < 10) break; size = 0; for (int i = 0; i < 8; i++) size = size << 8 | p[2 + i]; head = 10; }
        if (c->have - at < head + size) break;
        switch (p[0] & 15) {
        case 8: fprintf(stderr, "closed: %u %.*s\n", size > 1 ? p[head] << 8 | p[head + 1] : 0, size > 2 ? (int)size - 2 : 0, p + head + 2); exit(1);
        case 9: put(c, 10, (item){(uint8_t *)p + head, size}); break;
        case 10: break;
        default: deliver(c, p + head, size);
        }
        at += head + size;
    }
    memmove(c->in, c->in + at, c->have - at);
    c->have -= at;
}

static uint64_t cpu(const char *pids) {
    uint64_t total = 0;
    char copy[512], path[600], *save = 0;
    snprintf(copy, sizeof copy, "%s", pids);
    for (char *pid = strtok_r(copy, ",", &save); pid; pid = strtok_r(0, ",", &save)) {
        snprintf(path, sizeof path, "/proc/%s/task", pid);
        DIR *tasks = opendir(path);
        if (!tasks) fail(path);
        for (struct dirent *task; (task = readdir(tasks));) {
            unsigned long long used;
            if (task->d_name[0] == '.') continue;
            snprintf(path, sizeof path, "/proc/%s/task/%s/schedstat", pid, task->d_name);
            FILE *file = fopen(path, "r");
            if (!file) continue;
            if (fscanf(file, "%llu", &used) == 1) total += used;
            fclose(file);
        }
        closedir(tasks);
    }
    return total;
}

static int turn;
static int say(void) {
    for (uint32_t tried = 0; tried < count; tried++) {
        client *c = &clients[turn++ % count];
        if (c->next >= c->messages.count) continue;
        c->sent_at[c->next] = clock_now();
        put(c, 2, c->messages.items[c->next++]);
        flush(c);
        sent++;
        return 1;
    }
    return 0;
}

static int by_size(const void *a, const void *b) { return (*(uint32_t *)a > *(uint32_t *)b) - (*(uint32_t *)a < *(uint32_t *)b); }

int main(int argc, char **argv) {
    if (argc != 8) { fprintf(stderr, "usage: rooms PORT PLAN RATE WINDOW WARM SECONDS PIDS\n"); return 1; }
    double rate = atof(argv[3]);
    uint64_t window = atoll(argv[4]), warm = atoll(argv[5]), limit = atof(argv[6]) * 1e9, total = 0;
    const char *pids = argv[7];
    FILE *plan = fopen(argv[2], "rb");
    if (!plan) fail(argv[2]);
    struct rlimit files = {20000, 20000};
    setrlimit(RLIMIT_NOFILE, &files);
    count = number(plan);
    clients = calloc(count, sizeof(client));
    latencies = malloc(latency_room * sizeof *latencies);
    int poll = epoll_create1(0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (uint32_t i = 0; i < count; i++) {
        client *c = &clients[i];
        c->head = read_item(plan);
        c->opening = read_list(plan);
        c->messages = read_list(plan);
        c->sent_at = calloc(c->messages.count + 1, 8);
        total += c->messages.count;
        c->socket = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(c->socket, (void *)&address, sizeof address)) fail("connect");
        int one = 1;
        setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        fcntl(c->socket, F_SETFL, O_NONBLOCK);
        append(c, c->head.data, c->head.size);
        flush(c);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(poll, EPOLL_CTL_ADD, c->socket, &event);
    }
    fclose(plan);
    struct epoll_event events[512];
    int phase = 0; /* connecting, opening, warming, measuring, draining */
    uint64_t begun = clock_now(), started = 0, used = 0, from_delivered = 0, rate_begun = 0, ended = 0;
    last_heard = begun;
    for (;;) {
        int ready = epoll_wait(poll, events, 512, phase < 2 ? 20 : rate ? 1 : 0);
        now = clock_now();
        for (int i = 0; i < ready; i++) {
            client *c = events[i].data.ptr;
            if (c->room - c->have < 65536) c->in = realloc(c->in, c->room = c->have + (1 << 20));
            ssize_t n = recv(c->socket, c->in + c->have, c->room - c->have, 0);
            if (n == 0) { fprintf(stderr, "the server hung up\n"); return 1; }
            if (n < 0) continue;
            c->have += n;
            last_heard = now = clock_now();
            feed(c);
        }
        for (uint32_t i = 0; i < count; i++) if (clients[i].waiting) flush(&clients[i]);
        if (phase == 0) {
            int all = 1;
            for (uint32_t i = 0; i < count; i++) all &= clients[i].shook;
            if (all) {
                for (uint32_t i = 0; i < count; i++)
                    for (uint32_t k = 0; k < clients[i].opening.count; k++) put(&clients[i], 2, clients[i].opening.items[k]);
                phase = 1;
                last_heard = now;
            }
        } else if (phase == 1 && now > last_heard + QUIET) {
            phase = 2;
            rate_begun = clock_now();
        }
        if (phase == 2 && sent >= warm) {
            phase = 3;
            started = now;
            used = cpu(pids);
            from_delivered = delivered;
            measuring = 1;
        }
        if (phase == 2 || phase == 3) {
            uint64_t allowed = rate ? (uint64_t)((clock_now() - rate_begun) / 1e9 * rate) : delivered / (count - 1) + window;
            while (sent < allowed && sent < total) say();
            if (sent >= total || now > rate_begun + limit) {
                if (phase == 2) { fprintf(stderr, "%lu of %lu arrived within %s s\n", delivered, sent * (count - 1), argv[6]); return 1; }
                phase = 4;
            }
        }
        if (phase == 4) {
            /* What nobody heard anything in is no time of delivering. */
            ended = last_heard;
            if (delivered >= sent * (count - 1) || now > last_heard + SILENCE || now > rate_begun + 2 * limit) break;
        }
        if (phase < 2 && now > begun + OPEN_WITHIN) { fprintf(stderr, "not everybody was let in\n"); return 1; }
    }
    used = cpu(pids) - used;
    qsort(latencies, latency_count, 4, by_size);
    /* All that was sent, also before measuring, is wanted; what was delivered while measuring is what the time went into. */
    printf("{\"wanted\": %lu, \"lost\": %lu, \"delivered\": %lu, \"seconds\": %.3f, \"cpu\": %.6f, \"p50\": %.1f, \"p99\": %.1f}\n",
           sent * (count - 1), sent * (count - 1) - delivered, delivered - from_delivered, (ended - started) / 1e9, used / 1e9,
           latency_count ? latencies[latency_count / 2] / 1e0 : 0.0, latency_count ? latencies[latency_count * 99 / 100] / 1e0 : 0.0);
    return 0;
}
