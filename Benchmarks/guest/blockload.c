// Load on a guest's disk, past its page cache: what fio would do, in one static program for a guest without packages.
// Reads orders from standard input, a line each, and answers each with a line. DISK is a disk's serial, which may
// still be on its way.
//
//   load DISK read|write|fresh random|sequential BYTES DEPTH MILLISECONDS OFFSET LENGTH COUNT
//       says `began`, then works for so long, for so many operations, or until `stop`; 0 is no bound. `fresh` gives
//       each write content of its own. Answers `done OPERATIONS BYTES MICROSECONDS`.
//   window FROM TO
//       of the last load, microseconds since it began: `window ENDED MEDIAN P99 LONGEST`, the number of operations
//       that ended between, and the microseconds that those took that were under way between.
//   flush DISK
//       answers `done` when the disk has all.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { deepest = 64, stop_check_us = 5000, disk_patience_us = 30000000 };

struct operation { uint32_t ended, took; };

static struct operation *ended;
static size_t ended_count, ended_room;
static uint64_t random_state;

static uint64_t microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void make_fresh(uint64_t *words, size_t bytes) {
    for (size_t place = 0; place < bytes / sizeof *words; place++) words[place] = next_random();
}

static void answer(const char *text) {
    printf("%s\n", text);
    fflush(stdout);
}

static int failed(const char *what) {
    printf("failed %s: %s\n", what, strerror(errno));
    fflush(stdout);
    return -1;
}

// Byte by byte, so that nothing is taken from the input that `asked_to_stop` should see.
static int read_order(char *line, size_t room) {
    size_t length = 0;
    char byte;
    while (read(0, &byte, 1) == 1) {
        if (byte == '\n') {
            line[length] = 0;
            return 1;
        }
        if (length + 1 < room) line[length++] = byte;
    }
    return 0;
}

static int asked_to_stop(void) {
    struct pollfd input = {.fd = 0, .events = POLLIN};
    char line[64];
    return poll(&input, 1, 0) > 0 && (!read_order(line, sizeof line) || strcmp(line, "stop") == 0);
}

static int named(const char *path, const char *serial) {
    char text[64] = "";
    int file = open(path, O_RDONLY);
    ssize_t count = file < 0 ? 0 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    while (count > 0 && text[count - 1] == '\n') text[--count] = 0;
    return strcmp(text, serial) == 0;
}

static int open_disk(const char *serial, int flags) {
    uint64_t end = microseconds() + disk_patience_us;
    do {
        glob_t found = {0};
        int disk = -1;
        if (glob("/sys/block/vd*/serial", 0, NULL, &found) == 0)
            for (size_t place = 0; disk < 0 && place < found.gl_pathc; place++) {
                char device[64];
                if (!named(found.gl_pathv[place], serial)) continue;
                snprintf(device, sizeof device, "/dev/%.16s", found.gl_pathv[place] + strlen("/sys/block/"));
                *strchr(device + strlen("/dev/"), '/') = 0;
                disk = open(device, flags);
            }
        globfree(&found);
        if (disk >= 0) return disk;
        usleep(10000);
    } while (microseconds() < end);
    errno = ENODEV;
    return -1;
}

struct load {
    char serial[32], action[16], order[16];
    unsigned long bytes, depth, milliseconds;
    uint64_t offset, length, count;
};

static void note(uint64_t now, uint64_t began, uint64_t submitted) {
    if (ended_count == ended_room) {
        ended_room = ended_room ? 2 * ended_room : 1 << 16;
        ended = realloc(ended, ended_room * sizeof *ended);
        if (!ended) abort();
    }
    ended[ended_count++] = (struct operation){now - began, now - submitted};
}

