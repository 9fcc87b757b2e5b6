// boost::lockfree::spsc_queue under the same load as RingKit's rings: 16-byte items, 65536 of them, one thread on each of two cores.
//
//   boost_spsc single|batch|roundtrip <items> <core of the first thread> <core of the second>
//
// prints: nanoseconds in all, involuntary context switches, 1 if the sums are right.

#include <boost/lockfree/spsc_queue.hpp>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

namespace {

constexpr std::uint64_t factor = 0x9E3779B97F4A7C15u;
constexpr std::size_t batch_length = 64;

struct item {
    std::uint64_t sequence, payload;
};

inline item make(std::uint64_t sequence) { return {sequence, sequence * factor}; }

struct tally {
    std::uint64_t sequences = 0, payloads = 0;
    void add(const item& i) { sequences += i.sequence; payloads += i.payload; }
    bool matches(std::uint64_t count) const {
        auto expected = static_cast<std::uint64_t>(static_cast<unsigned __int128>(count) * (count - 1) / 2);
        return sequences == expected && payloads == expected * factor;
    }
};

// One slot stays free in it; the rings hold 65536.
using queue = boost::lockfree::spsc_queue<item, boost::lockfree::capacity<65536>>;

// It spins as its users do, without a pause; after a millisecond or so it yields, in case the other thread has lost its core.
struct idle {
    unsigned round = 0;
    void pass() { if (++round > 100000) sched_yield(); }
};

inline void push(queue& q, const item& i) { for (idle wait; !q.push(i);) wait.pass(); }

inline item pop(queue& q) {
    item i;
    for (idle wait; !q.pop(i);) wait.pass();
    return i;
}

void send(queue& q, std::uint64_t count) {
    for (std::uint64_t s = 0; s != count; s++) push(q, make(s));
}

tally receive(queue& q, std::uint64_t count) {
    tally t;
    for (std::uint64_t i = 0; i != count; i++) t.add(pop(q));
    return t;
}

void send_batches(queue& q, std::uint64_t count) {
    item batch[batch_length];
    for (std::uint64_t s = 0; s != count; s += batch_length) {
        for (std::size_t i = 0; i != batch_length; i++) batch[i] = make(s + i);
        std::size_t pushed = 0;
        for (idle wait; (pushed += q.push(batch + pushed, batch_length - pushed)) != batch_length;) wait.pass();
    }
}

tally receive_batches(queue& q, std::uint64_t count) {
    tally t;
    item batch[batch_length];
    for (std::uint64_t left = count; left != 0;) {
        std::size_t taken;
        for (idle wait; (taken = q.pop(batch, batch_length)) == 0;) wait.pass();
        for (std::size_t i = 0; i != taken; i++) t.add(batch[i]);
        left -= taken;
    }
    return t;
}

tally ask(queue& there, queue& back, std::uint64_t count) {
    tally t;
    for (std::uint64_t s = 0; s != count; s++) {
        push(there, make(s));
        t.add(pop(back));
    }
    return t;
}

void answer(queue& there, queue& back, std::uint64_t count) {
    for (std::uint64_t i = 0; i != count; i++) push(back, pop(there));
}

void pin_to(int core) {
    if (core < 0) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) std::exit(2);
}

long preemptions() {
    rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nivcsw;
}

struct measured {
    long long nanoseconds = 0;
    long preempted = 0;
};

template <class First, class Second>
measured crew(int first_core, int second_core, First first, Second second) {
    using clock = std::chrono::steady_clock;
    std::atomic<int> missing{2};
    clock::time_point starts[2], ends[2];
    long preempted[2];
    auto role = [&](int index, int core, auto& work) {
        pin_to(core);
        missing.fetch_sub(1);
        while (missing.load() != 0) sched_yield();
        long before = preemptions();
        starts[index] = clock::now();
        work();
        ends[index] = clock::now();
        preempted[index] = preemptions() - before;
    };
    std::thread other([&] { role(1, second_core, second); });
    std::thread one([&] { role(0, first_core, first); });
    one.join();
    other.join();
    auto elapsed = std::max(ends[0], ends[1]) - std::min(starts[0], starts[1]);
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count(), preempted[0] + preempted[1]};
}

measured run(const char* mode, queue& there, queue& back, std::uint64_t count, int first_core, int second_core, tally& t) {
    if (std::strcmp(mode, "single") == 0)
        return crew(first_core, second_core, [&] { send(there, count); }, [&] { t = receive(there, count); });
    if (std::strcmp(mode, "batch") == 0)
        return crew(first_core, second_core, [&] { send_batches(there, count); }, [&] { t = receive_batches(there, count); });
    if (std::strcmp(mode, "roundtrip") == 0)
        return crew(first_core, second_core, [&] { t = ask(there, back, count); }, [&] { answer(there, back, count); });
    std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
    const int first_core = std::atoi(argv[3]), second_core = std::atoi(argv[4]);
    auto there = std::make_unique<queue>();
    auto back = std::make_unique<queue>();
    tally t;
    run(argv[1], *there, *back, 4 * 65536, first_core, second_core, t);   // touches the memory, and wakes the cores
    measured m = run(argv[1], *there, *back, count, first_core, second_core, t);
    std::printf("%lld %ld %d\n", m.nanoseconds, m.preempted, t.matches(count) ? 1 : 0);
    return 0;
}
