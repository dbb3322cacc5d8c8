using System.Globalization;
using OpenCluster.Trust.Files;

namespace OpenCluster.Controller.State;

/// <summary>
/// The controller's directory: who may use it, and that nobody uses it who would not understand it. The format file is written
/// last when the directory is made, so a directory with a store but without that file was not made by a controller that finished.
/// </summary>
/// <remarks>
/// <c>format</c> (this program's mark), <c>store/</c>, <c>archives/</c>, <c>sources/</c>, <c>incoming/</c> (uploads under way),
/// <c>admin.token</c>, <c>secrets.key</c>, <c>trust/</c> (the cluster's authority; whoever starts a whole cluster may have made it beforehand).
/// </remarks>
internal sealed class StateDirectory
{
    private const string Mark = "opencluster-controller";
    private const int Format = 1;
    private const string TrustName = "trust";
    private const string SecretsKeyName = "secrets.key";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private StateDirectory(string root) => Root = root;

    public string Root { get; }
    public string Store => Path.Combine(Root, "store");
    public string Archives => Path.Combine(Root, "archives");
    public string Sources => Path.Combine(Root, "sources");
    public string Incoming => Path.Combine(Root, "incoming");
    /// <summary>The key of the secrets, outside of the store that holds them.</summary>
    public string SecretsKey => Path.Combine(Root, SecretsKeyName);
    public string AdminToken => Path.Combine(Root, "admin.token");
    public string Trust => Path.Combine(Root, TrustName);
    private string FormatFile => Path.Combine(Root, "format");

    /// <summary>Checks the directory, and makes it when it is not there yet.</summary>
    /// <exception cref="ControllerStartException">It is of a newer version, damaged, or cannot be written.</exception>
    public static StateDirectory Open(string path)
    {
        var directory = new StateDirectory(Path.GetFullPath(path));
        try
        {
            if (File.Exists(directory.FormatFile)) directory.CheckFormat(File.ReadAllText(directory.FormatFile));
            else directory.Make();
            directory.CheckWritable();
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new ControllerStartException(
                $"The state directory {directory.Root} cannot be used: {failed.Message} Make it writable for this user, with free space, or name another with --directory.", failed);
        }

        return directory;
    }

    private void CheckFormat(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length != 2 || words[0] != Mark || !int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var format))
        {
            throw new ControllerStartException(
                $"{FormatFile} is damaged: it should read \"{Mark} {Format}\". Restore the directory from a backup, or name an empty one with --directory.");
        }

        if (format > Format)
        {
            throw new ControllerStartException(
                $"The state in {Root} was written by a newer version (format {format}; this one knows up to {Format}). Nothing was changed. Start the newer version, or name another directory.");
        }

        MakeParts();
    }

    private void Make()
    {
        if (Directory.Exists(Store) && Directory.EnumerateFileSystemEntries(Store).Any())
        {
            throw new ControllerStartException(
                $"{Root} holds a store but no format file: it was copied or made only in part. Nothing was changed. Copy it again whole, restore a backup, or name an empty directory.");
        }

        if (Directory.Exists(Root) && Directory.EnumerateFileSystemEntries(Root).Any(entry => !IsOurs(entry)))
        {
            throw new ControllerStartException(
                $"{Root} holds other files and no controller's state. Name an empty directory with --directory.");
        }

        Directory.CreateDirectory(Root, OwnerOnly);
        MakeParts();
        PrivateFile.Write(FormatFile, $"{Mark} {Format}\n");
    }

    private void MakeParts()
    {
        foreach (var part in (string[])[Store, Archives, Sources, Incoming]) Directory.CreateDirectory(part, OwnerOnly);
    }

    /// <summary>Left from a start that did not finish; <c>*.bootstrap</c> is where <c>up</c> may put its tokens.</summary>
    private static bool IsOurs(string entry) =>
        Path.GetFileName(entry) is "store" or "archives" or "sources" or "incoming" or "admin.token" or "bootstrap.json" or TrustName or SecretsKeyName or "format.new";

    private void CheckWritable()
    {
        var probe = Path.Combine(Incoming, "writable");
        File.WriteAllBytes(probe, new byte[4096]);
        File.Delete(probe);
    }
}
