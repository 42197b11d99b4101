// Makes the kernel forget tracked connections: a dump of all of them, then a removal for each that is meant.
// The kernels that we run on cannot remove by address themselves.

#define _GNU_SOURCE
#include "CHostSystem.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 1 << 16, TUPLE_LIMIT = 256, TRIES = 10 };

struct request {
    struct nlmsghdr header;
    struct nfgenmsg family;
    char attributes[TUPLE_LIMIT + 16];
};

struct removals {
    struct request *list;
    size_t count, room;
};

/// Which connections are meant: those of any of these addresses, or those whose translation is none of these pairs.
struct selection {
    const uint32_t *addresses;
    const struct apus_translation *translations;
    size_t count;
};

static int compare_addresses(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static int compare_translations(const void *left, const void *right) {
    const struct apus_translation *a = left, *b = right;
    int first = compare_addresses(&a->public_address, &b->public_address);
    return first ? first : compare_addresses(&a->private_address, &b->private_address);
}

/// The attribute of a kind among `length` bytes of them; NULL where there is none.
static const struct nlattr *find(const void *attributes, size_t length, int kind) {
    const char *at = attributes;
    while (length >= NLA_HDRLEN) {
        const struct nlattr *attribute = (const void *)at;
        size_t size = attribute->nla_len;
        if (size < NLA_HDRLEN || size > length) return NULL;
        if ((attribute->nla_type & NLA_TYPE_MASK) == kind) return attribute;
        size = NLA_ALIGN(size);
        if (size > length) return NULL;
        at += size;
        length -= size;
    }
    return NULL;
}

static const struct nlattr *within(const struct nlattr *outer, int kind) {
    if (!outer) return NULL;
    return find((const char *)outer + NLA_HDRLEN, outer->nla_len - NLA_HDRLEN, kind);
}

/// An end of a tuple, in network order. 0 where there is none, as of IPv6.
static int end_of(const struct nlattr *tuple, int kind, uint32_t *address) {
    const struct nlattr *end = within(within(tuple, CTA_TUPLE_IP), kind);
    if (!end || end->nla_len != NLA_HDRLEN + 4) return 0;
    memcpy(address, (const char *)end + NLA_HDRLEN, 4);
    return 1;
}

static int has_address(const struct selection *selection, uint32_t address) {
    return bsearch(&address, selection->addresses, selection->count, sizeof address, compare_addresses) != NULL;
}

static int has_translation(const struct selection *selection, uint32_t public_address, uint32_t private_address) {
    struct apus_translation pair = {public_address, private_address};
    return bsearch(&pair, selection->translations, selection->count, sizeof pair, compare_translations) != NULL;
}

static int is_meant(const struct selection *selection, const struct nlattr *original, const struct nlattr *reply) {
    uint32_t from, to, answerer, answered;
    if (!end_of(original, CTA_IP_V4_SRC, &from) || !end_of(original, CTA_IP_V4_DST, &to)) return 0;
    if (!end_of(reply, CTA_IP_V4_SRC, &answerer) || !end_of(reply, CTA_IP_V4_DST, &answered)) return 0;
    if (selection->addresses) return has_address(selection, from) || has_address(selection, answerer);
    return (from != answered && !has_translation(selection, answered, from))
        || (to != answerer && !has_translation(selection, to, answerer));
}

static void append(struct request *request, const struct nlattr *attribute) {
    memcpy((char *)request + NLMSG_ALIGN(request->header.nlmsg_len), attribute, attribute->nla_len);
    request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + NLA_ALIGN(attribute->nla_len);
}

static void prepare(struct request *request, int type, int flags) {
    memset(request, 0, sizeof *request);
    request->header.nlmsg_len = NLMSG_LENGTH(sizeof request->family);
    request->header.nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | type;
    request->header.nlmsg_flags = NLM_F_REQUEST | flags;
    request->family.nfgen_family = AF_INET;
    request->family.version = NFNETLINK_V0;
}

static int note(struct removals *removals, const struct nlmsghdr *message, const struct selection *selection) {
    size_t head = NLMSG_LENGTH(sizeof(struct nfgenmsg));
    if (message->nlmsg_len < head) return 0;
    const char *attributes = (const char *)message + head;
    size_t length = message->nlmsg_len - head;
    const struct nlattr *original = find(attributes, length, CTA_TUPLE_ORIG);
    const struct nlattr *reply = find(attributes, length, CTA_TUPLE_REPLY);
    const struct nlattr *id = find(attributes, length, CTA_ID);
    if (!original || original->nla_len > TUPLE_LIMIT) return 0;
    if (!is_meant(selection, original, reply)) return 0;
    if (removals->count == removals->room) {
        size_t room = removals->room ? 2 * removals->room : 64;
        struct request *list = realloc(removals->list, room * sizeof *list);
        if (!list) return -1;
        removals->list = list;
        removals->room = room;
    }
    struct request *request = &removals->list[removals->count++];
    prepare(request, IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
    append(request, original);
    // Of another connection with the same ends, made meanwhile, the id differs.
    if (id && id->nla_len == NLA_HDRLEN + 4) append(request, id);
    return 0;
}

/// One dump. 0 when whole, 1 when the table changed its shape meanwhile, -1 on failure.
static int collect(int netlink, char *buffer, struct removals *removals, const struct selection *selection) {
    struct request request;
    prepare(&request, IPCTNL_MSG_CT_GET, NLM_F_DUMP);
    if (send(netlink, &request, request.header.nlmsg_len, 0) < 0) return -1;
    int interrupted = 0;
    for (;;) {
        ssize_t size = recv(netlink, buffer, BUFFER, 0);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return -1;
        struct nlmsghdr *message = (void *)buffer;
        for (size_t left = (size_t)size; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
            if (message->nlmsg_flags & NLM_F_DUMP_INTR) interrupted = 1;
            if (message->nlmsg_type == NLMSG_DONE) return interrupted;
            if (message->nlmsg_type == NLMSG_ERROR) {
                errno = -((struct nlmsgerr *)NLMSG_DATA(message))->error;
                return -1;
            }
            if (note(removals, message, selection) != 0) return -1;
        }
    }
}

/// Sends one removal and waits for its answer; a connection that is gone already is no failure.
static int carry_out(int netlink, char *buffer, const struct request *request) {
    if (send(netlink, request, request->header.nlmsg_len, 0) < 0) return -1;
    for (;;) {
        ssize_t size = recv(netlink, buffer, BUFFER, 0);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return -1;
        struct nlmsghdr *message = (void *)buffer;
        if (!NLMSG_OK(message, (size_t)size) || message->nlmsg_type != NLMSG_ERROR) continue;
        int error = -((struct nlmsgerr *)NLMSG_DATA(message))->error;
        if (error == 0 || error == ENOENT) return 0;
        errno = error;
        return -1;
    }
}

static int forget_all(int netlink, char *buffer, struct removals *removals, const struct selection *selection) {
    int state = 1;
    for (int tries = 0; state == 1 && tries < TRIES; tries++) {
        removals->count = 0;
        state = collect(netlink, buffer, removals, selection);
        if (state < 0) return -1;
        for (size_t i = 0; i < removals->count; i++) {
            if (carry_out(netlink, buffer, &removals->list[i]) != 0) return -1;
        }
    }
    if (state == 0) return 0;
    errno = EBUSY;
    return -1;
}

static int forget(const struct selection *selection) {
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (netlink < 0) return -1;
    struct removals removals = {NULL, 0, 0};
    char *buffer = malloc(BUFFER);
    int status = buffer ? forget_all(netlink, buffer, &removals, selection) : -1;
    int saved = errno;
    free(buffer);
    free(removals.list);
    close(netlink);
    errno = saved;
    return status;
}

int apus_forget_connections(uint32_t *addresses, size_t count) {
    qsort(addresses, count, sizeof *addresses, compare_addresses);
    struct selection selection = {addresses, NULL, count};
    return forget(&selection);
}

int apus_forget_other_translations(struct apus_translation *translations, size_t count) {
    qsort(translations, count, sizeof *translations, compare_translations);
    struct selection selection = {NULL, translations, count};
    return forget(&selection);
}
