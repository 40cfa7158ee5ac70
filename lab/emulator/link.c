/*
 * A link between two network namespaces: two TUN devices and, in each direction, a bottleneck with
 * a finite queue, then a line that delays, loses, doubles and reorders.
 *
 *   link PID-A PID-B DEVICE SEED
 *
 * makes DEVICE in the namespaces of both processes. Then it reads commands, one a line:
 *
 *   set a->b delay 20000 loss 0.01 …   what a direction (a->b, b->a, both) does from now on
 *   down                               nothing arrives any more, nor what is on its way
 *   up                                 as before
 *   stats                              what happened so far
 *
 * and answers each with one JSON object a line. It ends, with its statistics, when its standard
 * input does.
 *
 * Keys of `set`: delay, jitter, reorder-by (microseconds); loss, dup, reorder (0 to 1); rate (bits a
 * second, 0 for none); queue (bytes that wait for the rate; more are dropped at the tail).
 *
 * Invariants: what becomes of a direction's n-th packet behind the queue depends on the seed and n
 * alone. Jitter moves packets without reordering them: its size goes from one random value to
 * the next every JITTER_STEP, as on a radio whose load changes. Only `reorder` lets later ones
 * overtake: those packets (and copies) are late by up to `reorder-by` more.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

typedef int64_t nanoseconds;

#define SECOND ((nanoseconds)1000000000)
/* Half a dozen steps in the round trip of a wide network: both ends see it within one trip. */
#define JITTER_STEP (20 * SECOND / 1000)
/* The longest packet a TUN device can have. */
#define PACKET_MAX 65536
/* On their way in one direction; 200 Mbit/s for a second is a tenth of it. Bounds the memory. */
#define ON_THE_WAY_MAX (1 << 18)
/* Read from one device before the other and the clock get their turn. */
#define BATCH 64
#define LINE_MAX_BYTES 1024
/* Before others: a late emulator is a slower link than was asked for. */
#define PRIORITY -10
/* A packet may be that late, so that several go with one awakening. */
#define LATE_NANOSECONDS 100000

struct conditions {
  nanoseconds delay, jitter, reorder_by;
  double loss, dup, reorder, rate;
  int64_t queue;
};

struct packet {
  nanoseconds due;
  uint64_t order; /* Of those due at once the first goes first. */
  uint32_t length;
  uint8_t bytes[];
};

struct direction {
  const char *name;
  int from, to;
  uint32_t random, jitter_seed;
  struct conditions now;
  nanoseconds idle_at; /* When the bottleneck has sent all that waits. */
  nanoseconds last_due;
  struct packet **heap;
  size_t waiting, room;
  uint64_t taken, delivered, lost, doubled, reordered, dropped, cut, refused, bytes;
};

static struct direction ways[2];
static int is_down;
static nanoseconds started_at;
static uint64_t next_order;

static void fail(const char *what) {
  printf("{\"event\":\"error\",\"code\":\"errno %d\",\"message\":\"%s: %s\"}\n", errno, what,
         strerror(errno));
  exit(1);
}

static nanoseconds monotonic(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * SECOND + at.tv_nsec;
}

/* ── Random: mulberry32, as src/shared/random.ts ───────────────────────────────────────────── */

static double mulberry32(uint32_t *state) {
  *state += 0x6d2b79f5u;
  uint32_t mixed = (*state ^ (*state >> 15)) * (*state | 1u);
  mixed ^= mixed + (mixed ^ (mixed >> 7)) * (mixed | 61u);
  return (double)(mixed ^ (mixed >> 14)) / 4294967296.0;
}

/* The jitter's value at the start of a step, -1 to 1. */
static double jitter_at(const struct direction *way, int64_t step) {
  uint32_t state = way->jitter_seed + (uint32_t)step * 2654435761u;
  return 2 * mulberry32(&state) - 1;
}

