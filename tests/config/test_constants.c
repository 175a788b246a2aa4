#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/futex.h>
#include <linux/if_tun.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/kvm.h>
#include <linux/landlock.h>
#include <linux/loop.h>
#include <linux/mempolicy.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../config/constants.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void assert_value(const char *name, int64_t expected)
{
    int64_t value = 0;
    cr_assert(constant_find(name, &value), "%s is not known", name);
    cr_assert_eq(value, expected, "%s: %lld, not %lld", name, (long long)value,
                 (long long)expected);
}

#define SAME(name) assert_value(#name, (int64_t)(name))

/* The table has most values from the kernel's headers. Here they are the C library's, if any. */
Test(constants, sockets_are_what_the_headers_say)
{
    SAME(AF_UNIX);
    SAME(AF_INET);
    SAME(AF_INET6);
    SAME(AF_NETLINK);
    SAME(AF_PACKET);
    SAME(AF_VSOCK);
    SAME(PF_UNIX);
    SAME(SOCK_STREAM);
    SAME(SOCK_DGRAM);
    SAME(SOCK_RAW);
    SAME(SOCK_SEQPACKET);
    SAME(SOCK_CLOEXEC);
    SAME(SOCK_NONBLOCK);
    SAME(SOL_SOCKET);
    SAME(SOL_IP);
    SAME(SOL_TCP);
    SAME(SOL_IPV6);
    SAME(SO_REUSEADDR);
    SAME(SO_REUSEPORT);
    SAME(SO_RCVTIMEO);
    SAME(SO_PEERCRED);
    SAME(SO_ATTACH_BPF);
    SAME(MSG_PEEK);
    SAME(MSG_NOSIGNAL);
    SAME(MSG_DONTWAIT);
    SAME(SHUT_RD);
    SAME(SHUT_RDWR);
    SAME(IPPROTO_TCP);
    SAME(IPPROTO_UDP);
    SAME(IPPROTO_ICMPV6);
    SAME(IPPROTO_RAW);
    SAME(TCP_NODELAY);
    SAME(TCP_CORK);
    SAME(TCP_FASTOPEN);
    SAME(IP_TOS);
    SAME(IP_TRANSPARENT);
    SAME(IPV6_V6ONLY);
    SAME(IPV6_PKTINFO);
    SAME(NETLINK_ROUTE);
    SAME(NETLINK_AUDIT);
    SAME(MSG_CMSG_CLOEXEC);
}

Test(constants, files_are_what_the_headers_say)
{
    SAME(F_DUPFD);
    SAME(F_GETFL);
    SAME(F_SETLK);
    SAME(F_OFD_SETLKW);
    SAME(F_DUPFD_CLOEXEC);
    SAME(F_ADD_SEALS);
    SAME(F_SEAL_WRITE);
    SAME(FD_CLOEXEC);
    SAME(LOCK_EX);
    SAME(O_RDONLY);
    SAME(O_RDWR);
    SAME(O_ACCMODE);
    SAME(O_CREAT);
    SAME(O_TRUNC);
    SAME(O_CLOEXEC);
    SAME(O_TMPFILE);
    SAME(O_SYNC);
    SAME(O_PATH);
    SAME(O_DIRECTORY);
    SAME(AT_FDCWD);
    SAME(AT_REMOVEDIR);
    SAME(AT_EMPTY_PATH);
    SAME(S_IFMT);
    SAME(S_ISUID);
    SAME(S_IRWXU);
    SAME(R_OK);
    SAME(X_OK);
    SAME(SEEK_END);
    SAME(SEEK_HOLE);
    SAME(RENAME_EXCHANGE);
    SAME(SPLICE_F_MOVE);
    SAME(STATX_BASIC_STATS);
    SAME(MS_BIND);
    SAME(MS_NOSUID);
    SAME(MNT_DETACH);
    SAME(UMOUNT_NOFOLLOW);
    SAME(IN_CLOSE_WRITE);
    SAME(IN_ONESHOT);
    SAME(FAN_MARK_ADD);
    SAME(POSIX_FADV_DONTNEED);
}

