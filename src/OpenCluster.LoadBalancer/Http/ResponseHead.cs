using System.Text;

namespace OpenCluster.LoadBalancer.Http;

/// <summary>Reads a response's head (RFC 9112 §4, §6.3) as strictly as a request's; used like <see cref="RequestHead"/>.</summary>
internal sealed class ResponseHead
{
    private int _at;
    private bool _hasLine;

    public Fields Fields { get; } = new();
    public HeadError Error { get; private set; }
    public int Status { get; private set; }
    public bool IsHttp10 { get; private set; }
    /// <summary>Where the status line ends, its CRLF included.</summary>
    public int LineLength { get; private set; }
    public BodyKind Body { get; private set; }
    public long ContentLength { get; private set; }
    public bool KeepAlive { get; private set; }
    public int Length { get; private set; }

    public void Clear()
    {
        _at = 0;
        _hasLine = false;
        Fields.Clear();
        Error = HeadError.None;
    }

    /// <param name="toHead">The request was HEAD: whatever the fields say, no body follows.</param>
    public HeadStatus Parse(ReadOnlySpan<byte> bytes, bool toHead)
    {
        while (true)
        {
            var rest = bytes[_at..];
            var end = rest.IndexOfAny(Grammar.ControlsButTab);
            if (end < 0 || (end == rest.Length - 1 && rest[end] == '\r'))
                return bytes.Length >= HeadLimits.HeadBytes ? Refuse(HeadError.HeadTooLarge) : HeadStatus.NeedMore;
            if (rest[end] == '\n') return Refuse(HeadError.BareLineEnd);
            if (rest[end] != '\r') return Refuse(HeadError.ControlCharacter);
            if (rest[end + 1] != '\n') return Refuse(HeadError.BareLineEnd);
            if (_at + end + 2 > HeadLimits.HeadBytes) return Refuse(HeadError.HeadTooLarge);

            var line = rest[..end];
            if (!_hasLine)
            {
                if (!StatusLine(line)) return Refuse(HeadError.StatusLine);
                _hasLine = true;
            }
            else if (line.IsEmpty)
            {
                Length = _at + 2;
                return Finish(bytes, toHead) is var bad and not HeadError.None ? Refuse(bad) : HeadStatus.Complete;
            }
            else
            {
                if (Fields.Count == HeadLimits.Fields) return Refuse(HeadError.TooManyFields);
                if (!Fields.TryAdd(line, _at)) return Refuse(HeadError.FieldLine);
            }
            _at += end + 2;
        }
    }

    private HeadStatus Refuse(HeadError error)
    {
        Error = error;
        return HeadStatus.Refused;
    }

    /// <summary><c>HTTP/1.1 200 OK</c>; the reason may be missing, with or without the blank before it.</summary>
    private bool StatusLine(ReadOnlySpan<byte> line)
    {
        LineLength = line.Length + 2;
        if (line.Length < 12 || !line.StartsWith("HTTP/1."u8) || line[7] is not ((byte)'0' or (byte)'1') || line[8] != ' ') return false;
        if (line.Length > 12 && line[12] != ' ') return false;
        IsHttp10 = line[7] == '0';
        if (!Grammar.TryLength(line.Slice(9, 3), out var status) || status < 100) return false;
        Status = (int)status;
        return true;
    }

    private HeadError Finish(ReadOnlySpan<byte> head, bool toHead)
    {
        var encoded = Fields.Has(FieldId.TransferEncoding);
        ContentLength = 0;
        if (encoded && Fields.Has(FieldId.ContentLength)) return HeadError.LengthAndEncoding;
        if (encoded && IsHttp10) return HeadError.EncodingInHttp10;
        if (encoded && (Fields.CountOf(FieldId.TransferEncoding) > 1 || !Ascii.EqualsIgnoreCase(Fields.Value(head, FieldId.TransferEncoding), "chunked"u8)))
            return HeadError.EncodingUnknown;
        if (Fields.Has(FieldId.ContentLength))
        {
            if (Fields.CountOf(FieldId.ContentLength) > 1) return HeadError.LengthTwice;
            if (!Grammar.TryLength(Fields.Value(head, FieldId.ContentLength), out var length)) return HeadError.LengthInvalid;
            ContentLength = length;
        }
        if (encoded && Status is < 200 or 204) return HeadError.StatusForbidsFraming;
        if (!Fields.TryConnection(head, out var options)) return HeadError.ConnectionNominates;
        KeepAlive = !options.HasFlag(ConnectionOptions.Close) && (!IsHttp10 || options.HasFlag(ConnectionOptions.KeepAlive));

        Body = toHead || Status is < 200 or 204 or 304 ? BodyKind.None
            : encoded ? BodyKind.Chunked
            : !Fields.Has(FieldId.ContentLength) ? BodyKind.UntilClose
            : ContentLength == 0 ? BodyKind.None : BodyKind.Length;
        if (Body == BodyKind.UntilClose) KeepAlive = false;
        return HeadError.None;
    }
}
