using RingKit.Mmu.DirtyLogging;
using RingKit.Mmu.Guest;
using Xunit;

namespace RingKit.Properties.DirtyLogging.Hashed;

public sealed class HashTableDirtyLogArguments
{
    [Fact]
    public void A_log_fits_its_page_table_or_is_refused()
    {
        using var memory = new GuestMemory();
        memory.AddSlot(0, 0, 16);
        using var flat = new VirtualMachine(memory);
        using VirtualMachine hashed = HashTableDirtyLogContract.Machine(memory);
        Assert.Throws<ArgumentException>("machine", () => new HashTableDirtyLog(flat, HashTableLogMethod.Walk));
        Assert.Throws<ArgumentException>("machine", () => new BitmapDirtyLog(hashed));
        Assert.Throws<ArgumentException>("machine", () => new RingDirtyLog(hashed));
        Assert.Throws<ArgumentOutOfRangeException>("method", () => new HashTableDirtyLog(hashed, (HashTableLogMethod)9));
        Assert.Null(hashed.DirtyLog);
    }
}
