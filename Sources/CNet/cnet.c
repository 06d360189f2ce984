#include "cnet.h"

#include <errno.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <string.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif

_Static_assert(sizeof(struct cnet_mmsghdr) == sizeof(struct mmsghdr), "cnet_mmsghdr is mmsghdr");
_Static_assert(CNET_CONTROL_BYTES >= CMSG_SPACE(sizeof(int)), "a segment size fits the control buffer");

int cnet_recvmmsg(int fd, struct cnet_mmsghdr *messages, unsigned int count) {
    int result;
    do {
        result = recvmmsg(fd, (struct mmsghdr *)messages, count, MSG_DONTWAIT, NULL);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

int cnet_sendmmsg(int fd, struct cnet_mmsghdr *messages, unsigned int count) {
    int result;
    do {
        result = sendmmsg(fd, (struct mmsghdr *)messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

void cnet_set_segment_size(struct msghdr *message, void *control, uint16_t size) {
    if (size == 0) {
        message->msg_control = NULL;
        message->msg_controllen = 0;
        return;
    }
    message->msg_control = control;
    message->msg_controllen = CMSG_SPACE(sizeof(uint16_t));
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    memcpy(CMSG_DATA(header), &size, sizeof size);
}

int cnet_segment_size(const struct msghdr *message) {
    struct msghdr *readable = (struct msghdr *)message;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(readable); header != NULL; header = CMSG_NXTHDR(readable, header)) {
        if (header->cmsg_level != SOL_UDP || header->cmsg_type != UDP_GRO) continue;
        if (header->cmsg_len < CMSG_LEN(sizeof(int))) continue;
        int size;
        memcpy(&size, CMSG_DATA(header), sizeof size);
        return size > 0 ? size : 0;
    }
    return 0;
}

int cnet_probe_segmentation(int fd) {
    int value = 0;
    socklen_t length = sizeof value;
    return getsockopt(fd, SOL_UDP, UDP_SEGMENT, &value, &length) < 0 ? -errno : 0;
}

int cnet_enable_coalescing(int fd) { return cnet_set_flag(fd, SOL_UDP, UDP_GRO, 1); }

static int set_buffer(int fd, int bytes, int forced, int plain) {
    if (bytes > 0 && setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof bytes) < 0) {
        (void)setsockopt(fd, SOL_SOCKET, plain, &bytes, sizeof bytes);
    }
    int effective = 0;
    socklen_t length = sizeof effective;
    return getsockopt(fd, SOL_SOCKET, plain, &effective, &length) < 0 ? -errno : effective;
}

int cnet_set_receive_buffer(int fd, int bytes) { return set_buffer(fd, bytes, SO_RCVBUFFORCE, SO_RCVBUF); }
int cnet_set_send_buffer(int fd, int bytes) { return set_buffer(fd, bytes, SO_SNDBUFFORCE, SO_SNDBUF); }

int cnet_drain_errors(int fd) {
    char data[256], control[512];
    int entries = 0;
    // The bound keeps a flood of ICMP from holding the loop; what is left is read at the next error.
    while (entries < 1024) {
        struct iovec vector = {.iov_base = data, .iov_len = sizeof data};
        struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control,
                                 .msg_controllen = sizeof control};
        if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) break;
        entries++;
    }
    int error;
    socklen_t length = sizeof error;
    (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    return entries;
}

int cnet_socket(int family, int type) {
    int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

int cnet_accept(int fd, struct sockaddr_storage *address, socklen_t *length) {
    int accepted;
    do {
        accepted = accept4(fd, (struct sockaddr *)address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    } while (accepted < 0 && errno == EINTR);
    return accepted < 0 ? -errno : accepted;
}

int cnet_connect_error(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return errno;
    return error;
}

void cnet_tune_stream(int fd) {
    (void)cnet_set_flag(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    (void)cnet_set_flag(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    (void)cnet_set_flag(fd, IPPROTO_TCP, TCP_KEEPIDLE, 10);
    (void)cnet_set_flag(fd, IPPROTO_TCP, TCP_KEEPINTVL, 5);
    (void)cnet_set_flag(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

int cnet_set_flag(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

int cnet_dual_stack(int fd) { return cnet_set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0); }

static _Thread_local char thread_mark;
uintptr_t cnet_thread(void) { return (uintptr_t)&thread_mark; }

void cnet_name_thread(pthread_t thread, const char *name) {
    char cut[16] = {0};
    strncpy(cut, name, sizeof cut - 1);
    (void)pthread_setname_np(thread, cut);
}

void cnet_keep_freed_memory(int bytes) {
  mallopt(M_TRIM_THRESHOLD, bytes);
  mallopt(M_TOP_PAD, bytes / 8);
  // Setting either ends the library's own adjustment of this one, and then each larger buffer is mapped, faulted in
  // page by page, and unmapped again. 32 MiB is the most that it takes.
  mallopt(M_MMAP_THRESHOLD, bytes < 32 << 20 ? bytes : 32 << 20);
}
