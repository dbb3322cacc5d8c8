using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Http2.Hpack;

namespace OpenCluster.LoadBalancer.Http2.Messages;

/// <summary>Turns the fields of an answer (RFC 9113 §8.3.2) into an HTTP/1.1 head for the parser that every answer of a target goes through.</summary>
internal sealed class AnswerComposer : IFieldSink
{
    private readonly HeadText _text = new();
    private bool _hasLength;

    /// <summary>Why the answer is malformed, in words; null when it is not.</summary>
    public string? Malformed { get; private set; }

    public int Status { get; private set; }

    /// <summary>What Content-Length says; -1 without.</summary>
    public long ContentLength { get; private set; }

    public bool IsChunked { get; private set; }

    public ReadOnlySpan<byte> Head => _text.Written;

    public void Clear()
    {
        _text.Clear();
        _hasLength = IsChunked = false;
        Malformed = null;
        Status = 0;
        ContentLength = -1;
    }

    public void Field(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (Malformed is not null || _text.IsCut) return;
        if (!name.IsEmpty && name[0] == ':')
        {
            TakeStatus(name, value);
            return;
        }
        var id = FieldIds.Of(name);
        if (Status == 0) Malformed = "no :status";
        else if (!FieldRules.Allows(name, id, value)) Malformed = "an invalid header field, or one that belongs to a connection";
        if (Malformed is not null) return;
        if (id == FieldId.ContentLength)
        {
            ContentLength = Grammar.TryLength(value, out var length) ? length : -1;
            _hasLength = true;
        }
        _text.Line(name, value);
    }

    /// <summary>All fields have come.</summary>
    /// <param name="ends">No body follows.</param>
    /// <param name="toHead">The request was HEAD: its answer has no body, whatever Content-Length says.</param>
    public void End(bool ends, bool toHead)
    {
        if (Status == 0) Malformed ??= "no :status";
        if (Status is < 200 && ends) Malformed ??= "an interim answer that ends its stream";
        // Without a 101, in HTTP/2 a protocol is switched by other means (§8.6).
        if (Status == 101) Malformed ??= "status 101";
        if (Malformed is not null) return;
        var hasBody = !toHead && Status is >= 200 and not 204 and not 304;
        if (ends && hasBody && ContentLength > 0) Malformed = "a Content-Length and no body";
        if (hasBody && !_hasLength)
        {
            IsChunked = !ends;
            _text.Write(ends ? "content-length: 0\r\n"u8 : "transfer-encoding: chunked\r\n"u8);
        }
        _text.Write("\r\n"u8);
    }

    private void TakeStatus(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (Status != 0 || !name.SequenceEqual(":status"u8) || value.Length != 3 || !Grammar.TryLength(value, out var status) || status < 100)
        {
            Malformed = "a pseudo-header field other than one valid :status";
            return;
        }
        Status = (int)status;
        _text.Write("HTTP/1.1 "u8);
        _text.Write(value);
        _text.Write(" \r\n"u8);
    }
}
