using System.Runtime.InteropServices;
using RingKit.Kvm.Native;
using RingKit.Mmu;
using RingKit.Mmu.DirtyLogging.Kvm;

namespace RingKit.Kvm;

/// <summary>The kernel's virtual machine monitor: <c>/dev/kvm</c>, opened.</summary>
/// <remarks>Any thread. Machines that were made with it live on when it is disposed. Linux on x86-64 alone.</remarks>
public sealed class KvmDevice : IDisposable
{
    /// <summary>/dev/kvm.</summary>
    public const string DefaultPath = "/dev/kvm";

    /// <summary>12: the only version that there has been since 2007, and all that this binding knows.</summary>
    public const int KnownApiVersion = 12;

    private readonly FileDescriptor _file;

    private KvmDevice(FileDescriptor file, int vcpuMappingBytes)
    {
        _file = file;
        VcpuMappingBytes = vcpuMappingBytes;
    }

    /// <summary>The bytes that a vCPU shares with its user, without its ring: KVM_GET_VCPU_MMAP_SIZE.</summary>
    public int VcpuMappingBytes { get; }

    /// <summary>The version of the interface: KVM_GET_API_VERSION.</summary>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    public int ApiVersion => Libc.Ioctl(_file, KvmRequest.GetApiVersion, 0);

    /// <summary>Opens the device.</summary>
    /// <param name="device">The device, if there is no error.</param>
    /// <param name="path">Its file.</param>
    /// <returns>
    /// <see cref="Errno.NotImplemented"/> on another system than Linux on x86-64; <see cref="Errno.NoEntry"/> if there is no such file,
    /// <see cref="Errno.AccessDenied"/> without the right to write it; <see cref="Errno.NoSuchRequest"/> or another if it is something else, or speaks
    /// another version.
    /// </returns>
    /// <exception cref="ArgumentNullException">There is no path.</exception>
    public static Errno Open(out KvmDevice? device, string path = DefaultPath)
    {
        ArgumentNullException.ThrowIfNull(path);
        device = null;
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return Errno.NotImplemented;

        int opened = Libc.Open(path, Libc.OpenReadWrite | Libc.OpenCloseOnExec);
        if (opened < 0)
            return Libc.LastError;
        var file = new FileDescriptor(opened);
        Errno error = Greet(file, out int mappingBytes);
        if (error == Errno.None)
            device = new KvmDevice(file, mappingBytes);
        else
            file.Dispose();
        return error;
    }

    /// <summary>What a capability offers, to machines of the usual type: KVM_CHECK_EXTENSION. 0 if it is not there.</summary>
    /// <param name="capability">Any value.</param>
    /// <returns>Of the rings, the largest size of one in bytes.</returns>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    public int CheckExtension(KvmCapability capability) => Math.Max(Libc.Ioctl(_file, KvmRequest.CheckExtension, (nuint)(uint)capability), 0);

    /// <summary>The same.</summary>
    /// <param name="extension">Any value.</param>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    public int CheckExtension(KvmExtension extension) => CheckExtension((KvmCapability)extension);

    /// <summary>Makes a machine without vCPUs and memory: KVM_CREATE_VM.</summary>
    /// <param name="machine">The machine, if there is no error.</param>
    /// <param name="type">0, or a type of <see cref="KvmExtension.VmTypes"/>.</param>
    /// <returns><see cref="Errno.Invalid"/> for a type that is not there.</returns>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    public Errno CreateMachine(out KvmMachine? machine, uint type = 0)
    {
        machine = null;
        int created = Libc.Ioctl(_file, KvmRequest.CreateVm, (nuint)type);
        if (created < 0)
            return Libc.LastError;
        machine = new KvmMachine(new FileDescriptor(created), VcpuMappingBytes);
        return Errno.None;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static Errno Greet(FileDescriptor file, out int mappingBytes)
    {
        mappingBytes = 0;
        int version = Libc.Ioctl(file, KvmRequest.GetApiVersion, 0);
        if (version < 0)
            return Libc.LastError;
        if (version != KnownApiVersion)
            return Errno.NotSupported;
        mappingBytes = Libc.Ioctl(file, KvmRequest.GetVcpuMmapSize, 0);
        return mappingBytes < 0 ? Libc.LastError : Errno.None;
    }
}
