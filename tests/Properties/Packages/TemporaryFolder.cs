namespace RingKit.Properties.Packages;

/// <summary>A folder outside the repository, gone when it is disposed.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ringkit-packages-");

    public string Path => _folder.FullName;

    /// <summary>Makes a folder in it.</summary>
    public string Make(string name) => _folder.CreateSubdirectory(name).FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
