using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using OpenCluster.Agent.Connection;
using OpenCluster.Api;
using OpenCluster.Api.Views;
using OpenCluster.Model.Running;
using OpenCluster.Trust.Files;
using OpenCluster.Trust.Sealing;

namespace OpenCluster.Agent.Secrets;

/// <summary>
/// The values that this server's instances and builds may have. In memory, and on disk sealed with a key that follows from the agent's own, so
/// that a server that boots while no controller is there starts what it ran. Safe for concurrent use.
/// </summary>
internal sealed class SecretStore(AgentDirectory directory, IController controller, string serverId, AgentLog log)
{
    private const string About = "secrets of an agent";

    private readonly SemaphoreSlim _one = new(1);
    private ImmutableDictionary<(string Id, int Version), byte[]>? _values;

    /// <summary>Has these values here. Null: they are; otherwise why not, and trying again may help.</summary>
    public async Task<Failure?> EnsureAsync(ImmutableArray<SecretRef> secrets, CancellationToken ct)
    {
        if (secrets.IsEmpty) return null;
        await _one.WaitAsync(ct);
        try
        {
            if (secrets.All(s => Find(s) is not null)) return null;
            var fetched = await controller.SecretsAsync(serverId, ct);
            // Whole and new each time: what this server may no longer have goes, here and on disk.
            Volatile.Write(ref _values, fetched.ToImmutableDictionary(v => (v.Id, v.Version), v => v.Value));
            Keep(fetched);
            return secrets.FirstOrDefault(s => Find(s) is null) is { } missing
                ? new Failure("secret-unreadable", $"the controller could not hand out the secret {missing.Name}: the key it was sealed with is not there. Set it anew: `opencluster secret set {missing.Name}`")
                : null;
        }
        catch (Exception away) when (away is UnreachableException or ProblemException or HttpRequestException)
        {
            return new Failure("secret-not-fetched", $"the values of its secrets could not be fetched: {away.Message}");
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Null when it is not here.</summary>
    public byte[]? Find(SecretRef secret) => (Volatile.Read(ref _values) ?? Recover()).GetValueOrDefault((secret.Id, secret.Version));

    private ImmutableDictionary<(string Id, int Version), byte[]> Recover()
    {
        var kept = ImmutableDictionary<(string Id, int Version), byte[]>.Empty;
        try
        {
            if (File.Exists(directory.Secrets) && Keys()?.Open(File.ReadAllBytes(directory.Secrets), About) is { } json)
                kept = JsonSerializer.Deserialize(json, ApiJson.Default.ImmutableArraySecretValueView).ToImmutableDictionary(v => (v.Id, v.Version), v => v.Value);
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or JsonException or IOException or UnauthorizedAccessException)
        {
            log.Warn($"{directory.Secrets} cannot be read; the values are asked for again: {unreadable.Message}");
        }

        Interlocked.CompareExchange(ref _values, kept, null);
        return Volatile.Read(ref _values)!;
    }

    private void Keep(ImmutableArray<SecretValueView> values)
    {
        try
        {
            if (Keys() is { } keys) PrivateFile.Write(directory.Secrets, keys.Seal(JsonSerializer.SerializeToUtf8Bytes(values, ApiJson.Default.ImmutableArraySecretValueView), About));
        }
        catch (Exception full) when (full is IOException or UnauthorizedAccessException)
        {
            log.Warn($"{directory.Secrets} cannot be written; after a boot the controller is needed for these values: {full.Message}");
        }
    }

    /// <summary>Null for an agent that has no key of its own (yet): then nothing is kept.</summary>
    private SealingKeys? Keys() =>
        Path.Combine(directory.Identity, "key.pem") is var key && File.Exists(key) ? SealingKeys.From(File.ReadAllBytes(key), "opencluster " + About) : null;
}
