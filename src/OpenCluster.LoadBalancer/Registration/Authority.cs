using System.Net;
using System.Security.Cryptography;
using System.Text;
using OpenCluster.Api.Access;
using OpenCluster.Decisions.Registrations;
using OpenCluster.LoadBalancer.OwnApi;
using OpenCluster.Model.Balancing;

namespace OpenCluster.LoadBalancer.Registration;

/// <summary>
/// Who asks. Tokens are known by their hashes alone, as the snapshot brings them: found by hash, so that the time it takes tells nothing of a
/// token, and compared in constant time besides. Guessing costs the guesser: after <see cref="FailureLimit.PerWindow"/> wrong ones in a
/// minute an address hears 429.
/// </summary>
internal sealed class Authority(TimeProvider time)
{
    private const string Scheme = "Bearer ";

    private readonly FailureLimit _failures = new(time);
    private (BalancerSnapshot Of, Dictionary<string, AppToken> ByHash)? _known;

    /// <summary>Wrong tokens and keys since the start.</summary>
    public long Failures => _failures.Total;

    /// <summary>The caller, or the problem to answer.</summary>
    public (RegistrarCaller? Caller, RegistrationProblem? Problem) Judge(ApiRequest request, BalancerSnapshot snapshot)
    {
        var token = request.Authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? request.Authorization.AsSpan(Scheme.Length).Trim() : default;
        if (token.IsEmpty) return (null, new(401, "not-authenticated", "The request has no token.", "Send \"Authorization: Bearer TOKEN\"; `opencluster token create NAME --app` makes one."));
        var hash = token.Length <= Token.MaxLength ? Token.HashOf(token) : "";
        if (!Tokens(snapshot).TryGetValue(hash, out var known) || !Same(hash, known.Hash)) return (null, Fail(request.From.Remote.Address, "The token is none of an app's of this cluster."));

        var hasKey = false;
        if (request.Key.Length > 0 && known.KeyHash is { } keyHash)
        {
            hasKey = request.Key.Length <= Token.MaxLength && Same(Token.HashOf(request.Key), keyHash);
            if (!hasKey) return (null, Fail(request.From.Remote.Address, "The key is not the one of this token's route."));
        }
        return (new RegistrarCaller(known, hasKey, request.From.Remote.Address), null);
    }

    private RegistrationProblem Fail(IPAddress from, string detail) => _failures.Record(from.ToString())
        ? new(429, "too-many-failures", "Too many wrong tokens came from this address.", "Wait a minute, then use the right one.")
        : new(401, "not-authenticated", detail, "Make one with `opencluster token create NAME --app --route ROUTE`.");

    private Dictionary<string, AppToken> Tokens(BalancerSnapshot snapshot)
    {
        if (_known is { } known && ReferenceEquals(known.Of, snapshot)) return known.ByHash;
        var byHash = snapshot.AppTokens.ToDictionary(t => t.Hash, StringComparer.Ordinal);
        _known = (snapshot, byHash);
        return byHash;
    }

    private static bool Same(string a, string b) => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(a), Encoding.ASCII.GetBytes(b));
}
