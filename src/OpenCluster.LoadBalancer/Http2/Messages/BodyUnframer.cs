using OpenCluster.LoadBalancer.Http;

namespace OpenCluster.LoadBalancer.Http2.Messages;

/// <summary>Takes the framing of HTTP/1.1 off a body that is on its way out: DATA frames have their own.</summary>
internal sealed class BodyUnframer
{
    private readonly ChunkReader _chunks = new();
    private BodyKind _kind;
    private long _left;

    /// <summary>Nothing more of this message is to come.</summary>
    public bool IsDone { get; private set; }

    /// <summary>The bytes were no such body. They come from parsers of our own, which let none pass.</summary>
    public bool IsBad => _kind == BodyKind.Chunked && _chunks.IsBad;

    /// <summary>Lines after the last chunk; complete once done.</summary>
    public ReadOnlySpan<byte> Trailers => _kind == BodyKind.Chunked ? _chunks.Trailers : default;

    public void Begin(BodyKind kind, long length)
    {
        _kind = kind;
        _left = length;
        IsDone = kind == BodyKind.None;
        if (kind == BodyKind.Chunked) _chunks.Clear();
    }

    /// <summary>Reads on until after the next piece of payload, which is the last <paramref name="payload"/> of the bytes read.</summary>
    public int Read(ReadOnlySpan<byte> bytes, out int payload)
    {
        switch (_kind)
        {
            case BodyKind.Length:
                payload = (int)Math.Min(_left, bytes.Length);
                _left -= payload;
                IsDone = _left == 0;
                return payload;
            case BodyKind.Chunked:
                var read = _chunks.Read(bytes, out payload);
                IsDone = _chunks.IsDone;
                return read;
            case BodyKind.UntilClose:
                payload = bytes.Length;
                return payload;
            default:
                payload = 0;
                return 0;
        }
    }
}
