using RingKit.Kvm;

namespace RingKit.Cli.RealGuests;

/// <summary>A real guest did what it should not, or the kernel refused it something. The message is one line.</summary>
internal sealed class GuestFailedException : Exception
{
    private GuestFailedException(string message, IReadOnlyList<string> details, Exception cause)
        : base(message, cause) => Details = details;

    /// <summary>The lines that follow: the registers of the vCPU that failed, or none.</summary>
    public IReadOnlyList<string> Details { get; }

    /// <summary>Whether an exception says that a real guest, or the kernel, has failed.</summary>
    public static bool Explains(Exception failure) => failure is KvmException or InvalidOperationException { InnerException: KvmException };

    /// <summary>Makes one of what a part of RingKit.Kvm has thrown: its first line says what has happened, and those behind it are details.</summary>
    public static GuestFailedException Of(Exception failure)
    {
        string[] lines = failure.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return new GuestFailedException($"the real guest failed: {lines[0]}", lines[1..], failure);
    }
}
