using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using OpenCluster.Decisions.Admission;
using OpenCluster.Decisions.Registrations;
using OpenCluster.Decisions.Routing;
using OpenCluster.Decisions.Targets;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Explaining;

/// <summary>
/// Why a request would go where: the very decisions a load-balancer makes (<see cref="RouteTable{T}"/>, <see cref="AdmissionCheck"/>,
/// <see cref="Weighing"/>), asked about a request that nobody has sent. What only memory decides is left out: rates, what is cached, how far the
/// share of a target that came up lately has grown.
/// </summary>
public static class Explaining
{
    /// <param name="report">What that balancer told last, of its targets and of apps that registered; null when it has told nothing.</param>
    public static Explanation Explain(BalancerSnapshot snapshot, BalancerReport? report, AskedRequest request, DateTimeOffset now)
    {
        var seen = report?.Targets ?? [];
        var apps = report?.Apps ?? [];
        snapshot = RegisteredTargets.Into(snapshot, apps);
        var steps = new List<string>();
        if (report?.Registrations > apps.Length) steps.Add($"{report.Registrations - apps.Length} of {report.Registrations} apps that registered are left out.");
        if (Listener(snapshot, request, steps) is null) return new Explanation("", 0, [.. steps], []);
        var hit = Table(snapshot).Find(Encoding.Latin1.GetBytes(request.Host), Path(request), Encoding.Latin1.GetBytes(request.Method), new Headers(request));
        if (hit.Route is not { } route || hit.Matcher is not { } matcher)
        {
            steps.Add($"No route takes {request.Host}{request.Target}: 404.");
            return new Explanation("", 404, [.. steps], []);
        }

        steps.Add($"Route {route.Name}, by its match {matcher.Match.Place()}.");
        if (Refused(route, request) is { } refused)
        {
            steps.Add($"Not let in ({refused.Word()}): {refused.Status()}.");
            return new Explanation(route.Name, refused.Status(), [.. steps], []);
        }
        if (route.Rules.PlainHttp == PlainHttp.Redirect && !request.IsSecure) return Sent(route, steps, 308, $"to https://{request.Host}{request.Target}");
        if (route.Redirect is { } redirect) return Sent(route, steps, redirect.Status, $"to {redirect.To}");

        steps.Add(SeenAs(hit, matcher, request));
        if (route.Rules.Cache is not null && request.Method is "GET" or "HEAD") steps.Add("It may be answered from the cache, without a target.");
        var targets = Targets(snapshot, route, seen, now);
        steps.Add(Drawn(route, targets));
        return new Explanation(route.Name, targets.Any(t => t.Share > 0) ? 0 : 503, [.. steps], targets);
    }

    private static Listener? Listener(BalancerSnapshot snapshot, AskedRequest request, List<string> steps)
    {
        var wanted = request.IsSecure ? ListenerProtocol.Https : ListenerProtocol.Http;
        var listener = snapshot.Listeners.FirstOrDefault(l => l.Port == request.Port && l.Protocol == wanted);
        steps.Add(listener is not null
            ? $"Listener {listener.Name} takes it, at port {listener.Port}."
            : $"Nothing listens for {(request.IsSecure ? "https" : "http")} at port {request.Port}; there are {string.Join(", ", snapshot.Listeners.Select(l => $"{l.Name} ({l.Protocol.ToString().ToLowerInvariant()} at {l.Port})"))}.");
        return listener;
    }

    private static RouteTable<RoutePlan> Table(BalancerSnapshot snapshot) =>
        new(snapshot.Routes.Where(r => r.Listeners.IsEmpty && r.Kind != RouteKind.Dynamic).SelectMany(r => r.Matches.Select(m => (m, r))));

    private static Refusal? Refused(RoutePlan route, AskedRequest request)
    {
        var check = new AdmissionCheck(route.Rules.Admit, route.Rules.PlainHttp);
        var head = request.Method.Length + request.Target.Length + request.Host.Length + request.Headers.Sum(h => h.Key.Length + h.Value.Length + 4);
        var names = request.CertificateNames.IsEmpty ? default : request.CertificateNames;
        return check.Judge(new Visitor(request.From, request.IsSecure, names, head)) is var refusal and not Refusal.None ? refusal : null;
    }

