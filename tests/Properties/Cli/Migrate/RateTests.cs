using RingKit.Cli.Commands.Values;
using Xunit;

namespace RingKit.Properties.Cli.Migrate;

public sealed class RateTests
{
    [Theory]
    [InlineData("0", 0ul)]
    [InlineData("100", 100ul)]
    [InlineData("100M", 100ul << 20)]
    [InlineData("1g", 1ul << 30)]
    [InlineData("25600p", 25600ul * 4096)]
    [InlineData("25Kp", 25ul * 1024 * 4096)]
    [InlineData("4503599627370495p", 4503599627370495ul * 4096)]
    public void A_rate_is_in_bytes_or_in_pages_a_second(string text, ulong expected)
    {
        Assert.True(DataRate.TryParse(text, out ulong rate));
        Assert.Equal(expected, rate);
    }

    [Theory]
    [InlineData("")]
    [InlineData("p")]
    [InlineData("-1")]
    [InlineData("1.5G")]
    [InlineData("100MB")]
    [InlineData("100pp")]
    [InlineData("4503599627370496p")]
    [InlineData("18446744073709551616")]
    [InlineData("99999999T")]
    public void What_is_no_rate_or_too_much_for_a_number_is_none(string text) => Assert.False(DataRate.TryParse(text, out _));

    [Theory]
    [InlineData("500us", 500L * TimeSpan.TicksPerMicrosecond, "500us")]
    [InlineData("300ms", 300L * TimeSpan.TicksPerMillisecond, "300ms")]
    [InlineData("1500ms", 1500L * TimeSpan.TicksPerMillisecond, "1500ms")]
    [InlineData("2000ms", 2L * TimeSpan.TicksPerSecond, "2s")]
    [InlineData("60s", TimeSpan.TicksPerMinute, "1m")]
    [InlineData("0s", 0L, "0ms")]
    public void A_time_has_a_unit(string text, long ticks, string formatted)
    {
        Assert.True(Duration.TryParse(text, out TimeSpan time));
        Assert.Equal(ticks, time.Ticks);
        Assert.Equal(formatted, Duration.Format(time));
    }

    [Theory]
    [InlineData("")]
    [InlineData("300")]
    [InlineData("ms")]
    [InlineData("-1ms")]
    [InlineData("1.5s")]
    [InlineData("3h")]
    [InlineData("9223372036854775807s")]
    public void What_is_no_time_or_too_much_for_a_number_is_none(string text) => Assert.False(Duration.TryParse(text, out _));
}
