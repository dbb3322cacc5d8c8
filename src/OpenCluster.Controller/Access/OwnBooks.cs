using OpenCluster.Controller.People;
using OpenCluster.Controller.Secrets;
using OpenCluster.Store;

namespace OpenCluster.Controller.Access;

/// <summary>All kinds of the shell's own documents that requests look into.</summary>
internal sealed class OwnBooks(OpenCalls calls) : IOwnBook
{
    public TokenBook Tokens { get; } = new(calls.Revoke);
    public DocumentBook<UserDocument> Users { get; } = new(UserDocument.KeyPrefix, AccessJson.Default.UserDocument);
    public DocumentBook<JoinDocument> Joins { get; } = new(JoinDocument.KeyPrefix, AccessJson.Default.JoinDocument);
    public DocumentBook<IdentityDocument> Identities { get; } = new(IdentityDocument.KeyPrefix, AccessJson.Default.IdentityDocument, calls.Revoke);

    public DocumentBook<SecretDocument> Secrets { get; } = new(SecretDocument.KeyPrefix, AccessJson.Default.SecretDocument);

    /// <summary>Reads what the store holds.</summary>
    public async Task ReadAsync(IStore store, CancellationToken ct)
    {
        foreach (var prefix in (string[])[TokenBook.KeyPrefix, UserDocument.KeyPrefix, JoinDocument.KeyPrefix, IdentityDocument.KeyPrefix, SecretDocument.KeyPrefix])
            Apply((await store.ReadAsync(prefix, ct)).Documents.Select(d => KeyValuePair.Create(d.Key, (ReadOnlyMemory<byte>?)d.Value)));
    }

    public void Apply(IEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>?>> committed)
    {
        var all = committed as IReadOnlyCollection<KeyValuePair<string, ReadOnlyMemory<byte>?>> ?? [.. committed];
        foreach (var book in (IOwnBook[])[Tokens, Users, Joins, Identities, Secrets]) book.Apply(all);
    }
}
