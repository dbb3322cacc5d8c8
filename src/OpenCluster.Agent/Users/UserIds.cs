using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using OpenCluster.Agent.Processes;
using OpenCluster.Trust.Files;

namespace OpenCluster.Agent.Users;

/// <summary>
/// A user id of its own for every service, when the agent is root: from the agent's own range (<see cref="UserRanges"/>), never one that
/// stands in /etc/passwd, the same for a service as long as the agent's directory lives. Builds have another. Without root, everything
/// runs as the agent's own user.
/// </summary>
internal sealed class UserIds
{
    private readonly string _path, _agent;
    private readonly UserRanges _ranges;
    private ImmutableArray<UserRange> _own = [];
    private ImmutableSortedDictionary<string, uint> _ids = ImmutableSortedDictionary<string, uint>.Empty;

    public UserIds(string path, string agentDirectory, UserRanges? ranges = null)
    {
        (_path, _agent) = (path, agentDirectory);
        _ranges = ranges ?? new UserRanges(UserRanges.OfThisMachine, Used);
        IsRoot = LibC.EffectiveUser() == 0;
        Closed = IsRoot ? ClosedParent(agentDirectory) : null;
        if (!CanChange) return;
        _own = _ranges.Of(_agent);
        // What is not of its own range is another's: the directory was copied, or the claim is lost.
        if (File.Exists(path) && JsonSerializer.Deserialize(File.ReadAllBytes(path), AgentJson.Default.UserMap) is { } ids)
            _ids = ids.RemoveRange(ids.Where(i => !_own.Any(range => range.Has(i.Value))).Select(i => i.Key));
    }

    public bool IsRoot { get; }

    /// <summary>A directory above the agent's that other users may not enter: then services cannot have users of their own. Null: they can.</summary>
    public string? Closed { get; }

    private bool CanChange => IsRoot && Closed is null;

    /// <summary>Who a service runs as; null for the agent's own user.</summary>
    /// <param name="asked">The owner's choice, a name or number; null for a user of its own.</param>
    /// <exception cref="AgentException">The user asked for does not exist, or the agent may not become it.</exception>
    public RunAs? For(string serviceId, string? asked)
    {
        if (asked is not null) return Named(asked);
        if (!CanChange) return null;
        if (_ids.TryGetValue(serviceId, out var known)) return new RunAs(known, known);
        var id = Free();
        _ids = _ids.Add(serviceId, id);
        PrivateFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(_ids, AgentJson.Default.UserMap));
        return new RunAs(id, id);
    }

    /// <summary>Who builds; null for the agent's own user. Never a service's user: all of a build's user is killed when it ends.</summary>
    /// <exception cref="AgentException">There is no range left for this agent.</exception>
    public RunAs? ForBuilds()
    {
        if (!CanChange) return null;
        if (_own.IsEmpty) _own = [_ranges.Claim(_agent)];
        return new RunAs(_own[0].Build, _own[0].Build);
    }

    /// <summary>Hands a directory and everything below it to a user. Symbolic links are left alone: one may lead to /etc.</summary>
    public static void Give(string path, RunAs? user)
    {
        if (user is null) return;
        Own(path, user);
        // Not even looked into: .NET would otherwise go through links to directories.
        var below = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (var entry in Directory.EnumerateFileSystemEntries(path, "*", below)) Own(entry, user);
    }

    /// <summary>Hands over what is another's: a service may get another user than it had.</summary>
    public static void Settle(string path, RunAs? user)
    {
        if (user is not null && LibC.OwnerOf(path) != user.Uid) Give(path, user);
    }

    public static void Own(string path, RunAs? user)
    {
        if (user is not null && LibC.ChangeOwner(path, user.Uid, user.Gid) != 0)
            throw new IOException($"{path} cannot be given to user {user.Uid}");
    }

    private RunAs? Named(string asked)
    {
        var byNumber = uint.TryParse(asked, CultureInfo.InvariantCulture, out var number);
        foreach (var (name, uid, gid) in Passwd())
        {
            if (name != asked && !(byNumber && uid == number)) continue;
            if (uid == LibC.EffectiveUser()) return null;
            if (!IsRoot) throw new AgentException("not-root", $"the service is to run as user {asked}, and only an agent started by root can do that");
            return new RunAs(uid, gid, name);
        }
        if (byNumber && IsRoot) return new RunAs(number, number);
        throw new AgentException("no-such-user", $"there is no user {asked} on this server; make it, or take \"user:\" out so that the service gets one of its own");
    }

    private uint Free()
    {
        var taken = Passwd().Select(u => u.Uid).Concat(_ids.Values).ToHashSet();
        while (true)
        {
            foreach (var range in _own)
                for (var id = range.First; id <= range.Last; id++)
                    if (!taken.Contains(id))
                        return id;
            _own = _own.Add(_ranges.Claim(_agent));
        }
    }

    /// <summary>Ids of people and of whatever runs, systemd's dynamic users among them.</summary>
    private static HashSet<uint> Used() => [.. Passwd().Select(u => u.Uid), .. ProcFs.All().Select(p => ProcFs.User(p.Pid)).OfType<uint>()];

    private static IEnumerable<(string Name, uint Uid, uint Gid)> Passwd() =>
        from line in File.ReadLines("/etc/passwd")
        let f = line.Split(':')
        where f.Length >= 4 && uint.TryParse(f[2], out _) && uint.TryParse(f[3], out _)
        select (f[0], uint.Parse(f[2], CultureInfo.InvariantCulture), uint.Parse(f[3], CultureInfo.InvariantCulture));

    private static string? ClosedParent(string directory)
    {
        for (var d = new DirectoryInfo(directory); d is not null; d = d.Parent)
            if (d.Exists && !d.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
                return d.FullName;
        return null;
    }
}
