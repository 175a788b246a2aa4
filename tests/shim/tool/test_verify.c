/* What verify says of processes that something went wrong with, which ours do not let happen. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../shim/load.h"
#include "../../../shim/stages_prefix.h"
#include "../../../shim/tool/policy.h"
#include "../../../shim/tool/tool.h"

static const char WHITELIST[] = "[allow]\n"
                                "syscalls = @stdio @threads pause seccomp prctl\n"
                                "[stage serving]\n"
                                "when = poll\n"
                                "syscalls = @stdio @threads pause\n";

/* How a process keeps its programs, and loads them. */
struct plan {
    bool writable;
    enum memory {
        MEMORY_OWN,    /* private, and no file's */
        MEMORY_SHARED, /* writable in another place */
        MEMORY_FILE,   /* private, but what stands there is a file's */
    } memory;
    bool other; /* an instruction of the stage is another one */
    bool all;   /* the stage is loaded over all threads, not in one */
};

enum { PAGE = 4096, PAGES = 16, COUNT = 2 };

/* Writes the programs, which will be at PROGRAMS, to MEMORY. */
static void write_programs(const struct policy *policy, const struct plan *plan,
                           struct sock_fprog *memory, struct sock_fprog *programs)
{
    struct sock_filter *code = (struct sock_filter *)(memory + COUNT);
    size_t front = prefix_length(COUNT - 1);
    for (unsigned i = 0; i < COUNT; i++) {
        const struct filter *filter = policy_filter(policy, i);
        void *place = (char *)programs + ((char *)code - (char *)memory);
        memory[i] = (struct sock_fprog){(unsigned short)(front + filter->count), place};
        prefix_write(code, i, programs, COUNT, load_flags(false));
        memcpy(code + front, filter->instructions, filter->count * sizeof(*code));
        code += front + filter->count;
    }
    if (plan->other)
        code[-1].k ^= 1;
}

static struct sock_fprog *make_programs(const struct policy *policy, const struct plan *plan)
{
    size_t bytes = (size_t)PAGES * PAGE;
    bool own = plan->memory == MEMORY_OWN;
    int file = own ? -1 : memfd_create("plan", 0);
    if (!own && ftruncate(file, (off_t)bytes) != 0)
        _exit(1);
    struct sock_fprog *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                                     own ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, file, 0);
    struct sock_fprog *programs = memory;
    if (!own)
        programs = mmap(NULL, bytes, PROT_READ,
                        plan->memory == MEMORY_SHARED ? MAP_SHARED : MAP_PRIVATE, file, 0);
    write_programs(policy, plan, memory, programs);
    if (own && !plan->writable)
        mprotect(programs, bytes, PROT_READ);
    return programs;
}

static void *wait_for_ever(void *context)
{
    while (pause() < 0)
        continue;
    return context;
}

static _Noreturn void be_victim(const struct policy *policy, const struct plan *plan, int ready)
{
    struct sock_fprog *programs = make_programs(policy, plan);
    pthread_t thread;
    unsigned flags = load_flags(false);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "victim");
    if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &programs[0]) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, plan->all ? flags : 0, &programs[1]) != 0 ||
        write(ready, "", 1) != 1)
        _exit(1);
    wait_for_ever(NULL);
    _exit(0);
}

/* Asks verify about a victim; what it prints is for the caller. Returns its status. */
static int verify(struct plan plan)
{
    char path[] = "/tmp/portcullis-verify-XXXXXX", pid[32], byte;
    struct policy policy;
    int descriptor = mkstemp(path), ready[2];
    cr_assert(descriptor >= 0 && pipe(ready) == 0);
    cr_assert(write(descriptor, WHITELIST, sizeof(WHITELIST) - 1) == sizeof(WHITELIST) - 1);
    cr_assert(policy_open(path, &policy) == STATUS_OK);
    pid_t victim = fork();
    if (victim == 0)
        be_victim(&policy, &plan, ready[1]);
    close(ready[1]);
    cr_assert(read(ready[0], &byte, 1) == 1);
    snprintf(pid, sizeof(pid), "%d", (int)victim);
    char verb[] = "verify";
    char *arguments[] = {verb, pid, path, NULL};
    int status = verb_verify(3, arguments);
    fflush(stdout);
    kill(victim, SIGKILL);
    waitpid(victim, NULL, 0);
    unlink(path);
    policy_release(&policy);
    return status;
}

/* Asserts that verify says no, and WANTED. */
static void says_no(struct plan plan, const char *wanted)
{
    char said[512] = "";
    if (geteuid() != 0)
        cr_skip_test("only root can read filters");
    cr_redirect_stdout();
    int status = verify(plan);
    cr_assert(fread(said, 1, sizeof(said) - 1, cr_get_redirected_stdout()) > 0);
    cr_assert(status == STATUS_NO && strncmp(said, "no: ", 4) == 0 && strstr(said, wanted),
              "%d: %s", status, said);
}

Test(verify, a_thread_without_the_stage_that_others_have_is_found, .timeout = 20)
{
    says_no((struct plan){0}, " of victim has not begun the stage 'serving', and others have\n");
}

Test(verify, a_stage_that_the_process_can_change_is_found, .timeout = 20)
{
    says_no((struct plan){.writable = true, .all = true},
            " can change the filters of its stages\n");
}

Test(verify, a_stage_with_another_instruction_is_found, .timeout = 20)
{
    says_no((struct plan){.other = true, .all = true}, "the stage 'serving' of process ");
}

Test(verify, a_stage_that_is_mapped_to_be_written_elsewhere_is_found, .timeout = 20)
{
    says_no((struct plan){.memory = MEMORY_SHARED, .all = true},
            " can change the filters of its stages\n");
}

Test(verify, a_stage_that_a_file_can_change_is_found, .timeout = 20)
{
    says_no((struct plan){.memory = MEMORY_FILE, .all = true},
            " can change the filters of its stages\n");
}