static nanoseconds jitter(const struct direction *way, nanoseconds at) {
  int64_t step = (at - started_at) / JITTER_STEP;
  double share = (double)((at - started_at) % JITTER_STEP) / (double)JITTER_STEP;
  double value = jitter_at(way, step) * (1 - share) + jitter_at(way, step + 1) * share;
  return (nanoseconds)(value * (double)way->now.jitter);
}

/* ── Packets on their way: a binary heap by due time ───────────────────────────────────────── */

static int is_sooner(const struct packet *one, const struct packet *other) {
  return one->due != other->due ? one->due < other->due : one->order < other->order;
}

static void swap(struct packet **one, struct packet **other) {
  struct packet *kept = *one;
  *one = *other;
  *other = kept;
}

static void push(struct direction *way, struct packet *packet) {
  if (way->waiting == way->room) {
    way->room = way->room ? way->room * 2 : 1024;
    way->heap = realloc(way->heap, way->room * sizeof *way->heap);
    if (!way->heap) fail("memory");
  }
  size_t at = way->waiting++;
  way->heap[at] = packet;
  for (; at > 0 && is_sooner(way->heap[at], way->heap[(at - 1) / 2]); at = (at - 1) / 2)
    swap(&way->heap[at], &way->heap[(at - 1) / 2]);
}

static struct packet *pop(struct direction *way) {
  struct packet *first = way->heap[0];
  way->heap[0] = way->heap[--way->waiting];
  for (size_t at = 0;;) {
    size_t least = at;
    for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < way->waiting; child++)
      if (is_sooner(way->heap[child], way->heap[least])) least = child;
    if (least == at) return first;
    swap(&way->heap[at], &way->heap[least]);
    at = least;
  }
}

static void send_off(struct direction *way, const uint8_t *bytes, size_t length, nanoseconds due) {
  if (way->waiting == ON_THE_WAY_MAX) {
    way->dropped++;
    return;
  }
  struct packet *packet = malloc(sizeof *packet + length);
  if (!packet) fail("memory");
  packet->due = due;
  packet->order = next_order++;
  packet->length = (uint32_t)length;
  memcpy(packet->bytes, bytes, length);
  push(way, packet);
}

/* ── The link ──────────────────────────────────────────────────────────────────────────────── */

/* When the bottleneck has sent the packet, or -1 when the queue has no room for it. */
static nanoseconds through_bottleneck(struct direction *way, size_t length, nanoseconds now) {
  if (way->now.rate <= 0) return now;
  nanoseconds start = way->idle_at > now ? way->idle_at : now;
  double queued = (double)(start - now) * way->now.rate / 8e9;
  if (queued + (double)length > (double)way->now.queue) return -1;
  way->idle_at = start + (nanoseconds)((double)length * 8e9 / way->now.rate);
  return way->idle_at;
}

static void accept_packet(struct direction *way, const uint8_t *bytes, size_t length,
                          nanoseconds now) {
  way->taken++;
  if (is_down) {
    way->cut++;
    return;
  }
  nanoseconds sent = through_bottleneck(way, length, now);
  if (sent < 0) {
    way->dropped++;
    return;
  }
  /* As many draws for each packet, so that one's fate does not hang on another's. */
  double lost = mulberry32(&way->random), doubled = mulberry32(&way->random);
  double late[2] = {mulberry32(&way->random), mulberry32(&way->random)};
  double late_by[2] = {mulberry32(&way->random), mulberry32(&way->random)};
  if (lost < way->now.loss) {
    way->lost++;
    return;
  }
  nanoseconds due = sent + way->now.delay + jitter(way, sent);
  if (due < way->last_due) due = way->last_due;
  way->last_due = due;
  int copies = doubled < way->now.dup ? 2 : 1;
  way->doubled += (uint64_t)(copies - 1);
  for (int copy = 0; copy < copies; copy++) {
    int is_late = late[copy] < way->now.reorder;
    way->reordered += (uint64_t)is_late;
    nanoseconds more = is_late ? (nanoseconds)(late_by[copy] * (double)way->now.reorder_by) : 0;
    send_off(way, bytes, length, due + more);
  }
}

