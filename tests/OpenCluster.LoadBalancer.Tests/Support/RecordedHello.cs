using System.Net.Security;

namespace OpenCluster.LoadBalancer.Tests.Support;

/// <summary>What the platform's own TLS sends first.</summary>
internal static class RecordedHello
{
    public static async Task<byte[]> OfAsync(string host)
    {
        var sent = new Recorder();
        await using var tls = new SslStream(sent);
        await Assert.ThrowsAnyAsync<IOException>(() => tls.AuthenticateAsClientAsync(host));
        return sent.Written.ToArray();
    }

    /// <summary>Takes what is written and ends when it is read.</summary>
    private sealed class Recorder : MemoryStream
    {
        public MemoryStream Written { get; } = new();

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Written.Write(buffer.Span);
            return default;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(0);
    }
}
