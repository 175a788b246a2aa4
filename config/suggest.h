/* "Did you mean ...?": the nearest of the names offered. */
#ifndef PORTCULLIS_CONFIG_SUGGEST_H
#define PORTCULLIS_CONFIG_SUGGEST_H

struct suggestion {
    const char *wanted;
    const char *best; /* borrowed from the offers; NULL while none is near enough */
    unsigned distance;
};

struct suggestion suggestion_for(const char *wanted);

/* Offers a CANDIDATE. It is kept if it is nearer (optimal string alignment, case folded) than the
 * best so far, and within a third of the wanted word's length, at least 1. */
void suggestion_offer(struct suggestion *suggestion, const char *candidate);

/* The end of a message: "; did you mean 'open'?" into BUFFER, or "" where nothing was near. Returns
 * BUFFER. */
const char *suggestion_text(const struct suggestion *suggestion, char *buffer, unsigned long size);

#endif
