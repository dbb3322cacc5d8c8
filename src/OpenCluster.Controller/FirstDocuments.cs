using System.Text.Json;
using OpenCluster.Api.Access;
using OpenCluster.Api.Requests;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.State;
using OpenCluster.Controller.Webhooks;
using OpenCluster.Store;

namespace OpenCluster.Controller;

/// <summary>
/// The shell's own documents as a start finds or makes them: tokens (those of the bootstrap file among them) and the webhook key. The
/// admin token's file is written before its document, so that no start ever leaves a cluster that nobody can enter.
/// </summary>
internal sealed record FirstDocuments(TokenBook Tokens, byte[] WebhookKey, IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>?>> Writes)
{
    public static async Task<FirstDocuments> MakeAsync(IStore store, StateDirectory directory, Bootstrap bootstrap, TimeProvider time, CancellationToken ct)
    {
        var book = new TokenBook();
        book.Apply((await store.ReadAsync(TokenBook.KeyPrefix, ct)).Documents.Select(d => KeyValuePair.Create(d.Key, (ReadOnlyMemory<byte>?)d.Value)));

        var writes = new List<KeyValuePair<string, ReadOnlyMemory<byte>?>>();
        var now = time.GetUtcNow();
        void Know(string token, TokenRole role, string name, string? server)
        {
            // A token that is known already may by now be bound to its server's id.
            var hash = Token.HashOf(token);
            if (book.Tokens.ContainsKey(hash)) return;
            var document = new TokenDocument { Role = role, Name = name, Server = server, Created = now };
            writes.Add(KeyValuePair.Create(TokenBook.KeyOf(hash), (ReadOnlyMemory<byte>?)JsonSerializer.SerializeToUtf8Bytes(document, AccessJson.Default.TokenDocument)));
        }

        Know(AdminToken(directory, bootstrap), TokenRole.Admin, "admin", null);
        foreach (var (server, token) in bootstrap.Agents) Know(token, TokenRole.Agent, "agent " + server, server);

        var key = (await store.GetAsync(WebhookSecrets.KeyDocument, ct))?.Value.ToArray();
        if (key is null)
        {
            key = WebhookSecrets.NewKey();
            writes.Add(KeyValuePair.Create(WebhookSecrets.KeyDocument, (ReadOnlyMemory<byte>?)key));
        }

        book.Apply(writes);
        return new FirstDocuments(book, key, writes);
    }

    /// <summary>The one in the file, else the one made beforehand, else a new one.</summary>
    private static string AdminToken(StateDirectory directory, Bootstrap bootstrap)
    {
        var kept = File.Exists(directory.AdminToken) ? File.ReadAllText(directory.AdminToken).Trim() : "";
        var token = bootstrap.Admin ?? (kept.Length > 0 ? kept : Token.New());
        if (token != kept) SafeFile.Write(directory.AdminToken, token + "\n");
        return token;
    }
}
