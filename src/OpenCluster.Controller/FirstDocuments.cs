using System.Text.Json;
using OpenCluster.Api.Access;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.State;
using OpenCluster.Store;
using OpenCluster.Trust.Files;

namespace OpenCluster.Controller;

/// <summary>
/// The shell's own documents as a start finds or makes them: tokens (those of the bootstrap file among them) and the webhook key. The
/// admin token's file is written before its document, so that no start ever leaves a cluster that nobody can enter.
/// </summary>
internal sealed record FirstDocuments(byte[] WebhookKey, IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>?>> Writes)
{
    /// <summary>A server of a cluster that is brought up whole joins within a day.</summary>
    private static readonly TimeSpan JoinTime = TimeSpan.FromDays(1);

    /// <param name="books">Filled with what is in the store, and what will be.</param>
    public static async Task<FirstDocuments> MakeAsync(IStore store, StateDirectory directory, Bootstrap bootstrap, OwnBooks books, TimeProvider time, CancellationToken ct)
    {
        await books.ReadAsync(store, ct);

        var writes = new List<KeyValuePair<string, ReadOnlyMemory<byte>?>>();
        var now = time.GetUtcNow();
        var admin = Token.HashOf(AdminToken(directory, bootstrap));
        if (!books.Tokens.Tokens.ContainsKey(admin))
        {
            var document = new TokenDocument { Role = TokenRole.Admin, Name = "admin", Created = now };
            writes.Add(KeyValuePair.Create(TokenBook.KeyOf(admin), (ReadOnlyMemory<byte>?)JsonSerializer.SerializeToUtf8Bytes(document, AccessJson.Default.TokenDocument)));
        }

        foreach (var (server, token) in bootstrap.Agents)
        {
            // One that has been used stays used, however often the file is read.
            if (books.Joins.Find(Token.HashOf(token)) is not null) continue;
            var join = books.Joins.Put(Token.HashOf(token), new JoinDocument { Server = server, Created = now, Expires = now + JoinTime, Rejoin = true });
            writes.Add(KeyValuePair.Create(join.Key, join.Json));
        }

        var key = (await store.GetAsync(ServiceSecrets.KeyDocument, ct))?.Value.ToArray();
        if (key is null)
        {
            key = ServiceSecrets.NewKey();
            writes.Add(KeyValuePair.Create(ServiceSecrets.KeyDocument, (ReadOnlyMemory<byte>?)key));
        }

        books.Apply(writes);
        return new FirstDocuments(key, writes);
    }

    /// <summary>The one in the file, else the one made beforehand, else a new one.</summary>
    private static string AdminToken(StateDirectory directory, Bootstrap bootstrap)
    {
        var kept = File.Exists(directory.AdminToken) ? File.ReadAllText(directory.AdminToken).Trim() : "";
        var token = bootstrap.Admin ?? (kept.Length > 0 ? kept : Token.New());
        if (token != kept) PrivateFile.Write(directory.AdminToken, token + "\n");
        return token;
    }
}
