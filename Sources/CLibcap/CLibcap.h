/* libcap: capability sets of threads and files (cap_get_proc(3)), and the names of what prctl(2) sets. */
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <sys/capability.h>
