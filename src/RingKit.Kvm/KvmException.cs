using RingKit.Mmu;

namespace RingKit.Kvm;

/// <summary>KVM has refused something that is needed to go on, or a guest did what it should not.</summary>
public sealed class KvmException : Exception
{
    /// <summary>Makes one without an errno.</summary>
    public KvmException()
    {
    }

    /// <summary>Makes one without an errno.</summary>
    /// <param name="message">What has happened, in a line; more lines may follow it.</param>
    public KvmException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one without an errno.</summary>
    /// <param name="message">What has happened.</param>
    /// <param name="innerException">Why.</param>
    public KvmException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes one for a call that was refused.</summary>
    /// <param name="call">What was asked for.</param>
    /// <param name="error">The answer.</param>
    public KvmException(string call, Errno error)
        : base($"{call} was refused: {NameOf(error)}") => Error = error;

    /// <summary>The kernel's answer, or none where it was not the kernel that refused.</summary>
    public Errno Error { get; }

    /// <summary>An errno in words, also where it has no name here.</summary>
    internal static string NameOf(Errno error) => Enum.IsDefined(error) ? error.ToString() : $"errno {(int)error}";

    /// <summary>Throws unless there is no error.</summary>
    internal static void ThrowIf(Errno error, string call)
    {
        if (error != Errno.None)
            throw new KvmException(call, error);
    }
}
