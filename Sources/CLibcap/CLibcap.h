/* libcap: capability sets of threads and files (cap_get_proc(3)). */
#include <sys/capability.h>
