using System.Collections.Immutable;
using System.Security.Cryptography;
using OpenCluster.Agent.Files;
using OpenCluster.Agent.Processes;
using OpenCluster.Agent.Users;
using OpenCluster.Model.Running;

namespace OpenCluster.Agent.Secrets;

/// <summary>Values as files in memory: a directory for each instance or build, files of mode 0400 of the user it runs as. Safe for concurrent use.</summary>
internal sealed class SecretFiles(MemoryPlace place, SecretStore store)
{
    // The directory stays the agent's, or the service could put links into the way of what root writes there.
    private const UnixFileMode GroupEnters = AgentDirectory.Private | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
    private const UnixFileMode OwnerReads = UnixFileMode.UserRead;

    private readonly Lock _writing = new();

    /// <summary>Writes what is new or another than before.</summary>
    /// <param name="owner">Instance or release id.</param>
    /// <returns>The directory; and whether something there was changed that had been there before.</returns>
    /// <exception cref="AgentException">A value is not here, or there is no file system in memory.</exception>
    public (string Directory, bool Changed) Provide(string owner, ImmutableArray<SecretRef> secrets, RunAs? user)
    {
        lock (_writing) return Provided(PathOf(owner), secrets, user);
    }

    public void Remove(string owner)
    {
        lock (_writing)
        {
            if (!place.Exists) return;
            Trees.Delete(PathOf(owner));
            place.Leave();
        }
    }

    /// <summary>Removes what belongs to nobody known: an agent that died may have left it.</summary>
    public void KeepOnly(IReadOnlySet<string> owners)
    {
        lock (_writing)
        {
            if (!place.Exists) return;
            foreach (var left in Directory.EnumerateDirectories(place.Root).Where(d => !owners.Contains(Path.GetFileName(d)))) Trees.Delete(left);
            place.Leave();
        }
    }

    private (string Directory, bool Changed) Provided(string directory, ImmutableArray<SecretRef> secrets, RunAs? user)
    {
        var changed = false;
        Directory.CreateDirectory(directory, AgentDirectory.Private);
        foreach (var left in Directory.EnumerateFiles(directory).Where(f => secrets.All(s => s.Name != Path.GetFileName(f)))) File.Delete(left);
        foreach (var secret in secrets)
        {
            var value = store.Find(secret) ?? throw new AgentException("secret-not-here", $"the value of the secret {secret.Name} is not on this server yet; it comes from the controller");
            changed |= Write(Path.Combine(directory, AgentDirectory.Name(secret.Name)), value, user);
        }

        if (user is not null)
        {
            UserIds.Own(directory, user with { Uid = LibC.EffectiveUser() });
            File.SetUnixFileMode(directory, GroupEnters);
        }

        return (directory, changed);
    }

    private string PathOf(string owner) => Path.Combine(place.Root, AgentDirectory.Name(owner));

    /// <returns>True when there was another value before.</returns>
    private static bool Write(string path, byte[] value, RunAs? user)
    {
        var before = File.Exists(path) ? File.ReadAllBytes(path) : null;
        if (before is not null && CryptographicOperations.FixedTimeEquals(before, value)) return false;
        // Renamed over the old one: who reads at that moment reads one of the two, whole.
        var fresh = path + ".new";
        File.Delete(fresh);
        using (var file = new FileStream(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerReads })) file.Write(value);
        UserIds.Own(fresh, user);
        File.Move(fresh, path, overwrite: true);
        return before is not null;
    }
}
