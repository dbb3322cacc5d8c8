using OpenCluster.LoadBalancer.Tests.Support;

namespace OpenCluster.LoadBalancer.Tests.Listening;

/// <summary>
/// Requests that two parsers could read differently, in every form that was published: refused, the connection closed, and the target has never
/// seen a byte of them, nor of the request that is smuggled behind.
/// </summary>
public sealed class DesyncTests(DesyncTests.Served served) : IClassFixture<DesyncTests.Served>
{
    private const string Smuggled = "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Post = "POST / HTTP/1.1\r\nHost: a\r\n";
    private const string Chunked = Post + "Transfer-Encoding: chunked\r\n\r\n";

    public static TheoryData<string, string, int> Requests => new()
    {
        // Two framings.
        { "CL.TE", Post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG", 400 },
        { "TE.CL", Post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n8\r\nSMUGGLED\r\n0\r\n\r\n", 400 },
        { "CL.TE with an unknown encoding", Post + "Content-Length: 6\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\nG", 400 },

        // Transfer-Encoding that one of two does not recognize.
        { "TE.TE blank before the colon", Post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE tab before the colon", Post + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE blank before the name", Post + "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE folded value", Post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE folded in the word", Post + "Transfer-Encoding: chu\r\n nked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE twice", Post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE twice, the second unknown", Post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE list", Post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE list the other way", Post + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE chunked twice in a list", Post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE list begins with a comma", Post + "Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE identity", Post + "Transfer-Encoding: identity\r\n\r\n", 400 },
        { "TE.TE gzip first", Post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE parameter", Post + "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE quoted", Post + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE single quotes", Post + "Transfer-Encoding: 'chunked'\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE vertical tab", Post + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE form feed", Post + "Transfer-Encoding: \x0c" + "chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE non-breaking blank", Post + "Transfer-Encoding: \xa0" + "chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE NUL in the name", Post + "Transfer-Enc\0oding: chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE NUL after the value", Post + "Transfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE empty", Post + "Transfer-Encoding:\r\n\r\n", 400 },
        { "TE.TE behind a bare LF", Post + "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE behind a bare CR", Post + "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE.TE in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
        { "TE nominated by Connection", Post + "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },

        // Lengths.
        { "CL.CL different", Post + "Content-Length: 6\r\nContent-Length: 5\r\n\r\n12345G", 400 },
        { "CL.CL the same", Post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n12345", 400 },
        { "CL list", Post + "Content-Length: 5, 5\r\n\r\n12345", 400 },
        { "CL plus", Post + "Content-Length: +5\r\n\r\n12345", 400 },
        { "CL minus", Post + "Content-Length: -5\r\n\r\n12345", 400 },
        { "CL minus nothing", Post + "Content-Length: -0\r\n\r\n", 400 },
        { "CL hexadecimal", Post + "Content-Length: 0x5\r\n\r\n12345", 400 },
        { "CL exponent", Post + "Content-Length: 5e0\r\n\r\n12345", 400 },
        { "CL point", Post + "Content-Length: 5.0\r\n\r\n12345", 400 },
        { "CL underscore", Post + "Content-Length: 1_0\r\n\r\n1234567890", 400 },
        { "CL two words", Post + "Content-Length: 5 5\r\n\r\n12345", 400 },
        { "CL overflows 64 bits", Post + "Content-Length: 18446744073709551621\r\n\r\n12345", 400 },
        { "CL empty", Post + "Content-Length:\r\n\r\n", 400 },
        { "CL blank before the colon", Post + "Content-Length : 5\r\n\r\n12345", 400 },
        { "CL NUL", Post + "Content-Length: 5\0\r\n\r\n12345", 400 },
        { "CL other digits", Post + "Content-Length: \xd9\xa5\r\n\r\n12345", 400 },
        { "CL nominated by Connection", Post + "Connection: close, Content-Length\r\nContent-Length: 5\r\n\r\n12345", 400 },

        // Chunks.
        { "chunk size prefixed", Chunked + "0x5\r\n12345\r\n0\r\n\r\n", 400 },
        { "chunk size plus", Chunked + "+5\r\n12345\r\n0\r\n\r\n", 400 },
        { "chunk size minus", Chunked + "-5\r\n12345\r\n0\r\n\r\n", 400 },
        { "chunk size blank before", Chunked + " 5\r\n12345\r\n0\r\n\r\n", 400 },
        { "chunk size blank after", Chunked + "5 \r\n12345\r\n0\r\n\r\n", 400 },
        { "chunk size empty", Chunked + "\r\n12345\r\n0\r\n\r\n", 400 },
        { "chunk size overflows", Chunked + "10000000000000005\r\n12345\r\n0\r\n\r\n", 400 },
        { "chunk size underscore", Chunked + "1_0\r\n1234567890123456\r\n0\r\n\r\n", 400 },
        { "chunk size ends with a bare LF", Chunked + "5\n12345\r\n0\r\n\r\n", 400 },
        { "chunk size ends with a bare CR", Chunked + "5\r12345\r\n0\r\n\r\n", 400 },
        { "chunk extension with a bare LF", Chunked + "5;x\ny\r\n12345\r\n0\r\n\r\n", 400 },
        { "chunk extension with a NUL", Chunked + "5;x\0\r\n12345\r\n0\r\n\r\n", 400 },
        { "chunk extension too long", Chunked + "5;" + new string('x', 1000) + "\r\n12345\r\n0\r\n\r\n", 400 },
        { "chunk longer than its size", Chunked + "5\r\n1234567\r\n0\r\n\r\n", 400 },
        { "chunk ends with a bare LF", Chunked + "5\r\n12345\n0\r\n\r\n", 400 },
        { "chunk without an end", Chunked + "5\r\n123450\r\n\r\n", 400 },
        { "last chunk ends with a bare LF", Chunked + "0\n\n", 400 },
        { "trailer frames", Chunked + "0\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
        { "trailer has a length", Chunked + "0\r\nContent-Length: 5\r\n\r\n", 400 },
        { "trailer routes", Chunked + "0\r\nHost: b\r\n\r\n", 400 },
        { "trailer claims", Chunked + "0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n", 400 },
        { "trailer authorizes", Chunked + "0\r\nAuthorization: x\r\n\r\n", 400 },
        { "trailer without a colon", Chunked + "0\r\nGET /admin HTTP/1.1\r\n\r\n", 400 },
        { "trailer folded", Chunked + "0\r\nX: a\r\n b\r\n\r\n", 400 },

        // Request line.
        { "absolute form", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "absolute form without a path", "GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "authority form", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "asterisk of another method", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "target without a slash", "GET @b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "tab", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "a second request in the target", "GET / HTTP/1.1\rGET /admin HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "eight bits in the target", "GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "fragment", "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "dot segments", "GET /x/../admin HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "dot segments encoded", "GET /x/%2e%2e/admin HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "blank first", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "bare LF first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "method with a parenthesis", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "method with a NUL", "GET\0 / HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "HTTP/0.9", "GET /\r\n", 400 },
        { "version in small letters", "GET / http/1.1\r\nHost: a\r\n\r\n", 400 },
        { "version with a blank", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400 },
        { "version of two digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400 },
        { "version 2 in text", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
        { "version 1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505 },

        // Host.
        { "no Host", "GET / HTTP/1.1\r\n\r\n", 400 },
        { "two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400 },
        { "two Hosts alike", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400 },
        { "Host empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400 },
        { "Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400 },
        { "Host of two words", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400 },
        { "Host with a user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400 },
        { "Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400 },
        { "Host with a fragment", "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", 400 },
        { "Host with a backslash", "GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n", 400 },
        { "Host folded", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400 },
        { "Host blank before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400 },
        { "Host blank before the name", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400 },
        { "Host nominated by Connection", "GET / HTTP/1.1\r\nHost: a\r\nConnection: Host\r\n\r\n", 400 },

        // Lines.
        { "bare LF everywhere", "GET / HTTP/1.1\nHost: a\n\n", 400 },
        { "bare LF ends the head", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400 },
        { "bare CR ends a line", "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", 400 },
        { "CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 400 },
        { "NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400 },
        { "DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n", 400 },
        { "escape in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \x1b\r\n\r\n", 400 },
        { "line without a colon", "GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", 400 },
        { "line without a name", "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 400 },
        { "name with a blank", "GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n", 400 },
        { "name with eight bits", "GET / HTTP/1.1\r\nHost: a\r\nX\xe4: z\r\n\r\n", 400 },
        { "folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz\r\n\r\n", 400 },
        { "unknown expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", 417 },
        { "too many lines", "GET / HTTP/1.1\r\nHost: a\r\n" + string.Concat(Enumerable.Repeat("X: y\r\n", 101)) + "\r\n", 431 },
        { "line too long", "GET /" + new string('x', 9000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414 },
        { "TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400 },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Ambiguous_request_is_refused_and_its_target_sees_nothing(string form, string request, int status)
    {
        Assert.NotEmpty(form);
        using var client = served.Balancer.Client();
        await client.SendAsync(request + Smuggled);
        var answer = await client.ReadAsync();
        Assert.Equal(status, answer.Status);
        Assert.Equal("close", answer.Field("Connection"));
        Assert.Equal("", await client.RestAsync());
        Assert.Equal(0, served.Target.Requests);
    }

    /// <summary>One balancer for all of them: none may leave a trace.</summary>
    public sealed class Served : IAsyncLifetime
    {
        internal RawTarget Target { get; } = RawTarget.Answering("reached");
        internal TestBalancer Balancer { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Balancer = await TestBalancer.StartAsync(Target);

        public async ValueTask DisposeAsync()
        {
            await Balancer.DisposeAsync();
            await Target.DisposeAsync();
        }
    }
}
