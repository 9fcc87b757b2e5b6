using FsCheck.Fluent;
using RingKit.DirtyRings;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;
using RingKit.Mmu.Guest;
using RingKit.Properties.DirtyLogging.Memslots;
using RingKit.Properties.Guest;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Kvm;

/// <summary>P1: a user of the calls, at random moments and with signals, has in the end copied all that vCPUs, KVM and devices have written.</summary>
public sealed class UserAgainstMemory
{
    [Theory]
    [InlineData("rings")]
    [InlineData("rings and bitmaps")]
    [InlineData("automatic")]
    [InlineData("manual")]
    [InlineData("initially set")]
    public void P1_no_store_is_missed_by_a_careful_user_of_a_safe_log(string kind) => Props.Check(
        Prop.ForAll<(byte, byte, byte)[]>(steps =>
        {
            using var user = new User(kind);
            foreach ((byte step, byte where, byte count) in steps)
                user.Step(step, where, count);
            user.Collect();
            return user.IsEqual.Label($"{kind}: the copy differs");
        }),
        $"{nameof(P1_no_store_is_missed_by_a_careful_user_of_a_safe_log)} {kind}",
        maxTest: 60,
        endSize: 150);

    // That the property can fail: with a defect that costs pages it does, for some script.
    [Theory]
    [InlineData(KvmFidelity.SignalLosesBatch)]
    [InlineData(KvmFidelity.DropsVcpulessWrites)]
    public void P17_where_a_defect_is_chosen_the_same_user_misses_stores(KvmFidelity defect)
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            using var user = new User("rings", defect);
            for (int i = 0; i < 60; i++)
                user.Step((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
            user.Collect();
            if (!user.IsEqual)
                return;
        }

        Assert.Fail($"{defect} made no difference in 200 scripts.");
    }

    private sealed class User : IDisposable
    {
        private const int RingEntries = 256, PageCount = 1000;

        private readonly KvmRig _rig;
        private readonly byte[] _copy;
        private readonly bool _hasRings;
        private readonly bool _hasBitmaps;
        private readonly bool _clears;
        private readonly HashSet<ulong> _harvested = [];
        private readonly DirtyGfn[] _entries = new DirtyGfn[RingEntries];
        private int _toReset;
        private ulong _value;

        public User(string kind, KvmFidelity fidelity = KvmFidelity.Safe)
        {
            _hasRings = kind.StartsWith("rings", StringComparison.Ordinal);
            _hasBitmaps = kind != "rings";
            _clears = kind is "manual" or "initially set";
            ulong manual = kind switch { "manual" => 1, "initially set" => 3, _ => 0 };
            _rig = new KvmRig(
                fidelity,
                ringEntries: _hasRings ? RingEntries : 0,
                vcpus: 2,
                profile: _hasRings ? KvmProfile.Arm64 : KvmProfile.X86,
                withBitmap: _hasRings && _hasBitmaps,
                manual: manual);
            _copy = _rig.Slot.Memory.AsSpan().ToArray();
        }

        public void Dispose() => _rig.Dispose();

        public void Step(byte step, byte where, byte count)
        {
            // A stretch of pages, so that resets join some and not others.
            ulong first = where * 37ul % PageCount;
            for (ulong i = 0; step % 8 < 3 && i <= count % 12u; i++)
                Write(step % 8, (first + (i * (1 + (count % 3u)))) % PageCount, where % 2);
            switch (step % 8)
            {
                case 3:
                    HarvestRings(count);
                    break;
                case 4:
                    ResetRings(count % 40);
                    break;
                case 5:
                    Collect();
                    break;
                case 6 when where % 4 == 0:
                    Restart();
                    break;
            }
        }

        /// <summary>All there is, in the order that loses nothing.</summary>
        public void Collect()
        {
            _rig.Log.KickVcpus();
            HarvestRings(RingEntries);
            while (_toReset > 0)
                ResetRings(17);
            Copy(_harvested);
            _harvested.Clear();
            var own = new DirtySet([]);
            _rig.Log.HarvestVmRing(ref own);
            Copy(own.Pages.Where(page => page.Slot == 3).Select(page => page.Offset));
            if (!_hasBitmaps)
                return;

            byte[] bits = new byte[128];
            Assert.Equal(Errno.None, _rig.Log.GetDirtyLog(3, bits));
            if (_clears)
                Assert.Equal(Errno.None, _rig.Log.ClearDirtyLog(3, 0, PageCount, bits));
            Copy(KvmBytes.Pages(bits));
        }

        public bool IsEqual => _copy.AsSpan().SequenceEqual(_rig.Slot.Memory.AsSpan());

        private void Write(int kind, ulong page, int vcpu)
        {
            // A vCPU whose ring is full has it emptied, and stores again: what was stored already does no harm.
            if (kind < 2)
            {
                _value++;
                ulong value = _value;
                for (int tries = 0; GuestActionStore(page, vcpu, value) != VcpuExit.None; tries++)
                {
                    Assert.True(tries < 3, "The vCPU does not come to its store.");
                    Collect();
                }

                return;
            }

            BitConverter.TryWriteBytes(_rig.Slot.Memory.AsSpan()[(int)(page << 12)..], ++_value);
            while (_rig.Log.MarkPageDirty(_rig.Slot, page) == Errno.Busy)
                Collect();
        }

        private VcpuExit GuestActionStore(ulong page, int vcpu, ulong value) =>
            GuestAction.Run(_rig.Machine.Vcpus[vcpu], self => self.Store((page << 12) + 8, value));

        private void HarvestRings(int most)
        {
            for (int vcpu = 0; _hasRings && vcpu < 2; vcpu++)
            {
                int count = _rig.Map(vcpu).Harvester.Harvest(_entries.AsSpan(0, Math.Min(most, RingEntries)));
                _toReset += count;
                foreach (DirtyGfn entry in _entries.AsSpan(0, count))
                    _harvested.Add(entry.Offset);
            }
        }

        private void ResetRings(int questions)
        {
            if (!_hasRings)
                return;
            var signal = new SignalAfter(questions);
            _toReset -= _rig.Log.ResetDirtyRings(ref signal).Entries;
            Assert.True(_toReset >= 0);
        }

        // Off and on discards: then all is copied once, after the start.
        private void Restart()
        {
            _rig.Log.SetLogging(3, false);
            _rig.Log.SetLogging(3, true);
            _rig.Slot.Memory.AsSpan().CopyTo(_copy);
        }

        private void Copy(IEnumerable<ulong> pages)
        {
            foreach (ulong page in pages)
                _rig.Slot.Memory.AsSpan().Slice((int)(page << 12), 4096).CopyTo(_copy.AsSpan((int)(page << 12)));
        }
    }
}
