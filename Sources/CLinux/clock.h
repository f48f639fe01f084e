/* The kernel's clock discipline, adjtimex(2), which the C library's Swift module leaves out. */
#include <sys/timex.h>
