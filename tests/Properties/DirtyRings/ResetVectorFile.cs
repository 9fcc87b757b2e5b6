using System.Globalization;
using System.Text.Json;
using RingKit.DirtyRings.Resetting;

namespace RingKit.Properties.DirtyRings;

/// <summary>
/// Reads golden cases, one JSON object a line:
/// <c>{"entries":[[slot,"offset"],...],"resets":[[slot,"base","mask in hex"],...],"count":n}</c>.
/// </summary>
internal static class ResetVectorFile
{
    public static List<ResetVector> Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file of reset vectors at '{path}'.", path);

        var vectors = new List<ResetVector>();
        int line = 0;
        foreach (string text in File.ReadLines(path))
        {
            line++;
            try
            {
                vectors.Add(Parse(text));
            }
            catch (Exception failure) when (
                failure is JsonException or FormatException or OverflowException or InvalidOperationException or KeyNotFoundException)
            {
                throw new InvalidDataException($"{path}, line {line}: not a reset vector: {failure.Message}", failure);
            }
        }

        return vectors.Count != 0 ? vectors : throw new InvalidDataException($"{path} holds no reset vectors.");
    }

    private static ResetVector Parse(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        return new ResetVector(
            [.. root.GetProperty("entries").EnumerateArray().Select(entry => (Field(entry, 0, 2).GetUInt32(), Number(entry, 1, 2)))],
            [
                .. root.GetProperty("resets").EnumerateArray().Select(reset => new ResetBatch(
                    Field(reset, 0, 3).GetUInt32(), Number(reset, 1, 3), Number(reset, 2, 3, NumberStyles.AllowHexSpecifier))),
            ],
            root.GetProperty("count").GetInt32());
    }

    private static JsonElement Field(JsonElement row, int index, int length) =>
        row.GetArrayLength() == length
            ? row[index]
            : throw new FormatException($"a row has {row.GetArrayLength()} values and should have {length}.");

    private static ulong Number(JsonElement row, int index, int length, NumberStyles style = NumberStyles.None) =>
        ulong.Parse(Field(row, index, length).GetString() ?? "", style, CultureInfo.InvariantCulture);
}
