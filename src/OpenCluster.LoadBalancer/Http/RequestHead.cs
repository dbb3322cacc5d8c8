using System.Text;

namespace OpenCluster.LoadBalancer.Http;

/// <summary>Methods told apart by what may be done with them; others pass as <see cref="Other"/>.</summary>
internal enum RequestMethod : byte { Other, Get, Head, Post, Put, Delete, Options, Trace, Patch }

/// <summary>
/// Reads a request's head (RFC 9112 §2–§6) strictly: what two parsers could read differently is refused. Takes bytes as they come: call
/// <see cref="Parse"/> with everything received so far, from the head's first byte on; it goes on at the line it had not finished.
/// Holds places, not bytes: the caller keeps the buffer while it uses them. Reused from request to request.
/// </summary>
internal sealed class RequestHead
{
    private int _at;
    private bool _hasLine;

    public Fields Fields { get; } = new();
    public HeadError Error { get; private set; }
    public RequestMethod Method { get; private set; }
    /// <summary>Sending it twice does no harm (RFC 9110 §9.2.2).</summary>
    public bool IsIdempotent => Method is RequestMethod.Get or RequestMethod.Head or RequestMethod.Put or RequestMethod.Delete or RequestMethod.Options or RequestMethod.Trace;
    public int MethodLength { get; private set; }
    /// <summary>The target as sent: path and query.</summary>
    public int TargetStart { get; private set; }
    public int TargetLength { get; private set; }
    /// <summary>Length of the target up to <c>?</c>.</summary>
    public int PathLength { get; private set; }
    public int HostStart { get; private set; }
    public int HostLength { get; private set; }
    public bool IsHttp10 { get; private set; }
    public BodyKind Body { get; private set; }
    public long ContentLength { get; private set; }
    public bool KeepAlive { get; private set; }
    /// <summary>
    /// Asks to leave HTTP on this connection: Upgrade, nominated by Connection. Not for <c>h2c</c>: through such a tunnel requests would
    /// reach the target past all routes and exceptions; it is dropped, and the request goes on as HTTP/1.1 (RFC 9110 §7.8).
    /// </summary>
    public bool Upgrades { get; private set; }
    public bool ExpectsContinue { get; private set; }
    /// <summary>Bytes of the whole head once complete.</summary>
    public int Length { get; private set; }

    public void Clear()
    {
        _at = 0;
        _hasLine = false;
        Fields.Clear();
        Error = HeadError.None;
    }

    public ReadOnlySpan<byte> Target(ReadOnlySpan<byte> head) => head.Slice(TargetStart, TargetLength);

    public ReadOnlySpan<byte> Path(ReadOnlySpan<byte> head) => head.Slice(TargetStart, PathLength);

    /// <summary>Host and port as sent; empty for HTTP/1.0 without Host.</summary>
    public ReadOnlySpan<byte> Host(ReadOnlySpan<byte> head) => head.Slice(HostStart, HostLength);

