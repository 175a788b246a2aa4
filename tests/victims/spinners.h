/* The library of threads that spin. Weak: a program may have it linked, preloaded, or not at all.
 */
#ifndef PORTCULLIS_TESTS_VICTIMS_SPINNERS_H
#define PORTCULLIS_TESTS_VICTIMS_SPINNERS_H

enum { SPINNERS = 16 };

/* How many of the threads were not refused when they began, and how many are refused by now. */
int spinners_allowed(void) __attribute__((weak));
int spinners_refused(void) __attribute__((weak));

#endif
