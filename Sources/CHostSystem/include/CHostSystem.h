// What Swift cannot say to Linux itself: namespaces, taps, pidfds, spawning with an exact set of descriptors.
// Every function answers -1 with errno set, or as its comment says; every descriptor made here is close-on-exec.

#ifndef APUS_CHOSTSYSTEM_H
#define APUS_CHOSTSYSTEM_H

#include <stdint.h>
#include <sys/types.h>

/// Moves the calling thread into the network namespace that `descriptor` refers to.
int apus_enter_network_namespace(int descriptor);

/// Whether a descriptor is of a namespace.
int apus_is_namespace(int descriptor);

/// Opens the tap `name` of the calling thread's network namespace, one queue, with virtio headers and without
/// packet information; makes the tap where it is absent.
int apus_open_tap(const char *name);

int apus_pidfd_open(pid_t pid);
int apus_pidfd_send_signal(int descriptor, int signal);

/// An anonymous file in memory that holds `count` bytes, its offset at 0, sealed against change.
int apus_sealed_memory_file(const char *name, const void *bytes, size_t count);

/// Starts `path`; the child has `targets[i]` as copies of `sources[i]` and no other descriptor, all signals at
/// their defaults, and a session of its own if `new_session`. Answers 0 or an errno.
int apus_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[], const int *sources,
               const int *targets, int count, int new_session);

/// Waits for child `pid` without blocking: 1 with `*status` as waitpid gives it, 0 while it runs, -1 if no child.
int apus_reap(pid_t pid, int *status);

/// A listening TCP socket on `address` (network order) and `port` (host order) of the calling thread's network
/// namespace; non-blocking, may share the port with others of the same user.
int apus_listen(uint32_t address, uint16_t port, int backlog);

/// Has the kernel forget every tracked connection of the calling thread's network namespace that one of `count`
/// `addresses` (network order; they are sorted) began or answers. 0, or -1.
int apus_forget_connections(uint32_t *addresses, size_t count);

/// A public address and the private one that it stands for, in network order.
struct apus_translation {
    uint32_t public_address, private_address;
};

/// As above, every connection that is translated by none of `count` `translations` (they are sorted).
int apus_forget_other_translations(struct apus_translation *translations, size_t count);

/// A neighbour on a link, and who asks for it: addresses in network order; `answers` is set where it did.
struct apus_neighbour {
    uint32_t link, address, asker;
    int answers;
};

/// Asks for every neighbour (ARP) in the calling thread's network namespace, `attempts` times with `milliseconds` for the
/// answers, those again that have not answered. 0, or -1.
int apus_ask_neighbours(struct apus_neighbour *neighbours, size_t count, int attempts, int milliseconds);

/// A pipe, reading end first; the reading end does not block. 0, or -1.
int apus_pipe(int ends[2]);

/// Lowers the calling thread's priority, for good.
void apus_give_way(void);

/// The next connection of a listening socket, close-on-exec; -1 and errno where there is none.
int apus_accept(int listener);

/// An event descriptor that is readable once raised; an epoll descriptor for reading ends.
int apus_signal_open(void);
void apus_signal_raise(int descriptor);
int apus_poll_open(void);
/// Has `poll` tell once when `descriptor` is readable.
int apus_poll_add(int poll, int descriptor);
/// Waits for readable descriptors and takes them out of `poll`; answers how many of them are in `ready`.
int apus_poll_wait(int poll, int *ready, int limit);

/// From now on processes whose parents ended, and were begun by us or by those, are our children.
int apus_adopt_orphans(void);

/// Pairs of a wait status: whether it tells of a signal, and the exit code or signal number.
int apus_was_signalled(int status);
int apus_exit_code(int status);

/// Gives the blocks of a range of a file back to the disk; the file's length stays, the range reads as zeros.
int apus_punch_hole(int descriptor, int64_t offset, int64_t length);

/// Has the kernel begin to write a range of a file to the disk, without waiting. No promise: for that, sync.
void apus_begin_writing(int descriptor, int64_t offset, int64_t length);

/// Where data next begins at or after `offset`; -1 with ENXIO where none follows.
int64_t apus_next_data(int descriptor, int64_t offset);

#endif