    public HeadStatus Parse(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var rest = bytes[_at..];
            // One search finds both the line's end and whatever may not stand in it.
            var end = rest.IndexOfAny(Grammar.ControlsButTab);
            if (end < 0 || (end == rest.Length - 1 && rest[end] == '\r')) return Incomplete(bytes.Length, rest.Length);
            if (rest[end] == '\n') return Refuse(HeadError.BareLineEnd);
            if (rest[end] != '\r') return Refuse(HeadError.ControlCharacter);
            if (rest[end + 1] != '\n') return Refuse(HeadError.BareLineEnd);
            if (_at + end + 2 > HeadLimits.HeadBytes) return Refuse(HeadError.HeadTooLarge);

            var line = rest[..end];
            if (!_hasLine)
            {
                if (RequestLine(line) is var bad and not HeadError.None) return Refuse(bad);
                _hasLine = true;
            }
            else if (line.IsEmpty)
            {
                Length = _at + 2;
                return Finish(bytes) is var bad and not HeadError.None ? Refuse(bad) : HeadStatus.Complete;
            }
            else
            {
                if (Fields.Count == HeadLimits.Fields) return Refuse(HeadError.TooManyFields);
                if (!Fields.TryAdd(line, _at)) return Refuse(HeadError.FieldLine);
            }
            _at += end + 2;
        }
    }

    private HeadStatus Incomplete(int total, int line)
    {
        if (!_hasLine && line > HeadLimits.LineBytes) return Refuse(HeadError.LineTooLong);
        return total >= HeadLimits.HeadBytes ? Refuse(HeadError.HeadTooLarge) : HeadStatus.NeedMore;
    }

    private HeadStatus Refuse(HeadError error)
    {
        Error = error;
        return HeadStatus.Refused;
    }

    private HeadError RequestLine(ReadOnlySpan<byte> line)
    {
        if (line.Length > HeadLimits.LineBytes) return HeadError.LineTooLong;
        var first = line.IndexOf((byte)' ');
        if (first <= 0) return HeadError.RequestLine;
        var method = line[..first];
        if (!Grammar.IsToken(method)) return HeadError.Method;
        Method = MethodOf(method);
        MethodLength = first;
        if (method.SequenceEqual("CONNECT"u8)) return HeadError.Method;

        var second = line[(first + 1)..].IndexOf((byte)' ');
        if (second <= 0) return HeadError.RequestLine;
        TargetStart = first + 1;
        TargetLength = second;
        var target = line.Slice(TargetStart, TargetLength);
        if (VersionOf(line[(first + second + 2)..]) is var bad and not HeadError.None) return bad;

        if (target.ContainsAnyExcept(Grammar.Target)) return HeadError.TargetCharacter;
        var query = target.IndexOf((byte)'?');
        PathLength = query < 0 ? target.Length : query;
        if (target[0] != '/') return Method == RequestMethod.Options && target.SequenceEqual("*"u8) ? HeadError.None : HeadError.TargetForm;
        return DotSegments.AnyIn(target[..PathLength]) ? HeadError.DotSegments : HeadError.None;
    }

    private HeadError VersionOf(ReadOnlySpan<byte> version)
    {
        IsHttp10 = false;
        if (version.SequenceEqual("HTTP/1.1"u8)) return HeadError.None;
        IsHttp10 = version.SequenceEqual("HTTP/1.0"u8);
        if (IsHttp10) return HeadError.None;
        return version.Length == 8 && version.StartsWith("HTTP/"u8) && char.IsAsciiDigit((char)version[5]) && version[6] == '.' && char.IsAsciiDigit((char)version[7])
            ? HeadError.Version
            : HeadError.RequestLine;
    }

    private static RequestMethod MethodOf(ReadOnlySpan<byte> method) => method.Length switch
    {
        3 => method.SequenceEqual("GET"u8) ? RequestMethod.Get : method.SequenceEqual("PUT"u8) ? RequestMethod.Put : RequestMethod.Other,
        4 => method.SequenceEqual("HEAD"u8) ? RequestMethod.Head : method.SequenceEqual("POST"u8) ? RequestMethod.Post : RequestMethod.Other,
        5 => method.SequenceEqual("PATCH"u8) ? RequestMethod.Patch : method.SequenceEqual("TRACE"u8) ? RequestMethod.Trace : RequestMethod.Other,
        6 => method.SequenceEqual("DELETE"u8) ? RequestMethod.Delete : RequestMethod.Other,
        7 => method.SequenceEqual("OPTIONS"u8) ? RequestMethod.Options : RequestMethod.Other,
        _ => RequestMethod.Other,
    };

    private HeadError Finish(ReadOnlySpan<byte> head)
    {
        if (HostOf(head) is var badHost and not HeadError.None) return badHost;
        if (FramingOf(head) is var badFraming and not HeadError.None) return badFraming;
        if (!Fields.TryConnection(head, out var options)) return HeadError.ConnectionNominates;
        KeepAlive = !options.HasFlag(ConnectionOptions.Close) && (!IsHttp10 || options.HasFlag(ConnectionOptions.KeepAlive));
        Upgrades = !IsHttp10 && options.HasFlag(ConnectionOptions.Upgrade) && Fields.Has(FieldId.Upgrade) && !AsksForHttp2(head);
        ExpectsContinue = false;
        if (!Fields.Has(FieldId.Expect)) return HeadError.None;
        if (!Ascii.EqualsIgnoreCase(Fields.Value(head, FieldId.Expect), "100-continue"u8)) return HeadError.ExpectUnknown;
        // RFC 9110 §10.1.1: from HTTP/1.0 it is ignored, and without a body there is nothing to continue with.
        ExpectsContinue = !IsHttp10 && Body != BodyKind.None;
        return HeadError.None;
    }

    private bool AsksForHttp2(ReadOnlySpan<byte> head)
    {
        foreach (ref readonly var line in Fields.Lines)
        {
            if (line.Id != FieldId.Upgrade) continue;
            foreach (var part in head.Slice(line.ValueStart, line.ValueLength).Split((byte)','))
                if (Ascii.EqualsIgnoreCase(Grammar.Trim(head.Slice(line.ValueStart, line.ValueLength)[part]), "h2c"u8)) return true;
        }

        return false;
    }

    private HeadError HostOf(ReadOnlySpan<byte> head)
    {
        HostStart = HostLength = 0;
        if (!Fields.Has(FieldId.Host)) return IsHttp10 ? HeadError.None : HeadError.HostMissing;
        var found = false;
        foreach (ref readonly var line in Fields.Lines)
        {
            if (line.Id != FieldId.Host) continue;
            if (found) return HeadError.HostTwice;
            found = true;
            HostStart = line.ValueStart;
            HostLength = line.ValueLength;
        }
        return Host(head) is { IsEmpty: false, Length: <= 255 } host && !host.ContainsAnyExcept(Grammar.Host) ? HeadError.None : HeadError.HostInvalid;
    }

    private HeadError FramingOf(ReadOnlySpan<byte> head)
    {
        Body = BodyKind.None;
        ContentLength = 0;
        if (Fields.Has(FieldId.TransferEncoding))
        {
            if (Fields.Has(FieldId.ContentLength)) return HeadError.LengthAndEncoding;
            if (IsHttp10) return HeadError.EncodingInHttp10;
            if (Fields.CountOf(FieldId.TransferEncoding) > 1 || !Ascii.EqualsIgnoreCase(Fields.Value(head, FieldId.TransferEncoding), "chunked"u8))
                return HeadError.EncodingUnknown;
            Body = BodyKind.Chunked;
        }
        else if (Fields.Has(FieldId.ContentLength))
        {
            if (Fields.CountOf(FieldId.ContentLength) > 1) return HeadError.LengthTwice;
            if (!Grammar.TryLength(Fields.Value(head, FieldId.ContentLength), out var length)) return HeadError.LengthInvalid;
            ContentLength = length;
            Body = length == 0 ? BodyKind.None : BodyKind.Length;
        }
        return HeadError.None;
    }
}
