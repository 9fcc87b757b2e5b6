using System.IO.Compression;
using System.Text;

namespace RingKit.Properties.Cli;

/// <summary>Traces for tests: the one in the repository, and temporary ones.</summary>
internal sealed class TraceFiles : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("ringkit-");

    /// <summary>A whole `ls`: 656,266 instructions, 163,119 loads, 70,881 stores, 2,521 modifies.</summary>
    public static string Ls => Path.Combine(AppContext.BaseDirectory, "data", "traces", "ls.lackey.gz");

    public static byte[] Gzip(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return compressed.ToArray();
    }

    public string PathOf(string name) => Path.Combine(_directory.FullName, name);

    public string Write(string text) => Write(Encoding.Latin1.GetBytes(text));

    public string Write(byte[] bytes)
    {
        string path = PathOf(Path.GetRandomFileName());
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Dispose() => _directory.Delete(recursive: true);
}
