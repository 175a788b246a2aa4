#include "backward.h"

enum { NEAR = 255 /* instructions that a conditional jump can pass over */ };

int backward_emit(struct backward *program, struct sock_filter instruction)
{
    if (program->count == program->capacity)
        program->failed = true;
    if (program->failed)
        return 0;
    program->made[program->count] = instruction;
    return program->count++;
}

/* The distance of a jump to PLACE from an instruction that is made next. */
static int distance(const struct backward *program, int place)
{
    return program->count - place - 1;
}

int backward_answer(struct backward *program, uint32_t answer)
{
    int lowest = program->count > NEAR ? program->count - NEAR : 0;

    for (int place = program->count - 1; place >= lowest && !program->failed; place--) {
        if (program->made[place].code == (BPF_RET | BPF_K) && program->made[place].k == answer)
            return place;
    }
    return backward_emit(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer));
}

static struct sock_filter jump(const struct backward *program, int place)
{
    return (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)distance(program, place));
}

/* A place that does what PLACE does, near enough for a jump from the next instruction but MARGIN.
 */
static int bring_near(struct backward *program, int place, int margin)
{
    if (program->failed || distance(program, place) + margin <= NEAR)
        return place;
    struct sock_filter instruction = program->made[place];
    if (BPF_CLASS(instruction.code) != BPF_RET)
        instruction = jump(program, place);
    return backward_emit(program, instruction);
}

int backward_compare(struct backward *program, uint16_t operation, uint32_t value, int yes, int no)
{
    if (yes == no)
        return yes;
    yes = bring_near(program, yes, 1);
    no = bring_near(program, no, 0);
    return backward_emit(program, (struct sock_filter)BPF_JUMP(BPF_JMP | operation | BPF_K, value,
                                                               (uint8_t)distance(program, yes),
                                                               (uint8_t)distance(program, no)));
}

int backward_before(struct backward *program, struct sock_filter instruction, int place)
{
    if (distance(program, place) > 0)
        backward_emit(program, jump(program, place));
    return backward_emit(program, instruction);
}

void backward_take(const struct backward *program, struct sock_filter *code)
{
    for (int i = 0; i < program->count; i++)
        code[i] = program->made[program->count - 1 - i];
}
