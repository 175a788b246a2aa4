/* By ptrace: a filter's SECCOMP_RET_TRACE stops the thread before the call, as no signal and no
 * timing of its own would. */
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "../hold.h"
#include "../tool.h"
#include "backend.h"

static int trace_open(struct channel *channel)
{
    *channel = (struct channel){.notifier = {.listener = -1}};
    return STATUS_OK;
}

static unsigned trace_flags(const struct channel *channel)
{
    (void)channel;
    return 0;
}

/* The call that EVENT's thread is stopped in front of, at a stop of the kind OPERATION. */
static bool read_call(struct event *event, unsigned operation)
{
    struct __ptrace_syscall_info information;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, event->thread, sizeof(information), &information) <= 0 ||
        information.op != operation)
        return false;
    /* what both kinds have stands in the same places */
    event->call = (struct seccomp_data){
        .nr = (int)information.seccomp.nr,
        .arch = information.arch,
        .instruction_pointer = information.instruction_pointer,
    };
    for (size_t i = 0; i < 6; i++)
        event->call.args[i] = information.seccomp.args[i];
    return true;
}

static bool trace_next(struct channel *channel, struct event *event)
{
    (void)channel;
    return read_call(event, PTRACE_SYSCALL_INFO_SECCOMP);
}

bool trace_entered(struct event *event)
{
    return read_call(event, PTRACE_SYSCALL_INFO_ENTRY);
}

/* The call is not made: RESULT is what it returns. */
static void skip(pid_t thread, long result)
{
    struct user_regs_struct registers;

    if (ptrace(PTRACE_GETREGS, thread, 0, &registers) != 0)
        return;
    registers.orig_rax = ~0ULL;
    registers.rax = (unsigned long long)result;
    ptrace(PTRACE_SETREGS, thread, 0, &registers);
}

/* The filter is asked again, about this one. Who can't be told so is dying, or dies of it. */
static void make_fatal(const struct event *event)
{
    struct user_regs_struct registers;

    if (ptrace(PTRACE_GETREGS, event->thread, 0, &registers) == 0) {
        registers.orig_rax = HOLD_FATAL_CALL;
        if (ptrace(PTRACE_SETREGS, event->thread, 0, &registers) == 0)
            return;
    }
    kill(event->process, SIGKILL);
}

static void trace_answer(struct channel *channel, const struct event *event, struct action action)
{
    switch (action.kind) {
    case ACTION_ALLOW:
    case ACTION_LOG:
        break;
    case ACTION_ERRNO:
        skip(event->thread, -(long)action.error);
        break;
    case ACTION_TRAP:
        if (hold_is_caught(event->thread) &&
            sigsys_raise(&channel->sigsys, event->process, event->thread, &event->call) == 0) {
            skip(event->thread, event->call.nr);
            break;
        }
        make_fatal(event);
        break;
    case ACTION_KILL:
        make_fatal(event);
        break;
    }
}

void trace_set_argument(pid_t thread, unsigned long value)
{
    struct user_regs_struct registers;

    if (ptrace(PTRACE_GETREGS, thread, 0, &registers) != 0)
        return;
    registers.rdi = value;
    ptrace(PTRACE_SETREGS, thread, 0, &registers);
}

static void trace_close(struct channel *channel)
{
    sigsys_release(&channel->sigsys);
}

const struct backend backend_trace = {
    .name = "ptrace",
    .action = SECCOMP_RET_TRACE,
    .open = trace_open,
    .flags = trace_flags,
    .next = trace_next,
    .answer = trace_answer,
    .close = trace_close,
};
