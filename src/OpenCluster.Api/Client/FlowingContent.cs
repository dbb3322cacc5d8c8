using System.Net;

namespace OpenCluster.Api.Client;

/// <summary>
/// A request's body that reaches the other side piece by piece, as it comes. StreamContent would keep everything below its
/// buffer's size, the request's head included, until the stream ends, and a followed log never ends.
/// </summary>
/// <param name="source">Read to its end; not disposed.</param>
internal sealed class FlowingContent(Stream source) : HttpContent
{
    private const int PieceBytes = 16 << 10;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var piece = new byte[PieceBytes];
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        for (int read; (read = await source.ReadAsync(piece, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            await stream.WriteAsync(piece.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
