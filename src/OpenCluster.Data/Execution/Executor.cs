using OpenCluster.Data.Commands;
using OpenCluster.Data.Durability;
using OpenCluster.Data.Spaces;
using OpenCluster.Resp;

namespace OpenCluster.Data.Execution;

/// <summary>
/// Carries out commands, one after the other, over all spaces. Whoever has commands takes the <see cref="Gate"/> for a whole batch of them:
/// <see cref="BeginBatch"/>, any number of <see cref="Feed"/>, <see cref="EndBatch"/>. Reading from sockets, and sending, happens outside it.
/// </summary>
/// <remarks>
/// A gate and not a thread of its own: handing a command from thread to thread costs many times what carrying it out does. With one thread
/// of input and output the gate is never waited for; with several, it is held only for the small part of their work that is this.
/// </remarks>
internal sealed unsafe class Executor
{
    /// <summary>Answers that a client has not fetched, above which no more of his commands are carried out until he has.</summary>
    private const int MaxUnfetchedBytes = 1024 * 1024;

    private readonly HashSet<Waiting> waiting = [];
    private readonly TimeProvider time;
    private readonly Call call;
    private readonly CommandTable table;
    private readonly CommandReader gathered = new();
    private readonly RespWriter copy = new();

    public Executor(CommandTable table, SpaceTable spaces, TimeProvider time)
    {
        this.table = table;
        this.time = time;
        Spaces = spaces;
        call = new Call(this);
        spaces.ObserverOf = space => new SpaceObserver(this, space);
        spaces.Clock.Advance(time.GetUtcNow().ToUnixTimeMilliseconds());
        StartedAt = Now;
    }

    public Lock Gate { get; } = new();

    public SpaceTable Spaces { get; }

    /// <summary>Null for a cache, which keeps nothing, and while a log is replayed.</summary>
    public DataLog? Log { get; set; }

    /// <summary>Milliseconds since 1970, as of the start of the batch.</summary>
    public long Now => Spaces.Clock.Now;

    public bool IsReplaying => Spaces.Clock.IsReplaying;

    /// <summary>For RANDOMKEY and its like.</summary>
    public Random Random { get; } = new();

    /// <summary>Who is connected, by id.</summary>
    public Dictionary<long, Session> Sessions { get; } = [];

    public TimeProvider Time => time;

    /// <summary>Milliseconds since 1970.</summary>
    public long StartedAt { get; }

    /// <summary>When the last snapshot was complete, in milliseconds since 1970; 0: none yet.</summary>
    public long LastSnapshotAt { get; set; }

    /// <summary>Snapshots since the start.</summary>
    public int SnapshotsTaken { get; set; }

    /// <summary>The longest that any part of a snapshot has kept commands waiting.</summary>
    public TimeSpan LongestSnapshotStop { get; set; }

    /// <summary>What goes when memory is short, by the name it has with Redis.</summary>
    public string EvictionName { get; set; } = "noeviction";

    /// <summary>The snapshot that is being taken; null: none.</summary>
    public SnapshotRun? Snapshot { get; set; }

    /// <summary>Replaces the log by snapshots; null when there is no log.</summary>
    public Compaction? Compaction { get; set; }

    public CommandTable Table => table;

    public long CommandsProcessed { get; private set; }

    public void BeginBatch()
    {
        Spaces.Clock.Advance(time.GetUtcNow().ToUnixTimeMilliseconds());
        Spaces.Clock.IsFrozen = Log is { Failure: not null };
    }

    public void EndBatch() => Log?.Flush();

    /// <summary>Carries out the whole commands at the start of <paramref name="bytes"/>.</summary>
    /// <returns>How many bytes they were; the rest is to be handed in again with what comes after it.</returns>
    public int Feed(Session session, byte* bytes, int length)
    {
        var at = 0;
        session.HasMore = false;
        // What he waited for comes before the answers to what he said meanwhile.
        session.TakeMail();
        while (at < length && !session.IsClosing)
        {
            if (session.Waiting is not null || session.Reply.Length > MaxUnfetchedBytes)
            {
                session.HasMore = true;
                break;
            }
            var reader = session.Reader;
            var limits = session.User is null ? RespLimits.BeforeAuthentication : RespLimits.Default;
            var status = reader.Read(new Span<byte>(bytes + at, length - at), limits);
            if (status == CommandStatus.Incomplete) break;
            if (status == CommandStatus.Invalid)
            {
                session.Reply.Error("ERR " + reader.Problem);
                session.IsClosing = true;
                return length;
            }
            if (reader.Arguments.Length > 0) Run(session, bytes + at);
            at += reader.Consumed;
        }
        return at;
    }

