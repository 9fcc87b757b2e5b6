using RingKit.Cli.Traces;

namespace RingKit.Cli.Replay;

/// <summary>One access of the guest, within one page.</summary>
/// <param name="Gpa">The guest-physical address.</param>
/// <param name="Data">The eight bytes that a store repeats, as they lie in memory; see <see cref="StoreData"/>.</param>
/// <param name="Size">How many bytes.</param>
/// <param name="Kind">A load, a store or both; no instruction.</param>
internal readonly record struct GuestAccess(ulong Gpa, ulong Data, ushort Size, TraceAccessKind Kind);
