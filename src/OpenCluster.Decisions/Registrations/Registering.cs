using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Decisions.Registrations;

/// <summary>Who asks a balancer for something, as far as it has been proved.</summary>
/// <param name="HasKey">The key of the token's route was right.</param>
/// <param name="From">The address the request came from.</param>
public sealed record RegistrarCaller(AppToken Token, bool HasKey, IPAddress From)
{
    /// <summary>Enough of a token's hash to tell tokens apart, as the controller shows it.</summary>
    public string TokenId => Token.Hash[..Math.Min(12, Token.Hash.Length)];
}

/// <summary>The new book with the lease that was made or renewed, or why there is none.</summary>
public readonly record struct RegistrarAnswer(RegistrationBook Book, RegistrationLease? Lease, RegistrationProblem? Problem);

/// <summary>Registering, renewing and leaving: what is asked, judged against everything else that is known. Changes nothing but the book.</summary>
public static class Registering
{
    public const int MostPaths = 16;
    private const int LongestName = 63;

    /// <param name="secret">Fresh, and hard to guess: whoever renews gives it.</param>
    public static RegistrarAnswer Register(RegistrationBook book, RegistrationRequest request, RegistrarCaller caller, BalancerSnapshot snapshot, string secret, DateTimeOffset now)
    {
        if (Shape(request) is { } misshapen) return Refuse(book, misshapen);
        if (SiteOf(caller, snapshot, out var site) is { } forbidden) return Refuse(book, forbidden);

        var wanted = Complete(request, caller, snapshot, site, secret, now);
        if (book.Find(wanted.Id) is { Registration: { } before } replaced && replaced.Until > now) wanted = wanted with { Since = before.Since };
        if (!wanted.Reverse && AddressRefusal(wanted, site, caller, snapshot) is { } elsewhere) return Refuse(book, elsewhere);
        foreach (var claim in PathClaim.Of(wanted))
            if (SiteRules.Refusal(snapshot.Sites, site, claim) is { } notYours) return Refuse(book, notYours);

        if (Crowd(book, wanted, now, out var neighbours) is { } tooMany) return Refuse(book, tooMany);
        if (new ClaimTable(neighbours).Against(wanted) is { } conflict)
            return Refuse(book, RegistrationProblem.Conflict("path-taken", $"{conflict.Claim} is held by app \"{conflict.Holder.App}\" since {conflict.Holder.Since:u}.",
                "Register another path, or have both apps say \"shared\": true."));

        var stamp = LeaseStamp.First(snapshot.Balancer, now, book.Find(wanted.Id)?.Stamp);
        return Put(book, new RegistrationLease { Id = wanted.Id, Stamp = stamp, Registration = wanted, Until = now + wanted.Ttl });
    }

    /// <summary>The lease begins anew.</summary>
    public static RegistrarAnswer Renew(RegistrationBook book, string id, string secret, RegistrarCaller caller, string holder, DateTimeOffset now) =>
        Own(book, id, secret, caller, now, out var registration) is { } problem
            ? Refuse(book, problem)
            : Put(book, Next(book, id, registration, holder, now + registration!.Ttl, now));

    /// <summary>The lease ends now, everywhere.</summary>
    public static RegistrarAnswer End(RegistrationBook book, string id, string secret, RegistrarCaller caller, string holder, DateTimeOffset now) =>
        Own(book, id, secret, caller, now, out var registration) is { } problem
            ? Refuse(book, problem)
            : Put(book, Next(book, id, null, holder, now + registration!.Ttl, now));

