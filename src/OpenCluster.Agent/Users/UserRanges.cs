using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OpenCluster.Agent.Processes;
using OpenCluster.Trust.Files;

namespace OpenCluster.Agent.Users;

/// <summary>32 user ids for the services of one agent, and one apart from them for its builds: when a build ends, everything of its user is killed.</summary>
internal readonly record struct UserRange(int Number)
{
    /// <summary>
    /// Together they lie in the range that systemd's dynamic users have, 61184 to 65519: no distribution gives those to people, and a
    /// container with the usual 65,536 ids has them.
    /// </summary>
    public const uint FirstId = 61184, Size = 32, FirstBuildId = FirstId + (Size * Count);
    public const int Count = 120;

    public uint First => FirstId + ((uint)Number * Size);
    public uint Last => First + Size - 1;
    public uint Build => FirstBuildId + (uint)Number;

    public bool Has(uint id) => id >= First && id <= Last;
}

/// <summary>
/// Which agent of this machine has which user ids: one file for all of them, for agents cannot see each other's directories and
/// two services of one user could read each other's secrets and kill each other. What is claimed stays claimed as long as the agent's directory is there.
/// </summary>
/// <param name="path">The file: a line for each range, its number and the agent's directory. <see cref="OfThisMachine"/> except in tests.</param>
/// <param name="used">Ids that somebody has already: a range with one of them is not given out.</param>
internal sealed class UserRanges(string path, Func<IReadOnlySet<uint>> used)
{
    public const string OfThisMachine = "/var/lib/opencluster/user-ranges";

    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>What this agent has claimed, in that order; nothing where there is no file.</summary>
    public ImmutableArray<UserRange> Of(string agent) => [.. Read().Where(c => c.Agent == agent).Select(c => c.Range)];

    /// <summary>One more range for an agent, durable when this returns.</summary>
    /// <exception cref="AgentException">All are taken, or the file cannot be written.</exception>
    public UserRange Claim(string agent)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var one = Alone();
            var claims = Read();
            var busy = used();
            bool Idle(UserRange range) => !busy.Contains(range.Build) && !busy.Any(range.Has);

            // Those of agents that are gone come last and the longest claimed first: a disk that is not mounted makes an agent look gone, too.
            var free = Enumerable.Range(0, UserRange.Count).Select(n => new UserRange(n)).Except(claims.Select(c => c.Range));
            var left = claims.Where(c => !Directory.Exists(c.Agent)).Select(c => c.Range);
            var range = free.Concat(left).Where(Idle).Cast<UserRange?>().FirstOrDefault() ?? throw new AgentException(
                "no-user-range", $"all user ids from {UserRange.FirstId} to {UserRange.FirstBuildId - 1} are claimed by agents that are still on this machine; {path} says which; delete the directory of one that is of no use any more");
            var lines = claims.RemoveAll(c => c.Range == range).Add((range, agent)).Select(c => $"{c.Range.Number} {c.Agent}\n");
            PrivateFile.Write(path, Encoding.UTF8.GetBytes(string.Concat(lines)), Readable);
            return range;
        }
        catch (Exception disk) when (disk is IOException or UnauthorizedAccessException)
        {
            throw new AgentException(
                "no-user-range", $"services get users of their own, and which ids this agent may use is written in {path}, which cannot be changed: {disk.Message}. Make it writable, or give each service a \"user:\"", disk);
        }
    }

    /// <summary>Held only for as long as one reads and writes a small file. Opened by libc: .NET would refuse at once instead of waiting.</summary>
    private SafeFileHandle Alone()
    {
        var held = new SafeFileHandle(LibC.Open(path + ".lock", LibC.OpenReadWrite | LibC.OpenCreate | LibC.OpenCloseOnExec, 0x180), ownsHandle: true);
        if (!held.IsInvalid && LibC.Flock((int)held.DangerousGetHandle(), LibC.LockExclusive) == 0) return held;
        held.Dispose();
        throw new IOException($"{path}.lock cannot be locked: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    private ImmutableList<(UserRange Range, string Agent)> Read() =>
    [
        .. from line in File.Exists(path) ? File.ReadAllLines(path) : []
           let f = line.Split(' ', 2)
           let number = int.TryParse(f[0], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : UserRange.Count
           where f.Length == 2 && number < UserRange.Count
           select (new UserRange(number), f[1]),
    ];
}
