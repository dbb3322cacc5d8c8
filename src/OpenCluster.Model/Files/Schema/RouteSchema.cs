using System.Collections.Immutable;
using OpenCluster.Model.Files.Shapes;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Model.Files.Schema;

/// <summary><c>routes</c>: where requests for hosts and paths go.</summary>
internal static class RouteSchema
{
    private static readonly RouteRules Usual = new();

    private static readonly OptionalKey<string> To = new("to", Common.Named("the name of a service"), "The service that answers.") { Otherwise = "the service of the route's own name; none where apps register" };
    private static readonly Key<RouteKind> Kind = new("kind", new ChoiceShape<RouteKind>(("static", RouteKind.Static), ("limited-dynamic", RouteKind.LimitedDynamic), ("dynamic", RouteKind.Dynamic)),
        "Who may add targets. static: the controller alone. limited-dynamic: apps too, for its paths and those below them. dynamic: apps too, for any site that match covers.", RouteKind.Static);
    private static readonly Key<ImmutableArray<string>> RegisterFrom = new("register-from", new ListShape<string>("networks", new TextShape("a network", Texts.NotANetwork)),
        "Networks whose addresses apps may register; without them only the address an app asks from.", []);
    private static readonly Key<string> Zone = new("zone", Common.Named("the name of a zone"), "The zone whose instances of it answer.", "default");
    private static readonly Key<string> Port = new("port", Common.Named("the name of a port"), "The service's port.", "") { UsualWords = "the main one" };
    private static readonly OptionalKey<ImmutableArray<RouteMatch>> Match = new("match", new ListShape<RouteMatch>("matches", MatchSchema.Shape),
        "What it answers to. The longest path wins.")
    { Required = true };
    private static readonly Key<ImmutableArray<string>> LoadBalancers = new("load-balancers", Common.Names("load-balancers", "the name of a load-balancer"),
        "The load-balancers that serve it.", [])
    { UsualWords = "all" };
    private static readonly Key<TimeSpan> Timeout = new("timeout", Common.Duration("10ms", "1d"), "From the first byte of a request to the last of its answer's head.", Usual.Timeout);
    private static readonly Key<TimeSpan> ConnectTimeout = new("connect-timeout", Common.Duration("1ms", "1m"), "The longest wait for a connection to an instance.", Usual.ConnectTimeout);
    private static readonly Key<int> Retries = new("retries", new WholeShape(0, 5), "Tries on other instances, when repeating is safe.", Usual.Retries);
    private static readonly Key<double> RetryBudget = new("retry-budget", new PercentShape(1), "Retries as a share of requests, so that they never become the load.", Usual.RetryBudget);
    private static readonly Key<TimeSpan> WaitFor = new("wait-for", Common.Duration("0s", "5m"), "How long a request may wait while no instance is healthy.", Usual.WaitFor);
    private static readonly Key<int> WaitRequests = new("wait-requests", new WholeShape(0, 1_000_000), "Requests that may wait at one time; each holds memory.", Usual.WaitRequests);
    private static readonly Key<TimeSpan> SlowStart = new("slow-start", Common.Duration("0s", "1h"), "Time over which a new or returned instance comes to its full share; 0s for none.", Usual.SlowStart);
    private static readonly Key<long> MaxBody = new("max-body", Common.Size("0B", "1TiB"), "The largest body of a request.", Usual.MaxBodyBytes);

    public static readonly ObjectShape<Route> Shape = new("a route",
        [Common.RenamedFrom, To, Kind, RegisterFrom, Zone, Port, Match, LoadBalancers, Timeout, ConnectTimeout, Retries, RetryBudget, WaitFor, WaitRequests, SlowStart, MaxBody],
        o => Read(o, o.Get(Zone)));

    private static Route Read(ObjectReader o, string zone)
    {
        o = o.In(zone);
        return new Route
        {
            Name = o.Name,
            RenamedFrom = o.Maybe(Common.RenamedFrom),
            Service = o.Maybe(To) ?? (o.Get(Kind) == RouteKind.Static ? o.Name : ""),
            Kind = o.Get(Kind),
            RegisterFrom = o.Get(RegisterFrom),
            Zone = zone,
            Port = o.Get(Port),
            Matches = o.Need(Match, []),
            LoadBalancers = o.Get(LoadBalancers),
            Rules = new RouteRules
            {
                Timeout = o.Get(Timeout),
                ConnectTimeout = o.Get(ConnectTimeout),
                Retries = o.Get(Retries),
                RetryBudget = o.Get(RetryBudget),
                WaitFor = o.Get(WaitFor),
                WaitRequests = o.Get(WaitRequests),
                SlowStart = o.Get(SlowStart),
                MaxBodyBytes = o.Get(MaxBody),
            },
        };
    }
}

/// <summary><c>match</c>: one host and path prefix.</summary>
internal static class MatchSchema
{
    private static readonly TextShape UrlPath = new("a path of a URL", Texts.NotAUrlPath);

    private static readonly Key<string> Host = new("host", new TextShape("a host", Texts.NotAHostPattern), "The host: example.org, *.example.org (any one label below), * for any.", "*");
    private static readonly Key<string> Path = new("path", UrlPath, "The beginning of the path, whole segments.", "/");
    private static readonly Key<ImmutableArray<string>> Except = new("except", new ListShape<string>("paths", UrlPath), "Paths below it that are not part of the route.", []);
    private static readonly Key<bool> Strip = new("strip", new FlagShape(), "Take the path off before forwarding: /api/x reaches the service as /x.", false);

    public static readonly ObjectShape<RouteMatch> Shape = new("a match", [Host, Path, Except, Strip],
        o => new RouteMatch(o.Get(Host), o.Get(Path)) { Except = o.Get(Except), Strip = o.Get(Strip) })
    {
        Short = new ShortForm<string, RouteMatch>(new TextShape("HOST, HOST/PATH or /PATH", NotAMatch), (text, _) => Split(text)),
    };

    private static Wrong? NotAMatch(string text)
    {
        var match = Split(text);
        return Texts.NotAHostPattern(match.Host) ?? Texts.NotAUrlPath(match.Path);
    }

    private static RouteMatch Split(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash switch
        {
            < 0 => new RouteMatch(text),
            0 => new RouteMatch("*", text),
            _ => new RouteMatch(text[..slash], text[slash..]),
        };
    }
}