    /// <summary>Carries out a command of the log again.</summary>
    public void RunLogged(Session session, Space space, byte* bytes)
    {
        call.Begin(session, bytes, session.Reader.Arguments);
        if (table.Find(call[0]) is not { } command || !command.Takes(call.Count))
        {
            session.Reply.Error("ERR the command is not known");
            return;
        }
        call.Enter(command, space);
        command.Run(call);
    }

    /// <summary>Logs that a key has gone, nobody having asked for it.</summary>
    public void LogRemoval(Space space, ReadOnlySpan<byte> key)
    {
        if (Log is not { } log) return;
        var writer = log.Begin(space);
        writer.Array(2);
        writer.Bulk("del"u8);
        writer.Bulk(key);
        log.End();
    }

    /// <summary>Tells of an event those who listen to the key's channel, and to the event's.</summary>
    public void Notify(Space space, EventKind kind, ReadOnlySpan<byte> what, ReadOnlySpan<byte> key)
    {
        if ((space.Events & kind) == EventKind.None || space.Channels.IsEmpty || IsReplaying) return;
        if (space.Events.HasFlag(EventKind.ByKey)) space.Channels.Publish([.. "__keyspace@0__:"u8, .. key], what);
        if (space.Events.HasFlag(EventKind.ByEvent)) space.Channels.Publish([.. "__keyevent@0__:"u8, .. what], key);
    }

    /// <summary>Commands of a transaction are being carried out: nobody may wait.</summary>
    public bool IsInTransaction { get; private set; }

    /// <summary>Clients who wait for a key.</summary>
    public int WaitingCount => waiting.Count;

    /// <summary>The client waits until one of the keys changes, or the time has come.</summary>
    public void Wait(Call asked, IReadOnlyList<byte[]> keys, long until)
    {
        copy.CutTo(0);
        asked.WriteTo(copy);
        var one = new Waiting(asked.Session, asked.Space, keys, copy.Written.ToArray(), until);
        copy.Clear();
        waiting.Add(one);
        if (until != 0) NextWaitEnd = Math.Min(NextWaitEnd ?? until, until);
        asked.Session.Waiting = one;
        asked.Space.Waiters.Add(one);
    }

    /// <summary>When the next of those who wait has waited long enough; null: nobody waits for a time.</summary>
    public long? NextWaitEnd { get; private set; }

    /// <summary>Ends the waiting of those whose time has come, and forgets those who have gone.</summary>
    public void EndWaits()
    {
        if (NextWaitEnd is null || NextWaitEnd > Now) return;
        foreach (var one in waiting.Where(w => w.IsOver || (w.Until != 0 && w.Until <= Now)).ToList())
        {
            if (!one.IsOver) GiveUp(one, isError: false);
            waiting.Remove(one);
        }
        NextWaitEnd = waiting.Where(w => w.Until != 0).Select(w => (long?)w.Until).Min();
    }

    /// <summary>A client who waits is told that there was nothing.</summary>
    public void GiveUp(Waiting one, bool isError)
    {
        one.Session.StopWaiting();
        waiting.Remove(one);
        if (isError) one.Session.Mail.Error("UNBLOCKED client unblocked via CLIENT UNBLOCK"u8);
        else one.Session.Mail.NullArray();
        one.Session.Wake();
    }

    /// <summary>Carries out what a transaction has gathered, one answer each, with nothing in between and in one record of the log.</summary>
    public void RunGathered(Session session, Space space, IReadOnlyList<byte[]> commands)
    {
        var exec = call.Command;
        Log?.BeginTransaction();
        IsInTransaction = true;
        foreach (var bytes in commands)
        {
            fixed (byte* first = bytes)
            {
                if (gathered.Read(bytes, RespLimits.Default) != CommandStatus.Complete) throw new InvalidOperationException("A command of a transaction is no command.");
                call.Begin(session, first, gathered.Arguments);
                Invoke(session, table.Find(call[0])!, space, first, bytes.Length);
            }
        }
        IsInTransaction = false;
        Log?.EndTransaction();
        call.Enter(exec, space);
    }