static void take_packets(struct direction *way) {
  static uint8_t bytes[PACKET_MAX];
  nanoseconds now = monotonic();
  for (int taken = 0; taken < BATCH; taken++) {
    ssize_t length = read(way->from, bytes, sizeof bytes);
    if (length <= 0) return;
    accept_packet(way, bytes, (size_t)length, now);
  }
}

static void deliver_due(struct direction *way, nanoseconds now) {
  while (way->waiting > 0 && way->heap[0]->due <= now) {
    struct packet *packet = pop(way);
    if (write(way->to, packet->bytes, packet->length) < 0) {
      way->refused++;
    } else {
      way->delivered++;
      way->bytes += packet->length;
    }
    free(packet);
  }
}

static void cut(struct direction *way) {
  way->cut += way->waiting;
  while (way->waiting > 0) free(way->heap[--way->waiting]);
  way->idle_at = 0;
}

/* ── Commands and statistics ───────────────────────────────────────────────────────────────── */

static void print_statistics(void) {
  printf("{\"event\":\"stats\"");
  for (int at = 0; at < 2; at++) {
    struct direction *way = &ways[at];
    printf(",\"%s\":{\"sent\":%lu,\"delivered\":%lu,\"deliveredBytes\":%lu,\"lost\":%lu,\"dup\":%lu,"
           "\"reordered\":%lu,\"dropped\":%lu,\"cut\":%lu,\"refused\":%lu}",
           way->name, way->taken, way->delivered, way->bytes, way->lost, way->doubled,
           way->reordered, way->dropped, way->cut, way->refused);
  }
  printf("}\n");
}

static int set_condition(struct conditions *to, const char *key, double value) {
  if (value < 0) return -1;
  if (strcmp(key, "delay") == 0) to->delay = (nanoseconds)(value * 1000);
  else if (strcmp(key, "jitter") == 0) to->jitter = (nanoseconds)(value * 1000);
  else if (strcmp(key, "reorder-by") == 0) to->reorder_by = (nanoseconds)(value * 1000);
  else if (strcmp(key, "loss") == 0) to->loss = value;
  else if (strcmp(key, "dup") == 0) to->dup = value;
  else if (strcmp(key, "reorder") == 0) to->reorder = value;
  else if (strcmp(key, "rate") == 0) to->rate = value;
  else if (strcmp(key, "queue") == 0) to->queue = (int64_t)value;
  else return -1;
  return 0;
}

/* All of the line or nothing of it. */
static int set_conditions(const char *which, char **rest) {
  struct conditions wanted[2] = {ways[0].now, ways[1].now};
  int is_known = 0;
  for (int at = 0; at < 2; at++)
    is_known |= strcmp(which, ways[at].name) == 0 || strcmp(which, "both") == 0;
  if (!is_known) return -1;
  for (char *key; (key = strtok_r(NULL, " ", rest));) {
    char *value = strtok_r(NULL, " ", rest), *end = value;
    double number = value ? strtod(value, &end) : 0;
    if (end == value || *end) return -1;
    for (int at = 0; at < 2; at++)
      if (set_condition(&wanted[at], key, number) < 0) return -1;
  }
  for (int at = 0; at < 2; at++)
    if (strcmp(which, "both") == 0 || strcmp(which, ways[at].name) == 0) ways[at].now = wanted[at];
  return 0;
}

static int obey_words(char *line) {
  char *rest, *word = strtok_r(line, " ", &rest);
  if (!word) return -1;
  if (strcmp(word, "set") == 0) {
    char *which = strtok_r(NULL, " ", &rest);
    return which ? set_conditions(which, &rest) : -1;
  }
  if (strcmp(word, "down") == 0) {
    is_down = 1;
    for (int at = 0; at < 2; at++) cut(&ways[at]);
  } else if (strcmp(word, "up") == 0) {
    is_down = 0;
  } else {
    return -1;
  }
  return 0;
}

