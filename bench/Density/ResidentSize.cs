using System.Globalization;

namespace RingKit.Bench.Density;

/// <summary>A size of bitmap that stays in a certain part of the memory.</summary>
/// <param name="Name">Which part.</param>
/// <param name="Words">How large the bitmap is, in words: a power of two.</param>
/// <param name="IsCached">Whether that is a cache.</param>
internal sealed record ResidentSize(string Name, int Words, bool IsCached)
{
    private const string Folder = "/sys/devices/system/cpu/cpu0/cache";

    public long Pages => Words * 64L;

    public string Text => Words >= 1 << 17 ? $"{Words >> 17} MiB" : $"{Words >> 7} KiB";

    /// <summary>Half of each private cache and a quarter of the last one, which others use too; and four times that one.</summary>
    public static ResidentSize[] Choose(bool isQuick, out string caches)
    {
        int[] kibibytes = [Cache(1, 32), Cache(2, 1024), Cache(3, 32768)];
        string assumed = Directory.Exists(Folder) ? "" : " (assumed: the machine does not say)";
        caches = $"caches: L1 {kibibytes[0]} KiB, L2 {kibibytes[1]} KiB, last level {kibibytes[2] >> 10} MiB{assumed}";
        ResidentSize[] sizes =
        [
            Of("L1", kibibytes[0] / 2, 8, 64),
            Of("L2", kibibytes[1] / 2, 128, 1024),
            Of("last-level cache", kibibytes[2] / 4, 2048, 32768),
            Of("DRAM", kibibytes[2] * 4, 65536, 262144) with { IsCached = false },
        ];
        return isQuick ? sizes[..3] : sizes;
    }

    private static ResidentSize Of(string name, int kibibytes, int least, int most) =>
        new(name, (1 << int.Log2(Math.Clamp(kibibytes, least, most))) * (1024 / sizeof(ulong)), IsCached: true);

    // Folders index0, index1 ... each say a level, a type and a size such as 48K.
    private static int Cache(int level, int otherwise)
    {
        try
        {
            foreach (string index in Directory.Exists(Folder) ? Directory.GetDirectories(Folder, "index*") : [])
            {
                string Field(string name) => File.ReadAllText(Path.Combine(index, name)).Trim();
                if (Field("level") == level.ToString(CultureInfo.InvariantCulture) && Field("type") != "Instruction"
                    && int.TryParse(Field("size").TrimEnd('K'), NumberStyles.None, CultureInfo.InvariantCulture, out int kibibytes))
                {
                    return kibibytes;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What follows holds for most machines.
        }

        return otherwise;
    }
}
