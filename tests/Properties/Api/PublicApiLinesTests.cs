using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Xunit;

namespace RingKit.Properties.Api;

/// <summary>What a change of the API looks like to who reviews it: each of these forms is a promise of its own.</summary>
public sealed class PublicApiLinesTests
{
    private static readonly string[] Lines = PublicApi.Of(typeof(PublicApiLinesTests).Assembly);

    [Theory]
    [InlineData("abstract class PublicApiLinesTests.Base<T> : IDisposable where T : unmanaged")]
    [InlineData("readonly record struct PublicApiLinesTests.Pair")]
    [InlineData("ref struct PublicApiLinesTests.View")]
    [InlineData("interface PublicApiLinesTests.ITake<in T> where T : allows ref struct")]
    [InlineData("[Flags] enum PublicApiLinesTests.Kinds : byte")]
    [InlineData("delegate void PublicApiLinesTests.Reader(scoped Span<byte> bytes, in long position)")]
    public void A_type_says_all_that_callers_rely_on(string header) => Assert.Contains("  " + header, Lines);

    [Theory]
    [InlineData("const ulong Most = 4503599627370496")]
    [InlineData("protected Base(int first, string? name = null, PublicApiLinesTests.Kinds kinds = Kinds.Odd)")]
    [InlineData("protected abstract (ulong First, string? Name) Find(ref readonly T item)")]
    [InlineData("required IReadOnlyList<string?> Names { get; init; }")]
    [InlineData("ref readonly T this[int index] { get; }")]
    [InlineData("int Count { get; protected set; }")]
    [InlineData("virtual void Take<TSink>(ref TSink sink, params ReadOnlySpan<T> items) where TSink : struct, IDisposable, allows ref struct")]
    [InlineData("void Dispose()")]
    [InlineData("static bool TryFind(out T found)")]
    [InlineData("event EventHandler? Changed")]
    [InlineData("Odd = 1")]
    [InlineData("int Length { readonly get; }")]
    public void A_member_says_all_that_callers_rely_on(string member) => Assert.Contains("    " + member, Lines);

    [Fact]
    public void What_is_not_for_callers_is_left_out()
    {
        string[] own =
        [
            .. Lines.SkipWhile(line => !line.Contains("PublicApiLinesTests.Base<T>", StringComparison.Ordinal))
                .Skip(1)
                .TakeWhile(line => line.StartsWith("    ", StringComparison.Ordinal)),
        ];
        Assert.Equal(11, own.Length);
        Assert.DoesNotContain(Lines, line => line.Contains("PrintMembers", StringComparison.Ordinal) || line.Contains("Hidden", StringComparison.Ordinal));
    }

    [Fact]
    public void A_difference_names_the_type_and_both_lines()
    {
        string[] before = ["namespace A", "  sealed class B", "    void M(int i)", "    void N()", "  sealed class C", "    void N()"];
        string[] after = ["namespace A", "  sealed class B : IDisposable", "    void M(long i)", "    void N()", "  sealed class C"];
        Assert.Equal(
            [
                "namespace A", "  - sealed class B", "  + sealed class B : IDisposable",
                "namespace A: sealed class B", "  - void M(int i)", "  + void M(long i)",
                "namespace A: sealed class C", "  - void N()",
            ],
            ApiDifference.Between(before, after));
        Assert.Empty(ApiDifference.Between(before, before));
        Assert.NotEmpty(ApiDifference.Between(before, [.. before.Take(2), .. before.Skip(4), .. before.Skip(2).Take(2)]));
    }

    [Flags]
    [SuppressMessage("Design", "CA1028:Enum Storage should be Int32", Justification = "The size is part of what is printed.")]
    public enum Kinds : byte
    {
        None = 0,
        Odd = 1,
    }

    public delegate void Reader(scoped Span<byte> bytes, in long position);

    public interface ITake<in T>
        where T : allows ref struct
    {
        void Take(T item);
    }

    public ref struct View
    {
        private int _length;

        public int Length
        {
            readonly get => _length;
            private set => _length = value;
        }

        public void Clear() => Length = 0;
    }

    public readonly record struct Pair(int First, int Second);

    public abstract class Base<T> : IDisposable
        where T : unmanaged
    {
        public const ulong Most = 1UL << 52;

        protected Base(int first, string? name = null, Kinds kinds = Kinds.Odd) => _ = (first, name, kinds);

        public event EventHandler? Changed;

        public required IReadOnlyList<string?> Names { get; init; }

        public int Count { get; protected set; }

        public ref readonly T this[int index] => ref Unsafe.NullRef<T>();

        public static bool TryFind(out T found)
        {
            found = default;
            return false;
        }

        public virtual void Take<TSink>(ref TSink sink, params ReadOnlySpan<T> items)
            where TSink : struct, IDisposable, allows ref struct => Hidden(items.Length);

        public void Dispose()
        {
            Changed?.Invoke(this, EventArgs.Empty);
            GC.SuppressFinalize(this);
        }

        public override string ToString() => "";

        protected abstract (ulong First, string? Name) Find(ref readonly T item);

        private protected void Hidden(int count) => Count = count;
    }
}
