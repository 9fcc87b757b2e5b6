using RingKit.Kvm.Native;
using RingKit.Mmu;

namespace RingKit.Kvm;

/// <summary>Copies what a vCPU is and has from one of the kernel's to another, without looking at it.</summary>
internal static unsafe class VcpuState
{
    private const int MostBytes = 4096;

    // Registers that SET_SREGS and SET_REGS do not reach, and that a guest may set: the time, SYSENTER and SYSCALL, memory types, the kernel's own base.
    private static readonly uint[] ModelSpecific =
        [0x10, 0x174, 0x175, 0x176, 0x277, 0xC000_0081, 0xC000_0082, 0xC000_0083, 0xC000_0084, 0xC000_0102, 0xC000_0103];

    // In the order in which KVM wants them: setting the general registers drops an exception that is pending, which the events have.
    private static readonly Part[] Parts =
    [
        new(0, KvmRequest.GetSregs, KvmRequest.SetSregs),
        new(0, KvmRequest.GetRegs, KvmRequest.SetRegs),
        new(55, KvmRequest.GetXsave, KvmRequest.SetXsave),
        new(56, KvmRequest.GetXcrs, KvmRequest.SetXcrs),
        new(14, KvmRequest.GetMpState, KvmRequest.SetMpState),
        new(41, KvmRequest.GetVcpuEvents, KvmRequest.SetVcpuEvents),
        new(50, KvmRequest.GetDebugRegs, KvmRequest.SetDebugRegs),
    ];

    /// <summary>Copies it. Neither vCPU is in the guest.</summary>
    /// <param name="from">The one vCPU's file.</param>
    /// <param name="to">The other's.</param>
    /// <param name="machine">Says what the kernel has.</param>
    public static Errno Copy(FileDescriptor from, FileDescriptor to, KvmMachine machine)
    {
        ulong* bytes = stackalloc ulong[MostBytes / sizeof(ulong)];
        foreach (Part part in Parts)
        {
            if (part.Capability != 0 && machine.CheckExtension((KvmExtension)part.Capability) == 0)
                continue;
            if (Libc.Ioctl(from, part.Get, bytes) < 0 || Libc.Ioctl(to, part.Set, bytes) < 0)
                return Libc.LastError;
        }

        foreach (uint index in ModelSpecific)
        {
            // KVM answers how many it has read: none, if it does not have this one.
            var request = new ModelSpecificRequest { Count = 1, Index = index };
            int known = Libc.Ioctl(from, KvmRequest.GetMsrs, &request);
            if (known < 0)
                return Libc.LastError;
            if (known == 0)
                continue;
            int set = Libc.Ioctl(to, KvmRequest.SetMsrs, &request);
            if (set != 1)
                return set < 0 ? Libc.LastError : Errno.Invalid;
        }

        return Errno.None;
    }

    // A capability, or 0 for what every KVM has, and the two requests, in whose numbers the bytes are.
    private readonly record struct Part(int Capability, nuint Get, nuint Set);

    // struct kvm_msrs, with one of them.
    private struct ModelSpecificRequest
    {
        public uint Count;
        public uint Padding;
        public uint Index;
        public uint Reserved;
        public ulong Data;
    }
}
