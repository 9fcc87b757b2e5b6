using RingKit.Mmu.HashTable;
using RingKit.Mmu.HashTable.Images;
using RingKit.Properties.Support;
using Xunit;
using static RingKit.Properties.HashTable.Images.TableFiles;

namespace RingKit.Properties.HashTable.Images;

/// <summary>Whatever bytes come in, a table or a <see cref="TableFormatException"/> comes out, and no more memory is used than the bytes are worth.</summary>
public sealed class GarbledImages
{
    private const int MaximumOrder = 24;

    // Where the runs of the real stream begin, and how far before the end of the stream they end.
    private const int FirstRun = 50;
    private const int FromLastRun = 36;

    // The buffer of the reader, and what an exception takes.
    private const long MostManagedBytes = 2 << 20;

    [Fact]
    public void Any_byte_of_the_real_stream_may_be_wrong()
    {
        // Its first 4 KiB, up to the end of a run, and then the end of the stream; now and then all of it.
        byte[] whole = Unpacked(DebianStream);
        int end = FirstRun;
        while (end < 4096)
            end += 8 + (16 * HtabRecord.Parse(whole.AsSpan(end), bigEndian: true).ValidCount);
        byte[] stream = [.. whole[..end], .. whole[^FromLastRun..]];
        Assert.True(Read(stream, "not changed yet"));
        var random = new Random(1);
        int refused = 0;
        for (int at = 0; at < 4096; at++)
        {
            if (at % 64 == 0)
            {
                byte right = whole[at];
                whole[at] ^= (byte)random.Next(1, 256);
                Read(whole, $"byte {at} is 0x{whole[at]:X2}");
                whole[at] = right;
            }

            byte was = stream[at];
            stream[at] ^= (byte)random.Next(1, 256);
            refused += Read(stream, $"byte {at} is 0x{stream[at]:X2}") ? 0 : 1;
            stream[at] = was;
        }

        // Most of the bytes are those of entries, of which one is like another.
        Assert.InRange(refused, 500, 4000);
        Report.Line($"4096 streams with one byte wrong: {refused} refused");
    }

    [Fact]
    public void Any_byte_of_KVMs_stream_may_be_wrong()
    {
        using HashedPageTable table = RandomTable(new Random(2));
        byte[] stream = KvmStream(table);
        var random = new Random(3);
        for (int i = 0; i < 1000; i++)
        {
            int at = i < 500 ? i : random.Next(stream.Length);
            byte was = stream[at];
            stream[at] ^= (byte)random.Next(1, 256);
            Read(stream, $"byte {at} is 0x{stream[at]:X2}");
            stream[at] = was;
        }
    }

    [Fact]
    public void Random_bytes_are_no_table()
    {
        var random = new Random(4);
        for (int i = 0; i < 3000; i++)
        {
            byte[] bytes = new byte[random.Next(1, 3000)];
            random.NextBytes(bytes);
            switch (i % 3)
            {
                case 1:
                    "QEVM\0\0\0\u0003"u8[..Math.Min(8, bytes.Length)].CopyTo(bytes);
                    break;
                case 2:
                    bytes.AsSpan(0, Math.Min(4, bytes.Length)).Clear();
                    break;
            }

            Assert.False(Read(bytes, $"random bytes, case {i}"));
        }
    }

    private static bool Read(byte[] bytes, string how)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            using var image = TableImage.Read(new MemoryStream(bytes), MaximumOrder);
            Assert.InRange(image.Table.Order, HptGeometry.MinimumOrder, MaximumOrder);
            return true;
        }
        catch (Exception e) when (e is TableFormatException refusal)
        {
            Assert.InRange(refusal.ByteOffset, 0, bytes.Length);
            return false;
        }
        catch (Exception e)
        {
            Assert.Fail($"{how}: {e}");
            throw;
        }
        finally
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostManagedBytes);
        }
    }
}
