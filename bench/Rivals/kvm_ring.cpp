// A harvest of KVM's dirty ring, as one writes it in C: acquires an entry's flags, reads it, and hands it on with a release.
//
// Compiled as a library, and called by bench/Kvm/HarvestInC.cs.

#include <linux/kvm.h>

extern "C" unsigned long rival_harvest(struct kvm_dirty_gfn* ring, unsigned mask, unsigned* fetch, unsigned long* sum) {
    unsigned next = *fetch;
    unsigned long total = *sum;
    for (;;) {
        struct kvm_dirty_gfn* entry = &ring[next & mask];
        if (__atomic_load_n(&entry->flags, __ATOMIC_ACQUIRE) != KVM_DIRTY_GFN_F_DIRTY)
            break;
        total += entry->slot + entry->offset;
        __atomic_store_n(&entry->flags, KVM_DIRTY_GFN_F_RESET, __ATOMIC_RELEASE);
        next++;
    }
    unsigned long count = next - *fetch;
    *fetch = next;
    *sum = total;
    return count;
}
