namespace OpenCluster.Data.Execution;

[Flags]
internal enum CommandFlags
{
    None = 0,
    Write = 1,
    ReadOnly = 2,

    /// <summary>Refused when memory is short and nothing may go.</summary>
    DenyMemory = 4,
    Admin = 8,
    PubSub = 16,

    /// <summary>For those too who have not said who they are.</summary>
    NoAuth = 32,

    /// <summary>Takes the same little time whatever is there, so it is not timed.</summary>
    Fast = 64,

    /// <summary>Carried out at once inside a transaction: EXEC, DISCARD and the like.</summary>
    EndsMulti = 512,

    /// <summary>Not inside a transaction.</summary>
    NoMulti = 128,

    /// <summary>May keep its client waiting.</summary>
    Blocking = 256,

    /// <summary>For clients too that listen to channels in RESP2, where everything they are told is a message.</summary>
    Listening = 1024,
}

/// <summary>Which arguments are keys: the first, the last (negative: from the end), every how many. All 0: none, or not to be told by place.</summary>
internal readonly record struct KeyRange(int First, int Last, int Step)
{
    public static readonly KeyRange None;
    public static readonly KeyRange One = new(1, 1, 1);
    public static readonly KeyRange Two = new(1, 2, 1);
    public static readonly KeyRange All = new(1, -1, 1);
    public static readonly KeyRange Pairs = new(1, -1, 2);
}

/// <summary>Runs a command whose number of arguments is right; answers exactly once.</summary>
internal delegate void Handler(Call call);

/// <summary>A command of the protocol.</summary>
/// <param name="Name">In lower case, at most 16 letters.</param>
/// <param name="Arity">How many arguments, the name among them; negative: at least so many.</param>
internal sealed record Command(string Name, int Arity, CommandFlags Flags, KeyRange Keys, Handler Run)
{
    public bool Writes { get; } = Flags.HasFlag(CommandFlags.Write);

    public bool IsTimed { get; } = !Flags.HasFlag(CommandFlags.Fast);

    /// <summary>How often it ran and how long, for INFO.</summary>
    public long Calls { get; set; }

    public bool Takes(int count) => Arity >= 0 ? count == Arity : count >= -Arity;
}