    private static Explanation Sent(RoutePlan route, List<string> steps, int status, string where)
    {
        steps.Add($"Sent elsewhere with {status}, {where}.");
        return new Explanation(route.Name, status, [.. steps], []);
    }

    private static string SeenAs(in RouteHit<RoutePlan> hit, RouteMatcher matcher, AskedRequest request)
    {
        if (!matcher.ChangesPath) return $"Its instances see {request.Target}.";
        var rest = request.Target[PathText.EncodedLength(Path(request), hit.PrefixLength)..];
        var rewrite = Encoding.Latin1.GetString(matcher.Rewrite.Span);
        return $"Its instances see {rewrite}{(rewrite.Length == 0 && !rest.StartsWith('/') ? "/" : "")}{rest}.";
    }

    private static ImmutableArray<ExplainedTarget> Targets(BalancerSnapshot snapshot, RoutePlan route, ImmutableArray<TargetReport> seen, DateTimeOffset now)
    {
        var reports = seen.ToLookup(t => t.Id, StringComparer.Ordinal);
        var candidates = route.Targets
            .Select(t => new Candidate(Health(reports[t.Id].FirstOrDefault(), now), t.Weight, t.Draining, t.Release, t.Incompatible, Nearness.Between(snapshot.Location, t.Location)))
            .ToArray();
        var (upTo, levels) = (new int[candidates.Length], new int[candidates.Length]);
        Weighing.Weigh(candidates, new WeighingRules(route.Rules.SlowStart, route.Rules.Balance), now, upTo, levels);
        var all = upTo.Length == 0 ? 0 : upTo[^1];
        return
        [
            .. route.Targets.Select((t, i) => new ExplainedTarget(
                t.Id, $"{t.Address}:{t.Port}", t.Server, all == 0 ? 0 : (double)TargetChoice.Share(upTo, i) / all, Why(t, reports[t.Id].FirstOrDefault(), levels[i]))),
        ];
    }

    /// <summary>As a balancer that reported this would hold it, had it been so for long.</summary>
    private static TargetHealth Health(TargetReport? report, DateTimeOffset now) => report?.State == TargetState.Up
        ? TargetHealth.Unseen.Handle(new TargetEvent.CheckPassed(), new TargetRules { Rise = 1 }, now - TimeSpan.FromDays(1)).State
        : TargetHealth.Unseen;

    private static string Why(Target target, TargetReport? report, int level) => report switch
    {
        _ when target.Draining => "it drains",
        null => "the load-balancer has not told of it yet",
        { State: TargetState.Up } when level > 0 => $"up; asked when those of the {level switch { 1 => "first", 2 => "second", _ => "earlier" }} choice do not suffice",
        { State: TargetState.Up } when level < 0 => "up; another release has its turn",
        { State: TargetState.Up } => "up",
        _ => $"{report.State.ToString().ToLowerInvariant()}{(report.Reason is { } reason ? $": {reason}" : "")}",
    };

    private static string Drawn(RoutePlan route, ImmutableArray<ExplainedTarget> targets)
    {
        var some = targets.Count(t => t.Share > 0);
        if (some == 0) return $"None of {targets.Length} targets serves: it waits up to {route.Rules.WaitFor.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s, then 503.";
        var how = route.Rules.Balance.Policy switch
        {
            BalancePolicy.RoundRobin => "Each in its turn",
            BalancePolicy.Hash => "The same key to the same target",
            _ => "The less busy of two drawn",
        };
        return $"{how}, among {some} of {targets.Length} targets.";
    }

    private static byte[] Path(AskedRequest request)
    {
        var query = request.Target.IndexOf('?', StringComparison.Ordinal);
        return Encoding.Latin1.GetBytes(query < 0 ? request.Target : request.Target[..query]);
    }

    private readonly struct Headers(AskedRequest request) : IRequestFields
    {
        public bool TryFind(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
        {
            foreach (var (key, text) in request.Headers)
            {
                if (!Ascii.EqualsIgnoreCase(name, key)) continue;
                value = Encoding.UTF8.GetBytes(text);
                return true;
            }
            value = default;
            return false;
        }
    }
}
