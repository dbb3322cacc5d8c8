using System.Collections.Concurrent;

namespace OpenCluster.Controller.Access;

/// <summary>
/// Streams by what their caller showed, so that they end when it is taken back: a stream opened in the morning must not outlive a
/// token deleted at noon. Bounded by the credentials there are.
/// </summary>
internal sealed class OpenCalls
{
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _revoked = new(StringComparer.Ordinal);

    /// <summary>Cancelled when this credential is revoked.</summary>
    public CancellationToken RevokedToken(string credential) => _revoked.GetOrAdd(credential, _ => new CancellationTokenSource()).Token;

    public void Revoke(string credential)
    {
        if (!_revoked.TryRemove(credential, out var open)) return;
        open.Cancel();
        open.Dispose();
    }
}
