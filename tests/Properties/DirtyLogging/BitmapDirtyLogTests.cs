using RingKit.Mmu.DirtyLogging;

namespace RingKit.Properties.DirtyLogging;

// Its harvest reads both bitmaps to their ends: 16 words and 2.
public sealed class BitmapDirtyLogTests() : WriteProtectingLogContract(machine => new BitmapDirtyLog(machine), bytesOfTheBooks: 18 * 8);
