using OpenCluster.Data.Spaces;

namespace OpenCluster.Data.Execution;

/// <summary>What a client gathers between MULTI and EXEC, and which keys must stay as they are until then.</summary>
internal sealed class Transaction(Space space) : IDisposable
{
    /// <summary>The most that may be gathered: with it, all changes of a transaction fit into one record of the log.</summary>
    public const int MaxBytes = 24 * 1024 * 1024;

    private readonly List<byte[]> watched = [];

    /// <summary>The commands as arrays of bulk strings, one after the other.</summary>
    public List<byte[]> Commands { get; } = [];

    public int Bytes { get; private set; }

    /// <summary>MULTI was said.</summary>
    public bool IsOpen { get; set; }

    /// <summary>A watched key has changed.</summary>
    public bool IsBroken { get; set; }

    /// <summary>A command was refused while it was gathered.</summary>
    public bool IsRefused { get; set; }

    /// <summary>What was refused while it is open ends it.</summary>
    public void Refuse() => IsRefused |= IsOpen;

    /// <summary>Watched keys whose time has come go now, so that it is known.</summary>
    public void Look()
    {
        foreach (var key in watched.ToArray()) space.Keys.Peek(key);
    }

    public void Add(byte[] command)
    {
        Commands.Add(command);
        Bytes += command.Length;
    }

    public void Watch(ReadOnlySpan<byte> key)
    {
        foreach (var known in watched)
            if (key.SequenceEqual(known))
                return;
        var copy = key.ToArray();
        watched.Add(copy);
        space.Watches.Add(copy, this);
    }

    /// <summary>Forgets watched keys, and that any has changed.</summary>
    public void Unwatch()
    {
        foreach (var key in watched) space.Watches.Remove(key, this);
        watched.Clear();
        IsBroken = false;
    }

    public void Dispose() => Unwatch();
}
