using OpenCluster.Data.Spaces;
using OpenCluster.Resp;

namespace OpenCluster.Data.Execution;

/// <summary>
/// One client as the executor knows him: who he is, what he has said half of, what he is to be told. The executor touches it while it
/// holds its gate; <see cref="Reply"/> is also read by whoever sends it, when the executor does not run for this client.
/// </summary>
internal class Session(long id) : IDisposable
{
    public long Id { get; } = id;

    public RespWriter Reply { get; } = new();

    public CommandReader Reader { get; } = new();

    /// <summary>Null until he has said who he is.</summary>
    public User? User { get; private set; }

    /// <summary>The space that the user opens; null exactly when <see cref="User"/> is.</summary>
    public Space? Space { get; private set; }

    /// <summary>What he calls himself (CLIENT SETNAME); empty at first.</summary>
    public string Name { get; set; } = "";

    /// <summary>Address and port, for those who ask who is connected.</summary>
    public string Peer { get; init; } = "";

    /// <summary>Milliseconds since 1970.</summary>
    public long ConnectedAt { get; init; }

    /// <summary>When his last command ran.</summary>
    public long LastSeenAt { get; set; }

    /// <summary>What he asked for last; null before the first.</summary>
    public Command? LastCommand { get; set; }

    /// <summary>The log must have come this far before he is answered; see <c>DataLog.Released</c>.</summary>
    public long HeldUntil { get; set; }

    /// <summary>Nothing more is read from him, and he goes once he has been told what is in <see cref="Reply"/>.</summary>
    public bool IsClosing { get; set; }

    /// <summary>How many channels and patterns he listens to.</summary>
    public int Channels { get; set; }

    public int Patterns { get; set; }

    public Transaction? Transaction { get; set; }

    public void Open(User user, Space space)
    {
        Transaction?.Dispose();
        Transaction = null;
        if (Space is { } before) before.Connections--;
        (User, Space) = (user, space);
        space.Connections++;
    }

    /// <summary>There is something in <see cref="Reply"/> that nobody waits for: it is to be sent soon. May come from any thread that holds the gate.</summary>
    public virtual void Wake()
    {
    }

    /// <summary>Leaves his space. Under the gate.</summary>
    public virtual void Leave()
    {
        Transaction?.Dispose();
        Transaction = null;
        if (Space is { } space) space.Connections--;
        (User, Space) = (null, null);
    }

    public void Dispose()
    {
        Reply.Dispose();
        GC.SuppressFinalize(this);
    }
}
