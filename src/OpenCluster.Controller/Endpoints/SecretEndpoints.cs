using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using OpenCluster.Api;
using OpenCluster.Api.Requests;
using OpenCluster.Api.Views;
using OpenCluster.Controller.Access;
using OpenCluster.Controller.Audit;
using OpenCluster.Controller.Conducting;
using OpenCluster.Controller.Http;
using OpenCluster.Controller.Secrets;
using OpenCluster.Decisions.Conducting;
using OpenCluster.Model.Nouns;

namespace OpenCluster.Controller.Endpoints;

/// <summary>
/// Secrets: people give them values and see everything but these; agents get the values that their server may have. A value and the one
/// before it are kept, so that a roll-out of the new one that fails can go back.
/// </summary>
internal sealed class SecretEndpoints(ClusterLoop loop, SecretVault vault, Roster roster)
{
    private const int MaxBytes = 64 << 10;
    private const int LeastLength = 16, MostLength = 1024;

    /// <summary>The steps of one rotation of the key must not come between those of another.</summary>
    private readonly SemaphoreSlim _rotating = new(1);

    public void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(ApiRoutes.Secrets, List).WithSummary("Every secret, without its value.");
        api.MapPut(ApiRoutes.SecretPattern, Set).WithSummary("Gives a secret of the cluster file a value; what uses it is replaced or told.");
        api.MapPost(ApiRoutes.SecretRotationPattern, Rotate).WithSummary("Gives a secret a random value that nobody has seen.");
        api.MapDelete(ApiRoutes.SecretPattern, Remove).WithSummary("Deletes a secret's values.").Produces(204);
        api.MapPost(ApiRoutes.SecretKeyRotations, RotateKey).WithSummary("Seals every value anew with a new key.").Produces(204);
        api.MapGet(ApiRoutes.ServerSecretsPattern, OfServer).WithSummary("The values that a server's instances and builds may have, for its agent alone.");
    }

    private Task<ImmutableArray<SecretView>> List(CancellationToken ct) => loop.LookAsync(
        conductor =>
        {
            var declared = conductor.Cluster.Secrets;
            var undeclared = vault.Book.All.Select(d => (SecretDocument.Of(d.Key).SecretId, d.Value.Name)).DistinctBy(d => d.SecretId).Where(d => declared.All(s => s.Id != d.SecretId));
            return declared.Select(s => View(conductor, s)).Concat(undeclared.Select(u => View(conductor, new Secret { Id = u.SecretId, Name = u.Name }) with { State = "undeclared" }))
                .OrderBy(v => v.Name, StringComparer.Ordinal).ToImmutableArray();
        },
        ct);

    private async Task<SecretView> Set(string secret, SecretRequest request, HttpContext context, CancellationToken ct)
    {
        if (request.Value is not { Length: > 0 and <= MaxBytes }) throw Problems.Invalid("value", $"A secret has 1 to {MaxBytes:N0} bytes.", "Larger things belong into files that a secret opens.");
        return await ChangeAsync(secret, request.Value, request.Forget, request.Why, "set", context.Caller(), ct);
    }

    private Task<SecretView> Rotate(string secret, SecretRotationRequest request, HttpContext context, CancellationToken ct)
    {
        if (request.Length is < LeastLength or > MostLength) throw Problems.Invalid("length", $"A random value has {LeastLength} to {MostLength:N0} characters.", "Leave it out for 43, which are 256 bits.");
        var value = Encoding.ASCII.GetBytes(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(request.Length))[..request.Length]);
        return ChangeAsync(secret, value, request.Forget, request.Why, "rotate", context.Caller(), ct);
    }

    private async Task<SecretView> ChangeAsync(string name, byte[] value, bool forget, string why, string verb, Caller caller, CancellationToken ct)
    {
        await loop.ChangeAsync(
            conductor =>
            {
                var secret = conductor.Cluster.FindSecret(name);
                var before = conductor.SecretVersions(secret.Id);
                if (before is { HasValue: true } && !forget && vault.IsSame(secret.Id, before.Newest, value)) return new Intent();
                var next = (before?.Newest ?? 0) + 1;
                var oldest = before is { HasValue: true } && !forget ? before.Newest : next;
                return new Intent
                {
                    Event = new ClusterEvent.SecretChanged(secret.Id, next, oldest, caller.Name, why),
                    Documents = [vault.Put(secret.Id, next, secret.Name, caller.Name, value), .. vault.ValuesOf(secret.Id).Where(v => v.Version < oldest).Select(v => vault.Delete(secret.Id, v.Version))],
                    Audit = new AuditEntry(caller, $"{verb} secret {secret.Name}", why, Words(before), $"value {next}{(forget ? ", those before deleted" : "")}"),
                };
            },
            ct);
        return await loop.LookAsync(conductor => View(conductor, conductor.Cluster.FindSecret(name)), ct);
    }

    private async Task Remove(string secret, string? why, HttpContext context, CancellationToken ct)
    {
        var caller = context.Caller();
        await loop.ChangeAsync(
            conductor =>
            {
                var (id, name) = Any(conductor, secret);
                if (UsedBy(conductor.Cluster, name) is { IsEmpty: false } users && conductor.Cluster.Secrets.Any(s => s.Id == id))
                    throw Problems.Conflict("in-use", $"The secret \"{name}\" may be had by {string.Join(", ", users)}.", "Take it out of those services in the cluster file first.", "secret");
                var before = conductor.SecretVersions(id);
                return new Intent
                {
                    Event = new ClusterEvent.SecretChanged(id, before?.Newest ?? 0, (before?.Newest ?? 0) + 1, caller.Name, why ?? ""),
                    Documents = [.. vault.ValuesOf(id).Select(v => vault.Delete(id, v.Version))],
                    Audit = new AuditEntry(caller, $"remove secret {name}", why ?? "", Words(before)),
                };
            },
            ct);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task RotateKey(string? why, HttpContext context, CancellationToken ct)
    {
        var caller = context.Caller();
        await _rotating.WaitAsync(ct);
        try
        {
            // The key before what is sealed with it: whatever breaks off in between, the file opens all that the store holds.
            var key = vault.AddKey();
            await loop.ChangeAsync(
                _ => new Intent { Documents = vault.SealAnew(), Audit = new AuditEntry(caller, "rotate the key of the secrets", why ?? "", null, $"key {key}") }, ct);
            vault.DropOldKeys();
        }
        finally
        {
            _rotating.Release();
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private Task<ImmutableArray<SecretValueView>> OfServer(string serverId, HttpContext context, CancellationToken ct)
    {
        context.Response.Headers.CacheControl = "no-store";
        return loop.LookAsync<ImmutableArray<SecretValueView>>(
            conductor =>
            {
                var server = roster.Find(serverId);
                ServerAccess.Require(context.Caller(), server, serverId);
                if (server is null || conductor.Assignment(server.Id) is not { } assignment) return [];
                var may = assignment.Instances.SelectMany(i => i.Secrets).Concat(assignment.Scripts.SelectMany(s => s.Secrets)).Concat(assignment.Builds.SelectMany(b => b.Secrets));
                return
                [
                    .. from secret in may.DistinctBy(s => (s.Id, s.Version))
                       let value = vault.Open(secret.Id, secret.Version)
                       where value is not null
                       select new SecretValueView(secret.Id, secret.Version, value),
                ];
            },
            ct);
    }

    /// <summary>Also one that the file no longer names.</summary>
    private (string Id, string Name) Any(Conductor conductor, string name)
    {
        var left = vault.Book.All.FirstOrDefault(d => d.Value.Name == name && conductor.Cluster.Secrets.All(s => s.Name != name));
        if (left.Key is not null) return (SecretDocument.Of(left.Key).SecretId, left.Value.Name);
        var secret = conductor.Cluster.FindSecret(name);
        return (secret.Id, secret.Name);
    }

    private SecretView View(Conductor conductor, Secret secret)
    {
        var versions = conductor.SecretVersions(secret.Id);
        if (versions is not { HasValue: true }) return new SecretView(secret.Name, 0, null, "", UsedBy(conductor.Cluster, secret.Name), "missing");
        var newest = vault.Book.Find(SecretDocument.NameOf(secret.Id, versions.Newest));
        return new SecretView(
            secret.Name, versions.Newest, newest?.Set, newest?.By ?? "", UsedBy(conductor.Cluster, secret.Name), vault.CanOpen(secret.Id, versions.Newest) ? "set" : "unreadable");
    }

    private static ImmutableArray<string> UsedBy(Cluster cluster, string secret) =>
    [
        .. cluster.Services.Where(s => s.Deployments.Any(d => d.Spec.Secrets.Contains(secret))).Select(s => s.Name),
        .. cluster.Services.Where(s => s.Deployments.Any(d => d.Spec.Build?.Secrets.Contains(secret) == true)).Select(s => $"{s.Name} (build)"),
    ];

    private static string? Words(SecretVersions? versions) => versions is { HasValue: true } ? $"value {versions.Newest}" : null;
}
