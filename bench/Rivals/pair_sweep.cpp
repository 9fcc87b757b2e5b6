// What the instructions of the sweep do when a C++ compiler places them: the limit that the library's loops are held against.
//
// Compiled as a library, and called by bench/Rivals/NativeSweep.cs. Pairs come in groups of 64. With -mno-avx512f vectors have 256 bits.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace {

struct Masks {
    std::uint64_t first, second, again_first, again_second;
};

struct Counts {
    std::uint64_t candidates, look_again;
};

#ifdef __AVX512F__

// Eight pairs: their first and second words by two permutes.
struct Whole {
    static constexpr int pairs = 8;
    __m512i first, second, again_first, again_second;

    explicit Whole(const Masks& masks)
        : first(_mm512_set1_epi64(masks.first)), second(_mm512_set1_epi64(masks.second)),
          again_first(_mm512_set1_epi64(masks.again_first)), again_second(_mm512_set1_epi64(masks.again_second)) {}

    static std::uint64_t having(__m512i firsts, __m512i seconds, __m512i first, __m512i second) {
        __m512i missing = _mm512_or_si512(_mm512_andnot_si512(firsts, first), _mm512_andnot_si512(seconds, second));
        return _mm512_testn_epi64_mask(missing, missing);
    }

    void operator()(const std::uint64_t* words, std::uint64_t& found, std::uint64_t& again) const {
        __m512i low = _mm512_loadu_si512(words), high = _mm512_loadu_si512(words + 8);
        __m512i firsts = _mm512_permutex2var_epi64(low, _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), high);
        __m512i seconds = _mm512_permutex2var_epi64(low, _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15), high);
        found = having(firsts, seconds, first, second);
        again = having(firsts, seconds, again_first, again_second);
    }
};

// Sixteen pairs, of which the upper 32 bits of each word are looked at.
struct Halves {
    static constexpr int pairs = 16;
    __m512i first, second, again_first, again_second;

    explicit Halves(const Masks& masks)
        : first(_mm512_set1_epi32(masks.first >> 32)), second(_mm512_set1_epi32(masks.second >> 32)),
          again_first(_mm512_set1_epi32(masks.again_first >> 32)), again_second(_mm512_set1_epi32(masks.again_second >> 32)) {}

    static std::uint64_t having(__m512i firsts, __m512i seconds, __m512i first, __m512i second) {
        __m512i missing = _mm512_or_si512(_mm512_andnot_si512(firsts, first), _mm512_andnot_si512(seconds, second));
        return _mm512_testn_epi32_mask(missing, missing);
    }

    void operator()(const std::uint64_t* words, std::uint64_t& found, std::uint64_t& again) const {
        __m512i upper = _mm512_setr_epi32(1, 5, 9, 13, 17, 21, 25, 29, 3, 7, 11, 15, 19, 23, 27, 31);
        __m512i low = _mm512_permutex2var_epi32(_mm512_loadu_si512(words), upper, _mm512_loadu_si512(words + 8));
        __m512i high = _mm512_permutex2var_epi32(_mm512_loadu_si512(words + 16), upper, _mm512_loadu_si512(words + 24));
        __m512i firsts = _mm512_shuffle_i64x2(low, high, 0x44), seconds = _mm512_shuffle_i64x2(low, high, 0xEE);
        found = having(firsts, seconds, first, second);
        again = having(firsts, seconds, again_first, again_second);
    }
};

#else

// Four pairs. The bits come in the order 0, 2, 1, 3, which does not matter for counting.
struct Whole {
    static constexpr int pairs = 4;
    __m256i first, second, again_first, again_second;

    explicit Whole(const Masks& masks)
        : first(_mm256_set1_epi64x(masks.first)), second(_mm256_set1_epi64x(masks.second)),
          again_first(_mm256_set1_epi64x(masks.again_first)), again_second(_mm256_set1_epi64x(masks.again_second)) {}

