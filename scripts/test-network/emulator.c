/*
 * A wide area network in user space, for kernels without tc netem: `emulator SEED NAMESPACE...` makes a TUN device `wan0` in each
 * network namespace and carries IPv4 packets between them by the last byte of their destination (site i has 10.99.0.i).
 *
 * A packet waits for its sender's link, then travels, then waits for its receiver's link; links drop what they cannot hold. Packets
 * of one pair of sites keep their order. Commands, one a line on standard input, which ends the program when it ends:
 *   set ONE_WAY_MS JITTER_MS LOSS_PERCENT MBIT_PER_S
 *   cut SITE | mend SITE
 *   stats
 * Each is answered with one line.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SITES = 64, MTU = 1500, MAX_PACKETS = 1 << 16, LINK_HOLDS_MS = 200, READ_AT_ONCE = 64 };

typedef struct {
  uint64_t due, order;
  uint16_t length;
  uint8_t to, bytes[MTU];
} Packet;

typedef struct {
  int fd, is_cut;
  uint64_t up_free, down_free;
} Site;

static Site sites[MAX_SITES];
static int site_count;
static uint64_t last_due[MAX_SITES][MAX_SITES];
/* A heap of packets by due time; spare ones lie behind its end. */
static Packet *heap[MAX_PACKETS];
static int heap_size;
static uint64_t delay_ns, jitter_ns, random_state, last_order;
static double loss, ns_per_byte;
static uint64_t carried, lost, dropped;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static double chance(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (double)(random_state >> 11) / (double)(1ull << 53);
}

static int before(const Packet *a, const Packet *b) {
  return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void swap(int a, int b) {
  Packet *kept = heap[a];
  heap[a] = heap[b];
  heap[b] = kept;
}

/* The packet that lies at the end of the heap takes its place in it. */
static void rise(void) {
  for (int at = heap_size++; at > 0 && before(heap[at], heap[(at - 1) / 2]); at = (at - 1) / 2) swap(at, (at - 1) / 2);
}

static void remove_first(void) {
  swap(0, --heap_size);
  for (int at = 0;;) {
    int least = 2 * at + 1;
    if (least >= heap_size) return;
    if (least + 1 < heap_size && before(heap[least + 1], heap[least])) least++;
    if (!before(heap[least], heap[at])) return;
    swap(at, least);
    at = least;
  }
}

/* When a link that is free at *free has passed so many bytes which come at `from`; 0 if it holds no more. */
static uint64_t pass(uint64_t *free, uint64_t from, int length) {
  uint64_t start = *free > from ? *free : from;
  if (start - from > LINK_HOLDS_MS * 1000000ull) return 0;
  *free = start + (uint64_t)(length * ns_per_byte);
  return *free;
}

static void send_on(int from, const Packet *packet, uint64_t now) {
  int to = packet->to;
  if (sites[from].is_cut || sites[to].is_cut || (loss > 0 && chance() < loss)) {
    lost++;
    return;
  }
  uint64_t left = pass(&sites[from].up_free, now, packet->length);
  if (left == 0) {
    dropped++;
    return;
  }
  uint64_t arrived = left + delay_ns + (uint64_t)(chance() * (double)jitter_ns);
  uint64_t due = pass(&sites[to].down_free, arrived, packet->length);
  if (due == 0) {
    dropped++;
    return;
  }
  if (due < last_due[from][to]) due = last_due[from][to];
  last_due[from][to] = due;
  heap[heap_size]->due = due;
  heap[heap_size]->order = ++last_order;
  rise();
}

/* Reads what a site sends, as long as there is room. */
static void read_from(int site, uint64_t now) {
  for (int i = 0; i < READ_AT_ONCE && heap_size < MAX_PACKETS; i++) {
    if (heap[heap_size] == NULL) heap[heap_size] = malloc(sizeof(Packet));
    Packet *packet = heap[heap_size];
    ssize_t length = read(sites[site].fd, packet->bytes, MTU);
    if (length < 20) return;
    const uint8_t *to = packet->bytes + 16;
    if (packet->bytes[0] >> 4 != 4 || to[0] != 10 || to[1] != 99 || to[2] != 0) continue;
    if (to[3] < 1 || to[3] > site_count) continue;
    packet->to = (uint8_t)(to[3] - 1);
    packet->length = (uint16_t)length;
    send_on(site, packet, now);
  }
}

static void deliver(uint64_t now) {
  while (heap_size > 0 && heap[0]->due <= now) {
    Packet *packet = heap[0];
    if (write(sites[packet->to].fd, packet->bytes, packet->length) >= 0) carried++;
    else dropped++;
    remove_first();
  }
}

static void obey(const char *line) {
  double ms, jitter_ms, percent, mbit;
  int site;
  if (sscanf(line, "set %lf %lf %lf %lf", &ms, &jitter_ms, &percent, &mbit) == 4 && mbit > 0) {
    delay_ns = (uint64_t)(ms * 1e6);
    jitter_ns = (uint64_t)(jitter_ms * 1e6);
    loss = percent / 100;
    ns_per_byte = 8e3 / mbit;
    puts("ok");
  } else if (sscanf(line, "cut %d", &site) == 1 && site >= 1 && site <= site_count) {
    sites[site - 1].is_cut = 1;
    puts("ok");
  } else if (sscanf(line, "mend %d", &site) == 1 && site >= 1 && site <= site_count) {
    sites[site - 1].is_cut = 0;
    puts("ok");
  } else if (strncmp(line, "stats", 5) == 0) {
    printf("carried %llu lost %llu dropped %llu\n", (unsigned long long)carried, (unsigned long long)lost,
           (unsigned long long)dropped);
  } else {
    puts("no such command");
  }
  fflush(stdout);
}

/* Whole lines of what came on standard input are obeyed; 0 at its end. */
static int read_commands(void) {
  static char text[4096];
  static size_t filled;
  ssize_t length = read(0, text + filled, sizeof text - 1 - filled);
  if (length <= 0) return 0;
  filled += (size_t)length;
  text[filled] = 0;
  char *line = text;
  for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = 0;
    obey(line);
  }
  filled = strlen(line);
  memmove(text, line, filled + 1);
  return filled < sizeof text - 1;
}

