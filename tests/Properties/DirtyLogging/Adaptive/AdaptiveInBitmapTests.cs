using RingKit.Mmu.DirtyLogging.Adaptive;

namespace RingKit.Properties.DirtyLogging.Adaptive;

// Moved there before the test begins, so that the harvests of the books are of that form alone.
public sealed class AdaptiveInBitmapTests() : WriteProtectingLogContract(
    machine => AdaptiveLogs.SettledIn(machine, DirtyLogForm.Bitmap), bytesOfTheBooks: 18 * 8);
