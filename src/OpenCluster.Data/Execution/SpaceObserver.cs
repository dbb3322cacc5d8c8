using OpenCluster.Data.Keyspace;
using OpenCluster.Data.Spaces;

namespace OpenCluster.Data.Execution;

/// <summary>Passes on what the keys of a space do by themselves: to the log, to those who watch and those who listen.</summary>
internal sealed class SpaceObserver(Executor executor, Space space) : IKeyspaceObserver
{
    public void Expiring(ReadOnlySpan<byte> key)
    {
        space.Expired++;
        executor.LogRemoval(space, key);
        space.Watches.Touch(key);
        executor.Notify(space, EventKind.Expired, "expired"u8, key);
    }

    public void SaveBeforeChange(Entry entry) => executor.Snapshot?.Save(space, entry);
}
