/*
 * Landlock's three system calls, for which the C library has no functions (landlock(7)). Numbers and structures are
 * written out, so that an older machine's headers build what a newer kernel understands.
 */
#include <stdint.h>
#include <unistd.h>

/* linux/landlock.h as of ABI 6; the kernel accepts zeros in members that it does not know. */
struct postern_landlock_ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

struct postern_landlock_path {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((packed));

/* The version of the kernel's interface, or -1 with errno. */
static inline long postern_landlock_version(void) { return syscall(444, (void *)0, (size_t)0, 1u); }

static inline long postern_landlock_create(const struct postern_landlock_ruleset *ruleset) {
    return syscall(444, ruleset, sizeof *ruleset, 0u);
}

static inline long postern_landlock_allow(int ruleset, const struct postern_landlock_path *path) {
    return syscall(445, ruleset, 1, path, 0u);
}

static inline long postern_landlock_restrict(int ruleset) { return syscall(446, ruleset, 0u); }
