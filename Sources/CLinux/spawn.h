/* posix_spawn_file_actions_addclosefrom_np(3), glibc 2.34: declared by <spawn.h> for _GNU_SOURCE only, which Swift's
   module of the C library does not define. */
#include <spawn.h>
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from)
    __attribute__((nothrow));
