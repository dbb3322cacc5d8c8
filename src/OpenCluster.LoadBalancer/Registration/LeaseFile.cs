using System.Collections.Immutable;
using System.Text.Json;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Registration;

/// <summary>
/// The leases on disk, <c>registrations.json</c> in the balancer's directory, so that a restart forgets nobody. Not synced: what a loss of power
/// takes, peers and the next renewals bring back.
/// </summary>
internal sealed class LeaseFile(string directory)
{
    /// <summary>Renewals alone are written this seldom; for so long a lease read back may have been renewed without the file knowing.</summary>
    public static readonly TimeSpan RenewalsEvery = TimeSpan.FromSeconds(5);

    public string Path { get; } = System.IO.Path.Combine(directory, "registrations.json");

    /// <summary>Empty when there is none, or when it cannot be read, of which <paramref name="problem"/> then tells.</summary>
    public ImmutableArray<RegistrationLease> Read(out string? problem)
    {
        problem = null;
        try
        {
            var leases = JsonSerializer.Deserialize(File.ReadAllBytes(Path), RegistrarJson.Default.ImmutableArrayRegistrationLease);
            return leases.IsDefault ? [] : [.. leases.Select(l => l with { Until = l.Until + RenewalsEvery })];
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            problem = $"{Path} cannot be read ({unreadable.Message}); apps that were registered are known again from peers, or when they renew";
            return [];
        }
    }

    /// <summary>Whole or not at all.</summary>
    /// <exception cref="IOException"/>
    /// <exception cref="UnauthorizedAccessException"/>
    public void Write(IEnumerable<RegistrationLease> leases)
    {
        var next = Path + ".next";
        using (var file = new FileStream(next, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            JsonSerializer.Serialize(file, [.. leases], RegistrarJson.Default.ImmutableArrayRegistrationLease);
        }
        File.Move(next, Path, overwrite: true);
    }
}
