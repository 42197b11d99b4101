// Asks neighbours for their Ethernet addresses by ARP (RFC 826), past the kernel's own table, which guests cannot change.

#define _GNU_SOURCE
#include "CHostSystem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_in_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int own_address(int socket, uint32_t link, uint8_t *address) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    if (!if_indextoname(link, request.ifr_name)) return -1;
    if (ioctl(socket, SIOCGIFHWADDR, &request) < 0) return -1;
    memcpy(address, request.ifr_hwaddr.sa_data, ETH_ALEN);
    return 0;
}

/// A link that is gone, or full, answers nothing: as good as a neighbour that does not.
static void ask(int socket, const struct apus_neighbour *neighbour) {
    struct ether_arp question;
    memset(&question, 0, sizeof question);
    question.arp_hrd = htons(ARPHRD_ETHER);
    question.arp_pro = htons(ETHERTYPE_IP);
    question.arp_hln = ETH_ALEN;
    question.arp_pln = 4;
    question.arp_op = htons(ARPOP_REQUEST);
    if (own_address(socket, neighbour->link, question.arp_sha) < 0) return;
    memcpy(question.arp_spa, &neighbour->asker, 4);
    memcpy(question.arp_tpa, &neighbour->address, 4);
    struct sockaddr_ll target;
    memset(&target, 0, sizeof target);
    target.sll_family = AF_PACKET;
    target.sll_protocol = htons(ETH_P_ARP);
    target.sll_ifindex = (int)neighbour->link;
    target.sll_halen = ETH_ALEN;
    memset(target.sll_addr, 0xff, ETH_ALEN);
    (void)sendto(socket, &question, sizeof question, MSG_DONTWAIT, (struct sockaddr *)&target, sizeof target);
}

/// Takes in one message; answers how many neighbours it is the first answer of.
static size_t hear(int socket, struct apus_neighbour *neighbours, size_t count) {
    struct ether_arp answer;
    struct sockaddr_ll source;
    socklen_t length = sizeof source;
    ssize_t got =
        recvfrom(socket, &answer, sizeof answer, MSG_DONTWAIT, (struct sockaddr *)&source, &length);
    if (got < (ssize_t)sizeof answer || source.sll_pkttype == PACKET_OUTGOING) return 0;
    if (answer.arp_op != htons(ARPOP_REPLY)) return 0;
    size_t heard = 0;
    for (size_t i = 0; i < count; i++) {
        if (neighbours[i].answers || neighbours[i].link != (uint32_t)source.sll_ifindex) continue;
        if (memcmp(answer.arp_spa, &neighbours[i].address, 4) != 0) continue;
        neighbours[i].answers = 1;
        heard++;
    }
    return heard;
}

int apus_ask_neighbours(struct apus_neighbour *neighbours, size_t count, int attempts, int milliseconds) {
    int listener = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ARP));
    if (listener < 0) return -1;
    size_t missing = count;
    for (size_t i = 0; i < count; i++) neighbours[i].answers = 0;
    for (int attempt = 0; attempt < attempts && missing > 0; attempt++) {
        for (size_t i = 0; i < count; i++)
            if (!neighbours[i].answers) ask(listener, &neighbours[i]);
        int64_t deadline = now_in_milliseconds() + milliseconds;
        while (missing > 0) {
            int64_t left = deadline - now_in_milliseconds();
            if (left <= 0) break;
            struct pollfd request = {.fd = listener, .events = POLLIN};
            int ready = poll(&request, 1, (int)left);
            if (ready < 0 && errno != EINTR) break;
            if (ready > 0) missing -= hear(listener, neighbours, count);
        }
    }
    close(listener);
    return 0;
}
