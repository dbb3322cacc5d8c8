namespace OpenCluster.LoadBalancer.Http;

/// <summary>Why a head was refused. A request's refusal is answered with <see cref="HeadErrors.Status"/> and the connection closed.</summary>
internal enum HeadError : byte
{
    None,
    ControlCharacter, BareLineEnd, RequestLine, Method, TargetForm, TargetCharacter, DotSegments, Version, FieldLine, HostMissing, HostTwice, HostInvalid,
    LengthInvalid, LengthTwice, LengthAndEncoding, EncodingUnknown, EncodingInHttp10, ConnectionNominates, ExpectUnknown,
    LineTooLong, HeadTooLarge, TooManyFields, StatusLine, StatusForbidsFraming, Http2,
}

internal static class HeadErrors
{
    public static int Status(HeadError error) => error switch
    {
        HeadError.Version => 505,
        HeadError.ExpectUnknown => 417,
        HeadError.LineTooLong => 414,
        HeadError.HeadTooLarge or HeadError.TooManyFields => 431,
        _ => 400,
    };

    /// <summary>What was wrong, in words that may be shown to the client and in the log.</summary>
    public static string Text(HeadError error) => error switch
    {
        HeadError.None => "nothing",
        HeadError.ControlCharacter => "a control character in the head",
        HeadError.BareLineEnd => "a line that does not end with CRLF",
        HeadError.RequestLine => "a malformed request line",
        HeadError.Method => "an invalid method, or CONNECT",
        HeadError.TargetForm => "a request target that is not a path (origin-form)",
        HeadError.TargetCharacter => "a character that a request target may not contain",
        HeadError.DotSegments => "a path with . or .. segments",
        HeadError.Version => "an HTTP version other than 1.0 and 1.1",
        HeadError.FieldLine => "a malformed or folded header line",
        HeadError.HostMissing => "no Host header",
        HeadError.HostTwice => "more than one Host header",
        HeadError.HostInvalid => "an invalid Host header",
        HeadError.LengthInvalid => "an invalid Content-Length",
        HeadError.LengthTwice => "more than one Content-Length",
        HeadError.LengthAndEncoding => "both Content-Length and Transfer-Encoding",
        HeadError.EncodingUnknown => "a Transfer-Encoding other than chunked",
        HeadError.EncodingInHttp10 => "Transfer-Encoding in HTTP/1.0",
        HeadError.ConnectionNominates => "a Connection header that names Host or a framing header",
        HeadError.ExpectUnknown => "an Expect header other than 100-continue",
        HeadError.LineTooLong => "a request line longer than 8 KiB",
        HeadError.HeadTooLarge => "headers larger than 32 KiB",
        HeadError.TooManyFields => "more than 100 header lines",
        HeadError.StatusLine => "a malformed status line",
        HeadError.StatusForbidsFraming => "a 1xx or 204 response with Transfer-Encoding",
        HeadError.Http2 => "header fields that HTTP/2 does not allow",
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, null),
    };
}

/// <summary>Bounds on a head; each costs at most its size per connection.</summary>
internal static class HeadLimits
{
    public const int LineBytes = 8 * 1024;
    public const int HeadBytes = 32 * 1024;
    public const int Fields = 100;
}

internal enum HeadStatus : byte { NeedMore, Complete, Refused }

internal enum BodyKind : byte
{
    None,
    /// <summary>Exactly as many bytes as Content-Length says.</summary>
    Length,
    Chunked,
    /// <summary>All that comes until the connection ends; responses only.</summary>
    UntilClose,
}
