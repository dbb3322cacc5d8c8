using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using OpenCluster.Decisions.Registrations;
using OpenCluster.LoadBalancer.Broker;
using OpenCluster.LoadBalancer.OwnApi;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.LoadBalancer.Registration;

/// <summary>
/// What apps ask of a load-balancer: <c>POST /v1/registrations</c>, then PUT, GET and DELETE of the URL that it answers with, connections for
/// an app that cannot be reached, and the broker. Described for people in <c>docs/registering.md</c>.
/// </summary>
internal sealed class RegistrarApi(Balancer balancer, Registrar registrar, ReverseLines lines, BrokerApi broker) : IApiHandler
{
    private const string Root = "/v1/registrations";
    public const string ReverseProtocol = "opencluster-reverse";
    private const int SecretBytes = 16;

    private readonly Authority _authority = new(balancer.Keeper.Time);
    private long _refused;

    /// <summary>Requests refused since the start, wrong tokens included.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    public long WrongTokens => _authority.Failures;

    public async Task<ApiAnswer> AnswerAsync(ApiRequest request, CancellationToken ct)
    {
        if (request is { Method: "GET", Path: "/healthz" }) return new ApiAnswer.Whole(200, "text/plain", "ok\n"u8.ToArray());
        if (balancer.Stages.IsDraining) return Refuse(new(503, "draining", "This load-balancer is about to end.", "Ask again: another process answers at once."));
        if (balancer.Snapshot is not { } snapshot) return Refuse(new(503, "not-ready", "The load-balancer has no configuration yet.", "Try again in a second."));
        var (caller, problem) = _authority.Judge(request, snapshot);
        if (caller is null) return Refuse(problem!);

        if (request.Path.StartsWith(BrokerApi.Root, StringComparison.Ordinal)) return Counted(broker.Answer(request, caller, snapshot));
        if (request.Path == Root)
        {
            return request.Method switch
            {
                "POST" => await RegisterAsync(request, caller, snapshot, ct).ConfigureAwait(false),
                "GET" => List(caller, snapshot),
                _ => Refuse(NotThat(request)),
            };
        }
        return request.Path.StartsWith(Root + "/", StringComparison.Ordinal)
            ? await OneAsync(request, caller, snapshot, ct).ConfigureAwait(false)
            : Refuse(new(404, "not-found", "There is nothing here.", $"Here are {Root} and {BrokerApi.Root}ENDPOINT."));
    }

