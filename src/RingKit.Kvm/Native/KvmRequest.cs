namespace RingKit.Kvm.Native;

/// <summary>KVM's requests, by their numbers on x86-64.</summary>
internal static class KvmRequest
{
    // Of the device.
    public const nuint GetApiVersion = 0xAE00;
    public const nuint CreateVm = 0xAE01;
    public const nuint CheckExtension = 0xAE03;
    public const nuint GetVcpuMmapSize = 0xAE04;

    // Of a machine, CheckExtension too.
    public const nuint CreateVcpu = 0xAE41;
    public const nuint GetDirtyLog = 0x4010_AE42;
    public const nuint SetUserMemoryRegion = 0x4020_AE46;
    public const nuint SetUserMemoryRegion2 = 0x40A0_AE49;
    public const nuint EnableCap = 0x4068_AEA3;
    public const nuint ClearDirtyLog = 0xC018_AEC0;
    public const nuint ResetDirtyRings = 0xAEC7;
    public const nuint CreateGuestMemfd = 0xC040_AED4;

    // Of a vCPU.
    public const nuint Run = 0xAE80;
    public const nuint GetRegs = 0x8090_AE81;
    public const nuint SetRegs = 0x4090_AE82;
    public const nuint GetSregs = 0x8138_AE83;
    public const nuint SetSregs = 0x4138_AE84;
    public const nuint GetMsrs = 0xC008_AE88;
    public const nuint SetMsrs = 0x4008_AE89;
    public const nuint SetSignalMask = 0x4004_AE8B;
    public const nuint GetMpState = 0x8004_AE98;
    public const nuint SetMpState = 0x4004_AE99;
    public const nuint GetVcpuEvents = 0x8040_AE9F;
    public const nuint SetVcpuEvents = 0x4040_AEA0;
    public const nuint GetDebugRegs = 0x8080_AEA1;
    public const nuint SetDebugRegs = 0x4080_AEA2;
    public const nuint GetXsave = 0x9000_AEA4;
    public const nuint SetXsave = 0x5000_AEA5;
    public const nuint GetXcrs = 0x8188_AEA6;
    public const nuint SetXcrs = 0x4188_AEA7;
}
