using System.Runtime.InteropServices;

namespace RingKit.Interleaving;

/// <summary>The right to run: one thread waits for it, another one hands it over.</summary>
/// <remarks>
/// Who waits sleeps at once. .NET's own semaphore looks round for a while and yields its core before it sleeps: threads on one core take it from whoever
/// they wait for, and who has yielded comes behind all others that are busy. On Linux it is therefore the system's, elsewhere .NET's.
/// </remarks>
internal sealed unsafe partial class Baton : IDisposable
{
    // sem_t has 32 bytes at most.
    private const nuint Size = 64;

    // Invariant: one of the two is null; the memory is initialised, and freed once, by Dispose.
    private readonly void* _semaphore;
    private readonly SemaphoreSlim? _elsewhere;

    public Baton()
    {
        if (!OperatingSystem.IsLinux())
        {
            _elsewhere = new SemaphoreSlim(0);
            return;
        }

        _semaphore = NativeMemory.AlignedAlloc(Size, Size);
        if (Initialise(_semaphore, 0, 0) != 0)
            throw new InvalidOperationException($"sem_init: error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>Hands it to the thread that waits, or will.</summary>
    public void Release()
    {
        if (_elsewhere is not null)
            _elsewhere.Release();
        else
            _ = Post(_semaphore);
    }

    /// <summary>Returns when it was handed over.</summary>
    public void Wait()
    {
        if (_elsewhere is not null)
        {
            _elsewhere.Wait();
            return;
        }

        // Other than 0: a signal came.
        while (WaitFor(_semaphore) != 0)
        {
        }
    }

    /// <summary>When nobody waits any more.</summary>
    public void Dispose()
    {
        _elsewhere?.Dispose();
        if (_elsewhere is not null)
            return;

        _ = Destroy(_semaphore);
        NativeMemory.AlignedFree(_semaphore);
    }

    [LibraryImport("libc", EntryPoint = "sem_init", SetLastError = true)]
    private static partial int Initialise(void* semaphore, int isShared, uint value);

    [LibraryImport("libc", EntryPoint = "sem_post")]
    private static partial int Post(void* semaphore);

    [LibraryImport("libc", EntryPoint = "sem_wait")]
    private static partial int WaitFor(void* semaphore);

    [LibraryImport("libc", EntryPoint = "sem_destroy")]
    private static partial int Destroy(void* semaphore);
}
