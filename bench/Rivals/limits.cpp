// The instructions that a mark and a harvest cannot do without, on the same words, and nothing else.
//
// Compiled as a library, and called by bench/Limits/NativeLimits.cs.

#include <cstddef>
#include <cstdint>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

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

typedef std::uint64_t vector __attribute__((vector_size(64), may_alias));

// Which of 64 words are not 0.
static inline std::uint64_t not_zero(const std::uint64_t* words) {
    std::uint64_t mask = 0;
    for (int i = 0; i < 8; i++) {
#ifdef __AVX512F__
        const __m512i v = _mm512_loadu_si512(words + 8 * i);
        mask |= static_cast<std::uint64_t>(_mm512_test_epi64_mask(v, v)) << (8 * i);
#else
        for (int j = 0; j < 8; j++)
            mask |= static_cast<std::uint64_t>(words[8 * i + j] != 0) << (8 * i + j);
#endif
    }
    return mask;
}

// A scan and the exchanges of what it finds: the bits are counted, and nothing is delivered. A multiple of 64 words.
std::uint64_t limit_scan(std::uint64_t* words, std::size_t count) {
    std::uint64_t pages = 0;
    for (std::size_t group = 0; group < count; group += 64)
        for (std::uint64_t rest = not_zero(words + group); rest != 0; rest &= rest - 1)
            pages += static_cast<std::uint64_t>(__builtin_popcountll(__atomic_exchange_n(&words[group + __builtin_ctzll(rest)], 0, __ATOMIC_SEQ_CST)));
    return pages;
}

// The same, and runs joined across words by the two ends of each; the pages of a finished run are added up in memory, which is what the smallest sink does.
// The word is loaded before it is exchanged: how many runs it has is then known, and a wrong guess of it mended, while the exchange is under way.
extern "C++" {
template <typename Left>
static std::uint64_t runs(std::uint64_t* words, std::size_t count, std::uint64_t* sum, Left left) {
    std::uint64_t start = 0, end = 0;
    for (std::size_t group = 0; group < count; group += 64) {
        for (std::uint64_t rest = not_zero(words + group); rest != 0; rest &= rest - 1) {
            const std::size_t index = group + static_cast<std::size_t>(__builtin_ctzll(rest));
            std::uint64_t word = __atomic_load_n(&words[index], __ATOMIC_RELAXED);
            const std::uint64_t taken = __atomic_exchange_n(&words[index], 0, __ATOMIC_SEQ_CST);
            if (__builtin_expect(taken != word, 0))
                word = taken;
            asm volatile("" : "+r"(word));
            while (word != 0) {
                left(index * 64, word);
                const std::uint64_t lowest = word & (0 - word), behind = word + lowest;
                const std::uint64_t first = index * 64 + static_cast<std::uint64_t>(__builtin_ctzll(lowest));
                if (first != end) {
                    *static_cast<volatile std::uint64_t*>(sum) = *sum + (end - start);
                    start = first;
                }
                end = index * 64 + (behind == 0 ? 64 : static_cast<std::uint64_t>(__builtin_ctzll(behind)));
                word &= behind;
            }
        }
    }
    *sum += end - start;
    return *sum;
}
}

std::uint64_t limit_runs(std::uint64_t* words, std::size_t count, std::uint64_t* sum) {
    return runs(words, count, sum, [](std::uint64_t, std::uint64_t) {});
}

// The same, and before each run what of its word would be left if the sink failed: one store of 16 bytes.
std::uint64_t limit_runs_kept(std::uint64_t* words, std::size_t count, std::uint64_t* sum) {
    alignas(16) std::uint64_t kept[2];
    return runs(words, count, sum, [&kept](std::uint64_t page, std::uint64_t mask) {
        typedef std::uint64_t pair __attribute__((vector_size(16)));
        *reinterpret_cast<volatile pair*>(kept) = pair{page, mask};
    });
}

