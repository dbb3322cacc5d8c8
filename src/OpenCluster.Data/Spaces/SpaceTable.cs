using System.Runtime.InteropServices;
using System.Text;
using OpenCluster.Data.Keyspace;

namespace OpenCluster.Data.Spaces;

/// <summary>The spaces of this server, and who opens which. Under the executor's gate.</summary>
internal sealed class SpaceTable(KeyspaceClock clock) : IDisposable
{
    private readonly Dictionary<string, Space> byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, User> users = new(StringComparer.Ordinal);
    private readonly List<Space> all = [];

    public IReadOnlyList<Space> All => all;

    public KeyspaceClock Clock => clock;

    /// <summary>Who is told what a space's keys do by themselves. Set before the first space is opened.</summary>
    public Func<Space, IKeyspaceObserver>? ObserverOf { get; set; }

    public IReadOnlyCollection<User> Users => users.Values;

    /// <summary>Whom a connection is before it says who it is; null: it must.</summary>
    public User? Default => users.GetValueOrDefault("default") is { Digest: null } open ? open : null;

    /// <summary>The space, made when it is not there yet.</summary>
    public Space Open(string name)
    {
        ref var space = ref CollectionsMarshal.GetValueRefOrAddDefault(byName, name, out var known);
        if (known) return space!;
        space = new Space(name, SpaceLimits.None, clock);
        space.Keys.Observer = ObserverOf?.Invoke(space);
        all.Add(space);
        return space;
    }

    /// <summary>The space that a log names.</summary>
    public Space Replayed(ReadOnlySpan<byte> name)
    {
        foreach (var space in all)
            if (name.SequenceEqual(space.NameBytes))
                return space;
        return Open(Encoding.UTF8.GetString(name));
    }

    public User? User(string name) => users.GetValueOrDefault(name);

    /// <summary>Users and limits are those of a file from now on.</summary>
    public void Configure(SpacesFile file)
    {
        users.Clear();
        foreach (var (name, entry) in file.Spaces) Open(name).Limits = entry.Limits;
        foreach (var user in file.Users()) Add(user);
    }

    public void Add(User user) => users[user.Name] = user;

    public void Dispose()
    {
        foreach (var space in all) space.Dispose();
    }
}
