/* What the running kernel answers under a filter, for any call at all, with nothing carried out. */
#ifndef PORTCULLIS_TESTS_HELPERS_LIVE_VERDICTS_H
#define PORTCULLIS_TESTS_HELPERS_LIVE_VERDICTS_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

struct live_try {
    int number;
    uint64_t arguments[6];
    uint32_t answer; /* comes back as a SECCOMP_RET_ word; ALLOW for what LOG lets through as well;
                        LIVE_UNTOUCHED where neither filter seems to have met the call */
};

enum { LIVE_UNTOUCHED = 1 };

/* Makes every call in a process under PROGRAM. Below it lies a filter that hands what PROGRAM lets
 * through to a supervisor, who answers it with an error that is no error's: so reboot and exit can
 * be tried too. What PROGRAM refuses is stricter and comes through. A call that kills costs a
 * process. Returns 0 or a negative errno. */
int live_verdicts(const struct sock_fprog *program, struct live_try *tries, size_t count)
    __attribute__((warn_unused_result));

#endif
