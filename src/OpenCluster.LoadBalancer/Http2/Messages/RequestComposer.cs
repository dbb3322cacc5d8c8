using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using OpenCluster.LoadBalancer.Http;
using OpenCluster.LoadBalancer.Http2.Hpack;

namespace OpenCluster.LoadBalancer.Http2.Messages;

/// <summary>
/// Turns the fields of a request (RFC 9113 §8.3.1) into an HTTP/1.1 head, which then goes the way of every other request: one parser, one set of
/// rules against smuggling. Refuses only what could not be written as HTTP/1.1 without changing its meaning, and what §8 calls malformed.
/// An extended CONNECT (RFC 8441) becomes the GET with Upgrade that it stands for.
/// </summary>
internal sealed class RequestComposer : IFieldSink
{
    private enum Pseudo : byte { None = 0, Method = 1, Scheme = 2, Authority = 4, Path = 8, Protocol = 16 }

    // Pseudo-header fields, which come first but in any order; nothing longer is part of a request line that we serve.
    private readonly byte[] _pseudo = new byte[HeadLimits.LineBytes + 1024];
    private readonly HeadText _text = new();
    private Range _method, _scheme, _authority, _path, _protocol;
    private Pseudo _seen;
    private int _pseudoLength;
    private bool _begun;
    private int _cookieEnd;
    private bool _hasHost;
    private bool _hasLength;

    /// <summary>Why the request is malformed, in words; null when it is not.</summary>
    public string? Malformed { get; private set; }

    /// <summary>What Content-Length says; -1 without.</summary>
    public long ContentLength { get; private set; }

    /// <summary>It was an extended CONNECT: what follows are bytes, not a body.</summary>
    public bool IsTunnel => (_seen & Pseudo.Protocol) != Pseudo.None;

    /// <summary>Its answer has no body.</summary>
    public bool IsHead => Value(_method).SequenceEqual("HEAD"u8);

    /// <summary>The body comes as chunks, since its length is not known.</summary>
    public bool IsChunked { get; private set; }

    public ReadOnlySpan<byte> Head => _text.Written;

    public void Clear()
    {
        _text.Clear();
        _seen = Pseudo.None;
        _pseudoLength = _cookieEnd = 0;
        _method = default;
        _begun = _hasHost = _hasLength = IsChunked = false;
        Malformed = null;
        ContentLength = -1;
    }

    public void Field(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (Malformed is not null || _text.IsCut) return;
        if (!name.IsEmpty && name[0] == ':') TakePseudo(name, value);
        else TakeRegular(name, value);
    }

    /// <summary>All fields have come.</summary>
    /// <param name="ends">No body follows.</param>
    public void End(bool ends)
    {
        if (Malformed is not null) return;
        if (!_begun) Begin();
        if (Malformed is not null) return;
        if (IsTunnel)
        {
            if (ends) Malformed = "an extended CONNECT that ends at once";
            _text.Write("\r\n"u8);
            return;
        }
        if (ends && ContentLength > 0) Malformed = "a Content-Length and no body";
        if (ends && !_hasLength && Value(_method) is [(byte)'P', ..]) _text.Write("content-length: 0\r\n"u8);
        IsChunked = !ends && !_hasLength;
        if (IsChunked) _text.Write("transfer-encoding: chunked\r\n"u8);
        _text.Write("\r\n"u8);
    }

    private void TakePseudo(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (_begun)
        {
            Malformed = "a pseudo-header field after a regular one";
            return;
        }
        var which = name.Length switch
        {
            5 when name.SequenceEqual(":path"u8) => Pseudo.Path,
            7 when name.SequenceEqual(":method"u8) => Pseudo.Method,
            7 when name.SequenceEqual(":scheme"u8) => Pseudo.Scheme,
            9 when name.SequenceEqual(":protocol"u8) => Pseudo.Protocol,
            10 when name.SequenceEqual(":authority"u8) => Pseudo.Authority,
            _ => Pseudo.None,
        };
        if (which == Pseudo.None) Malformed = "an unknown pseudo-header field";
        else if ((_seen & which) != Pseudo.None) Malformed = "a pseudo-header field twice";
        else if (_pseudoLength + value.Length > _pseudo.Length) TooLong();
        if (Malformed is not null || _text.IsCut) return;

        _seen |= which;
        var place = _pseudoLength..(_pseudoLength + value.Length);
        value.CopyTo(_pseudo.AsSpan(place));
        _pseudoLength += value.Length;
        switch (which)
        {
            case Pseudo.Path: _path = place; break;
            case Pseudo.Method: _method = place; break;
            case Pseudo.Scheme: _scheme = place; break;
            case Pseudo.Protocol: _protocol = place; break;
            default: _authority = place; break;
        }
    }

