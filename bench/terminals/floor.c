// The floor: a PTY put on WebSockets with as little as possible in between. One frame for what the PTY has, one blocking send
// for each viewer, so that the slowest one sets the pace. Terminals are named by the request's path and run /bin/sh.
//
//   floor PORT FOLDER
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"

enum { MOST = 64, TURN = 64 << 10 };

static struct terminal {
    char name[32];
    int master;
} terminals[MOST];
static struct client {
    int fd, terminal, up;
} clients[MOST];
static int terminal_count, client_count;
static const char *folder;

static int find(const char *name) {
    for (int i = 0; i < terminal_count; i++)
        if (!strcmp(terminals[i].name, name)) return i;
    struct terminal *new = &terminals[terminal_count];
    snprintf(new->name, sizeof new->name, "%s", name);
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    if (!forkpty(&new->master, 0, 0, &size)) {
        if (chdir(folder)) _exit(1);
        execl("/bin/sh", "sh", (char *)0);
        _exit(127);
    }
    fcntl(new->master, F_SETFL, O_NONBLOCK);
    return terminal_count++;
}

static void all_of(int fd, const uint8_t *bytes, size_t size) {
    for (size_t sent = 0; sent < size;) {
        ssize_t part = send(fd, bytes + sent, size - sent, MSG_NOSIGNAL);
        if (part <= 0) return;
        sent += (size_t)part;
    }
}

static void from_client(struct client *client) {
    static uint8_t bytes[1 << 16];
    ssize_t got = recv(client->fd, bytes, sizeof bytes - 1, 0);
    if (got <= 0) {
        close(client->fd);
        *client = clients[--client_count];
        return;
    }
    if (!client->up) {
        char name[32] = "";
        bytes[got] = 0;
        sscanf((char *)bytes, "GET /%31s", name);
        client->terminal = find(name);
        client->up = 1;
        const char *answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        all_of(client->fd, (const uint8_t *)answer, strlen(answer));
        return;
    }
    size_t at = 0, payload, size, whole;
    int opcode;
    while ((whole = frame_whole(bytes + at, (size_t)got - at, &payload, &size, &opcode))) {
        if (opcode == 2 && write(terminals[client->terminal].master, bytes + at + payload, size) < 0) perror("write");
        at += whole;
    }
}

static void from_terminal(int which) {
    static uint8_t bytes[16 + TURN];
    size_t size = 0;
    while (size < TURN) {
        ssize_t got = read(terminals[which].master, bytes + 16 + size, TURN - size);
        if (got <= 0) break;
        size += (size_t)got;
    }
    if (!size) return;
    uint8_t header[16];
    size_t length = frame_header(header, size, 0);
    memcpy(bytes + 16 - length, header, length);
    for (int i = 0; i < client_count; i++)
        if (clients[i].up && clients[i].terminal == which) all_of(clients[i].fd, bytes + 16 - length, length + size);
}

int main(int count, char **words) {
    if (count < 3) return 2;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    folder = words[2];
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 64)) return 1;
    for (;;) {
        struct pollfd wanted[1 + 2 * MOST];
        int n = 0, first_client = 1, first_terminal;
        wanted[n++] = (struct pollfd){listener, POLLIN, 0};
        for (int i = 0; i < client_count; i++) wanted[n++] = (struct pollfd){clients[i].fd, POLLIN, 0};
        first_terminal = n;
        for (int i = 0; i < terminal_count; i++) wanted[n++] = (struct pollfd){terminals[i].master, POLLIN, 0};
        poll(wanted, (nfds_t)n, -1);
        for (int i = terminal_count - 1; i >= 0; i--)
            if (first_terminal + i < n && wanted[first_terminal + i].revents & POLLIN) from_terminal(i);
        for (int i = first_terminal - 2; i >= 0; i--)
            if (wanted[first_client + i].revents) from_client(&clients[i]);
        if (wanted[0].revents && client_count < MOST) {
            int fd = accept(listener, 0, 0);
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            clients[client_count++] = (struct client){.fd = fd};
        }
    }
}
