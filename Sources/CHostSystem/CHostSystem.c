// See the header. Only system calls; no state.

#define _GNU_SOURCE
#include "CHostSystem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

static int close_and_fail(int descriptor) {
    int saved = errno;
    close(descriptor);
    errno = saved;
    return -1;
}

int apus_enter_network_namespace(int descriptor) { return setns(descriptor, CLONE_NEWNET); }

int apus_is_namespace(int descriptor) {
    struct statfs kind;
    return fstatfs(descriptor, &kind) == 0 && kind.f_type == 0x6e736673;
}

int apus_open_tap(const char *name) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    if (strlen(name) >= sizeof request.ifr_name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(request.ifr_name, name);
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    int descriptor = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return -1;
    if (ioctl(descriptor, TUNSETIFF, &request) < 0) return close_and_fail(descriptor);
    return descriptor;
}

int apus_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int apus_pidfd_send_signal(int descriptor, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
}

int apus_sealed_memory_file(const char *name, const void *bytes, size_t count) {
    int descriptor = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor < 0) return -1;
    size_t done = 0;
    while (done < count) {
        ssize_t written = pwrite(descriptor, (const char *)bytes + done, count - done, (off_t)done);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return close_and_fail(descriptor);
        done += (size_t)written;
    }
    if (fcntl(descriptor, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) < 0)
        return close_and_fail(descriptor);
    return descriptor;
}

static int add_descriptors(posix_spawn_file_actions_t *actions, const int *copies, const int *targets, int count,
                           int highest) {
    int error = 0;
    for (int i = 0; i < count && error == 0; i++)
        error = posix_spawn_file_actions_adddup2(actions, copies[i], targets[i]);
    for (int fd = 0; fd <= highest && error == 0; fd++) {
        int wanted = 0;
        for (int i = 0; i < count; i++) wanted |= targets[i] == fd;
        if (!wanted) error = posix_spawn_file_actions_addclose(actions, fd);
    }
    if (error == 0) error = posix_spawn_file_actions_addclosefrom_np(actions, highest + 1);
    return error;
}

static int spawn_with(pid_t *pid, const char *path, char *const argv[], char *const envp[],
                      posix_spawn_file_actions_t *actions, int new_session) {
    posix_spawnattr_t attributes;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0) return error;
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    if (new_session) flags |= POSIX_SPAWN_SETSID;
    error = posix_spawnattr_setsigdefault(&attributes, &all);
    if (error == 0) error = posix_spawnattr_setsigmask(&attributes, &none);
    if (error == 0) error = posix_spawnattr_setflags(&attributes, flags);
    if (error == 0) error = posix_spawn(pid, path, actions, &attributes, argv, envp);
    posix_spawnattr_destroy(&attributes);
    return error;
}

int apus_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[], const int *sources,
               const int *targets, int count, int new_session) {
    enum { limit = 64 };
    int copies[limit];
    if (count < 0 || count > limit) return E2BIG;
    int highest = 2, made = 0, error = 0;
    for (int i = 0; i < count; i++)
        if (targets[i] > highest) highest = targets[i];
    // Copies above every target, so that no target overwrites a source that is still to be copied.
    for (; made < count; made++) {
        copies[made] = fcntl(sources[made], F_DUPFD_CLOEXEC, highest + 1);
        if (copies[made] < 0) {
            error = errno;
            break;
        }
    }
    posix_spawn_file_actions_t actions;
    if (error == 0) error = posix_spawn_file_actions_init(&actions);
    if (error == 0 && made == count) {
        error = add_descriptors(&actions, copies, targets, count, highest);
        if (error == 0) error = spawn_with(pid, path, argv, envp, &actions, new_session);
        posix_spawn_file_actions_destroy(&actions);
    }
    for (int i = 0; i < made; i++) close(copies[i]);
    return error;
}

int apus_reap(pid_t pid, int *status) {
    for (;;) {
        pid_t answer = waitpid(pid, status, WNOHANG);
        if (answer == pid) return 1;
        if (answer == 0) return 0;
        if (errno != EINTR) return -1;
    }
}

int apus_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int apus_was_signalled(int status) { return WIFSIGNALED(status); }

int apus_exit_code(int status) { return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status); }

int apus_listen(uint32_t address, uint16_t port, int backlog) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -1;
    int on = 1;
    struct sockaddr_in local;
    memset(&local, 0, sizeof local);
    local.sin_family = AF_INET;
    local.sin_port = htons(port);
    local.sin_addr.s_addr = address;
    if (setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0 ||
        bind(descriptor, (struct sockaddr *)&local, sizeof local) < 0 || listen(descriptor, backlog) < 0)
        return close_and_fail(descriptor);
    return descriptor;
}

int apus_pipe(int ends[2]) {
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) return 0;
    close(ends[1]);
    return close_and_fail(ends[0]);
}

void apus_give_way(void) { (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 10); }

int apus_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }

int apus_signal_open(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void apus_signal_raise(int descriptor) { (void)!eventfd_write(descriptor, 1); }

int apus_poll_open(void) { return epoll_create1(EPOLL_CLOEXEC); }

int apus_poll_add(int poll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = descriptor}};
    return epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event);
}

int apus_poll_wait(int poll, int *ready, int limit) {
    struct epoll_event events[64];
    int count = epoll_wait(poll, events, limit < 64 ? limit : 64, -1);
    for (int i = 0; i < count; i++) {
        ready[i] = events[i].data.fd;
        epoll_ctl(poll, EPOLL_CTL_DEL, ready[i], NULL);
    }
    return count;
}

int apus_punch_hole(int descriptor, int64_t offset, int64_t length) {
    return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

void apus_begin_writing(int descriptor, int64_t offset, int64_t length) {
    sync_file_range(descriptor, offset, length, SYNC_FILE_RANGE_WRITE);
}

int64_t apus_next_data(int descriptor, int64_t offset) { return lseek(descriptor, offset, SEEK_DATA); }
