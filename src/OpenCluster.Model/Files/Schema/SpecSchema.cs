using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary>The keys of a service that a zone may say otherwise: everything about how it is built, run, checked and stopped.</summary>
internal static class SpecSchema
{
    private static readonly OptionalKey<string> Run = new("run", Common.Command, "The command that is the service. It listens at $HOST and $PORT, and ends on SIGTERM.");
    private static readonly OptionalKey<WebSite> Web = new("web", WebSchema.Shape, "Serve the files of this directory by the built-in web server, instead of a command.");
    private static readonly OptionalKey<string> Script = new("script", Common.Directory,
        "Run this script of the release once on every server of the role, instead of a command; nothing is supervised afterwards.");
    private static readonly Key<Build?> Build = new("build", BuildSchema.Shape!, "How a release is made from its source.", null) { UsualWords = "none: the source as it is" };
    private static readonly Key<int> Instances = new("instances", new WholeShape(1, 1000), "How many run in each zone. A script runs on every server of the role.", 1);
    private static readonly OptionalKey<ImmutableArray<Port>> Ports = new("ports", new NamedShape<Port>("ports", PortSchema.Shape, namesAlone: true),
        "The ports it listens on. The one named http, else the first, is the main one, told as PORT; others as PORT_NAME. Write [] for a service that listens nowhere.")
    { Otherwise = "[http]" };
    private static readonly Key<ImmutableSortedDictionary<string, string>> Environment = new("environment",
        new TextMapShape("variables", Texts.VariablePattern, Texts.NotAVariable), "Environment of its processes. Secrets do not belong here.", Common.NoTexts)
    { UsualWords = "none" };
    private static readonly Key<ImmutableArray<string>> Secrets = new("secrets", Common.SecretNames, "Secrets it may have; they come as files in memory.", []);
    private static readonly Key<NewSecret> OnNewSecret = new("on-new-secret", new ChoiceShape<NewSecret>(("replace", NewSecret.Replace), ("signal", NewSecret.Signal)),
        "When a secret of it has a new value: replace the instances one after the other, watched, or change the file under them and send SIGHUP.", NewSecret.Replace);
    private static readonly Key<HealthCheck?> Check = new("check", CheckSchema.Shape!, "How to find out whether an instance can serve.", null) { UsualWords = "a TCP connection to the main port" };
    private static readonly Key<StopRule> Stop = new("stop", LifeSchemas.Stop, "How an instance is stopped: drained, then SIGTERM, then SIGKILL.", new());
    private static readonly Key<RestartRule> Restart = new("restart", LifeSchemas.Restart, "When an instance that died is started again.", new());
    private static readonly Key<RollOutRule> RollOut = new("roll-out", LifeSchemas.RollOut, "How a new release replaces the old one.", new());
    private static readonly Key<Capacity> Takes = new("takes", CapacitySchema.OfInstance, "What one instance takes: counted for placement, and its limit where the machine can enforce one.", new()) { UsualWords = "counted as nothing" };
    private static readonly Key<ImmutableArray<string>> Persistent = new("persistent",
        new ListShape<string>("directories", new TextShape("a path below the release's directory", Texts.NotADirectoryBelow)), "Directories that are kept from release to release, on each server.", []);
    private static readonly OptionalKey<string> User = new("user", new TextShape("the name of a user", Texts.NotAUser), "The user it runs as.") { Otherwise = "a user of its own when the agent is root, else the agent's" };
    private static readonly Key<ImmutableArray<string>> Tags = new("tags", Common.Tags, "Tags that a server must have to run it.", []);
    private static readonly Key<PlacementRule> Placement = new("placement", PlacementSchema.Shape, "Where instances may stand, beyond role, zone and tags.", new()) { UsualWords = "anywhere, spread over locations and servers" };
    private static readonly Key<Expectation> Expects = new("expects", PromiseSchemas.Expects, "The load you expect, for placement and rehearsals.", new());
    private static readonly Key<Objectives> Promises = new("objectives", PromiseSchemas.Objectives, "What you promise your customers; rehearsals are judged by it.", new()) { UsualWords = "none" };

    public static readonly ImmutableArray<Key> Keys =
    [
        Run, Web, Script, Build, Instances, Ports, Environment, Secrets, OnNewSecret, Check, Stop, Restart, RollOut, Takes, Persistent, User, Tags,
        Placement, Expects, Promises,
    ];

    /// <param name="hasSource">Whether there is a release to build or to serve files from.</param>
    public static ServiceSpec Read(ObjectReader o, bool hasSource)
    {
        var kind = Kind(o);
        if (!hasSource && kind is not RunKind.Command)
            o.Wrong(kind == RunKind.Web ? Web : Script, "there is no source to take it from", "Add \"git\" or \"directory\"");
        if (!hasSource && o.Has(Build))
            o.Wrong(Build, "there is no source to build", "Add \"git\" or \"directory\"");

        var ports = Listens(o, kind);
        return new ServiceSpec
        {
            Kind = kind,
            Instances = o.Get(Instances),
            Build = o.Get(Build),
            Run = o.Maybe(Run) ?? o.Maybe(Script) ?? "",
            WebRoot = o.Maybe(Web)?.Root ?? ".",
            Web = o.Maybe(Web)?.Rule ?? new(),
            Ports = ports,
            Environment = o.Get(Environment),
            Secrets = o.Get(Secrets),
            OnNewSecret = o.Get(OnNewSecret),
            Check = o.Get(Check) ?? (ports.Any(p => p.Protocol == PortProtocol.Tcp) ? new HealthCheck { Port = MainIsTcp(ports) } : null),
            Stop = o.Get(Stop),
            Restart = o.Get(Restart),
            RollOut = o.Get(RollOut),
            Takes = o.Get(Takes),
            Persistent = o.Get(Persistent),
            User = o.Maybe(User),
            Tags = o.Get(Tags),
            Placement = o.Get(Placement),
            Expects = o.Get(Expects),
            Objectives = o.Get(Promises),
        };
    }

