using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary><c>build</c>: how a release is made, and what it may use up.</summary>
internal static class BuildSchema
{
    private static readonly Build Usual = new() { Run = "" };

    private static readonly OptionalKey<string> Run = new("run", Common.Command, "What makes the release, in a fresh checkout.") { Required = true };
    private static readonly Key<TimeSpan> TimeLimit = new("time-limit", Common.Duration("1s", "1d"), "When it has not ended by then it is ended, and the release has failed.", Usual.TimeLimit);
    private static readonly Key<long> Memory = new("memory", Common.Size("16MiB", "1TiB"), "Memory of all its processes together.", Usual.MemoryBytes);
    private static readonly Key<int> Processes = new("processes", new WholeShape(1, 65_536), "Processes and threads at one time.", Usual.Processes);
    private static readonly Key<long> Disk = new("disk", Common.Size("1MiB", "1TiB"), "The checkout and everything it writes.", Usual.DiskBytes);
    private static readonly Key<ImmutableArray<string>> Secrets = new("secrets", Common.SecretNames, "Secrets it may have; they come as files.", []);

    public static readonly ObjectShape<Build> Shape = new("a build", [Run, TimeLimit, Memory, Processes, Disk, Secrets], o => new Build
    {
        Run = o.Need(Run, ""),
        TimeLimit = o.Get(TimeLimit),
        MemoryBytes = o.Get(Memory),
        Processes = o.Get(Processes),
        DiskBytes = o.Get(Disk),
        Secrets = o.Get(Secrets),
    })
    {
        Short = new ShortForm<string, Build>(Common.Command, (run, _) => new Build { Run = run }),
    };
}

/// <summary><c>check</c>: how to find out whether something can serve.</summary>
internal static class CheckSchema
{
    private static readonly HealthCheck Usual = new();
    private static readonly TextShape UrlPath = new("a path of a URL", Texts.NotAUrlPath);
    private static readonly WholeShape Times = new(1, 100, "a number of times");

    private static readonly OptionalKey<string> Http = new("http", UrlPath, "Ask for this path; an answer of 200 to 399 is healthy. Without it and without \"command\", a TCP connection is.");
    private static readonly OptionalKey<string> Command = new("command", Common.Command, "Run this with the instance's environment; exit code 0 is healthy.");
    private static readonly Key<string> Port = new("port", Common.Named("the name of a port"), "The port that is asked.", "") { UsualWords = "the main one" };
    private static readonly OptionalKey<string> Host = new("host", new TextShape("a host", Texts.NotAHostName), "The Host header of an HTTP check.") { Otherwise = "the address" };
    private static readonly Key<TimeSpan> Every = new("every", Common.Duration("100ms", "1h"), "Time between checks. Lower finds trouble sooner and costs a request each.", Usual.Every);
    private static readonly Key<TimeSpan> Timeout = new("timeout", Common.Duration("10ms", "10m"), "The longest wait for an answer.", Usual.Timeout);
    private static readonly Key<int> Fall = new("fall", Times, "Failures in a row until what was healthy no longer is. Higher forgives more and notices later.", Usual.Fall);
    private static readonly Key<int> Rise = new("rise", Times, "Successes in a row until it is healthy.", Usual.Rise);
    private static readonly Key<TimeSpan> StartWithin = new("start-within", Common.Duration("100ms", "1h"), "Time from the start to the first success, else the start has failed.", Usual.StartWithin);

    public static readonly ObjectShape<HealthCheck> Shape = new("a check", [Http, Command, Port, Host, Every, Timeout, Fall, Rise, StartWithin], Read)
    {
        Short = new ShortForm<string, HealthCheck>(
            new TextShape("a path for HTTP, or \"tcp\"", text => text == "tcp" ? null : Texts.NotAUrlPath(text)),
            (text, _) => text == "tcp" ? Usual : Usual with { Kind = CheckKind.Http, Path = text }),
    };

    private static HealthCheck Read(ObjectReader o)
    {
        if (o.Has(Http) && o.Has(Command))
            o.Wrong(Command, "a check is either \"http\" or \"command\"", "Take one of them out");
        return new HealthCheck
        {
            Kind = o.Has(Http) ? CheckKind.Http : o.Has(Command) ? CheckKind.Command : CheckKind.Tcp,
            Path = o.Maybe(Http) ?? Usual.Path,
            Command = o.Maybe(Command) ?? "",
            Port = o.Get(Port),
            Host = o.Maybe(Host),
            Every = o.Get(Every),
            Timeout = o.Get(Timeout),
            Fall = o.Get(Fall),
            Rise = o.Get(Rise),
            StartWithin = o.Get(StartWithin),
        };
    }
}

