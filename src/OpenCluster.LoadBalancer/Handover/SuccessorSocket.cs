using System.Net.Sockets;
using System.Text;
using OpenCluster.Api.Client;

namespace OpenCluster.LoadBalancer.Handover;

/// <summary>Waits, while this process serves, for one that is to replace it, and gives it the listeners.</summary>
internal sealed class SuccessorSocket : IDisposable
{
    private readonly Balancer _balancer;
    private readonly Action<string> _note;
    private readonly Socket _listening = HandoverPath.NewSocket();
    private readonly CancellationTokenSource _taken = new();
    private readonly CancellationTokenSource _stop = new();

    public SuccessorSocket(string directory, Balancer balancer, Action<string> note)
    {
        _balancer = balancer;
        _note = note;
        var path = HandoverPath.Of(directory);
        // Bound under another name and moved: the path always leads to a process that answers, and is never there with a mode too wide.
        // A name of its own, because .NET deletes it when the socket is closed, which must not hit a successor's.
        var next = $"{path}.{Path.GetRandomFileName()}";
        using (var at = new SocketPath(next)) _listening.Bind(at.EndPoint);
        File.SetUnixFileMode(next, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _listening.Listen(4);
        File.Move(next, path, overwrite: true);
    }

    /// <summary>Cancelled when a successor has taken over.</summary>
    public CancellationToken Taken => _taken.Token;

    public void Start() => _ = AcceptAsync();

    /// <summary>Leaves the path alone: it is the successor's by then, or leads nowhere, which the next process understands.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _listening.Dispose();
        _stop.Dispose();
        _taken.Dispose();
    }

    private async Task AcceptAsync()
    {
        var stopped = _stop.Token;
        while (!stopped.IsCancellationRequested)
        {
            try
            {
                var socket = await _listening.AcceptAsync(stopped).ConfigureAwait(false);
                // The talk blocks, at most for the patience: not on the thread that carries connections.
                if (await Task.Run(() => Talk(socket), stopped).ConfigureAwait(false)) return;
            }
            catch (Exception gone) when (gone is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                if (!stopped.IsCancellationRequested) _note($"a hand-over did not come about: {gone.Message}; serving on");
            }
        }
    }

    private bool Talk(Socket socket)
    {
        using var _ = socket;
        HandoverPath.Limit(socket);
        var text = new byte[64];
        if (Read(socket, text) != HandoverPath.Ask) return false;
        var listeners = _balancer.Listeners.Take(DescriptorPassing.Most).ToArray();
        DescriptorPassing.Send(socket, Encoding.UTF8.GetBytes(string.Join('\n', listeners.Select(l => l.Name))), [.. listeners.Select(l => (int)l.Socket.Handle)]);
        // A successor that is gone, or takes too long, has not taken over.
        if (Read(socket, text) != HandoverPath.Drain) return false;
        _balancer.HandOver();
        socket.Send(Encoding.ASCII.GetBytes(HandoverPath.Draining));
        _note("a new process has taken over; draining");
        _taken.Cancel();
        return true;
    }

    private static string Read(Socket socket, byte[] text) => Encoding.ASCII.GetString(text, 0, socket.Receive(text));
}
