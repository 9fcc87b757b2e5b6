using RingKit.Mmu;

namespace RingKit.Kvm.Host;

/// <summary>The kernel does not track memory, or no longer. The message is one line that says what is missing.</summary>
public sealed class HostTrackingException : Exception
{
    /// <summary>Says why.</summary>
    /// <param name="problem">What it is.</param>
    /// <param name="error">What the kernel answered, or <see cref="Errno.None"/>.</param>
    /// <param name="message">One line.</param>
    public HostTrackingException(HostTrackingProblem problem, Errno error, string message)
        : base(message)
    {
        Problem = problem;
        Error = error;
    }

    /// <summary>What it is.</summary>
    public HostTrackingProblem Problem { get; }

    /// <summary>What the kernel answered, or <see cref="Errno.None"/>.</summary>
    public Errno Error { get; }
}