static void obey(char *line) {
  if (strcmp(line, "stats") == 0) print_statistics();
  else if (obey_words(line) == 0) printf("{\"event\":\"done\"}\n");
  else printf("{\"event\":\"error\",\"code\":\"EINVAL\",\"message\":\"not a command\"}\n");
}

/* 0 at the end of standard input. */
static int read_commands(void) {
  static char kept[LINE_MAX_BYTES];
  static size_t length;
  ssize_t got = read(STDIN_FILENO, kept + length, sizeof kept - length);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 1;
  if (got <= 0) return 0;
  length += (size_t)got;
  for (char *end; (end = memchr(kept, '\n', length));) {
    *end = 0;
    size_t line = (size_t)(end - kept) + 1;
    obey(kept);
    length -= line;
    memmove(kept, kept + line, length);
  }
  return length < sizeof kept;
}

/* ── Start ─────────────────────────────────────────────────────────────────────────────────── */

static int open_device(const char *pid, const char *device) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%s/ns/net", pid);
  int space = open(path, O_RDONLY | O_CLOEXEC);
  if (space < 0 || setns(space, CLONE_NEWNET) < 0) fail(path);
  close(space);
  int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tun < 0) fail("/dev/net/tun");
  struct ifreq wish = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  snprintf(wish.ifr_name, sizeof wish.ifr_name, "%s", device);
  if (ioctl(tun, TUNSETIFF, &wish) < 0) fail("TUNSETIFF");
  return tun;
}

static void open_ways(char **argv) {
  int a = open_device(argv[1], argv[3]), b = open_device(argv[2], argv[3]);
  uint32_t seed = (uint32_t)strtoul(argv[4], NULL, 10);
  ways[0] = (struct direction){.name = "a->b", .from = a, .to = b};
  ways[1] = (struct direction){.name = "b->a", .from = b, .to = a};
  for (int at = 0; at < 2; at++) {
    ways[at].random = seed + (uint32_t)at * 0x9e3779b9u;
    ways[at].jitter_seed = ways[at].random ^ 0x85ebca6bu;
  }
}

/* Longest sleep until something is due; NULL for as long as nothing comes. */
static struct timespec *until_due(struct timespec *sleep) {
  nanoseconds due = INT64_MAX;
  for (int at = 0; at < 2; at++)
    if (ways[at].waiting > 0 && ways[at].heap[0]->due < due) due = ways[at].heap[0]->due;
  if (due == INT64_MAX) return NULL;
  nanoseconds rest = due - monotonic();
  if (rest < 0) rest = 0;
  *sleep = (struct timespec){.tv_sec = rest / SECOND, .tv_nsec = rest % SECOND};
  return sleep;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc != 5) {
    fprintf(stderr, "usage: link PID-A PID-B DEVICE SEED\n");
    return 2;
  }
  setpriority(PRIO_PROCESS, 0, PRIORITY);
  prctl(PR_SET_TIMERSLACK, LATE_NANOSECONDS);
  open_ways(argv);
  started_at = monotonic();
  printf("{\"event\":\"ready\"}\n");
  struct pollfd polled[3] = {
      {.fd = ways[0].from, .events = POLLIN},
      {.fd = ways[1].from, .events = POLLIN},
      {.fd = STDIN_FILENO, .events = POLLIN},
  };
  for (;;) {
    struct timespec sleep;
    if (ppoll(polled, 3, until_due(&sleep), NULL) < 0) {
      if (errno == EINTR) continue;
      fail("ppoll");
    }
    for (int at = 0; at < 2; at++)
      if (polled[at].revents & POLLIN) take_packets(&ways[at]);
    nanoseconds now = monotonic();
    for (int at = 0; at < 2; at++) deliver_due(&ways[at], now);
    if (polled[2].revents && !read_commands()) break;
  }
  print_statistics();
  return 0;
}
