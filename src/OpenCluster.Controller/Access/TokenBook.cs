using System.Collections.Immutable;
using System.Text.Json;
using OpenCluster.Api.Access;
using OpenCluster.Api.Requests;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Balancing;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Controller.Access;

/// <summary>
/// Every token's hash with what it may do; an immutable snapshot swapped by the loop after each commit. A token is found by its
/// hash: the time of the look-up depends on the hash alone, from which nobody can guess the token, so it needs no constant-time
/// compare of its own.
/// </summary>
internal sealed class TokenBook
{
    /// <summary>Documents: <c>controller/tokens/SHA256</c>.</summary>
    public const string KeyPrefix = "controller/tokens/";

    private ImmutableDictionary<string, TokenDocument> _tokens = ImmutableDictionary<string, TokenDocument>.Empty;

    public ImmutableDictionary<string, TokenDocument> Tokens => Volatile.Read(ref _tokens);

    public static string KeyOf(string hash) => KeyPrefix + hash;

    /// <summary>Takes in what was committed (or read at the start).</summary>
    public void Apply(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>?>> committed)
    {
        var tokens = Tokens;
        foreach (var (key, json) in committed)
        {
            if (!key.StartsWith(KeyPrefix, StringComparison.Ordinal)) continue;
            var hash = key[KeyPrefix.Length..];
            tokens = json is { } bytes ? tokens.SetItem(hash, JsonSerializer.Deserialize(bytes.Span, AccessJson.Default.TokenDocument)!) : tokens.Remove(hash);
        }

        Volatile.Write(ref _tokens, tokens);
    }

    /// <summary>The token's hash and document, or null when it is not one of ours.</summary>
    public KeyValuePair<string, TokenDocument>? Find(ReadOnlySpan<char> token)
    {
        if (token.Length is 0 or > Token.MaxLength) return null;
        var hash = Token.HashOf(token);
        return Tokens.TryGetValue(hash, out var document) ? KeyValuePair.Create(hash, document) : null;
    }

    /// <summary>What load-balancers must know of the tokens of apps, in an order that lasts.</summary>
    public ImmutableArray<AppToken> Apps =>
    [
        .. Tokens.Where(t => t.Value.Role == TokenRole.App).OrderBy(t => t.Key, StringComparer.Ordinal)
            .Select(t => new AppToken { Name = t.Value.Name, Hash = t.Key, KeyHash = t.Value.KeyHash, Route = t.Value.Route, Endpoints = t.Value.Endpoints }),
    ];

    /// <summary>The write that binds an agent's token, made for a server's name, to the server itself: from then on it survives a rename. None when it is bound.</summary>
    public ImmutableArray<DocumentWrite> Bind(string hash, Server server) =>
        Tokens.TryGetValue(hash, out var token) && token.Server != server.Id
            ? [new DocumentWrite(KeyOf(hash), JsonSerializer.SerializeToUtf8Bytes(token with { Server = server.Id }, AccessJson.Default.TokenDocument))]
            : [];
}