static int work(const struct load *load, int disk, aio_context_t context, char *memory) {
    static struct iocb blocks[deepest];
    static uint64_t submitted[deepest];
    struct io_event events[deepest];
    unsigned long idle[deepest], idle_count = load->depth;
    uint64_t places = load->length / load->bytes, next = 0, sent = 0, done = 0;
    int writes = strcmp(load->action, "read") != 0, fresh = strcmp(load->action, "fresh") == 0;
    int is_random = strcmp(load->order, "random") == 0, is_over = 0;

    for (unsigned long slot = 0; slot < load->depth; slot++) idle[slot] = slot;
    if (writes) make_fresh((uint64_t *)memory, load->depth * load->bytes);
    ended_count = 0;
    answer("began");
    uint64_t began = microseconds(), now = began, checked = began;
    while (!is_over || done < sent) {
        while (!is_over && idle_count > 0) {
            unsigned long slot = idle[--idle_count];
            char *buffer = memory + slot * load->bytes;
            uint64_t place = is_random ? next_random() % places : next++ % places;
            if (fresh) make_fresh((uint64_t *)buffer, load->bytes);
            blocks[slot] = (struct iocb){
                .aio_lio_opcode = writes ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD, .aio_fildes = disk, .aio_data = slot,
                .aio_buf = (uintptr_t)buffer, .aio_nbytes = load->bytes,
                .aio_offset = load->offset + place * load->bytes};
            struct iocb *block = &blocks[slot];
            submitted[slot] = microseconds();
            if (syscall(SYS_io_submit, context, 1, &block) != 1) return failed("io_submit");
            sent++;
            is_over = load->count && sent == load->count;
        }
        long count = syscall(SYS_io_getevents, context, 1, load->depth, events, NULL);
        if (count < 0) return failed("io_getevents");
        now = microseconds();
        for (long place = 0; place < count; place++) {
            unsigned long slot = events[place].data;
            if (events[place].res != (int64_t)load->bytes) {
                errno = events[place].res < 0 ? -events[place].res : EIO;
                return failed(load->action);
            }
            note(now, began, submitted[slot]);
            idle[idle_count++] = slot;
        }
        done += count;
        if (load->milliseconds && now - began >= load->milliseconds * 1000) is_over = 1;
        if (now - checked >= stop_check_us) {
            checked = now;
            if (asked_to_stop()) is_over = 1;
        }
    }
    printf("done %llu %llu %llu\n", (unsigned long long)done, (unsigned long long)done * load->bytes,
           (unsigned long long)(now - began));
    fflush(stdout);
    return 0;
}

static void run_load(const char *line) {
    struct load load;
    aio_context_t context = 0;
    void *memory = NULL;
    int fields = sscanf(line, "load %31s %15s %15s %lu %lu %lu %lu %lu %lu", load.serial, load.action, load.order,
                        &load.bytes, &load.depth, &load.milliseconds, &load.offset, &load.length, &load.count);
    errno = EINVAL;
    if (fields != 9 || load.depth < 1 || load.depth > deepest || load.bytes < 512 || load.length < load.bytes) {
        failed("load");
        return;
    }
    int disk = open_disk(load.serial, (strcmp(load.action, "read") ? O_RDWR : O_RDONLY) | O_DIRECT);
    if (disk < 0)
        failed(load.serial);
    else if (posix_memalign(&memory, 4096, load.depth * load.bytes) || syscall(SYS_io_setup, load.depth, &context))
        failed("io_setup");
    else
        work(&load, disk, context, memory);
    if (context) syscall(SYS_io_destroy, context);
    free(memory);
    if (disk >= 0) close(disk);
}

static int by_size(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static void tell_window(uint64_t from, uint64_t to) {
    uint32_t *took = malloc((ended_count + 1) * sizeof *took);
    size_t count = 0, inside = 0;
    if (!took) abort();
    for (size_t place = 0; place < ended_count; place++) {
        uint64_t end = ended[place].ended, begin = end - ended[place].took;
        if (end >= from && end < to) inside++;
        if (end >= from && begin < to) took[count++] = ended[place].took;
    }
    qsort(took, count, sizeof *took, by_size);
    took[count] = count ? took[count - 1] : 0;
    printf("window %zu %u %u %u\n", inside, took[count / 2], took[count * 99 / 100], took[count]);
    fflush(stdout);
    free(took);
}

int main(void) {
    char line[256], serial[32];
    uint64_t from, to;
    if (getrandom(&random_state, sizeof random_state, 0) != sizeof random_state) return 1;
    random_state |= 1;
    answer("ready");
    while (read_order(line, sizeof line)) {
        if (strncmp(line, "load ", 5) == 0) {
            run_load(line);
        } else if (sscanf(line, "window %lu %lu", &from, &to) == 2) {
            tell_window(from, to);
        } else if (sscanf(line, "flush %31s", serial) == 1) {
            int disk = open_disk(serial, O_RDWR);
            if (disk >= 0 && fsync(disk) == 0) answer("done"); else failed("flush");
            if (disk >= 0) close(disk);
        } else if (strcmp(line, "stop") != 0) {
            // A load may end by itself just before it is asked to.
            errno = EINVAL;
            failed("order");
        }
    }
    return 0;
}
