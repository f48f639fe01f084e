import CLinux

/// Gives memory that the C library's allocator holds and nothing uses back to the kernel (malloc_trim(3)); else what was
/// freed under pressure would count for ever. Takes the allocator's locks: milliseconds, and not for event loops.
package func returnFreeMemory() { malloc_trim(0) }
