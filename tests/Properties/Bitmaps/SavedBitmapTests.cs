using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using RingKit.Bitmaps;
using RingKit.Bitmaps.Growing;
using RingKit.Bitmaps.Summary;
using RingKit.Memory;
using RingKit.Properties.Support;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>Saving and restoring: what comes back, the format byte by byte, and every way in which it can be broken.</summary>
public sealed class SavedBitmapTests
{
    private const int Header = 32;

    [Fact]
    public void What_was_saved_is_dirty_again()
    {
        // On both sides of the 2^19 pages that are written at a time.
        foreach (int pages in new[] { 1, 63, 64, 65, 1000, (1 << 19) - 1, 1 << 19, (1 << 19) + 1, (1 << 20) + 777 })
        {
            bool[] model = BitmapModel.Pattern(new Random(pages), pages, density: 0.2, runs: pages % 2 == 0);
            using var bitmap = new DirtyBitmap((ulong)pages);
            BitmapModel.Mark(bitmap, model);
            using var stream = new MemoryStream();
            stream.WriteByte(7);
            bitmap.Save(stream);
            stream.WriteByte(8);
            Assert.Equal(1 + Header + ((pages + 63) / 64 * 8) + 4 + 1, stream.Length);
            Assert.Equal(model, BitmapModel.Read(bitmap));

            // From where it begins, to where it ends, by a stream that gives a few bytes at a time.
            using var restored = new DirtyBitmap<TestBeforeBarrier>((ulong)pages);
            restored.Mark(0);
            stream.Position = 1;
            using var trickle = new Trickle(stream, 4093);
            Assert.Equal((ulong)model.AsSpan(1).Count(true), restored.Restore(trickle));
            Assert.Equal(8, trickle.ReadByte());
            model[0] = true;
            Assert.Equal(model, Enumerable.Range(0, pages).Select(page => restored.IsDirty((ulong)page)));
        }
    }

    [Fact]
    public void Any_bitmap_comes_back_and_joins_what_is_dirty() => Props.Check(
        Prop.ForAll<PositiveInt, int, byte>((size, seed, shift) =>
        {
            var random = new Random(seed);
            int pages = 1 + (size.Get * 7 % 500);
            var granule = new Granule(1u << (shift % 22));
            bool[] saved = BitmapModel.Pattern(random, pages, density: 0.4, runs: seed % 2 == 0);
            bool[] there = BitmapModel.Pattern(random, pages, density: 0.2, runs: false);
            using DirtyBitmap source = DirtyBitmap.ForBytes((ulong)pages * granule.Bytes, granule);
            using DirtyBitmap target = DirtyBitmap.ForBytes((ulong)pages * granule.Bytes, granule);
            BitmapModel.Mark(source, saved);
            BitmapModel.Mark(target, there);
            using var stream = new MemoryStream();
            source.Save(stream);
            stream.Position = 0;
            ulong clean = (ulong)saved.Where((isDirty, page) => isDirty && !there[page]).Count();
            return target.Restore(stream) == clean
                && BitmapModel.Read(target).SequenceEqual(saved.Select((isDirty, page) => isDirty || there[page]));
        }),
        "SavedBitmap.RoundTrip");

    [Fact]
    public void The_format_is_this()
    {
        using DirtyBitmap bitmap = DirtyBitmap.ForBytes(100 * 512, new Granule(512));
        bitmap.Mark(0);
        bitmap.Mark(9);
        bitmap.MarkRange(64, 36);
        byte[] saved = Save(bitmap);
        byte[] expected =
        [
            .. "RKBITMAP"u8,
            1, 0, 0, 0,
            0, 2, 0, 0,
            100, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0,
            0, 0, 0, 0,
            1, 2, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 15, 0, 0, 0,
            0, 0, 0, 0,
        ];
        BinaryPrimitives.WriteUInt32LittleEndian(expected.AsSpan(28), Crc32C.Append(Crc32C.Empty, expected.AsSpan(0, 28)));
        BinaryPrimitives.WriteUInt32LittleEndian(expected.AsSpan(48), Crc32C.Append(Crc32C.Empty, expected.AsSpan(Header, 16)));
        Assert.Equal(expected, saved);
    }

