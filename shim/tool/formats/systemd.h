/* What systemd's filter and ours do not have in common. */
#ifndef PORTCULLIS_TOOL_FORMATS_SYSTEMD_H
#define PORTCULLIS_TOOL_FORMATS_SYSTEMD_H

#include "formats.h"

/* The filter as SystemCallFilter= and its like. As for the formats. */
int systemd_write_native(const struct export_job *job) __attribute__((warn_unused_result));

#endif
