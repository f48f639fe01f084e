/* malloc_trim(3), a GNU extension that the C library's Swift module leaves out. */
#include <malloc.h>
