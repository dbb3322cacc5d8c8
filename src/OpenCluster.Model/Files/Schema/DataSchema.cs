using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary><c>data</c>: spaces, each a primary and its copies.</summary>
internal static class DataSchema
{
    private static readonly Key<DataEngine> Engine = new("engine", new ChoiceShape<DataEngine>(("redis", DataEngine.Redis)),
        "What keeps the data: processes of redis-server for this space alone, which OpenCluster starts, replicates and fails over.", DataEngine.Redis);
    private static readonly Key<string> Role = new("role", Common.Named("the name of a role"), "The role whose servers may hold a copy.", "default");
    private static readonly OptionalKey<string> Zone = new("zone", Common.Named("the name of a zone"), "Only servers of this zone.") { Otherwise = "any zone" };
    private static readonly Key<ImmutableArray<string>> Locations = new("locations", new ListShape<string>("locations", Common.Location),
        "Only servers at or below these locations.", [])
    { UsualWords = "anywhere" };
    private static readonly Key<int> Copies = new("copies", new WholeShape(1, 7),
        "How many servers hold a copy, the primary's among them; spread over locations. Chosen when the space is made and kept.", 3);
    private static readonly Key<int> Port = new("port", Common.PortNumber, "Where each copy listens, at its server's address.", 6379);
    private static readonly Key<int> Replicas = new("replicas", new WholeShape(0, 6),
        "So many replicas must follow, or writes are refused; and whatever happens, the next primary is one that has every write that so many replicas confirmed (WAIT). More survive more deaths and stop sooner.", 1)
    { UsualWords = "1, with a single copy 0" };
    private static readonly Key<TimeSpan> Lag = new("lag", Common.Duration("1s", "5m"),
        "A replica that said nothing for longer does not count for replicas. Rounded up to seconds.", TimeSpan.FromSeconds(10));
    private static readonly Key<ImmutableArray<string>> Witnesses = new("witnesses", Common.Names("servers", "the name of a server"),
        "Servers that hold no copy and vote on who is primary. Two copies want one; two sites want one elsewhere.", []);
    private static readonly Key<WhenAlone> Alone = new("when-alone", new ChoiceShape<WhenAlone>(("stop", WhenAlone.Stop), ("continue", WhenAlone.Continue)),
        "For two copies without a witness. stop: neither takes writes without the other; continue: the primary goes on alone, and only a person can make the other one primary.", WhenAlone.Stop);
    private static readonly OptionalKey<long> Memory = new("memory", Common.Size("1MiB", "64TiB"), "The most that it may take on each server; beyond it writes are refused.") { Otherwise = "no bound" };
    private static readonly Key<FsyncRule> Fsync = new("fsync", new ChoiceShape<FsyncRule>(("always", FsyncRule.Always), ("everysec", FsyncRule.EverySecond), ("no", FsyncRule.No)),
        "When each copy's log is synced to its disk.", FsyncRule.EverySecond);
    private static readonly Key<string> Program = new("program", new TextShape("a program", Texts.NotText), "What is run: redis-server, or another of its family that understands the configuration of Redis 7.", "redis-server");

    private static readonly ObjectShape<(int Replicas, TimeSpan Lag)> Acknowledged = new("when a write counts", [Replicas, Lag], o => (o.Get(Replicas), o.Get(Lag)));
    private static readonly Key<(int Replicas, TimeSpan Lag)> Acknowledge = new("acknowledge", Acknowledged, "When a write counts as acknowledged.", (1, TimeSpan.FromSeconds(10)))
    { UsualWords = "by one replica; with a single copy by none" };

    public static readonly ObjectShape<DataSpace> Shape = new("a space",
        [Common.RenamedFrom, Engine, Role, Zone, Locations, Copies, Port, Acknowledge, Witnesses, Alone, Memory, Fsync, Program], Read);

    private static DataSpace Read(ObjectReader o)
    {
        var copies = o.Get(Copies);
        var (replicas, lag) = o.Has(Acknowledge) ? o.Get(Acknowledge) : (Math.Min(1, copies - 1), TimeSpan.FromSeconds(10));
        return new DataSpace
        {
            Name = o.Name,
            RenamedFrom = o.Maybe(Common.RenamedFrom),
            Engine = o.Get(Engine),
            Role = o.Get(Role),
            Zone = o.Maybe(Zone),
            Locations = o.Get(Locations),
            Copies = copies,
            Port = o.Get(Port),
            Replicas = replicas,
            Lag = lag,
            Witnesses = o.Get(Witnesses),
            WhenAlone = o.Get(Alone),
            MemoryBytes = o.Number(Memory),
            Fsync = o.Get(Fsync),
            Program = o.Get(Program),
        };
    }
}
