#include <stddef.h>

/// Allocations of the process so far.
size_t engine_allocations(void);
/// Bytes that are allocated now.
size_t engine_bytes_held(void);