    private async Task<ApiAnswer> RegisterAsync(ApiRequest request, RegistrarCaller caller, BalancerSnapshot snapshot, CancellationToken ct)
    {
        RegistrationRequest? wish;
        try
        {
            wish = JsonSerializer.Deserialize(request.Body.Span, RegistrarJson.Default.RegistrationRequest);
        }
        catch (JsonException malformed)
        {
            return Refuse(RegistrationProblem.Invalid(malformed.Path ?? "", $"The body is no JSON of a registration (line {malformed.LineNumber + 1}).", "Such as {\"port\": 8080, \"paths\": [\"/orders\"]}."));
        }
        if (wish is null) return Refuse(RegistrationProblem.Invalid("", "The body is null.", "Such as {\"port\": 8080}."));

        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes));
        var answer = registrar.Store.Decide((book, now) => Registering.Register(book, wish, caller, snapshot, secret, now));
        if (answer.Problem is { } problem) return Refuse(problem);
        await registrar.SettledAsync(ct).ConfigureAwait(false);
        var made = answer.Lease!.Registration!;
        return ApiAnswer.Json(View(made, snapshot, forApp: true), RegistrarJson.Default.RegistrationView, 201, $"Location: {UrlOf(made)}\r\n");
    }

    private ApiAnswer List(RegistrarCaller caller, BalancerSnapshot snapshot) =>
        ApiAnswer.Json([.. registrar.Store.Live.Where(r => r.TokenId == caller.TokenId).Select(r => View(r, snapshot, forApp: false))], RegistrarJson.Default.ImmutableArrayRegistrationView);

    private async Task<ApiAnswer> OneAsync(ApiRequest request, RegistrarCaller caller, BalancerSnapshot snapshot, CancellationToken ct)
    {
        // ID.SECRET, and below it /connections.
        var parts = request.Path[(Root.Length + 1)..].Split('/');
        var dot = parts[0].IndexOf('.', StringComparison.Ordinal);
        var (id, secret) = dot < 0 ? (parts[0], "") : (parts[0][..dot], parts[0][(dot + 1)..]);
        if (parts is [_, "connections"]) return Connect(request, caller, id, secret);
        if (parts.Length > 1) return Refuse(new(404, "not-found", "There is nothing here.", $"Use the URL that POST {Root} answered with."));

        var answer = registrar.Store.Decide((book, now) => request.Method switch
        {
            "PUT" or "POST" => Registering.Renew(book, id, secret, caller, snapshot.Balancer, now),
            "DELETE" => Registering.End(book, id, secret, caller, snapshot.Balancer, now),
            "GET" => new RegistrarAnswer(book, null, Registering.Own(book, id, secret, caller, now, out _)),
            _ => new RegistrarAnswer(book, null, NotThat(request)),
        });
        if (answer.Problem is { } problem) return Refuse(problem);
        if (request.Method == "DELETE")
        {
            lines.Close(id);
            await registrar.SettledAsync(ct).ConfigureAwait(false);
            return ApiAnswer.NoContent;
        }
        return answer.Book.Find(id)?.Registration is { } registration
            ? ApiAnswer.Json(View(registration, snapshot, forApp: true), RegistrarJson.Default.RegistrationView)
            : Refuse(new(404, "registration-unknown", "It has just ended.", $"Register again with POST {Root}."));
    }

    /// <summary>A connection over which the balancer will send requests.</summary>
    private ApiAnswer Connect(ApiRequest request, RegistrarCaller caller, string id, string secret)
    {
        if (Registering.Own(registrar.Store.Book, id, secret, caller, balancer.Keeper.Now, out var registration) is { } problem) return Refuse(problem);
        if (!registration!.Reverse) return Refuse(RegistrationProblem.Conflict("not-reverse", "This registration has an address of its own.", "Register with \"reverse\": true."));
        if (request.Upgrade != ReverseProtocol) return Refuse(new(426, "upgrade-required", "This is where the app opens connections for requests to it.", $"Send \"Connection: Upgrade\" and \"Upgrade: {ReverseProtocol}\"."));
        if (!lines.HasRoom(id)) return Refuse(new(429, "too-many-connections", $"{ReverseLines.MostPerApp} connections of it are open already.", "Open another when one is in use."));
        return new ApiAnswer.Switch(ReverseProtocol, (transport, early) => lines.ServeAsync(id, transport, early));
    }

    /// <summary>Every registration as anybody who may look at the balancer sees it: without secrets.</summary>
    public ImmutableArray<RegistrationView> All() => balancer.Snapshot is { } snapshot ? [.. registrar.Store.Live.Select(r => View(r, snapshot, forApp: false))] : [];

    private RegistrationView View(Model.Balancing.Registration registration, BalancerSnapshot snapshot, bool forApp)
    {
        var (state, reason) = StateOf(registration);
        var (route, matches) = RouteOf(registration, snapshot);
        var until = registrar.Store.Book.Find(registration.Id)?.Until ?? balancer.Keeper.Now;
        return new RegistrationView
        {
            Id = registration.Id,
            Url = forApp ? UrlOf(registration) : null,
            App = registration.App,
            Instance = registration.Instance,
            Token = registration.Token,
            Route = route,
            Paths = [.. PathsOf(registration, matches)],
            Address = registration.Reverse ? "reverse" : string.Create(CultureInfo.InvariantCulture, $"{registration.Address}:{registration.Port}"),
            Version = registration.Version,
            Location = registration.Location,
            Weight = registration.Weight,
            Endpoint = registration.Endpoint,
            State = state,
            Reason = reason,
            Since = registration.Since,
            TtlSeconds = Math.Max(0, Math.Round((until - balancer.Keeper.Now).TotalSeconds, 1)),
            Registrars = forApp ? [.. snapshot.Peers.SelectMany(p => p.Registrars)] : [],
        };
    }

    private (string State, string Reason) StateOf(Model.Balancing.Registration registration)
    {
        if (registrar.Conflicts.FirstOrDefault(c => c.Loser.Id == registration.Id) is { } conflict) return ("conflict", conflict.InWords);
        // A balancer that takes registrations for routes that others serve has no such target itself: their word counts.
        if (balancer.Targets.Slots.FirstOrDefault(s => s.Key.Id == registration.Id) is not { } slot)
        {
            return registrar.Store.OpinionOf(TargetOpinion.NameOf(registration.Id, registration.Address, registration.Port)) switch
            {
                true => ("serving", ""),
                false => ("down", "another load-balancer's check fails"),
                null => ("checking", ""),
            };
        }
        return slot.Health.State switch
        {
            TargetState.Up => ("serving", ""),
            TargetState.Down or TargetState.Ejected => ("down", slot.Health.Reason ?? ""),
            _ => ("checking", ""),
        };
    }

    /// <summary>Name and matches of its route: among those of the cluster where they are known, else among those that are served here.</summary>
    private static (string Name, ImmutableArray<RouteMatch> Matches) RouteOf(Model.Balancing.Registration registration, BalancerSnapshot snapshot) =>
        snapshot.Sites.FirstOrDefault(s => s.Route == registration.Route) is { } site ? (site.Name, site.Matches)
        : snapshot.Routes.FirstOrDefault(r => r.Id == registration.Route) is { } plan ? (plan.Name, plan.Matches)
        : (registration.Route, []);

    private static IEnumerable<string> PathsOf(Model.Balancing.Registration registration, ImmutableArray<RouteMatch> matches) => registration.Hosts.IsEmpty
        ? matches.SelectMany(m => registration.Paths.Select(p => m.Host + m.Path.TrimEnd('/') + (p.Length == 0 ? "/" : p)))
        : registration.Hosts.SelectMany(h => registration.Paths.Select(p => h + (p.Length == 0 ? "/" : p)));

    private static string UrlOf(Model.Balancing.Registration registration) => $"{Root}/{registration.Id}.{registration.Secret}";

    private static RegistrationProblem NotThat(ApiRequest request) => new(405, "method-not-allowed", $"{request.Method} is not possible here.", "See docs/registering.md for what is.");

    private ApiAnswer Refuse(RegistrationProblem problem) => Counted(ApiAnswer.Refused(problem, problem.Status == 401 ? "WWW-Authenticate: Bearer\r\n" : ""));

    private ApiAnswer Counted(ApiAnswer answer)
    {
        if (answer is ApiAnswer.Whole { Status: >= 400 }) Interlocked.Increment(ref _refused);
        return answer;
    }
}