    [Fact]
    public void A_state_that_is_cut_anywhere_is_refused_and_marks_nothing()
    {
        byte[] saved = SavedOf(100);
        using DirtyBitmap target = Target(100);
        for (int length = 0; length < saved.Length; length++)
            Refused(target, saved[..length], "ends early");
        Assert.Equal(99ul, target.Restore(new MemoryStream(saved)));
    }

    [Fact]
    public void A_state_that_is_corrupt_in_any_bit_is_refused_and_marks_nothing()
    {
        byte[] saved = SavedOf(100);
        using DirtyBitmap target = Target(100);
        for (int bit = 0; bit < saved.Length * 8; bit++)
        {
            byte[] corrupt = [.. saved];
            corrupt[bit / 8] ^= (byte)(1 << (bit % 8));
            string expected = (bit / 8) switch { < 8 => "no saved bitmap", < 12 => "version", < Header => "header is corrupt", _ => "corrupt" };
            Refused(target, corrupt, expected);
        }
    }

    [Fact]
    public void Any_bytes_are_a_saved_bitmap_or_refused() => Props.Check(
        Prop.ForAll<(ushort At, byte Value)[], ushort>((changes, length) =>
        {
            byte[] saved = SavedOf(100);
            byte[] broken = [.. saved];
            foreach ((ushort at, byte value) in changes)
                broken[at % broken.Length] = value;
            broken = broken[..(changes.Length == 0 ? length % broken.Length : broken.Length)];
            using DirtyBitmap target = Target(100);
            if (saved.AsSpan().SequenceEqual(broken))
                return target.Restore(new MemoryStream(broken)) == 99;
            Refused(target, broken, "");
            return true;
        }),
        "SavedBitmap.AnyBytes");

