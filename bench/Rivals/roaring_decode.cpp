// CRoaring's two ways from a bitmap to an array of 32-bit indices: a compressed bitmap's, and that of a plain one.
//
// Compiled as a library, and called by bench/Rivals/Roaring.cs.

#include <roaring/roaring.h>

#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" {

// Exported by the library; its header does not say that it is C.
std::size_t bitset_extract_setbits(std::uint64_t* words, std::size_t length, void* destination, std::uint32_t base);

roaring_bitmap_t* rival_make(const std::uint64_t* words, std::size_t length) {
    std::vector<std::uint32_t> indices;
    for (std::size_t word = 0; word < length; word++)
        for (std::uint64_t rest = words[word]; rest != 0; rest &= rest - 1)
            indices.push_back(static_cast<std::uint32_t>(word * 64 + static_cast<unsigned>(__builtin_ctzll(rest))));
    roaring_bitmap_t* bitmap = roaring_bitmap_of_ptr(indices.size(), indices.data());
    roaring_bitmap_run_optimize(bitmap);
    return bitmap;
}

roaring_bitmap_t* rival_copy(const roaring_bitmap_t* bitmap) { return roaring_bitmap_copy(bitmap); }

void rival_free(roaring_bitmap_t* bitmap) { roaring_bitmap_free(bitmap); }

std::uint64_t rival_decode(const roaring_bitmap_t* bitmap, std::uint32_t* destination) {
    roaring_bitmap_to_uint32_array(bitmap, destination);
    return roaring_bitmap_get_cardinality(bitmap);
}

std::uint64_t rival_decode_words(std::uint64_t* words, std::size_t length, std::uint32_t* destination) {
    return bitset_extract_setbits(words, length, destination, 0);
}

}