/// <summary><c>stop</c>, <c>restart</c>, <c>roll-out</c>, <c>keep</c>: the life of instances and releases.</summary>
internal static class LifeSchemas
{
    private static readonly StopRule UsualStop = new();
    private static readonly Key<TimeSpan> Drain = new("drain", Common.Duration("0s", "1h"), "The longest wait for requests in flight once no new ones come.", UsualStop.Drain);
    private static readonly Key<TimeSpan> Grace = new("grace", Common.Duration("0s", "1h"), "Time between SIGTERM and SIGKILL.", UsualStop.Grace);

    public static readonly ObjectShape<StopRule> Stop = new("a stop rule", [Drain, Grace], o => new StopRule { Drain = o.Get(Drain), Grace = o.Get(Grace) });

    private static readonly RestartRule UsualRestart = new();
    private static readonly Key<TimeSpan> First = new("first", Common.Duration("10ms", "1h"), "Wait before the first restart; doubled each time.", UsualRestart.First);
    private static readonly Key<TimeSpan> Most = new("most", Common.Duration("10ms", "1d"), "The longest wait.", UsualRestart.Most);
    private static readonly Key<TimeSpan> ForgetAfter = new("forget-after", Common.Duration("1s", "1d"), "Running this long forgets earlier failures.", UsualRestart.ForgetAfter);

    public static readonly ObjectShape<RestartRule> Restart = new("a restart rule", [First, Most, ForgetAfter], o =>
    {
        var rule = new RestartRule { First = o.Get(First), Most = o.Get(Most), ForgetAfter = o.Get(ForgetAfter) };
        if (rule.First > rule.Most)
            o.Wrong(First, $"the first wait is longer than the longest, {Durations.Show(rule.Most)}", "Raise \"most\" or lower \"first\"");
        return rule;
    });

    private static readonly RollOutRule UsualRollOut = new();
    private static readonly Key<int> AtOnce = new("at-once", new WholeShape(1, 1000), "Instances replaced at the same time.", UsualRollOut.AtOnce);
    private static readonly Key<TimeSpan> Watch = new("watch", Common.Duration("0s", "1d"),
        "How long each new instance must stay good under traffic before the next is replaced. Higher finds more and takes longer.", UsualRollOut.Watch);
    private static readonly Key<double> FailedShare = new("failed-share", new PercentShape(1),
        "Share of requests that may fail on a new instance, from 10 requests on, before everything is rolled back.", UsualRollOut.FailedShare);
    private static readonly Key<TimeSpan> TimeLimit = new("time-limit", Common.Duration("1s", "1d"),
        "A roll-out that has not ended by then, its build not counted, has failed and is rolled back.", UsualRollOut.TimeLimit);

    private static readonly Key<bool> Incompatible = new("incompatible", new FlagShape(),
        "The release must not serve beside the one before: it gets no requests until that one's instances are gone.", UsualRollOut.Incompatible);

    public static readonly ObjectShape<RollOutRule> RollOut = new("a roll-out rule", [AtOnce, Watch, FailedShare, TimeLimit, Incompatible], o => new RollOutRule
    {
        AtOnce = o.Get(AtOnce),
        Watch = o.Get(Watch),
        FailedShare = o.Get(FailedShare),
        TimeLimit = o.Get(TimeLimit),
        Incompatible = o.Get(Incompatible),
    });

    private static readonly RetentionRule UsualKeep = new();
    private static readonly Key<int> Releases = new("releases", new WholeShape(0, 1000), "Releases besides the running ones, in each zone, to roll back to.", UsualKeep.Releases);
    private static readonly Key<long> Size = new("size", Common.Size("0B", "16TiB"), "Bytes of releases besides the running ones, in each zone.", UsualKeep.Bytes);

    public static readonly ObjectShape<RetentionRule> Keep = new("a retention rule", [Releases, Size], o => new RetentionRule
    {
        Releases = o.Get(Releases),
        Bytes = o.Get(Size),
    });
}