    static std::uint64_t having(__m256i firsts, __m256i seconds, __m256i first, __m256i second) {
        __m256i missing = _mm256_or_si256(_mm256_andnot_si256(firsts, first), _mm256_andnot_si256(seconds, second));
        return static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(missing, _mm256_setzero_si256()))));
    }

    void operator()(const std::uint64_t* words, std::uint64_t& found, std::uint64_t& again) const {
        const __m256i* vectors = reinterpret_cast<const __m256i*>(words);
        __m256i low = _mm256_loadu_si256(vectors), high = _mm256_loadu_si256(vectors + 1);
        __m256i firsts = _mm256_unpacklo_epi64(low, high), seconds = _mm256_unpackhi_epi64(low, high);
        found = having(firsts, seconds, first, second);
        again = having(firsts, seconds, again_first, again_second);
    }
};

// Eight pairs, of which the upper 32 bits of each word are looked at; the bits come in another order here, too.
struct Halves {
    static constexpr int pairs = 8;
    __m256i first, second, again_first, again_second;

    explicit Halves(const Masks& masks)
        : first(_mm256_set1_epi32(masks.first >> 32)), second(_mm256_set1_epi32(masks.second >> 32)),
          again_first(_mm256_set1_epi32(masks.again_first >> 32)), again_second(_mm256_set1_epi32(masks.again_second >> 32)) {}

    static std::uint64_t having(__m256i firsts, __m256i seconds, __m256i first, __m256i second) {
        __m256i missing = _mm256_or_si256(_mm256_andnot_si256(firsts, first), _mm256_andnot_si256(seconds, second));
        return static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(missing, _mm256_setzero_si256()))));
    }

    void operator()(const std::uint64_t* words, std::uint64_t& found, std::uint64_t& again) const {
        const float* floats = reinterpret_cast<const float*>(words);
        __m256 low = _mm256_shuffle_ps(_mm256_loadu_ps(floats), _mm256_loadu_ps(floats + 8), 0xDD);
        __m256 high = _mm256_shuffle_ps(_mm256_loadu_ps(floats + 16), _mm256_loadu_ps(floats + 24), 0xDD);
        __m256i firsts = _mm256_castps_si256(_mm256_shuffle_ps(low, high, 0x88));
        __m256i seconds = _mm256_castps_si256(_mm256_shuffle_ps(low, high, 0xDD));
        found = having(firsts, seconds, first, second);
        again = having(firsts, seconds, again_first, again_second);
    }
};

#endif

template <typename Step>
Counts count(const std::uint64_t* words, std::size_t pairs, const Masks& masks) {
    const Step step(masks);
    Counts counts{0, 0};
    for (std::size_t group = 0; group < pairs; group += 64) {
        std::uint64_t candidates = 0, look_again = 0;
#pragma GCC unroll 16
        for (int pair = 0; pair < 64; pair += Step::pairs) {
            std::uint64_t found, again;
            step(words + 2 * (group + pair), found, again);
            candidates |= found << pair;
            look_again |= again << pair;
        }
        counts.candidates += __builtin_popcountll(candidates);
        counts.look_again += __builtin_popcountll(look_again & ~candidates);
    }
    return counts;
}

}

extern "C" {

void rival_naive(const std::uint64_t* words, std::size_t pairs, const Masks* masks, Counts* counts) {
    Counts sum{0, 0};
    for (std::size_t i = 0; i < pairs; i++) {
        std::uint64_t first = words[2 * i], second = words[2 * i + 1];
        if ((first & masks->first) == masks->first && (second & masks->second) == masks->second)
            sum.candidates++;
        else if ((first & masks->again_first) == masks->again_first && (second & masks->again_second) == masks->again_second)
            sum.look_again++;
    }
    *counts = sum;
}

void rival_whole(const std::uint64_t* words, std::size_t pairs, const Masks* masks, Counts* counts) { *counts = count<Whole>(words, pairs, *masks); }

void rival_halves(const std::uint64_t* words, std::size_t pairs, const Masks* masks, Counts* counts) { *counts = count<Halves>(words, pairs, *masks); }

}
