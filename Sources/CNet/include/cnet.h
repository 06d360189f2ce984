// What Swift's importer cannot see of Linux's socket interface: batched datagrams, their segmentation
// offload, and control messages, which are macros.
#ifndef CNET_H
#define CNET_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

/// Equal to the kernel's `struct mmsghdr`, which the importer hides behind `_GNU_SOURCE`.
struct cnet_mmsghdr {
    struct msghdr msg_hdr;
    unsigned int msg_len;
};

/// Bytes of control buffer that one segment size needs, in either direction.
enum { CNET_CONTROL_BYTES = 64 };

/// All of these return what the system call returns, or `-errno`.
int cnet_recvmmsg(int fd, struct cnet_mmsghdr *messages, unsigned int count);
int cnet_sendmmsg(int fd, struct cnet_mmsghdr *messages, unsigned int count);

/// Asks the kernel to cut the message into datagrams of `size` bytes (UDP GSO); 0 takes the request away.
/// `control` has CNET_CONTROL_BYTES.
void cnet_set_segment_size(struct msghdr *message, void *control, uint16_t size);
/// The size of the datagrams that the kernel put together in this message (UDP GRO), or 0.
int cnet_segment_size(const struct msghdr *message);

/// Whether this kernel knows UDP GSO; 0 or -errno.
int cnet_probe_segmentation(int fd);
/// Turns UDP GRO on; 0 or -errno.
int cnet_enable_coalescing(int fd);

/// Asks for buffer sizes, past the system's limit where the process may; returns what is in effect.
int cnet_set_receive_buffer(int fd, int bytes);
int cnet_set_send_buffer(int fd, int bytes);

/// Reads and drops what is in the error queue; the number of entries.
int cnet_drain_errors(int fd);

/// A non-blocking, close-on-exec socket; the descriptor or -errno.
int cnet_socket(int family, int type);
int cnet_accept(int fd, struct sockaddr_storage *address, socklen_t *length);
/// The error that a non-blocking connect ended with; 0 when it stands.
int cnet_connect_error(int fd);
/// No delay for small frames, and the kernel's own probes of a silent peer.
void cnet_tune_stream(int fd);
int cnet_set_flag(int fd, int level, int option, int value);
/// IPV6_V6ONLY off, so that one socket reaches both families.
int cnet_dual_stack(int fd);

/// A number that differs between live threads. `pthread_self` is declared `const`, so a compiler may carry its value
/// across a suspension point to another thread; this call it may not.
uintptr_t cnet_thread(void);
/// Cut to the 15 bytes that the system keeps.
void cnet_name_thread(pthread_t thread, const char *name);

/// The C library keeps up to `bytes` of freed memory at its heap's top instead of handing each window's packets back to the
/// kernel and faulting them in again.
void cnet_keep_freed_memory(int bytes);

#endif
