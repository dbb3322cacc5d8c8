using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Http2.Hpack;

namespace OpenCluster.LoadBalancer.Http2.Messages;

/// <summary>Turns trailers (RFC 9113 §8.1) into the lines that follow the last chunk in HTTP/1.1.</summary>
internal sealed class TrailerComposer : IFieldSink
{
    private readonly HeadText _text = new();

    /// <summary>A pseudo-header field, or one that may not be there; too much of it.</summary>
    public bool IsMalformed { get; private set; }

    public ReadOnlySpan<byte> Lines => _text.Written;

    public void Clear()
    {
        _text.Clear();
        IsMalformed = false;
    }

    public void Field(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        // A colon is no letter of a name, so pseudo-header fields fall here too.
        if (FieldRules.Allows(name, FieldIds.Of(name), value) && !_text.IsCut) _text.Line(name, value);
        else IsMalformed = true;
        IsMalformed |= _text.IsCut;
    }
}
