using System.Collections.Immutable;
using OpenCluster.Api.Access;
using OpenCluster.Api.Requests;
using OpenCluster.Model.Balancing;

namespace OpenCluster.Controller.Access;

/// <summary>
/// Every token's hash with what it may do; an immutable snapshot swapped by the loop after each commit. A token is found by its
/// hash: the time of the look-up depends on the hash alone, from which nobody can guess the token, so it needs no constant-time
/// compare of its own.
/// </summary>
/// <param name="gone">Told the hashes of tokens taken away.</param>
internal sealed class TokenBook(Action<string>? gone = null) : IOwnBook
{
    /// <summary>Documents: <c>controller/tokens/SHA256</c>.</summary>
    public const string KeyPrefix = "controller/tokens/";

    private readonly DocumentBook<TokenDocument> _book = new(KeyPrefix, AccessJson.Default.TokenDocument, gone);

    public ImmutableDictionary<string, TokenDocument> Tokens => _book.All;

    public static string KeyOf(string hash) => KeyPrefix + hash;

    public void Apply(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>?>> committed) => _book.Apply(committed);

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
}
