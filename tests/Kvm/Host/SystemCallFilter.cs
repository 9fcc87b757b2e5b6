using System.ComponentModel;
using System.Runtime.InteropServices;
using RingKit.Mmu;

namespace RingKit.Kvm.Tests.Host;

/// <summary>A filter of system calls, as containers have them, for one thread: the kernel that it meets refuses a call, or says that it did it.</summary>
internal static unsafe partial class SystemCallFilter
{
    public const uint Userfaultfd = 323;
    public const uint Ioctl = 16;

    private const int SetNoNewPrivileges = 38;
    private const int SetFilter = 22;
    private const int FilterMode = 2;
    private const uint Allow = 0x7fff_0000;
    private const uint Answer = 0x0005_0000;

    // Of struct seccomp_data: the call's number, and the lower half of its second argument.
    private const uint Number = 0;
    private const uint SecondArgument = 24;

    public static string? WhyNot => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64
        ? null
        : "the filter has Linux's numbers of x86-64";

    /// <summary>Runs a body on a thread of its own, behind a filter.</summary>
    /// <param name="refused">What is answered without being done: a call, or an ioctl by its request; with errno, or as if it had succeeded.</param>
    /// <param name="body">What runs.</param>
    public static void Run((uint Call, uint? Request, Errno Error)[] refused, Action body)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Install(refused);
                body();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
            throw new InvalidOperationException(failure.Message, failure);
    }

    private static void Install((uint Call, uint? Request, Errno Error)[] refused)
    {
        // For each: load the number; not it, skip the rest; load the request; not it, skip the answer; answer.
        List<Instruction> program = [];
        foreach ((uint call, uint? request, Errno error) in refused)
        {
            program.Add(new Instruction(0x20, 0, 0, Number));
            program.Add(new Instruction(0x15, 0, (byte)(request is null ? 1 : 3), call));
            if (request is { } value)
            {
                program.Add(new Instruction(0x20, 0, 0, SecondArgument));
                program.Add(new Instruction(0x15, 0, 1, value));
            }

            program.Add(new Instruction(0x06, 0, 0, Answer | (uint)error));
        }

        program.Add(new Instruction(0x06, 0, 0, Allow));
        fixed (Instruction* instructions = program.ToArray())
        {
            var filter = new FilterProgram { Length = (ushort)program.Count, Instructions = instructions };
            if (Control(SetNoNewPrivileges, 1, 0, 0, 0) != 0 || Control(SetFilter, FilterMode, (nuint)(&filter), 0, 0) != 0)
                throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Control(int option, nuint first, nuint second, nuint third, nuint fourth);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Instruction(ushort Code, byte IfTrue, byte IfFalse, uint Operand);

    [StructLayout(LayoutKind.Sequential)]
    private struct FilterProgram
    {
        public ushort Length;
        public Instruction* Instructions;
    }
}
