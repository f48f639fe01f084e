/* posix_spawn_file_actions_addclosefrom_np(3), glibc 2.34: declared by <spawn.h> for _GNU_SOURCE only, which Swift's
   module of the C library does not define. <spawn.h> is not included here: its types would be of this module or of the C
   library's, whichever the compiler has read first. */
int close_from_in_spawned(void *file_actions, int from)
    __asm__("posix_spawn_file_actions_addclosefrom_np") __attribute__((nothrow));
