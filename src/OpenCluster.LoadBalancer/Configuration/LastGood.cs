using System.Text.Json;
using OpenCluster.Model;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Configuration;

/// <summary>The last good snapshot on disk, <c>snapshot.json</c> in the balancer's directory: what is served when no controller can be asked.</summary>
internal sealed class LastGood(string directory)
{
    public string File { get; } = Path.Combine(directory, "snapshot.json");

    /// <summary>Null when there is none, or when it cannot be read, of which <paramref name="problem"/> then tells.</summary>
    public BalancerSnapshot? Read(out string? problem)
    {
        problem = null;
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(File), ModelJson.Default.BalancerSnapshot);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            problem = $"{File} cannot be read ({unreadable.Message}); it is left as it is until a new snapshot replaces it";
            return null;
        }
    }

    /// <summary>Whole or not at all: written beside it, then renamed over it.</summary>
    /// <exception cref="IOException"/>
    public void Write(BalancerSnapshot snapshot)
    {
        var next = File + ".next";
        using (var file = new FileStream(next, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            JsonSerializer.Serialize(file, snapshot, ModelJson.Default.BalancerSnapshot);
            file.Flush(flushToDisk: true);
        }
        System.IO.File.Move(next, File, overwrite: true);
    }
}