static int open_tun(const char *namespace) {
  char path[256];
  snprintf(path, sizeof path, "/var/run/netns/%s", namespace);
  int inside = open(path, O_RDONLY | O_CLOEXEC);
  if (inside < 0 || setns(inside, CLONE_NEWNET) < 0) return -1;
  close(inside);
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  strcpy(request.ifr_name, "wan0");
  return fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0 ? fd : -1;
}

int main(int argc, char **argv) {
  if (argc < 3 || argc - 2 > MAX_SITES) {
    fprintf(stderr, "usage: emulator SEED NAMESPACE...\n");
    return 2;
  }
  random_state = strtoull(argv[1], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
  site_count = argc - 2;
  struct pollfd watched[MAX_SITES + 1] = {{.fd = 0, .events = POLLIN}};
  for (int i = 0; i < site_count; i++) {
    if ((sites[i].fd = open_tun(argv[i + 2])) < 0) {
      fprintf(stderr, "no device in namespace %s: %s\n", argv[i + 2], strerror(errno));
      return 1;
    }
    watched[i + 1] = (struct pollfd){.fd = sites[i].fd, .events = POLLIN};
  }
  puts("ready");
  fflush(stdout);
  for (;;) {
    uint64_t now = now_ns();
    deliver(now);
    struct timespec wait = {0}, *limit = NULL;
    if (heap_size > 0) {
      uint64_t left = heap[0]->due > now ? heap[0]->due - now : 0;
      wait = (struct timespec){.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};
      limit = &wait;
    }
    if (ppoll(watched, (nfds_t)site_count + 1, limit, NULL) <= 0) continue;
    if (watched[0].revents && !read_commands()) return 0;
    now = now_ns();
    for (int i = 0; i < site_count; i++)
      if (watched[i + 1].revents & POLLIN) read_from(i, now);
  }
}
