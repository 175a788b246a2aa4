#include "formats.h"
#include <errno.h>
int formats_export_systemd(const struct export_job *job)
{
    (void)job;
    return -ENOSYS;
}