    private void Run(Session session, byte* bytes)
    {
        call.Begin(session, bytes, session.Reader.Arguments);
        CommandsProcessed++;
        if (table.Find(call[0]) is not { } command)
        {
            Refusals.Unknown(call);
            session.Transaction?.Refuse();
            return;
        }
        if (!command.Takes(call.Count))
        {
            Refusals.Arity(call, command);
            session.Transaction?.Refuse();
            if (command.Name == "exec") Commands.Transactions.End(session);
            return;
        }
        session.LastSeenAt = Now;
        session.LastCommand = command;
        if (session.Space is not { } space)
        {
            if (!command.Flags.HasFlag(CommandFlags.NoAuth))
            {
                session.Reply.Error("NOAUTH Authentication required."u8);
                return;
            }
            call.Enter(command);
            command.Run(call);
            return;
        }
        if (!Refusals.MayRun(call, session, command, space))
        {
            session.Transaction?.Refuse();
            return;
        }
        if (session.SubscriptionCount > 0 && session.Reply.Protocol == 2 && !Refusals.MayListener(call, command)) return;
        if (session.Transaction is { IsOpen: true } transaction && !command.Flags.HasFlag(CommandFlags.EndsMulti)) Gather(session, transaction, command, space);
        else if (!command.Writes || Refusals.MayWrite(call, session, command, space)) Invoke(session, command, space, bytes, session.Reader.IsInline ? 0 : session.Reader.Consumed);
        if (space.Waiters.HasChanged) ServeWaiting(space);
    }

    /// <summary>Tries the commands again of those who wait for a key that has changed, the longest waiting first.</summary>
    private void ServeWaiting(Space space)
    {
        while (space.Waiters.HasChanged)
        {
            foreach (var one in space.Waiters.NextChanged())
            {
                if (one.IsOver) continue;
                fixed (byte* bytes = one.Command)
                {
                    if (gathered.Read(one.Command, RespLimits.Default) != CommandStatus.Complete) throw new InvalidOperationException("The command of a client who waits is no command.");
                    call.BeginRetry(one.Session, bytes, gathered.Arguments);
                    Invoke(one.Session, table.Find(call[0])!, space, bytes, 0);
                }
                if (call.WaitsOn) continue;
                one.Session.StopWaiting();
                waiting.Remove(one);
                one.Session.Wake();
            }
        }
    }

    private void RunTimed(Command command)
    {
        var began = time.GetTimestamp();
        command.Run(call);
        var took = time.GetElapsedTime(began);
        if (took > SlowLog.Limit) Slow.Note(call, took);
    }

    private void Gather(Session session, Transaction transaction, Command command, Space space)
    {
        if (command.Flags.HasFlag(CommandFlags.NoMulti))
        {
            session.Reply.Error("ERR Command not allowed inside a transaction"u8);
            transaction.Refuse();
            return;
        }
        if (command.Writes && !Refusals.MayWrite(call, session, command, space))
        {
            transaction.Refuse();
            return;
        }
        copy.CutTo(0);
        call.WriteTo(copy);
        if (transaction.Bytes + copy.Length > Transaction.MaxBytes)
        {
            session.Reply.Error($"ERR a transaction may be {Transaction.MaxBytes} bytes: divide it, or keep large values out of it");
            transaction.Refuse();
            return;
        }
        transaction.Add(copy.Written.ToArray());
        copy.Clear();
        session.Reply.Simple("QUEUED"u8);
    }

    /// <param name="session">For whom.</param>
    /// <param name="command">What.</param>
    /// <param name="space">Where.</param>
    /// <param name="bytes">The command as it came.</param>
    /// <param name="length">Its bytes, when it came as the log wants it; 0: it has to be written anew.</param>
    private void Invoke(Session session, Command command, Space space, byte* bytes, int length)
    {
        call.Enter(command, space);
        if (command.IsTimed) RunTimed(command);
        else command.Run(call);
        command.Calls++;
        if (call.Changes == 0 || Log is not { } log) return;
        if (!call.IsLogged)
        {
            if (length > 0) log.Append(space, new ReadOnlySpan<byte>(bytes, length));
            else
            {
                call.WriteTo(log.Begin(space));
                log.End();
            }
        }
        session.HeldUntil = log.Position;
    }
}
