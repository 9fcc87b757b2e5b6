// A harvest of KVM's dirty ring, as one writes it in C: acquires an entry's flags, reads it, sets its bit in a bitmap, and hands it on with a release.
//
// Compiled as a library, and called by bench/Kvm/HarvestInC.cs.

#include <linux/kvm.h>

extern "C" unsigned long rival_harvest(struct kvm_dirty_gfn* ring, unsigned mask, unsigned* fetch, unsigned long* words, unsigned long word_mask) {
    unsigned next = *fetch;
    for (;;) {
        struct kvm_dirty_gfn* entry = &ring[next & mask];
        if (__atomic_load_n(&entry->flags, __ATOMIC_ACQUIRE) != KVM_DIRTY_GFN_F_DIRTY)
            break;
        words[(entry->offset >> 6) & word_mask] |= 1ul << (entry->offset & 63);
        __atomic_store_n(&entry->flags, KVM_DIRTY_GFN_F_RESET, __ATOMIC_RELEASE);
        next++;
    }
    unsigned long count = next - *fetch;
    *fetch = next;
    return count;
}
