using OpenCluster.LoadBalancer.Listening;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Caching;

/// <summary>
/// Fetches an answer anew with nobody waiting for it: a connection whose client is a request that came before, and that reads no answer. So a
/// refresh goes the way of every other request, retries and limits on targets included.
/// </summary>
internal static class Refresh
{
    /// <summary>At one time, all routes together; beyond that the next request that finds it stale tries again.</summary>
    private const int Most = 100;

    private static int _running;

    /// <param name="flight">Led by the caller, and landed by the fetch.</param>
    public static void Start(ClientConnection from, Flight flight)
    {
        if (Interlocked.Increment(ref _running) > Most)
        {
            Interlocked.Decrement(ref _running);
            flight.Land();
            return;
        }
        var head = from.HeadBytes[..from.Exchange.Head.Length].ToArray();
        var facts = new ClientFacts(from.Facts.Remote, from.Facts.IsSecure, local: from.Facts.Local) { Refreshes = flight };
        var stages = from.Stages;
        // Not on the thread that is about to answer the client.
        _ = Task.Run(() => RunAsync(new ClientConnection(new RequestAlone(head), facts, stages), flight));
    }

    private static async Task RunAsync(ClientConnection connection, Flight flight)
    {
        try
        {
            await connection.ServeAsync().ConfigureAwait(false);
        }
        finally
        {
            flight.Land();
            Interlocked.Decrement(ref _running);
        }
    }

    /// <summary>One request in, and then the end; what is answered goes nowhere.</summary>
    private sealed class RequestAlone(byte[] request) : Transport
    {
        private int _read;

        public override bool HasInput => true;

        public override ValueTask<int> ReceiveAsync(Memory<byte> buffer)
        {
            var count = Math.Min(buffer.Length, request.Length - _read);
            request.AsMemory(_read, count).CopyTo(buffer);
            _read += count;
            return new(count);
        }

        public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => default;

        public override void EndSending()
        {
        }

        public override void Abort()
        {
        }

        public override void Dispose()
        {
        }
    }
}
