/* A user of KVM's dirty ring, as one is written in C against the system's own header: harvests a ring of struct kvm_dirty_gfn that another
 * process publishes, through a file that both map. Prints what the header says of the layout, then harvests.
 *
 *   harvester RING ENTRIES TOTAL SECONDS OUTPUT
 *
 * RING      the file, ENTRIES entries long, a power of two of them; or PROCESS:FILE, a vCPU's file that another process has open under that number
 * TOTAL     how many to harvest
 * SECONDS   the most to wait for the next one
 * OUTPUT    receives (slot, 0, offset), 16 bytes for each, in the order of the ring
 *
 * Exit code 0 if all came, 1 for what cannot be opened, 2 for bad arguments, 3 if one did not come, 4 if flags are none of the protocol's, 5 if the other
 * process's files are out of reach.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/kvm.h>

struct record {
    __u32 slot;
    __u32 zero;
    __u64 offset;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void print_layout(void)
{
    printf("size=%zu flags=%zu slot=%zu offset=%zu\n", sizeof(struct kvm_dirty_gfn), offsetof(struct kvm_dirty_gfn, flags),
           offsetof(struct kvm_dirty_gfn, slot), offsetof(struct kvm_dirty_gfn, offset));
    printf("flags_size=%zu slot_size=%zu offset_size=%zu\n", sizeof(((struct kvm_dirty_gfn *)0)->flags),
           sizeof(((struct kvm_dirty_gfn *)0)->slot), sizeof(((struct kvm_dirty_gfn *)0)->offset));
    printf("dirty=%lu reset=%lu mask=%lu page=%lu\n", (unsigned long)KVM_DIRTY_GFN_F_DIRTY, (unsigned long)KVM_DIRTY_GFN_F_RESET,
           (unsigned long)KVM_DIRTY_GFN_F_MASK, (unsigned long)KVM_DIRTY_LOG_PAGE_OFFSET);
    fflush(stdout);
}

/* Waits for the entry to be published; the acquire makes its slot and offset ours. */
static int await_dirty(struct kvm_dirty_gfn *entry, double patience)
{
    double deadline = 0;
    for (unsigned round = 1;; round++) {
        __u32 flags = __atomic_load_n(&entry->flags, __ATOMIC_ACQUIRE);
        if (flags == KVM_DIRTY_GFN_F_DIRTY)
            return 0;
        if (flags != 0 && flags != KVM_DIRTY_GFN_F_RESET) {
            fprintf(stderr, "flags %x\n", flags);
            return 4;
        }
        if (round % 64 != 0)
            continue;

        /* The other process may need this core. */
        sched_yield();
        if (deadline == 0)
            deadline = now() + patience;
        else if (now() > deadline)
            return 3;
    }
}

/* A file that another process has open, or -1. */
static int file_of(int process, int number)
{
    int other = (int)syscall(SYS_pidfd_open, process, 0);
    return other < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, other, number, 0);
}

int main(int argc, char **argv)
{
    print_layout();
    if (argc != 6)
        return 2;

    size_t entries = strtoul(argv[2], NULL, 10), total = strtoul(argv[3], NULL, 10);
    double patience = strtod(argv[4], NULL);
    int process, number;
    int is_vcpu = sscanf(argv[1], "%d:%d", &process, &number) == 2;
    int file = is_vcpu ? file_of(process, number) : open(argv[1], O_RDWR);
    if (file < 0) {
        perror(argv[1]);
        return is_vcpu ? 5 : 1;
    }

    off_t start = is_vcpu ? (off_t)KVM_DIRTY_LOG_PAGE_OFFSET * sysconf(_SC_PAGESIZE) : 0;

    struct kvm_dirty_gfn *ring = mmap(NULL, entries * sizeof *ring, PROT_READ | PROT_WRITE, MAP_SHARED, file, start);
    struct record *records = calloc(total, sizeof *records);
    if (ring == MAP_FAILED || records == NULL) {
        perror("memory");
        return 1;
    }

    for (size_t fetch = 0; fetch < total; fetch++) {
        struct kvm_dirty_gfn *entry = &ring[fetch & (entries - 1)];
        int failure = await_dirty(entry, patience);
        if (failure != 0) {
            fprintf(stderr, "stopped at entry %zu of %zu\n", fetch, total);
            return failure;
        }
        records[fetch].slot = entry->slot;
        records[fetch].offset = entry->offset;

        /* Our reads are done before anybody sees that they are. */
        __atomic_store_n(&entry->flags, KVM_DIRTY_GFN_F_RESET, __ATOMIC_RELEASE);
    }

    FILE *output = fopen(argv[5], "wb");
    if (output == NULL || fwrite(records, sizeof *records, total, output) != total || fclose(output) != 0) {
        perror(argv[5]);
        return 1;
    }
    printf("harvested=%zu\n", total);
    return 0;
}
