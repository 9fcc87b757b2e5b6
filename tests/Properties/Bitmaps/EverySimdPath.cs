using System.Diagnostics;
using System.Runtime.Intrinsics;
using RingKit.Bitmaps.Decoding;
using RingKit.Properties.Bitmaps.Operations;
using RingKit.Properties.Bitmaps.Trackers;
using RingKit.Properties.Support;
using RingKit.Properties.Sweeps;
using Xunit;

namespace RingKit.Properties.Bitmaps;

/// <summary>
/// Runs the tests of bitmaps and sweeps again in a process whose runtime believes that the processor has narrower vectors, or none. The path that the
/// runtime takes by itself is covered by those tests where they stand.
/// </summary>
public sealed class EverySimdPath
{
    // Set in the child, which must not start children of its own.
    private const string ExpectedWidth = "RINGKIT_EXPECTED_VECTOR_BITS";
    private const string ExpectedDecoding = "RINGKIT_EXPECTED_DECODING";

    private static readonly Type[] VectorisedTests =
    [
        typeof(DirtyBitmapAgainstModel),
        typeof(PartsAgainstModel),
        typeof(NonZeroScanTests),
        typeof(PopCountKernelTests),
        typeof(BitmapLogicTests),
        typeof(BitmapCountTests),
        typeof(BitmapSearchTests),
        typeof(BitmapCopyTests),
        typeof(TrackerConformance),
        typeof(NonZeroBytesTests),
        typeof(PairMatcherTests),
        typeof(PairSweepAgainstModel),
        typeof(DebianTable),
        typeof(DecodingAgainstModel),
        typeof(DecodingContract),
        typeof(EverySimdPath),
    ];

    private static int VectorBits =>
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0;

    [Theory]
    [InlineData("DOTNET_EnableAVX512v3", 512, "vpcompressd")]
    [InlineData("DOTNET_EnableAVX512", 256, "AVX2 table")]
    [InlineData("DOTNET_EnableAVX2", 128, "loop")]
    [InlineData("DOTNET_EnableHWIntrinsic", 0, "loop")]
    public async Task Without(string setting, int bitsLeft, string decoding)
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable(ExpectedWidth) is not null, "this is the child of such a test");
        Assert.SkipWhen(
            VectorBits < bitsLeft || (VectorBits == bitsLeft && BitmapDecoder.Method == decoding),
            $"this processor has vectors of {VectorBits} bits and decodes by {BitmapDecoder.Method}: {setting}=0 changes nothing");

        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(typeof(EverySimdPath).Assembly.Location);
        foreach (Type type in VectorisedTests)
        {
            start.ArgumentList.Add("-class");
            start.ArgumentList.Add(type.FullName!);
        }

        start.Environment[setting] = "0";
        start.Environment[ExpectedWidth] = bitsLeft.ToString(System.Globalization.CultureInfo.InvariantCulture);
        start.Environment[ExpectedDecoding] = decoding;
        using var child = Process.Start(start)!;
        Task<string> output = child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        string text = await output + await errors;
        Assert.True(child.ExitCode == 0, $"The tests fail with {setting}=0:\n{text}");
        Report.Line($"tests of bitmaps and sweeps passed with {setting}=0, vectors of {bitsLeft} bits, decoding by {decoding}");
    }

    [Fact]
    public void This_process_has_the_vectors_that_it_is_meant_to_have()
    {
        string? expected = Environment.GetEnvironmentVariable(ExpectedWidth);
        if (expected is null)
        {
            Report.Line($"tests of bitmaps and sweeps run with vectors of {VectorBits} bits, decoding by {BitmapDecoder.Method}");
        }
        else
        {
            Assert.Equal(expected, VectorBits.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Assert.Equal(Environment.GetEnvironmentVariable(ExpectedDecoding), BitmapDecoder.Method);
        }
    }
}
