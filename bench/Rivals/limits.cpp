// The instructions that a mark and a harvest cannot do without, on the same words, and nothing else.
//
// Compiled as a library, and called by bench/Limits/NativeLimits.cs.

#include <cstddef>
#include <cstdint>

extern "C" {

// One locked or for each of so many neighbouring words, from each given word on: what marking a range of pages takes.
void limit_or(std::uint64_t* words, const std::uint32_t* starts, std::size_t count, std::size_t neighbours) {
    for (std::size_t i = 0; i < count; i++)
        for (std::size_t j = 0; j < neighbours; j++)
            __atomic_or_fetch(&words[starts[i] + j], 1, __ATOMIC_SEQ_CST);
}

// The same, but the words between the first and the last are stored: what docs/bitmaps.md says that a range must not do.
void limit_or_edges(std::uint64_t* words, const std::uint32_t* starts, std::size_t count, std::size_t neighbours) {
    for (std::size_t i = 0; i < count; i++) {
        __atomic_or_fetch(&words[starts[i]], 1, __ATOMIC_SEQ_CST);
        for (std::size_t j = 1; j + 1 < neighbours; j++)
            __atomic_store_n(&words[starts[i] + j], UINT64_MAX, __ATOMIC_RELEASE);
        __atomic_or_fetch(&words[starts[i] + neighbours - 1], 1, __ATOMIC_SEQ_CST);
    }
}

// Exchanges of words that are known to be dirty. Lines are asked for some words ahead, which is what a scan does in passing.
std::uint64_t limit_exchange(std::uint64_t* words, const std::uint32_t* known, std::size_t count) {
    std::uint64_t pages = 0;
    for (std::size_t i = 0; i < count; i++) {
        __builtin_prefetch(&words[known[i] + 64], 1);
        pages += static_cast<std::uint64_t>(__builtin_popcountll(__atomic_exchange_n(&words[known[i]], 0, __ATOMIC_SEQ_CST)));
    }
    return pages;
}

// The same by a load and a store, which loses marks: what is left of a harvest without its atomic steps.
std::uint64_t limit_plain(std::uint64_t* words, const std::uint32_t* known, std::size_t count) {
    std::uint64_t pages = 0;
    for (std::size_t i = 0; i < count; i++) {
        __builtin_prefetch(&words[known[i] + 64], 1);
        pages += static_cast<std::uint64_t>(__builtin_popcountll(words[known[i]]));
        words[known[i]] = 0;
    }
    return pages;
}

// A whole harvest into runs, the plain way: 64 bytes are looked at, words that are not 0 exchanged, and runs joined across them.
std::uint64_t limit_runs(std::uint64_t* words, std::size_t count) {
    std::uint64_t pages = 0, runs = 0, start = 0, end = 0;
    for (std::size_t group = 0; group + 8 <= count; group += 8) {
        typedef std::uint64_t vector __attribute__((vector_size(64), may_alias));
        const vector v = *reinterpret_cast<const vector*>(words + group);
        if ((v[0] | v[1] | v[2] | v[3] | v[4] | v[5] | v[6] | v[7]) == 0)
            continue;
        for (std::size_t i = group; i < group + 8; i++) {
            if (__atomic_load_n(&words[i], __ATOMIC_RELAXED) == 0)
                continue;
            std::uint64_t word = __atomic_exchange_n(&words[i], 0, __ATOMIC_SEQ_CST);
            while (word != 0) {
                const int first = __builtin_ctzll(word);
                const std::uint64_t clean = ~(word >> first);
                const int length = clean == 0 ? 64 : __builtin_ctzll(clean);
                const std::uint64_t page = i * 64 + static_cast<std::uint64_t>(first);
                if (page != end) {
                    pages += end - start;
                    runs++;
                    start = page;
                }
                end = page + static_cast<std::uint64_t>(length);
                if (first + length >= 64)
                    break;
                word &= ~std::uint64_t{0} << (first + length);
            }
        }
    }
    return pages + (end - start) + (runs == UINT64_MAX);
}

// Eight vectors of 64 bytes a turn, into four sums: a multiple of 64 words.
std::uint64_t limit_read(const std::uint64_t* words, std::size_t count) {
    typedef std::uint64_t vector __attribute__((vector_size(64), may_alias));
    vector a{}, b{}, c{}, d{};
    for (std::size_t i = 0; i + 64 <= count; i += 64) {
        const vector* v = reinterpret_cast<const vector*>(words + i);
        a |= v[0] | v[1];
        b |= v[2] | v[3];
        c |= v[4] | v[5];
        d |= v[6] | v[7];
    }
    a |= b | c | d;
    return a[0] | a[1] | a[2] | a[3] | a[4] | a[5] | a[6] | a[7];
}
}
