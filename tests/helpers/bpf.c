#include "bpf.h"

#include <string.h>

/* The shapes of instructions that seccomp admits; the rest of classic BPF is for packets. */
static bool known(const struct sock_filter *instruction)
{
    switch (instruction->code) {
    case BPF_LD | BPF_W | BPF_ABS:
        return instruction->k % 4 == 0 && instruction->k < sizeof(struct seccomp_data);
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
    case BPF_ST:
    case BPF_STX:
        return instruction->k < BPF_MEMWORDS;
    case BPF_ALU | BPF_DIV | BPF_K:
        return instruction->k != 0;
    case BPF_ALU | BPF_LSH | BPF_K:
    case BPF_ALU | BPF_RSH | BPF_K:
        return instruction->k < 32;
    case BPF_LD | BPF_W | BPF_LEN:
    case BPF_LDX | BPF_W | BPF_LEN:
    case BPF_LD | BPF_IMM:
    case BPF_LDX | BPF_IMM:
    case BPF_RET | BPF_K:
    case BPF_RET | BPF_A:
    case BPF_MISC | BPF_TAX:
    case BPF_MISC | BPF_TXA:
    case BPF_JMP | BPF_JA:
        return true;
    default:
        break;
    }
    unsigned operation = instruction->code & 0xfff0u & ~(unsigned)BPF_X;
    switch (BPF_CLASS(instruction->code)) {
    case BPF_ALU:
        return operation <= BPF_XOR && operation != BPF_MOD;
    case BPF_JMP:
        return operation >= BPF_JEQ && operation <= BPF_JSET;
    default:
        return false;
    }
}

bool bpf_valid(const struct sock_filter *program, size_t count)
{
    if (count == 0 || count > BPF_MAXINSNS || BPF_CLASS(program[count - 1].code) != BPF_RET)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct sock_filter *at = &program[i];
        size_t room = count - i - 1;
        if (!known(at))
            return false;
        if (BPF_CLASS(at->code) != BPF_JMP)
            continue;
        if (BPF_OP(at->code) == BPF_JA ? at->k >= room : at->jt >= room || at->jf >= room)
            return false;
    }
    return true;
}

struct machine {
    uint32_t a;
    uint32_t x;
    uint32_t memory[BPF_MEMWORDS];
};

static uint32_t load(const struct machine *machine, const struct sock_filter *at,
                     const struct seccomp_data *data)
{
    uint32_t word;
    switch (BPF_MODE(at->code)) {
    case BPF_ABS:
        memcpy(&word, (const char *)data + at->k, sizeof(word));
        return word;
    case BPF_MEM:
        return machine->memory[at->k];
    case BPF_LEN:
        return sizeof(*data);
    default:
        return at->k;
    }
}

/* Returns false where the program ends: a division by an X of zero. */
static bool calculate(struct machine *machine, const struct sock_filter *at)
{
    uint32_t operand = BPF_SRC(at->code) == BPF_X ? machine->x : at->k;
    switch (BPF_OP(at->code)) {
    case BPF_ADD:
        machine->a += operand;
        return true;
    case BPF_SUB:
        machine->a -= operand;
        return true;
    case BPF_MUL:
        machine->a *= operand;
        return true;
    case BPF_DIV:
        machine->a = operand ? machine->a / operand : 0;
        return operand != 0;
    case BPF_OR:
        machine->a |= operand;
        return true;
    case BPF_AND:
        machine->a &= operand;
        return true;
    case BPF_XOR:
        machine->a ^= operand;
        return true;
    case BPF_LSH:
        machine->a <<= operand & 31;
        return true;
    case BPF_RSH:
        machine->a >>= operand & 31;
        return true;
    default:
        machine->a = -machine->a;
        return true;
    }
}

/* How many instructions to skip. */
static size_t jump(const struct machine *machine, const struct sock_filter *at)
{
    uint32_t operand = BPF_SRC(at->code) == BPF_X ? machine->x : at->k;
    switch (BPF_OP(at->code)) {
    case BPF_JA:
        return at->k;
    case BPF_JEQ:
        return machine->a == operand ? at->jt : at->jf;
    case BPF_JGT:
        return machine->a > operand ? at->jt : at->jf;
    case BPF_JGE:
        return machine->a >= operand ? at->jt : at->jf;
    default:
        return machine->a & operand ? at->jt : at->jf;
    }
}

uint32_t bpf_run(const struct sock_filter *program, size_t count, const struct seccomp_data *data,
                 size_t *steps)
{
    struct machine machine = {0};
    size_t ran = 0;
    uint32_t answer = SECCOMP_RET_KILL_THREAD;
    bool running = true;
    for (size_t i = 0; running && i < count; i++) {
        const struct sock_filter *at = &program[i];
        ran++;
        switch (BPF_CLASS(at->code)) {
        case BPF_LD:
            machine.a = load(&machine, at, data);
            break;
        case BPF_LDX:
            machine.x = load(&machine, at, data);
            break;
        case BPF_ST:
            machine.memory[at->k] = machine.a;
            break;
        case BPF_STX:
            machine.memory[at->k] = machine.x;
            break;
        case BPF_ALU:
            running = calculate(&machine, at);
            break;
        case BPF_JMP:
            i += jump(&machine, at);
            break;
        case BPF_RET:
            answer = BPF_RVAL(at->code) == BPF_A ? machine.a : at->k;
            running = false;
            break;
        default: /* BPF_MISC */
            if (BPF_MISCOP(at->code) == BPF_TAX)
                machine.x = machine.a;
            else
                machine.a = machine.x;
            break;
        }
    }
    if (steps)
        *steps = ran;
    return answer;
}