    private void TooLong()
    {
        // A request line longer than any that is served: the parser finds it too long and says so.
        _begun = true;
        _text.Write("GET /"u8);
        while (!_text.IsCut) _text.Write("................................................................"u8);
    }

    private ReadOnlySpan<byte> Value(Range place) => _pseudo.AsSpan(place);

    /// <summary>Writes request line and Host once all pseudo-header fields are there.</summary>
    private void Begin()
    {
        _begun = true;
        Malformed = Fault();
        if (Malformed is not null) return;
        _text.Write(IsTunnel ? "GET"u8 : Value(_method));
        _text.Write(" "u8);
        _text.Write(Value(_path));
        _text.Write(" HTTP/1.1\r\n"u8);
        if ((_seen & Pseudo.Authority) != Pseudo.None) _text.Line("host"u8, Value(_authority));
        if (IsTunnel) Upgrade();
    }

    private string? Fault()
    {
        var connects = (_seen & Pseudo.Method) != Pseudo.None && Value(_method).SequenceEqual("CONNECT"u8);
        if (connects && !IsTunnel) return "a CONNECT, which a reverse proxy does not serve";
        if (IsTunnel && !connects) return "a :protocol without CONNECT";
        if ((_seen & (Pseudo.Method | Pseudo.Scheme | Pseudo.Path)) != (Pseudo.Method | Pseudo.Scheme | Pseudo.Path)) return "no :method, :scheme or :path";
        if (!Grammar.IsToken(Value(_method))) return "an invalid :method";
        if (!Value(_scheme).SequenceEqual("http"u8) && !Value(_scheme).SequenceEqual("https"u8)) return "a :scheme other than http and https";
        if (Value(_path).IsEmpty || Value(_path).ContainsAnyExcept(Grammar.Target)) return "an invalid :path";
        if ((_seen & Pseudo.Authority) != Pseudo.None && (Value(_authority).IsEmpty || Value(_authority).ContainsAnyExcept(Grammar.Host))) return "an invalid :authority";
        return IsTunnel && !Grammar.IsToken(Value(_protocol)) ? "an invalid :protocol" : null;
    }

    private void Upgrade()
    {
        _text.Write("connection: Upgrade\r\n"u8);
        _text.Line("upgrade"u8, Value(_protocol));
        if (!Ascii.EqualsIgnoreCase(Value(_protocol), "websocket"u8)) return;
        // RFC 8441 §5: the key of RFC 6455 has no use over HTTP/2, but the target, spoken to in HTTP/1.1, wants one.
        Span<byte> random = stackalloc byte[16];
        Span<byte> key = stackalloc byte[24];
        RandomNumberGenerator.Fill(random);
        Base64.EncodeToUtf8(random, key, out _, out _);
        _text.Line("sec-websocket-key"u8, key);
    }

    private void TakeRegular(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!_begun) Begin();
        if (Malformed is not null) return;
        var id = FieldIds.Of(name);
        if (!FieldRules.Allows(name, id, value))
        {
            Malformed = "an invalid header field, or one that belongs to a connection";
            return;
        }

        switch (id)
        {
            case FieldId.Host when (_seen & Pseudo.Authority) != Pseudo.None:
                // §8.3.1: the same, said twice, is harmless; two different ones are read differently by different parsers.
                if (_hasHost || !Ascii.EqualsIgnoreCase(value, Value(_authority))) Malformed = "a Host that differs from :authority";
                _hasHost = true;
                return;
            case FieldId.ContentLength when IsTunnel:
                Malformed = "a Content-Length with an extended CONNECT";
                return;
            case FieldId.ContentLength:
                // Twice, or no number: the parser of HTTP/1.1 refuses it.
                ContentLength = Grammar.TryLength(value, out var length) ? length : -1;
                _hasLength = true;
                break;
            case FieldId.Other when name.SequenceEqual("cookie"u8):
                TakeCookie(value);
                return;
        }
        _text.Line(name, value);
    }

    /// <summary>§8.2.3: clients may split Cookie for the sake of compression; HTTP/1.1 wants it in one line.</summary>
    private void TakeCookie(ReadOnlySpan<byte> value)
    {
        if (_cookieEnd == 0)
        {
            _text.Line("cookie"u8, value);
            _cookieEnd = _text.Length - 2;
            return;
        }
        _text.Insert(_cookieEnd, "; "u8);
        _text.Insert(_cookieEnd + 2, value);
        _cookieEnd += 2 + value.Length;
    }
}
