using OpenCluster.Data.Spaces;
using OpenCluster.Resp;

namespace OpenCluster.Data.Execution;

/// <summary>
/// One client as the executor knows him: who he is, what he has said half of, what he is to be told. The executor touches it while it
/// holds its gate; <see cref="Reply"/> is also read by whoever sends it, when the executor does not run for this client. So what others
/// have to tell him comes into <see cref="Mail"/>, and whoever sends takes it from there.
/// </summary>
internal class Session(long id) : IDisposable
{
    /// <summary>Messages that a client does not fetch, above which he is cut off.</summary>
    private const int MaxMailBytes = 32 * 1024 * 1024;

    private readonly RespWriter mail = new();
    private HashSet<byte[]>? channels;
    private HashSet<byte[]>? patterns;

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

    /// <summary>He goes at once, whatever is left to tell him.</summary>
    public bool IsCutOff { get; set; }

    /// <summary>There are whole commands that were not carried out yet: he waits, or has to fetch his answers first.</summary>
    public bool HasMore { get; set; }

    /// <summary>What he waits for; null: nothing.</summary>
    public Waiting? Waiting { get; set; }

    /// <summary>How many channels and patterns he listens to.</summary>
    public int SubscriptionCount => (channels?.Count ?? 0) + (patterns?.Count ?? 0);

    public Transaction? Transaction { get; set; }

    /// <summary>Names or patterns that he listens to, to be kept the same as the space's own list.</summary>
    public HashSet<byte[]> Subscriptions(bool isPattern) => isPattern ? patterns ??= new(ByteKeys.Instance) : channels ??= new(ByteKeys.Instance);

    public void Open(User user, Space space)
    {
        if (Space is not null) Leave();
        (User, Space) = (user, space);
        space.Connections++;
    }

    /// <summary>There is something in <see cref="Reply"/> that nobody waits for: it is to be sent soon. May come from any thread that holds the gate.</summary>
    public virtual void Wake()
    {
    }

    /// <summary>Takes what others say to him; <see cref="Wake"/> follows.</summary>
    public RespWriter Mail
    {
        get
        {
            mail.Protocol = Reply.Protocol;
            return mail;
        }
    }

    /// <summary>A message of a channel.</summary>
    public void Tell(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message, byte[]? pattern = null)
    {
        if (mail.Length > MaxMailBytes)
        {
            CutOff();
            return;
        }
        Mail.Push(pattern is null ? 3 : 4);
        mail.Bulk(pattern is null ? "message"u8 : "pmessage"u8);
        if (pattern is not null) mail.Bulk(pattern);
        mail.Bulk(channel);
        mail.Bulk(message);
        Wake();
    }

    /// <summary>Ends him from outside. Under the gate.</summary>
    public void CutOff()
    {
        IsClosing = IsCutOff = true;
        Wake();
    }

    /// <summary>What others said to him is what he is told next. Under the gate, by whoever sends.</summary>
    public void TakeMail()
    {
        if (mail.Length == 0) return;
        Reply.Raw(mail.Written);
        mail.Clear();
    }

    /// <summary>He waits no more.</summary>
    public void StopWaiting()
    {
        if (Waiting is not { } waiting) return;
        waiting.Space.Waiters.Remove(waiting);
        Waiting = null;
    }

    /// <summary>Leaves his space. Under the gate.</summary>
    public virtual void Leave()
    {
        Transaction?.Dispose();
        Transaction = null;
        StopWaiting();
        if (Space is { } space)
        {
            space.Connections--;
            foreach (var name in channels ?? []) space.Channels.Remove(name, this, isPattern: false);
            foreach (var pattern in patterns ?? []) space.Channels.Remove(pattern, this, isPattern: true);
        }
        (channels, patterns) = (null, null);
        (User, Space) = (null, null);
    }

    public void Dispose()
    {
        Reply.Dispose();
        mail.Dispose();
        GC.SuppressFinalize(this);
    }
}
