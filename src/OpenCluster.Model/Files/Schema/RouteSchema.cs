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
    { Otherwise = "none: needed for HTTP and for tls listeners" };
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

    private static readonly OptionalKey<Redirect> Elsewhere = new("redirect", RedirectSchema.Shape, "Send clients there, instead of to a service.");
    private static readonly Key<PlainHttp> Plain = new("plain-http",
        new ChoiceShape<PlainHttp>(("serve", PlainHttp.Serve), ("redirect", PlainHttp.Redirect), ("refuse", PlainHttp.Refuse)),
        "What happens to requests without TLS: served, sent to the same address with https, or refused.", Usual.PlainHttp);
    private static readonly Key<BalanceRule> Balance = new("balance", BalanceSchema.Shape, "Which instance gets a request.", Usual.Balance) { UsualWords = "least-outstanding" };
    private static readonly Key<AdmissionRule> Admit = new("admit", AdmissionSchema.Shape, "Which requests are let in; the others are refused at once.", Usual.Admit) { UsualWords = "all" };
    private static readonly OptionalKey<CacheRule> Cache = new("cache", CacheSchema.Shape, "Keep answers in the load-balancer's memory and serve them again, as they allow it (RFC 9111).") { Otherwise = "none are kept" };
    private static readonly Key<string> Offline = new("offline-page", new TextShape("HTML, at most 64 KiB", NotAPage), "What clients see, with 503, while nothing is left to serve them.", "") { UsualWords = "a line of text" };

    public static readonly ObjectShape<Route> Shape = new("a route",
        [
            Common.RenamedFrom, To, Kind, RegisterFrom, Zone, Port, Elsewhere, Match, LoadBalancers, Plain, Admit, Balance, Cache,
            Timeout, ConnectTimeout, Retries, RetryBudget, WaitFor, WaitRequests, SlowStart, MaxBody, Offline,
            TransportSchema.Listeners, TransportSchema.Speak, TransportSchema.Tls, TransportSchema.Proxy, TransportSchema.Idle,
        ],
        o => Read(o, o.Get(Zone)));

    private static Route Read(ObjectReader o, string zone)
    {
        o = o.In(zone);
        if (o.Has(Elsewhere) && o.Has(To))
            o.Wrong(Elsewhere, "a route leads either to a service or elsewhere", "Take \"to\" or \"redirect\" out");
        return new Route
        {
            Name = o.Name,
            RenamedFrom = o.Maybe(Common.RenamedFrom),
            Service = o.Maybe(To) ?? (o.Has(Elsewhere) || o.Get(Kind) != RouteKind.Static ? "" : o.Name),
            Kind = o.Get(Kind),
            RegisterFrom = o.Get(RegisterFrom),
            Zone = zone,
            Port = o.Get(Port),
            Redirect = o.Maybe(Elsewhere),
            Matches = o.List(Match),
            ListenerNames = o.Get(TransportSchema.Listeners),
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
                PlainHttp = o.Get(Plain),
                Balance = o.Get(Balance),
                Admit = o.Get(Admit),
                Cache = o.Maybe(Cache),
                OfflinePage = o.Get(Offline),
                Speak = o.Get(TransportSchema.Speak),
                Tls = o.Get(TransportSchema.Tls),
                ProxyProtocol = o.Get(TransportSchema.Proxy),
                Idle = o.Number(TransportSchema.Idle),
            },
        };
    }

    private static Wrong? NotAPage(string text) =>
        text.Length > 64 * 1024 ? new Wrong("is longer than 64 KiB", "Serve what is large, such as images, from elsewhere") : null;
}