    private static RunKind Kind(ObjectReader o)
    {
        Key[] said = [.. new Key[] { Run, Web, Script }.Where(o.Has)];
        if (said.Length == 0)
            o.Scope.Error(o.Node.At, "nothing says what it runs", "Add \"run: COMMAND\", \"web: DIRECTORY\" or \"script: FILE\"");
        if (said.Length > 1)
            o.Wrong(said[1], $"\"{said[0].Name}\" and \"{said[1].Name}\" cannot both be what it runs", "Take one of them out");
        return said.FirstOrDefault() == Web ? RunKind.Web : said.FirstOrDefault() == Script ? RunKind.Script : RunKind.Command;
    }

    private static ImmutableArray<Port> Listens(ObjectReader o, RunKind kind)
    {
        if (kind != RunKind.Script)
            return o.Has(Ports) ? o.List(Ports) : [new Port("http")];
        if (o.Has(Ports))
            o.Wrong(Ports, "a script is not supervised and listens nowhere", "Take the ports out, or use \"run\"");
        return [];
    }

    /// <summary>A TCP check needs a TCP port: empty (the main one) unless that is UDP.</summary>
    private static string MainIsTcp(ImmutableArray<Port> ports)
    {
        var main = ports.FirstOrDefault(p => p.Name == "http") ?? ports[0];
        return main.Protocol == PortProtocol.Tcp ? "" : ports.First(p => p.Protocol == PortProtocol.Tcp).Name;
    }
}

/// <summary><c>ports</c>: where an instance listens.</summary>
internal static class PortSchema
{
    private static readonly WholeShape AnyPort = new(0, 65_535, "a port number or 0");

    private static readonly Key<int> Number = new("number", AnyPort, "A fixed number, for clients that know it; then only one instance fits on a server. 0: a free one each time.", 0);
    private static readonly Key<PortProtocol> Protocol = new("protocol", new ChoiceShape<PortProtocol>(("tcp", PortProtocol.Tcp), ("udp", PortProtocol.Udp)), "TCP or UDP.", PortProtocol.Tcp);
    private static readonly Key<IpFamily> Family = new("family", new ChoiceShape<IpFamily>(("any", IpFamily.Any), ("v4", IpFamily.V4), ("v6", IpFamily.V6)), "IPv4, IPv6, or whichever the server has.", IpFamily.Any);

    public static readonly ObjectShape<Port> Shape = new("a port", [Number, Protocol, Family], o => new Port(o.Name, o.Get(Protocol), o.Get(Number), o.Get(Family)))
    {
        Short = new ShortForm<int, Port>(AnyPort, (number, name) => new Port(name, Number: number)),
    };
}

/// <summary><c>placement</c>: where instances may stand.</summary>
internal static class PlacementSchema
{
    private static readonly Key<ImmutableArray<string>> Locations = new("locations", new ListShape<string>("locations", Common.Location), "Only servers at or below these locations.", []) { UsualWords = "anywhere" };
    private static readonly Key<ImmutableArray<string>> AvoidTags = new("avoid-tags", Common.Tags, "Tags that a server must not have.", []);
    private static readonly Key<ImmutableArray<string>> ApartFrom = new("apart-from", Common.Names("services", "the name of a service"), "Services that must not run on the same server.", []);
    private static readonly OptionalKey<int> PerServer = new("per-server", new WholeShape(1, 1000), "The most instances on one server.") { Otherwise = "no limit" };

    public static readonly ObjectShape<PlacementRule> Shape = new("a placement rule", [Locations, AvoidTags, ApartFrom, PerServer], o => new PlacementRule
    {
        Locations = o.Get(Locations),
        AvoidTags = o.Get(AvoidTags),
        ApartFrom = o.Get(ApartFrom),
        PerServer = o.Number(PerServer),
    });
}

/// <summary><c>expects</c> and <c>objectives</c>: load expected, service promised.</summary>
internal static class PromiseSchemas
{
    private static readonly OptionalKey<double> RequestsPerSecond = new("requests-per-second", new NumberShape(0, 100_000_000, "a number of requests per second"), "Requests to all instances together, at the busiest time.");
    private static readonly OptionalKey<TimeSpan> Latency = new("latency", Common.Duration("1ms", "10m"), "How long an answer takes.");

    public static readonly ObjectShape<Expectation> Expects = new("an expected load", [RequestsPerSecond, Latency], o => new Expectation
    {
        RequestsPerSecond = o.Number(RequestsPerSecond),
        Latency = o.Number(Latency),
    });

    private static readonly OptionalKey<TimeSpan> Rto = new("rto", Common.Duration("0s", "30d"), "Recovery time objective: how long it may be away after a failure.");
    private static readonly OptionalKey<TimeSpan> Rpo = new("rpo", Common.Duration("0s", "30d"), "Recovery point objective: how much acknowledged work may be lost, as time.");
    private static readonly OptionalKey<double> Availability = new("availability", new PercentShape(100), "Share of time, over a month, in which it answers.");

    public static readonly ObjectShape<Objectives> Objectives = new("the objectives", [Rto, Rpo, Availability], o => new Objectives
    {
        Rto = o.Number(Rto),
        Rpo = o.Number(Rpo),
        Availability = o.Number(Availability),
    });
}