    /// <summary>Whether the caller may speak for a registration; null when it may.</summary>
    public static RegistrationProblem? Own(RegistrationBook book, string id, string secret, RegistrarCaller caller, DateTimeOffset now, out Registration? registration)
    {
        registration = null;
        // Of another token's registration not even its existence is told.
        if (book.Find(id) is not { Registration: { } found } lease || lease.Until <= now || found.TokenId != caller.TokenId)
            return new(404, "registration-unknown", "There is no such registration of yours: it has ended, or was never made.", "Register again with POST /v1/registrations.");
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(found.Secret), Encoding.ASCII.GetBytes(secret)))
            return RegistrationProblem.Conflict("registration-replaced", "The same instance has registered anew since.", "Stop, or register under another \"instance\".");
        registration = found;
        return null;
    }

    /// <summary>Everything about a request that is wrong whoever asks.</summary>
    private static RegistrationProblem? Shape(RegistrationRequest r)
    {
        if (r.Port is < 0 or > 65535 || (r.Port == 0 && !r.Reverse)) return RegistrationProblem.Invalid("port", $"{r.Port} is no port.", "Give the port the app listens at, or \"reverse\": true if it opens the connections.");
        if (r.Weight is < 1 or > 1000) return RegistrationProblem.Invalid("weight", $"A weight of {r.Weight} is not 1 to 1,000.", "100 is usual.");
        if (r.TtlSeconds is < 2 or > 3600) return RegistrationProblem.Invalid("ttlSeconds", $"{r.TtlSeconds} s are not 2 to 3,600.", "30 is usual; renew it three times as often.");
        foreach (var (field, name, most) in (ReadOnlySpan<(string, string, int)>)[("app", r.App, LongestName), ("instance", r.Instance, 127), ("endpoint", r.Endpoint, 127), ("location", r.Location, 127), ("version", r.Version, LongestName), ("protocol", r.Protocol, LongestName)])
            if (name.Length > most || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or ':' or '+')) return RegistrationProblem.Invalid(field, $"\"{field}\" is not up to {most} letters, digits and - . _ : +", "Choose a plain name.");
        if (r.Paths.IsDefaultOrEmpty || r.Paths.Length > MostPaths) return RegistrationProblem.Invalid("paths", $"It names no path, or more than {MostPaths}.", "Leave \"paths\" out for all of the site.");
        foreach (var path in r.Paths)
            if (path is null || PathClaim.Wrong(path) is not null) return RegistrationProblem.Invalid("paths", $"A path {PathClaim.Wrong(path ?? "")}.", "Such as /orders.");
        if (r.Hosts.IsDefault || r.Hosts.Length > MostPaths) return RegistrationProblem.Invalid("hosts", $"It names more than {MostPaths} hosts.", "Register again under another \"instance\" for more.");
        foreach (var host in r.Hosts)
            if (!IsHost(host)) return RegistrationProblem.Invalid("hosts", "A host is not a plain host name.", "Such as shop.example.org.");
        if (r.Check is { } check && (PathClaim.Wrong(check.Path) is not null || check.EveryMilliseconds is < 250 or > 60_000 || check.TimeoutMilliseconds is < 50 or > 30_000 || check.Fall is < 1 or > 100 || check.Rise is < 1 or > 100))
            return RegistrationProblem.Invalid("check", "The check has no plain path, or a time or count out of bounds.", "Such as {\"path\": \"/healthz\", \"everyMilliseconds\": 1000}.");
        return null;
    }

    private static RegistrationProblem? SiteOf(RegistrarCaller caller, BalancerSnapshot snapshot, out Site site)
    {
        site = snapshot.Sites.FirstOrDefault(s => s.Route == caller.Token.Route)!;
        if (caller.Token.Route is null) return RegistrationProblem.Forbidden("token-not-for-routes", "This token may ask the broker, not register.", "Make one with `opencluster token create NAME --app --route ROUTE`.");
        if (site is null) return RegistrationProblem.Forbidden("route-gone", "The route this token was made for is not in the cluster any more.", "Make a token for another route.");
        return site.Kind == RouteKind.Dynamic && !caller.HasKey
            ? RegistrationProblem.Forbidden("key-missing", $"Route \"{site.Name}\" lets apps choose any site, so it asks for its key besides the token.", "Send the key that came with the token as OpenCluster-Key.")
            : null;
    }

    private static RegistrationProblem? AddressRefusal(Registration wanted, Site site, RegistrarCaller caller, BalancerSnapshot snapshot)
    {
        if (!IPAddress.TryParse(wanted.Address, out var address)) return RegistrationProblem.Invalid("address", "The address is not an IP address.", "Such as 10.0.0.7; names are not resolved.");
        var self = snapshot.Peers.FirstOrDefault(p => p.Balancer == snapshot.Balancer)?.Address ?? snapshot.Listeners.FirstOrDefault()?.Address;
        return AddressRules.Refusal(address, wanted.Port, site.RegisterFrom, caller.From, IPAddress.TryParse(self, out var own) ? own : IPAddress.None, snapshot);
    }

    /// <param name="neighbours">Live registrations that claim some of the same.</param>
    private static RegistrationProblem? Crowd(RegistrationBook book, Registration wanted, DateTimeOffset now, out List<Registration> neighbours)
    {
        var claims = PathClaim.Of(wanted).ToHashSet();
        neighbours = [];
        var (live, ofToken) = (0, 0);
        foreach (var lease in book.Leases.Values)
        {
            if (lease.Until <= now || lease.Registration is not { } other || other.Id == wanted.Id) continue;
            live++;
            if (other.TokenId == wanted.TokenId) ofToken++;
            if (PathClaim.Of(other).Any(claims.Contains)) neighbours.Add(other);
        }
        return live >= RegistrationBook.MostLive || ofToken >= RegistrationBook.MostOfOneToken
            ? new(429, "too-many-registrations", $"There are {live} registrations already, {ofToken} of them of this token.", "End those not needed (DELETE), or let them run out.")
            : null;
    }

    private static Registration Complete(RegistrationRequest request, RegistrarCaller caller, BalancerSnapshot snapshot, Site site, string secret, DateTimeOffset now)
    {
        var from = caller.From.IsIPv4MappedToIPv6 ? caller.From.MapToIPv4() : caller.From;
        var app = request.App.Length > 0 ? request.App : caller.Token.Name;
        var address = request.Address.Length > 0 && !request.Reverse ? request.Address : from.ToString();
        var instance = request.Instance.Length > 0 ? request.Instance : string.Create(CultureInfo.InvariantCulture, $"{address}:{request.Port}");
        return new Registration
        {
            Id = IdOf(caller, app, instance),
            Secret = secret,
            Token = caller.Token.Name,
            TokenId = caller.TokenId,
            App = app,
            Instance = instance,
            Route = site.Route,
            Hosts = [.. request.Hosts.Select(h => h.ToLowerInvariant()).Distinct(StringComparer.Ordinal)],
            Paths = [.. request.Paths.Select(PathClaim.Normal).Distinct(StringComparer.Ordinal)],
            Strip = request.Strip,
            Shared = request.Shared,
            Address = IPAddress.TryParse(address, out var ip) ? ip.ToString() : address,
            Port = request.Port,
            Reverse = request.Reverse,
            Mode = request.Reverse ? ReachMode.Through : request.Mode,
            Endpoint = request.Endpoint,
            Protocol = request.Protocol.Length > 0 ? request.Protocol : "http",
            Version = request.Version,
            Incompatible = request.Incompatible,
            Weight = request.Weight,
            Location = request.Location.Length > 0 ? request.Location : snapshot.Location,
            Check = request.Check is not { } check ? null : new HealthCheck
            {
                Kind = CheckKind.Http,
                Path = check.Path,
                Every = TimeSpan.FromMilliseconds(check.EveryMilliseconds),
                Timeout = TimeSpan.FromMilliseconds(check.TimeoutMilliseconds),
                Fall = check.Fall,
                Rise = check.Rise,
            },
            Since = now,
            Ttl = TimeSpan.FromSeconds(request.TtlSeconds),
        };
    }

    private static string IdOf(RegistrarCaller caller, string app, string instance) =>
        "reg-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{caller.Token.Hash}\n{app}\n{instance}")).AsSpan(0, 8));

    private static bool IsHost(string? host) =>
        host is { Length: > 0 and <= 253 } && host.Split('.').All(l => l.Length is > 0 and <= 63 && l[0] != '-' && l[^1] != '-' && l.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'));

    private static RegistrationLease Next(RegistrationBook book, string id, Registration? registration, string holder, DateTimeOffset until, DateTimeOffset now) =>
        new() { Id = id, Stamp = book.Find(id)!.Stamp.Next(holder, now), Registration = registration, Until = until };

    private static RegistrarAnswer Put(RegistrationBook book, RegistrationLease lease) => new(book.With(lease), lease, null);

    private static RegistrarAnswer Refuse(RegistrationBook book, RegistrationProblem problem) => new(book, null, problem);
}