    [Theory]
    [InlineData(99ul, 4096u)]
    [InlineData(101ul, 4096u)]
    [InlineData(128ul, 4096u)]
    [InlineData(1ul << 51, 4096u)]
    [InlineData(ulong.MaxValue, 4096u)]
    [InlineData(0ul, 4096u)]
    [InlineData(100ul, 2048u)]
    [InlineData(100ul, 3u)]
    public void A_state_of_another_size_or_granule_is_refused_before_anything_is_made_of_it(ulong pages, uint granule)
    {
        byte[] saved = SavedOf(100);
        BinaryPrimitives.WriteUInt32LittleEndian(saved.AsSpan(12), granule);
        BinaryPrimitives.WriteUInt64LittleEndian(saved.AsSpan(16), pages);
        BinaryPrimitives.WriteUInt32LittleEndian(saved.AsSpan(28), Crc32C.Append(Crc32C.Empty, saved.AsSpan(0, 28)));
        using DirtyBitmap target = Target(100);
        using var stream = new MemoryStream(saved);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var refused = Assert.Throws<InvalidDataException>(() => target.Restore(stream));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 16);
        Assert.Contains($"{pages} pages of {granule} bytes, and this one has 100 of 4096", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Header, stream.Position);
        Assert.Equal(1ul, target.Count());
    }

    [Fact]
    public void A_smaller_and_a_larger_bitmap_refuse_a_state()
    {
        byte[] saved = SavedOf(100);
        foreach (ulong pages in new ulong[] { 1, 64, 99, 101, 1000 })
        {
            using DirtyBitmap target = Target(pages);
            Refused(target, saved, "like the one that was saved");
        }
    }

    [Fact]
    public void A_state_of_a_later_version_is_refused()
    {
        byte[] saved = SavedOf(100);
        saved[8] = 2;
        BinaryPrimitives.WriteUInt32LittleEndian(saved.AsSpan(28), Crc32C.Append(Crc32C.Empty, saved.AsSpan(0, 28)));
        using DirtyBitmap target = Target(100);
        Refused(target, saved, "version 2 of the format, and this RingKit reads version 1");
    }

    [Fact]
    public void Bits_beyond_the_last_page_are_refused_even_if_the_checksum_is_right()
    {
        for (int bit = 100; bit < 128; bit++)
        {
            byte[] saved = SavedOf(100);
            saved[Header + (bit / 8)] |= (byte)(1 << (bit % 8));
            BinaryPrimitives.WriteUInt32LittleEndian(saved.AsSpan(Header + 16), Crc32C.Append(Crc32C.Empty, saved.AsSpan(Header, 16)));
            using DirtyBitmap target = Target(100);
            Refused(target, saved, "beyond its 100 pages");
        }
    }

    [Fact]
    public void A_growing_bitmap_saves_the_pages_that_there_are()
    {
        using var growing = new GrowingDirtyBitmap(100, 1UL << 33);
        growing.MarkRange(90, 10);
        growing.Whole.Mark(120);
        using var stream = new MemoryStream();
        growing.Save(stream);
        Assert.Equal(Header + 16 + 4, stream.Length);

        using var restored = new GrowingDirtyBitmap(50, 1000);
        stream.Position = 0;
        Assert.Throws<InvalidDataException>(() => restored.Restore(stream));
        Assert.Equal(0ul, restored.Count());
        restored.Grow(100);
        stream.Position = 0;
        Assert.Equal(10ul, restored.Restore(stream));
        restored.Grow(101);
        stream.Position = 0;
        Assert.Throws<InvalidDataException>(() => restored.Restore(stream));
        Assert.Equal(10ul, restored.Count());
    }

    [Fact]
    public void No_stream_is_an_argument_error()
    {
        using var bitmap = new DirtyBitmap(1);
        Assert.Equal("stream", Assert.Throws<ArgumentNullException>(() => bitmap.Restore(null!)).ParamName);
        Assert.Equal("stream", Assert.Throws<ArgumentNullException>(() => bitmap.Save(null!)).ParamName);
    }

    [Fact]
    public void A_state_restores_into_a_summary_over_the_same_words()
    {
        byte[] saved = SavedOf(100);
        using var words = new NativeBlock<ulong>(2);
        using (var plain = new DirtyBitmap(words.View, 100))
            plain.Restore(new MemoryStream(saved));
        using var summary = new SummaryBitmap(words.View, 100);
        var runs = new List<(ulong, ulong)>();
        var sink = new RunList(runs);
        summary.HarvestRuns(ref sink);
        Assert.Equal([(0ul, 100ul)], runs);
    }

    private static byte[] Save(DirtyBitmap bitmap)
    {
        using var stream = new MemoryStream();
        bitmap.Save(stream);
        return stream.ToArray();
    }

    private static byte[] SavedOf(ulong pages)
    {
        using var bitmap = new DirtyBitmap(pages);
        bitmap.MarkAll();
        return Save(bitmap);
    }

    private static DirtyBitmap Target(ulong pages)
    {
        var target = new DirtyBitmap(pages);
        target.Mark(pages / 2);
        return target;
    }

    private static void Refused(DirtyBitmap target, byte[] state, string because)
    {
        Assert.Contains(because, Assert.Throws<InvalidDataException>(() => target.Restore(new MemoryStream(state))).Message, StringComparison.Ordinal);
        Assert.True(target.Count() == 1 && target.IsDirty(target.Pages / 2), "A state that was refused has marked pages.");
    }

    private sealed class Trickle(Stream inner, int most) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override int Read(Span<byte> buffer) => inner.Read(buffer[..Math.Min(buffer.Length, most)]);
        public override void Flush() => inner.Flush();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
