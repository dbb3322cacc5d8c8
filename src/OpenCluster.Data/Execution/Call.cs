using OpenCluster.Data.Spaces;
using OpenCluster.Resp;

namespace OpenCluster.Data.Execution;

/// <summary>
/// A command being carried out: its arguments, for whom, where the answer goes and what it has changed. There is one, used again for
/// every command; arguments are valid until the command has been answered.
/// </summary>
internal sealed unsafe class Call(Executor executor)
{
    private readonly Slice[] noSlices = [];
    private byte* start;
    private Slice[] slices = [];

    public Executor Executor { get; } = executor;

    public Command Command { get; private set; } = null!;

    public Session Session { get; private set; } = null!;

    public Space Space { get; private set; } = null!;

    public Keyspace.Keyspace Keys { get; private set; } = null!;

    public RespWriter Reply { get; private set; } = null!;

    /// <summary>The number of arguments, the command's name among them.</summary>
    public int Count { get; private set; }

    /// <summary>Milliseconds since 1970, the same for a whole batch.</summary>
    public long Now => Executor.Now;

    /// <summary>How many changes it made; 0: nothing for the log.</summary>
    public int Changes { get; private set; }

    /// <summary>It is tried again for a client who waits.</summary>
    public bool IsRetry { get; private set; }

    /// <summary>It was tried again and there was nothing again.</summary>
    public bool WaitsOn { get; private set; }

    /// <summary>It was written to the log in other words already.</summary>
    public bool IsLogged { get; private set; }

    public ReadOnlySpan<byte> this[Index index] => this[index.GetOffset(Count)];

    public ReadOnlySpan<byte> this[int index] => new(start + slices[index].Offset, slices[index].Length);

    public void Begin(Session session, byte* bytes, ReadOnlySpan<Slice> arguments) => Begin(session, bytes, arguments, session.Reply);

    /// <summary>As the other, for a client who waits: he is told by mail.</summary>
    public void BeginRetry(Session session, byte* bytes, ReadOnlySpan<Slice> arguments)
    {
        Begin(session, bytes, arguments, session.Mail);
        IsRetry = true;
    }

    private void Begin(Session session, byte* bytes, ReadOnlySpan<Slice> arguments, RespWriter reply)
    {
        (IsRetry, WaitsOn) = (false, false);
        if (slices.Length < arguments.Length) slices = new Slice[Math.Max(64, arguments.Length * 2)];
        arguments.CopyTo(slices);
        start = bytes;
        (Session, Count, Reply) = (session, arguments.Length, reply);
    }

    public void Enter(Command command, Space space)
    {
        (Command, Space, Keys) = (command, space, space.Keys);
        (Changes, IsLogged) = (0, false);
    }

    /// <summary>A command without a space: AUTH, HELLO and their like.</summary>
    public void Enter(Command command) => (Command, Changes, IsLogged) = (command, 0, false);

    public void End()
    {
        if (slices.Length > 4096) slices = noSlices;
    }

    /// <summary>As the other, with any number of words.</summary>
    public void LogAs(ReadOnlySpan<byte> command, ReadOnlySpan<byte> key, IReadOnlyList<byte[]> rest)
    {
        IsLogged = true;
        if (Executor.Log is not { } log) return;
        var writer = log.Begin(Space);
        writer.Array(2 + rest.Count);
        writer.Bulk(command);
        writer.Bulk(key);
        foreach (var word in rest) writer.Bulk(word);
        log.End();
    }

    /// <summary>Says that a key was changed: for the log, for those who watch it, for those who listen to events.</summary>
    public void Changed(ReadOnlySpan<byte> key, EventKind kind, ReadOnlySpan<byte> what)
    {
        Changes++;
        Space.Watches.Touch(key);
        Space.Waiters.Touch(key);
        Executor.Notify(Space, kind, what, key);
    }

    /// <summary>There is nothing at the keys that are the arguments <paramref name="first"/> to <paramref name="last"/>: the client waits for them, or is told so when nobody may wait.</summary>
    /// <param name="first">Of the keys.</param>
    /// <param name="last">Of the keys.</param>
    /// <param name="until">Milliseconds since 1970; 0: for ever.</param>
    /// <param name="nothing">Answers that there is nothing.</param>
    public void WaitFor(int first, int last, long until, Action nothing)
    {
        if (IsRetry) WaitsOn = true;
        else if (Executor.IsInTransaction) nothing();
        else Executor.Wait(this, [.. Enumerable.Range(first, last - first + 1).Select(i => this[i].ToArray())], until);
    }

    /// <summary>The command as an array of bulk strings.</summary>
    public void WriteTo(RespWriter writer)
    {
        writer.Array(Count);
        for (var i = 0; i < Count; i++) writer.Bulk(this[i]);
    }

    /// <summary>The log gets these words instead of the client's: what it asked for depends on when it is asked.</summary>
    public void LogAs(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third = default, ReadOnlySpan<byte> fourth = default, ReadOnlySpan<byte> fifth = default)
    {
        IsLogged = true;
        if (Executor.Log is not { } log) return;
        var writer = log.Begin(Space);
        writer.Array(2 + (third.IsEmpty ? 0 : 1) + (fourth.IsEmpty ? 0 : 1) + (fifth.IsEmpty ? 0 : 1));
        writer.Bulk(first);
        writer.Bulk(second);
        if (!third.IsEmpty) writer.Bulk(third);
        if (!fourth.IsEmpty) writer.Bulk(fourth);
        if (!fifth.IsEmpty) writer.Bulk(fifth);
        log.End();
    }

    /// <summary>Tells those who listen to events, without counting as a change.</summary>
    public void Notify(ReadOnlySpan<byte> key, EventKind kind, ReadOnlySpan<byte> what) => Executor.Notify(Space, kind, what, key);

    /// <summary>Everything was changed at once.</summary>
    public void ChangedAll() => Changes++;

    /// <summary>Logs a command with a value and the time at which it ends.</summary>
    public void LogExpiring(ReadOnlySpan<byte> command, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long expiresAt)
    {
        IsLogged = true;
        if (Executor.Log is not { } log) return;
        var writer = log.Begin(Space);
        writer.Array(5);
        writer.Bulk(command);
        writer.Bulk(key);
        writer.Bulk(value);
        writer.Bulk("pxat"u8);
        writer.BulkInteger(expiresAt);
        log.End();
    }

    /// <summary>Logs the time at which a key ends.</summary>
    public void LogExpiry(ReadOnlySpan<byte> key, long expiresAt)
    {
        IsLogged = true;
        if (Executor.Log is not { } log) return;
        var writer = log.Begin(Space);
        writer.Array(3);
        writer.Bulk("pexpireat"u8);
        writer.Bulk(key);
        writer.BulkInteger(expiresAt);
        log.End();
    }

    /// <summary>An argument as an integer of 64 bits; false: answered that it is none.</summary>
    public bool TryInteger(int index, out long number) => TryInteger(index, out number, Commands.Errors.NotAnInteger);

    public bool TryInteger(int index, out long number, ReadOnlySpan<byte> otherwise)
    {
        if (RespNumber.TryInteger(this[index], out number)) return true;
        Reply.Error(otherwise);
        return false;
    }

    public bool Is(int index, ReadOnlySpan<byte> word) => Ascii.EqualsIgnoreCase(this[index], word);
}

/// <summary>ASCII letters.</summary>
internal static class Ascii
{
    public static bool EqualsIgnoreCase(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) => System.Text.Ascii.EqualsIgnoreCase(text, word);
}
