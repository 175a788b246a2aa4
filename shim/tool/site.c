#include "site.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"
#include "site_view.h"

enum {
    LOOK_MILLISECONDS = 2000,
    NAME_MILLISECONDS = 5000,
    LOST_MAX = 1000, /* of either; then only addresses are told */
    CODE_64 = 0x33,  /* the code segment of 64-bit programs */
};

/* Sends MESSAGE, with the descriptor SENT or -1; *FILE: as worker_receive() has it. */
static bool ask(struct worker *worker, const struct worker_message *message, int sent, int *file)
{
    struct worker_message answer;

    return worker->process != 0 && worker_send(worker->channel, message, sent) &&
           worker_receive(worker->channel, &answer, file, LOOK_MILLISECONDS);
}

static void lose(struct sites *sites, struct worker *worker)
{
    worker_stop(worker);
    sites->lost++;
}

static bool prepare(struct sites *sites)
{
    if (sites->lost >= LOST_MAX)
        return false;
    if (!sites->view) {
        void *view = mmap(NULL, sizeof(*sites->view), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (view == MAP_FAILED)
            return false;
        sites->view = view;
    }
    return sites->looker.process != 0 || worker_start(&sites->looker, site_look, sites->view) == 0;
}

static bool prepare_namer(struct sites *sites)
{
    struct site_namer namer = {sites->view, &sites->filter};

    if (sites->namer.process != 0)
        return true;
    if (sites->filter.count == 0 && confine_filter(&sites->filter) != 0)
        return false;
    return worker_start(&sites->namer, site_name, &namer) == 0;
}

/* In the order that DWARF has. */
static void show_registers(struct site_view *view, const struct user_regs_struct *registers)
{
    view->has_registers = registers && registers->cs == CODE_64;
    if (!view->has_registers)
        return;
    const uint64_t ordered[SITE_REGISTERS] = {
        registers->rax, registers->rdx, registers->rcx, registers->rbx, registers->rsi,
        registers->rdi, registers->rbp, registers->rsp, registers->r8,  registers->r9,
        registers->r10, registers->r11, registers->r12, registers->r13, registers->r14,
        registers->r15, registers->rip};
    memcpy(view->registers, ordered, sizeof(ordered));
}

void site_look_at(struct sites *sites, pid_t process, const struct user_regs_struct *registers,
                  uint64_t pc)
{
    char path[64];
    int memory = -1;
    const struct worker_message look = {
        .word = SITE_LOOK, .process = process, .address = registers ? registers->rsp : 0};

    sites->process = process;
    sites->pc = pc;
    sites->looked = false;
    if (!prepare(sites))
        return;
    sites->view->pc = pc;
    show_registers(sites->view, registers);
    /* opened by whom the kernel allows it: the tracer */
    snprintf(path, sizeof(path), "/proc/%d/mem", process);
    if (registers)
        memory = open(path, O_RDONLY | O_CLOEXEC);
    sites->looked = ask(&sites->looker, &look, memory, NULL);
    if (memory >= 0)
        close(memory);
    if (!sites->looked)
        lose(sites, &sites->looker);
}

void site_look_at_thread(struct sites *sites, pid_t process, pid_t thread, bool stopped,
                         uint64_t pc)
{
    struct user_regs_struct registers;

    bool known = stopped && ptrace(PTRACE_GETREGS, thread, 0, &registers) == 0;
    site_look_at(sites, process, known ? &registers : NULL, pc);
}

/* The file of a module, for the namer. Returns whether it was handed over, or that there is none.
 */
static bool hand_over(struct sites *sites, uint32_t number)
{
    const struct worker_message open = {.word = SITE_OPEN, .number = number};
    int file = -1;

    if (!ask(&sites->looker, &open, -1, &file))
        lose(sites, &sites->looker);
    bool sent =
        worker_send(sites->namer.channel, &(struct worker_message){.word = SITE_DONE}, file);
    if (file >= 0)
        close(file);
    return sent;
}

static int64_t milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Has the namer name what was looked at. It may ask for each module's file once. */
static bool name(struct sites *sites)
{
    const int64_t end = milliseconds() + NAME_MILLISECONDS;
    struct worker_message message = {.word = SITE_NAME, .process = sites->process};

    if (!prepare_namer(sites) || !worker_send(sites->namer.channel, &message, -1))
        return false;
    for (unsigned i = 0; i <= SITE_MODULES_MAX; i++) {
        int64_t left = end - milliseconds();
        if (left <= 0 || !worker_receive(sites->namer.channel, &message, NULL, (int)left))
            return false;
        if (message.word != SITE_OPEN)
            return message.word == SITE_DONE;
        if (!hand_over(sites, message.number))
            return false;
    }
    return false;
}

const char *site_text(struct sites *sites, char *text, size_t size)
{
    char named[SITE_TEXT_MAX] = "";

    if (sites->looked && name(sites))
        memcpy(named, sites->view->text, sizeof(named) - 1);
    else if (sites->looked)
        lose(sites, &sites->namer);
    if (*named != '\0')
        snprintf(text, size, "%s", named);
    else
        snprintf(text, size, "0x%" PRIx64, sites->pc);
    /* the names of files and symbols are the program's to choose */
    for (char *c = text; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~')
            *c = '?';
    }
    return text;
}

void sites_release(struct sites *sites)
{
    worker_stop(&sites->looker);
    worker_stop(&sites->namer);
    filter_release(&sites->filter);
    if (sites->view)
        munmap(sites->view, sizeof(*sites->view));
    *sites = (struct sites){0};
}
