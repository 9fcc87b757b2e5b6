using System.IO.Compression;
using System.Xml.Linq;

namespace RingKit.Properties.Packages;

/// <summary>A package: its files, and what its nuspec says.</summary>
internal sealed class PackageFile
{
    private readonly Dictionary<string, byte[]> _files = [];
    private readonly XElement _metadata;

    public PackageFile(string path)
    {
        using ZipArchive archive = ZipFile.OpenRead(path);
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            using Stream stream = entry.Open();
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            _files.Add(Uri.UnescapeDataString(entry.FullName), bytes.ToArray());
        }

        using var nuspec = new MemoryStream(_files.Single(file => file.Key.EndsWith(".nuspec", StringComparison.Ordinal)).Value);
        _metadata = XDocument.Load(nuspec).Root!.Elements().Single(element => element.Name.LocalName == "metadata");
    }

    /// <summary>The files' names, and their bytes.</summary>
    public IReadOnlyDictionary<string, byte[]> Files => _files;

    /// <summary>The packages that it depends on, with their versions.</summary>
    public string[] Dependencies => [.. _metadata.Descendants()
        .Where(element => element.Name.LocalName == "dependency")
        .Select(element => $"{element.Attribute("id")!.Value} {element.Attribute("version")!.Value}")];

    /// <summary>An element of the nuspec, or null.</summary>
    public XElement? Element(string name) => _metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name);
}