Test(constants, memory_is_what_the_headers_say)
{
    SAME(PROT_READ);
    SAME(PROT_WRITE);
    SAME(PROT_EXEC);
    SAME(PROT_NONE);
    SAME(MAP_SHARED);
    SAME(MAP_PRIVATE);
    SAME(MAP_FIXED);
    SAME(MAP_ANONYMOUS);
    SAME(MAP_ANON);
    SAME(MAP_TYPE);
    SAME(MAP_HUGETLB);
    SAME(MREMAP_MAYMOVE);
    SAME(MS_SYNC);
    SAME(MCL_ONFAULT);
    SAME(MADV_DONTNEED);
    SAME(MADV_FREE);
    SAME(MADV_WIPEONFORK);
    SAME(MPOL_BIND);
    SAME(MFD_CLOEXEC);
    SAME(GRND_NONBLOCK);
}

Test(constants, processes_and_time_are_what_the_headers_say)
{
    SAME(CLONE_VM);
    SAME(CLONE_THREAD);
    SAME(CLONE_NEWUSER);
    SAME(CLONE_NEWNET);
    SAME(CLONE_IO);
    SAME(CSIGNAL);
    SAME(SCHED_FIFO);
    SAME(SCHED_OTHER);
    SAME(FUTEX_WAIT);
    SAME(FUTEX_PRIVATE_FLAG);
    SAME(FUTEX_CMD_MASK);
    SAME(EPOLL_CTL_ADD);
    SAME(EPOLLIN);
    SAME(EPOLLET);
    SAME(EPOLL_CLOEXEC);
    SAME(POLLIN);
    SAME(POLLRDHUP);
    SAME(SIGKILL);
    SAME(SIGCHLD);
    SAME(SIGSYS);
    SAME(SIG_BLOCK);
    SAME(SA_RESTART);
    SAME(SA_RESETHAND);
    SAME(RLIMIT_NOFILE);
    SAME(RLIMIT_STACK);
    SAME(RLIM_INFINITY);
    SAME(RUSAGE_THREAD);
    SAME(PRIO_PGRP);
    SAME(CLOCK_MONOTONIC);
    SAME(CLOCK_TAI);
    SAME(TFD_TIMER_ABSTIME);
    SAME(TIMER_ABSTIME);
    SAME(ITIMER_REAL);
    SAME(WNOHANG);
    SAME(P_PIDFD);
    SAME(__WALL);
    SAME(PR_SET_NAME);
    SAME(PR_SET_NO_NEW_PRIVS);
    SAME(PR_SET_SECCOMP);
    SAME(PR_CAP_AMBIENT);
    SAME(PTRACE_TRACEME);
    SAME(PTRACE_SEIZE);
    SAME(PTRACE_GETREGS);
    SAME(PTRACE_O_EXITKILL);
    SAME(LINUX_REBOOT_MAGIC1);
}

Test(constants, requests_and_commands_are_what_the_headers_say)
{
    SAME(TCGETS);
    SAME(TCSETSF);
    SAME(TIOCGWINSZ);
    SAME(TIOCSTI);
    SAME(TIOCLINUX);
    SAME(FIONREAD);
    SAME(FIONBIO);
    SAME(TIOCGPTN);
    SAME(SIOCGIFNAME);
    SAME(SIOCSIFFLAGS);
    SAME(LOOP_SET_FD);
    SAME(TUNSETIFF);
    SAME(UFFDIO_API);
    SAME(KVM_CREATE_VM);
    SAME(KVM_RUN);
    SAME(RNDADDENTROPY);
    SAME(SECCOMP_RET_KILL_PROCESS);
    SAME(SECCOMP_SET_MODE_FILTER);
    SAME(SECCOMP_IOCTL_NOTIF_RECV);
    SAME(KEYCTL_READ);
    SAME(KEY_SPEC_SESSION_KEYRING);
    SAME(BPF_PROG_LOAD);
    SAME(BPF_MAP_TYPE_RINGBUF);
    SAME(PERF_EVENT_IOC_ENABLE);
    SAME(PERF_FLAG_FD_CLOEXEC);
    SAME(LANDLOCK_CREATE_RULESET_VERSION);
    SAME(IORING_OP_MKDIRAT);
    SAME(IORING_SETUP_SQPOLL);
    SAME(IORING_REGISTER_FILES);
}

Test(constants, there_are_more_than_a_thousand)
{
    cr_assert_geq(constant_count(), 1000);
}