// Eight vectors of 64 bytes a turn, into four sums: a multiple of 64 words.
std::uint64_t limit_read(const std::uint64_t* words, std::size_t count) {
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

// The same, two vectors from each quarter.
std::uint64_t limit_read_quarters(const std::uint64_t* words, std::size_t count) {
    vector sums[4]{};
    const std::size_t quarter = count / 4;
    for (std::size_t i = 0; i < quarter; i += 16)
        for (std::size_t stream = 0; stream < 4; stream++) {
            const vector* v = reinterpret_cast<const vector*>(words + stream * quarter + i);
            sums[stream] |= v[0] | v[1];
        }
    const vector all = sums[0] | sums[1] | sums[2] | sums[3];
    return all[0] | all[1] | all[2] | all[3] | all[4] | all[5] | all[6] | all[7];
}

// As many bits as are set, by the processor's own counts.
std::uint64_t limit_count_quarters(const std::uint64_t* words, std::size_t count) {
    const std::size_t quarter = count / 4;
#ifdef __AVX512VPOPCNTDQ__
    __m512i sums[4]{};
    for (std::size_t i = 0; i < quarter; i += 16)
        for (std::size_t stream = 0; stream < 4; stream++) {
            const std::uint64_t* at = words + stream * quarter + i;
            const __m512i first = _mm512_popcnt_epi64(_mm512_loadu_si512(at)), second = _mm512_popcnt_epi64(_mm512_loadu_si512(at + 8));
            sums[stream] = _mm512_add_epi64(sums[stream], _mm512_add_epi64(first, second));
        }
    const __m512i all = _mm512_add_epi64(_mm512_add_epi64(sums[0], sums[1]), _mm512_add_epi64(sums[2], sums[3]));
    return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(all));
#else
    std::uint64_t sums[4]{};
    for (std::size_t i = 0; i < quarter; i += 16)
        for (std::size_t stream = 0; stream < 4; stream++)
            for (std::size_t word = 0; word < 16; word++)
                sums[stream] += static_cast<std::uint64_t>(__builtin_popcountll(words[stream * quarter + i + word]));
    return sums[0] + sums[1] + sums[2] + sums[3];
#endif
}

// The sum of three bits in each place, and their carry.
static inline vector carry_save(vector& sum, vector first, vector second) {
#ifdef __AVX512F__
    const __m512i a = (__m512i)sum, b = (__m512i)first, c = (__m512i)second;
    sum = (vector)_mm512_ternarylogic_epi64(a, b, c, 0x96);
    return (vector)_mm512_ternarylogic_epi64(a, b, c, 0xe8);
#else
    const vector half = first ^ second, carry = (first & second) | (half & sum);
    sum ^= half;
    return carry;
#endif
}

static inline vector count_words(vector v) {
#ifdef __AVX512VPOPCNTDQ__
    return (vector)_mm512_popcnt_epi64((__m512i)v);
#else
    for (int i = 0; i < 8; i++)
        v[i] = static_cast<std::uint64_t>(__builtin_popcountll(v[i]));
    return v;
#endif
}

// The same by adders, sixteen vectors a turn from four quarters, asked for 2 KiB ahead: the library's loop. A multiple of 128 words; the rest of a quarter is left out.
std::uint64_t limit_add_quarters(const std::uint64_t* words, std::size_t count) {
    const std::size_t quarter = count / 4;
    vector ones{}, twos{}, fours{}, eights{};
    vector sixteens{};
    for (std::size_t i = 0; i + 32 <= quarter; i += 32) {
        vector carries[4];
        for (std::size_t stream = 0; stream < 4; stream++) {
            const vector* v = reinterpret_cast<const vector*>(words + stream * quarter + i);
            if (count >= 1 << 17)
                for (int line = 0; line < 4; line++)
                    __builtin_prefetch(v + 32 + line);
            const vector first = carry_save(ones, v[0], v[1]), second = carry_save(ones, v[2], v[3]);
            carries[stream] = carry_save(twos, first, second);
        }
        const vector first = carry_save(fours, carries[0], carries[1]), second = carry_save(fours, carries[2], carries[3]);
        sixteens += count_words(carry_save(eights, first, second));
    }
    const vector all = 16 * sixteens + 8 * count_words(eights) + 4 * count_words(fours) + 2 * count_words(twos) + count_words(ones);
    return all[0] + all[1] + all[2] + all[3] + all[4] + all[5] + all[6] + all[7];
}
}
