using System.Net.Security;
using System.Security.Authentication;
using OpenCluster.LoadBalancer.Sockets;

namespace OpenCluster.LoadBalancer.Tls;

/// <summary>TLS on a connection below: of a client (see <see cref="AcceptAsync"/>) or to a target (see <see cref="OpenAsync"/>).</summary>
internal sealed class TlsTransport : Transport
{
    private readonly Transport _below;
    private readonly TransportStream _stream;
    private readonly SslClientAuthenticationOptions? _options;

    /// <param name="below">A client's, open already. Its own from here on.</param>
    public TlsTransport(Transport below)
    {
        _below = below;
        _stream = new TransportStream(below);
        Session = new TlsSession(_stream);
    }

    /// <param name="below">To a target, still to be opened.</param>
    public TlsTransport(Transport below, SslClientAuthenticationOptions options) : this(below) => _options = options;

    public TlsSession Session { get; }

    /// <summary>False when what came first was no TLS at all.</summary>
    public bool LooksLikeTls => _stream.LooksLikeTls;

    public override EventLoop? Loop => _below.Loop;

    /// <summary>Shakes hands with a client. Completes on the loop again.</summary>
    /// <exception cref="AuthenticationException"/>
    /// <exception cref="IOException"/>
    public async ValueTask AcceptAsync(ServerOptionsSelectionCallback choose)
    {
        await Session.AuthenticateAsServerAsync(choose, null, CancellationToken.None).ConfigureAwait(false);
        await EndHandshakeAsync().ConfigureAwait(false);
    }

    public override async ValueTask OpenAsync()
    {
        if (_options is null) return;
        await _below.OpenAsync().ConfigureAwait(false);
        try
        {
            await Session.AuthenticateAsClientAsync(_options, CancellationToken.None).ConfigureAwait(false);
        }
        catch (AuthenticationException refused)
        {
            throw new IOException("TLS: " + Words(refused), refused);
        }
        await EndHandshakeAsync().ConfigureAwait(false);
    }

    public override ValueTask<int> WaitInputAsync() => Session.ReadAsync(Memory<byte>.Empty);

    public override ValueTask<int> ReceiveAsync(Memory<byte> buffer) => Session.ReadAsync(buffer);

    public override ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => Session.WriteAsync(bytes);

    /// <summary>Something has come; it may be part of a record, or a message of TLS itself.</summary>
    public override bool HasInput => _below.HasInput;

    public override void EndSending() => _ = EndAsync();

    public override void Abort()
    {
        _below.Abort();
        Session.Dispose();
    }

    public override void Dispose()
    {
        // The connection first: what is under way then ends by itself, and does not meet a session that is gone.
        _below.Dispose();
        Session.Dispose();
    }

    private ValueTask EndHandshakeAsync()
    {
        _stream.EndHandshake();
        return _below.Loop is { } loop ? loop.SwitchAsync() : default;
    }

    /// <summary>The innermost reason is the one that says something.</summary>
    private static string Words(Exception refused)
    {
        while (refused.InnerException is { } inner) refused = inner;
        return refused.Message;
    }

    /// <summary>Says that no more comes (close_notify), so that the other side can tell the end from a cut.</summary>
    private async Task EndAsync()
    {
        try
        {
            await Session.ShutdownAsync().ConfigureAwait(false);
            _below.EndSending();
        }
        catch (Exception gone) when (Loss.Is(gone) || gone is InvalidOperationException)
        {
            // Nobody is left to be told; or the session never came about.
        }
    }
}

/// <summary>A session of TLS that remembers why it came to nothing, which the exception does not tell.</summary>
internal sealed class TlsSession(Stream below) : SslStream(below, leaveInnerStreamOpen: true)
{
    /// <summary>The other side's certificate was refused.</summary>
    public bool HasRefusedCertificate { get; set; }
}