Test(constants, names_are_sorted_and_unique)
{
    for (size_t i = 1; i < constant_count(); i++) {
        cr_assert_lt(strcmp(constant_name(i - 1), constant_name(i)), 0, "%s, %s",
                     constant_name(i - 1), constant_name(i));
    }
}

Test(constants, every_name_is_found_with_its_value)
{
    for (size_t i = 0; i < constant_count(); i++) {
        assert_value(constant_name(i), constant_value(i));
    }
}

Test(constants, bit_31_does_not_make_a_value_negative)
{
    assert_value("TIOCGPTN", INT64_C(0x80045430));
    assert_value("EPOLLET", INT64_C(0x80000000));
    assert_value("IN_ONESHOT", INT64_C(0x80000000));
    assert_value("MS_NOUSER", INT64_C(0x80000000));
    assert_value("VMADDR_CID_ANY", INT64_C(0xffffffff));
    assert_value("AT_FDCWD", -100);
    for (size_t i = 0; i < constant_count(); i++) {
        cr_assert_gt(constant_value(i), -20000, "%s", constant_name(i));
    }
}

Test(constants, values_are_the_kernel_s_where_libc_has_its_own)
{
    assert_value("O_LARGEFILE", 0100000);
    assert_value("F_GETLK", 5);
    assert_value("SOCK_TYPE_MASK", 0xf);
}

Test(constants, unknown_names_are_refused_and_leave_the_value_alone)
{
    static const char *const unknown[] = {"",         "A",   "AF_UNI",   "AF_UNIXX",
                                          "af_unix",  "ZZZ", "AF_UNIX ", "0",
                                          "SIGRTMIN", "_",   "AF_UNIX\n"};
    for (size_t i = 0; i < COUNT_OF(unknown); i++) {
        int64_t value = 4711;
        cr_assert_not(constant_find(unknown[i], &value), "%s", unknown[i]);
        cr_assert_eq(value, 4711);
        cr_assert_eq(constant_errno(unknown[i]), 0);
    }
}

Test(constants, errors_are_constants_and_errno_names)
{
    assert_value("EPERM", EPERM);
    assert_value("ENOTRECOVERABLE", ENOTRECOVERABLE);
    cr_assert_eq(constant_errno("EPERM"), (unsigned)EPERM);
    cr_assert_eq(constant_errno("ENOSYS"), (unsigned)ENOSYS);
    cr_assert_eq(constant_errno("EHWPOISON"), (unsigned)EHWPOISON);
    cr_assert_eq(constant_errno("EWOULDBLOCK"), (unsigned)EWOULDBLOCK);
    cr_assert_eq(constant_errno("ENOTSUP"), (unsigned)ENOTSUP);
    cr_assert_eq(constant_errno("EDEADLOCK"), (unsigned)EDEADLOCK);
}

Test(constants, what_only_looks_like_an_errno_is_none)
{
    static const char *const others[] = {"EPOLLIN", "EPOLLET", "EFD_CLOEXEC", "EPOLL_CTL_ADD"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        int64_t value = 0;
        cr_assert(constant_find(others[i], &value), "%s", others[i]);
        cr_assert_eq(constant_errno(others[i]), 0, "%s", others[i]);
    }
    cr_assert_eq(constant_errno("AF_UNIX"), 0);
}

Test(constants, of_two_errno_names_the_usual_one_is_shown)
{
    cr_assert_str_eq(constant_errno_name(EAGAIN), "EAGAIN");
    cr_assert_str_eq(constant_errno_name(EOPNOTSUPP), "EOPNOTSUPP");
    cr_assert_str_eq(constant_errno_name(EDEADLK), "EDEADLK");
}

Test(constants, every_errno_from_1_to_133_has_a_name_that_leads_back)
{
    for (unsigned number = 1; number <= 133; number++) {
        const char *name = constant_errno_name(number);
        if (number == 41 || number == 58) {
            cr_assert_null(name, "%u", number);
        } else {
            cr_assert_not_null(name, "%u", number);
            cr_assert_str_eq(name, strerrorname_np((int)number));
            cr_assert_eq(constant_errno(name), number, "%s", name);
        }
    }
}

Test(constants, numbers_beyond_the_errors_have_no_name)
{
    cr_assert_null(constant_errno_name(0));
    cr_assert_null(constant_errno_name(134));
    cr_assert_null(constant_errno_name(4095));
    cr_assert_null(constant_errno_name(~0U));
}
